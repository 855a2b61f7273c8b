"""A program as the objective, from the command line: unchanged scripts, however they print."""

from __future__ import annotations

import csv
import json
import signal

import optuna
import pytest
from optuna.artifacts import get_all_artifact_meta

optuna.logging.set_verbosity(optuna.logging.ERROR)

# Python's own start is most of what such a program takes: `sh` prints as well.
TRAIN = """
# sh train.sh --lr=0.1 --epochs=3 --seed=0
lr=${1#--lr=} epochs=${2#--epochs=} seed=${3#--seed=}
echo "$*" >> starts.log
for e in $(seq $epochs); do
    echo "epoch $e/$epochs val_loss=1.$e acc=0.$e$seed"
done
"""

STUDY = """
title = "A script"
command = "sh train.sh ${args} --seed=${seed}"
baseline = { lr = 0.1, epochs = 3 }
[grid]
metric = "acc"
seeds = 2
[grid.factors]
lr = [0.1, 0.2]
epochs = [2, 3]
"""


@pytest.fixture
def script(folder):
    folder.write("train.sh", TRAIN)
    folder.write("s.toml", STUDY)
    return folder


def starts(folder):
    log = folder.path / "starts.log"
    return sorted(log.read_text().splitlines()) if log.exists() else []


def rows(folder, name):
    folder.run("export", f"{name}.toml")
    with (folder.path / "runs" / "export" / f"{name}-epochs.csv").open() as file:
        return list(csv.DictReader(file))


def levels(found, factor):
    (one,) = [f for f in found["grid"]["factors"] if f["factor"] == factor]
    return {level["level"]: level["values"] for level in one["levels"]}


def test_an_unchanged_script_is_run_once_a_point(script):
    out, err = script.run("grid", "s.toml")
    assert "16 epochs trained" in err
    assert "baseline · seed 1: acc 31.00 %" in err
    assert "acc" in out
    assert len(starts(script)) == 6
    found = script.json("grid", "s.toml")
    assert len(starts(script)) == 6
    assert levels(found, "epochs") == {2: [0.2, 0.21], 3: [0.3, 0.31]}
    curves = rows(script, "s")
    assert {(row["epoch"], row["val_loss"]) for row in curves} == {
        ("1", "1.1"), ("2", "1.2"), ("3", "1.3"),
    }  # fmt: skip
    assert len(curves) == 16
    assert "nothing: all is recorded" in script.run("grid", "s.toml", "--plan").stdout


def test_with_a_fidelity_the_longest_run_serves_shorter_levels(script):
    script.write("f.toml", STUDY.replace("[grid]", 'fidelity = "epochs"\n[grid]', 1))
    found = script.json("grid", "f.toml")
    assert levels(found, "epochs") == {2: [0.2, 0.21], 3: [0.3, 0.31]}
    assert len(starts(script)) == 4
    longer = STUDY.replace("[grid]", 'fidelity = "epochs"\n[grid]', 1).replace(
        "[2, 3]", "[1, 3, 4]"
    )
    script.write("f.toml", longer)
    assert levels(script.json("grid", "f.toml"), "epochs")[4] == [0.4, 0.41]
    assert starts(script)[-2:] == ["--lr=0.2 --epochs=3 --seed=0", "--lr=0.2 --epochs=3 --seed=1"]
    assert len(starts(script)) == 6  # the baseline's two, anew, for its fourth epoch


def test_with_a_fidelity_the_program_has_to_say_its_epochs(script):
    script.write("train.sh", "echo epoch 1 acc=0.5")
    script.write("f.toml", STUDY.replace("[grid]", 'fidelity = "epochs"\n[grid]', 1))
    _, err = script.run("grid", "f.toml", "--factor", "lr", code=1)
    assert "train.sh ended after epoch 1: with fidelity = 'epochs' it is to say each epoch" in err


@pytest.mark.parametrize(
    ("printed", "output", "metric", "value"),
    [
        ("Test set: Average loss: 0.0279, Accuracy: 9914/10000 (99%)", "", "accuracy", 0.9914),
        (
            "Test set: Average loss: 0.0279, Accuracy: 9914/10000 (99%)",
            "accuracy = 'Accuracy: (\\d+)/10000'",
            "accuracy",
            9914,
        ),
        ('{"epoch": 1, "val": {"acc": 0.25}}', "", "val.acc", 0.25),
        (
            'import sys; print(f"step:{step}/{n} val_loss:{v:.4f}")\n'
            "step:0/900 val_loss:10.8100 train_time:0ms\n"
            "step:450/900 train_time:27810ms\n"
            "step:900/900 val_loss:3.4312 train_time:55444ms",
            "epoch = 'step:(\\d+)/'",
            "val_loss",
            3.4312,
        ),
    ],
)
def test_what_programs_print(folder, printed, output, metric, value):
    folder.write("p.txt", printed)
    folder.write(
        "p.toml",
        f"""
        title = "P"
        command = "cat p.txt {{file}}"
        baseline = {{ file = "/dev/null" }}
        [output]
        {output}
        [grid]
        metric = "{metric}"
        factors = {{ file = ["/dev/null"] }}
        """,
    )
    assert levels(folder.json("grid", "p.toml"), "file") == {"/dev/null": [value]}
    assert folder.json("show", "p.toml")["grid"]["trials"]["complete"] == 1


def test_what_fails_says_what_the_program_said(folder):
    folder.write(
        "p.sh",
        """
        echo acc=1
        case $1 in
            code) echo why >&2; echo no such data >&2; exit 3;;
            signal) kill -9 $$;;
        esac
        """,
    )
    study = """
        title = "P"
        command = ["sh", "p.sh", "{how}"]
        baseline = { how = "fine" }
        [grid]
        metric = "acc"
        factors = { how = ["fine", "code", "signal"] }
        """
    folder.write("p.toml", study)
    err = folder.run("grid", "p.toml", code=1).stdout
    assert "how code, seed 0: p.sh ended with exit code 3: no such data" in err
    assert "how signal, seed 0: p.sh was killed by SIGKILL: acc=1" in err
    told = folder.run("show", "p.toml", "--errors").stdout
    assert "\nwhy\nno such data\nAll that it printed: " in told
    storage = optuna.storages.get_storage(folder.url)
    trials = optuna.load_study(study_name="p/grid", storage=storage).trials
    kept = [get_all_artifact_meta(trial, storage=storage) for trial in trials]
    assert [[one.filename for one in artifacts] for artifacts in kept] == [["output.txt"]] * 3
    folder.run("delete", "p", "--yes")
    runs = folder.path / "runs"
    assert not [*(runs / "artifacts").iterdir(), *(runs / "programs").iterdir()]


def test_a_missing_metric_stops_the_first_run_and_can_be_mended(script):
    script.write("s.toml", STUDY.replace('"acc"', '"accuracy"'))
    _, err = script.run("grid", "s.toml", code=2)
    assert "metric 'accuracy' is not among what train.sh says: val_loss, acc" in err
    assert len(starts(script)) == 1
    script.write("s.toml", STUDY + '[output]\nacc = "ACC=(.*)"\n')
    _, err = script.run("grid", "s.toml", code=2)
    assert "output.acc: 'ACC=(.*)' matches nothing of train.sh: it printed 'epoch 1/3" in err
    script.write("s.toml", STUDY)
    assert script.json("grid", "s.toml")["grid"]["trials"]["complete"] == 6


def test_a_search_prunes_a_program_while_it_runs(folder):
    folder.write(
        "p.sh",
        """
        trap 'echo asked >> asked.log; exit 0' TERM
        for e in 1 2 3 4; do
            echo "epoch $e loss=$1"
            sleep 0.1 & wait
        done
        """,
    )
    folder.write(
        "p.toml",
        """
        title = "P"
        command = "sh p.sh {lr}"
        baseline = { lr = 0.5 }
        [search]
        metric = "loss"
        direction = "minimize"
        trials = 9
        confirm_seeds = 0
        space = { lr = { low = 0.5, high = 1.0 } }
        """,
    )
    out, err = folder.run("search", "p.toml", "--sampler", "random", "--json")
    trials = json.loads(out)["search"]["trials"]
    assert trials["complete"] + trials["pruned"] == 9
    assert trials["pruned"] >= 1
    assert "pruned" in err
    asked = (folder.path / "asked.log").read_text().split()
    assert len(asked) == trials["pruned"]


def test_ctrl_c_ends_the_program_and_the_next_run_goes_on_from_its_checkpoint(folder):
    folder.write(
        "p.sh",
        """
        at=$(cat $1/at 2>/dev/null || echo 0)
        echo "from $at" >> starts.log
        for e in $(seq $((at + 1)) 6); do
            echo "epoch $e acc=0.$e"; echo $e > $1/at
            [ $e -lt 3 ] || [ $at -gt 0 ] || { touch half; sleep 60; }
        done
        """,
    )
    folder.write(
        "p.toml",
        """
        title = "P"
        command = "sh p.sh ${checkpoint} {lr}"
        baseline = { lr = 1 }
        [grid]
        metric = "acc"
        factors = { lr = [1] }
        """,
    )
    process = folder.start("grid", "p.toml")
    folder.wait_for((folder.path / "half").exists)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    process.communicate()
    folder.run("grid", "p.toml")
    assert starts(folder) == ["from 0", "from 3"]
    assert [row["acc"] for row in rows(folder, "p")] == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]


def test_compare_and_report_take_it_as_any_objective(script):
    script.run("grid", "s.toml", "--seeds", "2")
    found = json.loads(
        script.run("compare", "s.toml", "lr=0.2", "--looks", "2", "--json", code=1).stdout
    )
    assert found["verdict"] == "no difference shown"
    script.run("report", "s.toml")
    page = (script.path / "runs" / "report" / "s.html").read_text()
    assert "sh train.sh ${args} --seed=${seed}" in page


def test_precision_and_held_out_examples_are_not_passed_in_silence(script):
    script.write("s.toml", STUDY.replace("seeds = 2", "seeds = 2\nvalidation = 100"))
    assert script.error("grid", "s.toml") == (
        "study 's': validation = 100: the command passes it nowhere: expected ${validation}"
    )
    script.write("s.toml", STUDY)
    error = script.error("grid", "s.toml", "--precision", "bf16")
    assert error.endswith("is a program, and none is told the precision")
    script.write("s.toml", STUDY.replace("train.sh", "trian.sh").replace("sh tr", "./tr"))
    assert script.error("grid", "s.toml").startswith("s.toml: command: no program './trian.sh' in ")


def test_a_trial_that_takes_too_long_has_failed(folder, study_with):
    folder.write("p.sh", "echo epoch 1 acc=$1; [ $1 = 1 ] || sleep 60")
    folder.write(
        "p.toml",
        """
        title = "P"
        command = "sh p.sh {lr}"
        baseline = { lr = 1 }
        [grid]
        metric = "acc"
        factors = { lr = [1, 2] }
        """,
    )
    out = folder.run("grid", "p.toml", "--trial-timeout", "1s", code=1).stdout
    assert "lr 2, seed 0: p.sh was ended: it ran longer than trial_timeout" in out
    slow = study_with(
        ("[settings]", "[settings]\nsleep = 0.2"), ("[grid]", '[grid]\ntrial_timeout = "0.1s"')
    )
    out = folder.run("grid", slow, "--factor", "epochs", code=1).stdout
    assert "seed 0: was ended: it ran longer than" in out
    assert folder.error("grid", slow, "--trial-timeout", "soon") == (
        "--trial-timeout: expected a duration such as 90s, 30m or 1h30m, found 'soon'"
    )
    folder.write("p.toml", (folder.path / slow).read_text().replace("0.1s", "soon"))
    assert "grid.trial_timeout: expected a duration such as 90s" in folder.error("grid", "p.toml")


def test_a_longer_level_goes_on_from_a_checkpoint_and_a_shorter_one_starts_over(folder):
    folder.write(
        "p.sh",
        """
        at=$(cat $1/at 2>/dev/null || echo 0)
        echo "$2 from $at" >> starts.log
        for e in $(seq $((at + 1)) $2); do echo "epoch $e acc=0.$e"; echo $e > $1/at; done
        """,
    )
    study = """
        title = "P"
        command = "sh p.sh ${checkpoint} {epochs}"
        fidelity = "epochs"
        baseline = { epochs = 2 }
        [grid]
        metric = "acc"
        factors = { epochs = [2] }
        """
    folder.write("p.toml", study)
    folder.run("grid", "p.toml")
    folder.write("p.toml", study.replace("[2]", "[2, 4]"))
    assert levels(folder.json("grid", "p.toml"), "epochs") == {2: [0.2], 4: [0.4]}
    assert starts(folder) == ["2 from 0", "4 from 2"]
    (at,) = folder.path.glob("runs/checkpoints/*/program/at")
    at.write_text("7")  # as if it had gone on unheard
    folder.write("p.toml", study.replace("[2]", "[2, 4, 6, 8]"))
    assert levels(folder.json("grid", "p.toml"), "epochs")[6] == [0.6]
    assert starts(folder)[-2:] == ["8 from 0", "8 from 7"]
