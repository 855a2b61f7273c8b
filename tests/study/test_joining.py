"""`hpstudy worker`: joining what was begun, by what is noted of it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy import Study
from hpstudy.errors import UserError
from hpstudy.store.database import open_database

HOME = Path(__file__).parent.parent.parent
ALL = ("hpstudy", "worker", "walk.toml")
CPU = "    version, devices = 1, staticmethod(lambda: ['cpu'])"
SLOW = ("[settings]", "[settings]\nsleep = 0.3")


def study_of(folder, name: str = "walk/grid") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=folder.url)


def points_done(folder, name: str = "walk/grid") -> Counter:
    done = [t for t in study_of(folder, name).trials if t.state == TrialState.COMPLETE]
    return Counter(tuple(sorted(t.params.items())) for t in done)


def ask_for(folder, name: str = "walk/grid", **options) -> None:
    """Notes that something else was asked of a study."""
    study = study_of(folder, name)
    asked = study.user_attrs["asked"]
    study.set_user_attr("asked", {**asked, "options": {**asked["options"], **options}})


def test_it_takes_the_options_that_were_noted_and_says_what_it_did(folder):
    folder.run("grid", "walk.toml", "--seeds", "1", "--factor", "lr", "--trial-timeout", "1h")
    asked = study_of(folder).user_attrs["asked"]
    options = {"factors": ["lr"], "seeds": "1", "until": None, "combine": False}
    assert asked["options"] == options
    assert (asked["command"], asked["trial_timeout"], asked["sent"]) == ("grid", 3600, False)
    ask_for(folder, factors=None, seeds="2")
    told = folder.run("worker", "walk.toml")
    assert re.fullmatch(
        r"Joined the grid of 'walk': 5 trainings, 12 epochs in 0:00:\d\d\.\n", told.stdout
    )
    assert sum(points_done(folder).values()) == 8
    assert {t.user_attrs["invocation"].split("/")[0] for t in study_of(folder).trials} == {
        asked["invocation"]
    }
    again = folder.json("worker", "walk.toml")
    assert {k: again[k] for k in ("study", "command", "trainings", "epochs", "failed", "left")} == {
        "study": "walk", "command": "grid", "trainings": 0, "epochs": 0, "failed": [], "left": 0,
    }  # fmt: skip


def test_what_raised_is_tried_once_by_all_together(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = "0.2"'))
    folder.run("grid", "walk.toml", code=1)
    told = folder.run("worker", "walk.toml", code=1)
    assert told.stdout.startswith("Joined the grid of 'walk': 0 trainings, 0 epochs in ")
    assert told.stdout.endswith("; 1 point of it left.\n")
    assert len(study_of(folder).trials) == 4
    study_of(folder).set_user_attr("asked", None)
    folder.run("grid", "walk.toml", code=1)
    assert len(study_of(folder).trials) == 5


def test_its_own_failures_are_said(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = "0.2"'))
    folder.run("grid", "walk.toml", "--factor", "epochs")
    ask_for(folder, factors=None)
    found = folder.json("worker", "walk.toml", code=1)
    assert (found["trainings"], found["epochs"], found["left"]) == (1, 2, 1)
    assert found["failed"] == [
        {
            "params": {"lr": 0.2, "epochs": 2, "width": 8},
            "seed": 0,
            "error": "walk.py:17 in epoch: RuntimeError: this one raises",
        }
    ]


def test_another_machine_begins_again_what_it_has_no_state_of_with_the_same_numbers(
    folder, folder_at
):
    folder.run("grid", "walk.toml", "--factor", "lr")
    ask_for(folder, factors=None)
    elsewhere = folder_at(folder.path / "elsewhere")
    for name in ("walk.py", "walk.toml"):
        elsewhere.write(name, (folder.path / name).read_text())
    told = elsewhere.run("worker", "walk.toml", "--storage", folder.url)
    assert "6 epochs trained (2 of them again, as their last state was gone)" in told.stderr
    assert "Note" not in told.stderr
    here = folder.json("show", "walk.toml")["grid"]["factors"]
    calm = folder.json("grid", "walk.toml", "--runs", "calm")["grid"]["factors"]
    assert [[row["values"] for row in factor["levels"]] for factor in here] == [
        [row["values"] for row in factor["levels"]] for factor in calm
    ]


def test_looks_do_not_wait_for_what_raised_elsewhere(folder, study_with):
    raises = ("[settings]", '[settings]\nraise_at = "0.2 8 0"')
    study_with(raises, ("seeds = [0]", "seeds = 1\nlooks = [2]"))
    folder.run("grid", "walk.toml", "--until", "0.01", code=1)
    before = len(study_of(folder).trials)
    assert folder.json("worker", "walk.toml", code=1)["left"] == 1
    assert len(study_of(folder).trials) == before == 8


def test_a_search_is_joined_with_its_confirmation(folder):
    options = ("--trials", "3", "--sampler", "random", "--seed", "5", "--confirm", "0")
    folder.run("search", "seek.toml", *options)
    asked = study_of(folder, "seek/search").user_attrs["asked"]
    assert asked["options"] == {
        "trials": 3, "epochs": None, "deadline": None, "sampler": "random", "pruner": "median",
        "seed": 5, "confirm": 0, "ablate": False,
    }  # fmt: skip
    ask_for(folder, "seek/search", trials=5, confirm=2)
    told = folder.run("worker", "seek.toml")
    ended = [t for t in study_of(folder, "seek/search").trials if t.state != TrialState.FAIL]
    assert len(ended) == 5
    assert "finalists: " in told.stderr
    assert len(study_of(folder, "seek/confirm").trials) >= 4
    assert told.stdout.startswith("Joined the search of 'seek': ")
    assert "0 trainings, 0 epochs" in folder.run("worker", "seek.toml").stdout


def test_a_comparison_is_joined_to_its_last_look(folder):
    folder.run("compare", "walk.toml", "lr=0.2", "--looks", "2,3")
    (name,) = [n for n in optuna.get_all_study_names(folder.url) if "compare" in n]
    assert study_of(folder, name).user_attrs["asked"]["options"] == {"changes": {"lr": 0.2}}
    assert (
        "Joined the comparison of 'walk': 0 trainings" in folder.run("worker", "walk.toml").stdout
    )


def test_two_studies_that_are_compared_are_joined_by_both_their_names(folder, study_with):
    study_with(("lr = 0.1\n", "lr = 0.2\n"), name="walk.toml")
    both = ("walk.toml", "seek.toml")
    folder.run("compare", *both, "--looks", "2", code=1)
    assert "comparison of 'walk vs seek': 0 trainings" in folder.run("worker", *both).stdout
    assert folder.error("worker", "walk.toml").startswith("nothing to join: sqlite:///")


def test_nothing_begun_is_one_line(folder):
    wanted = "nothing to join: sqlite:///runs/hpstudy.db holds no grid, search or comparison of "
    assert folder.error("worker", "walk.toml").startswith(f"{wanted}'walk' that was begun; start ")
    assert folder.error("worker", "walk.toml", "--wait", "soon").startswith("--wait: expected a d")
    folder.run("grid", "walk.toml")
    assert folder.error("worker", "walk.toml", "--name", "other").startswith(wanted)


def test_a_study_of_an_earlier_version_has_noted_nothing(folder):
    folder.run("grid", "walk.toml")
    database = open_database(folder.url, write=True)
    optuna.load_study(study_name="walk/grid", storage=database.storage).set_user_attr("asked", None)
    database.close()  # its files beside the database are gone then, and not at some later time
    assert folder.error("worker", "walk.toml").startswith("nothing to join")


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": {"factors": 3}},
        {"command": "search"},
        {"files": []},
        {"files": [{}, {}]},
        {"trial_timeout": "soon"},
        {"more": "than that"},
    ],
)
def test_a_note_that_nobody_wrote_so_is_one_line(folder, wrong):
    note = {
        "command": "grid", "time": 1.0, "files": [{}], "sent": False, "trial_timeout": None,
        "invocation": "run",
        "options": {"factors": None, "seeds": None, "until": None, "combine": False},
    }  # fmt: skip
    folder.path.joinpath("runs").mkdir()
    database = open_database(folder.url, write=True)
    study = optuna.create_study(study_name="walk/grid", storage=database.storage)
    study.set_user_attr("fingerprint", {})
    study.set_user_attr("asked", note | wrong)
    database.close()
    assert "walk" in folder.error("worker", "walk.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("width = [8, 16]", "width = [8, 32]", "walk.toml: [grid] differs from what study 'walk' "),
        ("lr = 0.1\n", "lr = 0.2\n", "walk.toml: [baseline] differs from what study 'walk' was "),
        (
            "[settings]",
            "[settings]\nsleep = 0",
            "study 'walk/grid' in sqlite:///runs/hpstudy.db ho",
        ),
    ],
)
def test_another_study_file_is_refused_with_what_differs(folder, study_with, old, new, said):
    folder.run("grid", "walk.toml")
    study_with((old, new))
    assert folder.error("worker", "walk.toml").startswith(said)


def test_figures_and_claims_may_differ(folder, study_with):
    folder.run("grid", "walk.toml")
    study_with(('title = "A walk"', 'title = "Another title"'), ("seeds = [0]", "seeds = [0]"))
    folder.run("worker", "walk.toml")


def test_what_was_trained_on_another_device_type_is_refused(folder):
    folder.run("grid", "walk.toml")
    study = study_of(folder)
    study.set_user_attr("fingerprint", {**study.user_attrs["fingerprint"], "device": "cuda"})
    folder.write("walk.py", (folder.path / "walk.py").read_text().replace("    version = 1", CPU))
    assert folder.error("worker", "walk.toml") == (
        "study 'walk' is trained on cuda, which can't be used here: --device: expected auto or cpu "
        "here, found 'cuda'"
    )


def score(params, *, seed, settings):
    return float(params["a"])


def test_a_function_that_was_given_in_python_can_not_be_joined(folder):
    with folder.inside():
        study = Study(score, baseline={"a": 1.0}, name="made")
        study.run_grid({"a": [2.0]}, workers=1, quiet=True)
        with pytest.raises(UserError, match="a function that was given in Python, which is only"):
            study.work(quiet=True)


def test_from_python_it_is_one_call(folder):
    with folder.inside():
        study = Study("walk.toml")
        with pytest.raises(UserError, match="nothing to join"):
            study.work(quiet=True)
        study.run_grid(workers=1, quiet=True)
        assert (study.work(quiet=True).epochs, study.work(quiet=True).left) == (0, 0)
        ask_for(folder, seeds="2")
        assert study.work(wait="1s", quiet=True).epochs == 8
