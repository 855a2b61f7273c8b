"""`hpstudy train`: one setting, its epochs shared with all else, its model saved."""

import json
import signal
import subprocess
import sys

import optuna
import pytest
from safetensors import safe_open

from hpstudy import Study
from hpstudy.store.models import find_model


def model(folder, name="walk"):
    return find_model(name, folder.path / "runs" / "models")


def metadata(file):
    with safe_open(file, "np") as opened:
        return opened.metadata()


def test_the_baseline_is_trained_and_saved(folder):
    out, err = folder.run("train", "walk.toml")
    made = model(folder)
    assert err.startswith("lr 0.1, epochs 2, width 8 · seed 0 on cpu, fp32, 1 thread\nepoch 1/2: ")
    assert "Epoch by epoch" in out
    assert "model: runs/models/walk.safetensors\ncard: runs/models/walk.json\n" in out
    assert made.card.hyperparameters == {"lr": 0.1, "epochs": 2, "width": 8}
    assert made.card.value == pytest.approx(float(metadata(made.file)["position"]))
    assert (made.card.low, made.card.classes) == (None, [])
    assert "<h1>A walk: a trained model" in (folder.path / "runs/models/walk.html").read_text()
    assert len(folder.trained()) == 2


def test_epochs_are_shared_with_the_grid_in_both_directions(folder):
    folder.run("train", "walk.toml", "--set", "epochs=3")
    folder.run("grid", "walk.toml", "--factor", "epochs")  # 2 and 4 epochs
    assert len(folder.trained()) == 4
    err = folder.run("train", "walk.toml", "--set", "epochs=5").stderr
    assert "Taken over from the database: epochs 1 to 4; 5 to train." in err
    assert len(folder.trained()) == len(set(folder.trained())) == 5


def test_what_lost_its_state_is_trained_again_and_why_is_said(folder):
    first = folder.json("train", "walk.toml", "--set", "epochs=4")
    err = folder.run("train", "walk.toml").stderr
    told = "epochs 1 to 2, but the only state kept is that after epoch 4; to train: 1 to 2 again"
    assert told in err
    assert "takes the place of the model of lr 0.1, epochs 4, width 8, seed 0 (--name" in err
    folder.run("clean", "walk.toml")
    again = folder.json("train", "walk.toml", "--set", "epochs=4")
    assert (again["taken_over"], again["again"]) == (4, 4)
    assert again["epochs"] == first["epochs"]
    assert again["value"] == first["value"]


def test_values_are_read_as_compare_reads_them(folder):
    found = folder.json(
        "train", "walk.toml", "--set", "lr=0.2", "--set", "width=1e1", "--seed", "3"
    )
    assert found["hyperparameters"] == {"lr": 0.2, "epochs": 2, "width": 10}
    assert found["seed"] == 3
    assert set(found) >= {"model", "card", "page", "epochs", "value", "taken_over"}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--set", "l=1"], "'l=1': expected a key of [baseline] or [settings] (lr, epochs, width"),
        (["--set", "widht=1"], "did you mean 'width'?"),
        (["--set", "lr=much"], "lr: expected a number, as the baseline's 0.1, found 'much'"),
        (["--set", "epochs=0"], "epochs: the fidelity expects whole numbers from 1, found 0"),
        (["--from", "grid"], "--from: expected best, found 'grid'"),
        (["--from", "best"], "Nothing run yet"),
        (["--seed", "-1"], "--seed: "),
        (["--device", "tpu"], "--device: expected auto, cpu, cuda or mps, found 'tpu'"),
        (["--keep", "much"], "--keep: expected a size"),
    ],
)
def test_wrong_input_is_said_in_a_line_and_nothing_is_written(folder, args, says):
    assert says in folder.error("train", "walk.toml", *args)


def test_others_databases_are_left_alone(folder):
    (folder.path / "runs").mkdir()
    optuna.create_study(study_name="theirs", storage=folder.url)
    before = (folder.path / "runs" / "hpstudy.db").read_bytes()
    assert "holds plain Optuna studies" in folder.error("train", "walk.toml")
    assert (folder.path / "runs" / "hpstudy.db").read_bytes() == before


def test_what_leaves_nothing_to_save_is_refused_before_it_trains(folder, study_with):
    study_with(("walk:Walk", "walk:total"), ('fidelity = "epochs"', ""))
    found = folder.error("train", "walk.toml")
    assert "objective 'walk:total' is a function, which leaves nothing to save" in found


def test_a_training_that_diverges_is_said_and_not_saved(folder, study_with):
    text = (folder.path / "walk.py").read_text()
    folder.write("walk.py", text.replace("self.position / self.number}", "0.0}").replace(
        '"value": self.position', '"value": self.position if self.number < 2 else float("nan")'
    ))  # fmt: skip
    err = folder.run("train", "walk.toml", code=1).stderr
    assert "Error: the training diverged in epoch 2: its value is no finite number" in err
    err = folder.run("train", "walk.toml", code=1).stderr  # it is recorded, and said again
    assert "diverged in epoch 2" in err
    assert "Taken over" not in err
    assert len(folder.trained()) == 2
    assert not (folder.path / "runs" / "models").exists()


def test_what_raises_is_said_with_its_place_and_goes_on_when_mended(folder, study_with):
    study = study_with(("[settings]", '[settings]\nraise_at = "0.1 8 0 2"'))
    err = folder.run("train", study, code=1).stderr
    assert "Error: walk.py:17 in epoch: RuntimeError: this one raises\n" in err
    folder.write("walk.py", (folder.path / "walk.py").read_text().replace("raise Runt", "Runt"))
    err = folder.run("train", study).stderr
    assert "Taken over from the database: epoch 1; 2 to train." in err


def test_a_process_that_is_killed_is_said(folder, study_with):
    study = study_with(("[settings]", '[settings]\ndie_at = "0.1 8 0 2"'))
    err = folder.run("train", study, code=1).stderr
    assert "epoch 1/2" in err
    assert "Error: the training's process was ended by SIGKILL\n" in err


HOOK = """
    def save_model(self, file):
        print("saving")
        file.with_suffix(".txt").write_text(f"{self.number}")
"""


def test_a_training_may_save_itself_and_what_it_raises_leaves_the_old_model(folder):
    text = (folder.path / "walk.py").read_text()
    before, _, total = text.partition("\n\ndef total")
    folder.write("walk.py", f"{before}{HOOK}\n\ndef total{total}")
    result = folder.run("train", "walk.toml")
    assert "saving\n" in result.stderr
    assert "saving" not in result.stdout
    assert "model: runs/models/walk.txt\n" in result.stdout
    assert model(folder).file.read_text() == "2"
    broken = HOOK.replace("self.number", "self.lost")
    folder.write("walk.py", f"{before}{broken}\n\ndef total{total}")
    err = folder.run("train", "walk.toml", "--set", "epochs=1", code=1).stderr
    assert "in save_model: AttributeError: 'Walk' object has no attribute 'lost'\n" in err
    assert model(folder).file.read_text() == "2"
    for_other_uses = HOOK.replace("self, file", "self, file, epoch")
    folder.write("walk.py", f"{before}{for_other_uses}\n\ndef total{total}")
    folder.run("train", "walk.toml", "--set", "epochs=1")
    assert model(folder).file.name == "walk.safetensors"


RISE = """
class Rise:
    def __init__(self, params, *, seed, settings, runtime):
        self.step = params["width"] + seed / 1000
        self.at, self.held = 0, settings["validation"]

    def epoch(self):
        self.at += 1
        with open("epochs.log", "a") as log:
            log.write(f"{self.step} {self.held} {self.at}\\n")
        return {"value": self.step * self.at}

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]
"""
RISE_STUDY = """
title = "A rise"
objective = "rise:Rise"
fidelity = "epochs"
baseline = { epochs = 1, width = 1 }
[search]
trials = 2
finalists = 1
confirm_seeds = 2
validation = 5
[search.space]
width = { low = 1, high = 9 }
"""


def test_from_best_goes_on_from_the_confirmation(folder):
    folder.write("rise.toml", RISE_STUDY)
    folder.write("rise.py", RISE)
    folder.run("search", "rise.toml")
    before = folder.trained()
    result = folder.run("train", "rise.toml", "--from", "best", "--json")
    found = json.loads(result.stdout)
    assert "the search's winner is not confirmed on enough seeds" in result.stderr
    assert (found["seed"], found["settings"]) == (100, {"validation": 0})
    assert found["hyperparameters"]["width"] > 1
    assert found["taken_over"] == 1
    assert "epoch 1; that is all of them." in result.stderr
    values = ("--set", "width=1", "--set", "epochs=2", "--seed", "7")
    found = folder.json("train", "rise.toml", "--from", "best", *values)
    assert (found["seed"], found["hyperparameters"]) == (7, {"epochs": 2, "width": 1})
    assert folder.trained() == [*before, "1.007 0 1", "1.007 0 2"]  # on all data
    assert "was found before" not in result.stderr
    folder.write("rise.py", RISE.replace("class Rise:", "class Rise:\n    version = 2"))
    err = folder.run("train", "rise.toml", "--from", "best").stderr
    assert "Note: version was 1, is now 2: what to use was found before that.\n" in err


def test_what_only_the_objective_knows_may_be_set(folder):
    folder.write("rise.toml", RISE_STUDY)
    folder.write(
        "rise.py", RISE.replace("class Rise:", "class Rise:\n    default_params = {'k': 1}")
    )
    first = folder.json("train", "rise.toml")
    same = folder.json("train", "rise.toml", "--set", "k=1")
    other = folder.json("train", "rise.toml", "--set", "k=2")
    assert first["hyperparameters"] == same["hyperparameters"] == {"epochs": 1, "width": 1}
    assert first["training"] == same["training"] != other["training"]
    assert other["hyperparameters"] == {"epochs": 1, "width": 1, "k": 2}


def test_what_is_killed_or_interrupted_goes_on_where_it_was(folder, study_with):
    study = study_with(("[settings]", "[settings]\nsleep = 0.2"), ("epochs = 2\n", "epochs = 4\n"))
    for stop in (signal.SIGKILL, signal.SIGINT):
        count = len(folder.trained())
        process = folder.start("train", study)
        folder.wait_for(lambda before=count: len(folder.trained()) > before)
        process.send_signal(stop)
        _, err = process.communicate(timeout=60)
        assert process.returncode == (130 if stop == signal.SIGINT else -stop)
    assert "Interrupted: all finished epochs are kept. To go on: hpstudy train walk.toml\n" in err
    folder.run("train", study)
    done = folder.trained()
    assert len(set(done)) == 4
    assert len(done) <= 6  # what was going on when it was stopped is trained again


HOLD = """
import sys, time
from hpstudy.store.locks import take, training_lock
held = take(sys.argv[1], training_lock(sys.argv[2]))
print("held", flush=True)
time.sleep(1)
held.release()
"""


def test_who_comes_second_waits_for_the_first(folder):
    key = folder.json("train", "walk.toml")["training"]
    holder = [sys.executable, "-c", HOLD, folder.url, key]
    with subprocess.Popen(holder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        err = folder.run("train", "walk.toml", "--set", "epochs=3").stderr
    assert "Another process is at this training: waiting for it.\nTaken over" in err
    assert len(folder.trained()) == 3


def test_python_trains_and_saves_as_well(folder, capsys):
    with folder.inside():
        made = Study("walk.toml").train({"lr": 0.2}, seed=2, quiet=True)
        assert made.card.hyperparameters == {"lr": 0.2, "epochs": 2, "width": 8}
        assert made.card.seed == 2
        assert made.file.is_file()
        assert made.page.is_file()
    assert capsys.readouterr() == ("", "")


def test_the_reports_network_is_saved_with_its_accuracy_and_shown(mnist_folder):
    small = ("--set", "hidden=16", "--set", "epochs=1")
    out = mnist_folder.run("train", "small.toml", *small).stdout
    assert "95 % interval of 200 test examples" in out
    card = model(mnist_folder, "small").card
    assert card.metric == "test_accuracy"
    assert card.low < card.value < card.high
    assert card.interval == "95 %, Wilson's, of a share of 200 test examples"
    assert card.classes == [f"{digit}" for digit in range(10)]
    assert card.preprocessing.startswith("28×28 grey pixels")
    assert {"hpstudy", "torch", "python"} <= set(card.versions)
    html = (mnist_folder.path / "runs" / "models" / "small.html").read_text()
    for part in ('id="figure-confusion"', "sprite-mistakes", "The network: 1", "28×28 grey"):
        assert part in html
