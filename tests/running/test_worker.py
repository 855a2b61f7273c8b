"""The worker, through the command line: what is trained, what fails, what is tried again."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import optuna
from optuna.trial import TrialState

from hpstudy.store.database import open_database
from hpstudy.store.records import Records

optuna.logging.set_verbosity(optuna.logging.ERROR)


def trials(folder, name: str = "walk/grid"):
    return optuna.load_study(study_name=name, storage=folder.url).trials


def recorded_epochs(folder) -> int:
    database = open_database(folder.url, write=False)
    count = sum(Records(database.engine).counts().values())
    database.engine.dispose()
    return count


def test_no_epoch_is_trained_twice_and_a_second_run_trains_nothing(folder):
    first = folder.json("grid", "walk.toml", "--workers", "2")
    assert first["grid"]["trials"]["complete"] == 4
    assert first["grid"]["epochs"] == {"asked": 2 + 4 + 2 + 2 + 2 + 2, "trained": 4 + 2 + 2}
    assert len(folder.trained()) == len(set(folder.trained())) == 8
    assert folder.json("grid", "walk.toml") == first
    assert len(folder.trained()) == 8


def test_extending_a_study_costs_only_the_extension(folder, study_with):
    folder.run("grid", "walk.toml")
    before = folder.trained()
    study_with(("epochs = [2, 4]", "epochs = [2, 4, 7]"), ("lr = [0.1, 0.2]", "lr = [0.1, 0.3]"))
    folder.run("grid", "walk.toml", "--workers", "1")
    new = folder.trained()[len(before) :]
    assert sorted(new) == [
        "0.1 8 0 5",
        "0.1 8 0 6",
        "0.1 8 0 7",
        "0.3 8 0 1",
        "0.3 8 0 2",
    ]
    folder.run("grid", "walk.toml", "--seeds", "0-1")
    assert Counter(line.split()[2] for line in folder.trained()) == {"0": 13, "1": 11}


def test_results_do_not_depend_on_how_many_workers_run(folder):
    one = folder.json("grid", "walk.toml", "--name", "one", "--workers", "1")
    many = folder.json(
        "grid", "walk.toml", "--name", "many", "--workers", "3", "--runs", "elsewhere"
    )
    assert [f["levels"][i]["values"] for f in one["grid"]["factors"] for i in (0, 1)] == [
        f["levels"][i]["values"] for f in many["grid"]["factors"] for i in (0, 1)
    ]


def test_every_epoch_is_reported_to_optuna(folder):
    folder.run("grid", "walk.toml", "--workers", "1")
    longest = next(t for t in trials(folder) if t.params["epochs"] == 4)
    assert list(longest.intermediate_values) == [1, 2, 3, 4]
    assert longest.value == longest.intermediate_values[4]
    assert longest.params == {"lr": 0.1, "epochs": 4, "width": 8, "seed": 0}


def test_a_point_that_raises_is_tried_once_per_run_and_the_study_goes_on(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = "0.2"'))
    first = folder.json("grid", "walk.toml", "--workers", "2", code=1)
    assert first["grid"]["trials"] | {} == {
        "complete": 3,
        "pruned": 0,
        "failed": 1,
        "running": 0,
        "waiting": 0,
        "diverged": 0,
    }
    assert first["grid"]["failed"] == [
        {
            "params": {"lr": 0.2, "epochs": 2, "width": 8},
            "seed": 0,
            "error": "walk.py:17 in epoch: RuntimeError: this one raises",
        }
    ]
    folder.run("grid", "walk.toml", code=1)
    failed = [t for t in trials(folder) if t.state == TrialState.FAIL]
    assert len(failed) == 2
    assert len(trials(folder)) == 5


def test_a_point_that_kills_its_process_is_given_up_after_five_times(folder, study_with):
    study_with(("[settings]", '[settings]\ndie_at = "0.2"'))
    result = folder.json("grid", "walk.toml", "--workers", "2", code=1)
    assert result["grid"]["trials"]["complete"] == 3
    assert result["grid"]["failed"][0]["error"] == (
        "its process died 5 times, the last time by SIGKILL"
    )
    assert Counter(t.state for t in trials(folder)) == {TrialState.COMPLETE: 3, TrialState.FAIL: 5}


def test_a_metric_that_is_not_there_stops_the_run_and_says_which_are(folder, study_with):
    study_with(("[grid]", '[grid]\nmetric = "value_acuracy"'))
    result = folder.run("grid", "walk.toml", code=2)
    assert result.stderr.splitlines()[-1] == (
        "Error: metric 'value_acuracy' is not among what the objective returns: "
        "value, value_accuracy; did you mean 'value_accuracy'?"
    )
    assert recorded_epochs(folder) == 0
    assert len(folder.trained()) <= 2  # one a worker
    study_with(("[grid]", '[grid]\nmetric = "value_accuracy"'))
    folder.run("grid", "walk.toml", "--name", "right")


def test_a_trial_that_somebody_enqueued_is_run_with_its_own_values(folder):
    folder.run("grid", "walk.toml", "--factor", "lr")
    study = optuna.load_study(study_name="walk/grid", storage=folder.url)
    study.enqueue_trial({"lr": 0.15})
    study.enqueue_trial({"width": 16})
    folder.run("grid", "walk.toml")
    done = [t.params for t in trials(folder) if t.state == TrialState.COMPLETE]
    assert {"lr": 0.15, "epochs": 2, "width": 8, "seed": 0} in done
    assert len(done) == 5
    assert {t.state for t in trials(folder)} == {TrialState.COMPLETE}


def test_what_an_objective_prints_does_not_reach_stdout(folder, study_with):
    study_with(("walk:Walk", "walk:total"))
    for workers in ("1", "2"):
        result = folder.run("grid", "walk.toml", "--runs", f"r{workers}", "--workers", workers)
        assert "printed by the objective" not in result.stdout
        assert "printed by the objective" in result.stderr


def test_strings_and_booleans_are_factors_too(folder):
    folder.write(
        "kinds.toml",
        """
title = "Kinds"
objective = "walk:total"
[baseline]
kind = "a"
flag = true
x = 0.5
[grid.factors]
kind = ["a", "b", "c"]
flag = [true, false]
""",
    )
    result = folder.json("grid", "kinds.toml")
    levels = {f["factor"]: [v["level"] for v in f["levels"]] for f in result["grid"]["factors"]}
    assert levels == {"kind": ["a", "b", "c"], "flag": [True, False]}
    assert result["grid"]["factors"][1]["levels"][1]["values"] == [0.5]


STOPPED_AT_ONCE = """
from multiprocessing import Pipe
from pathlib import Path

from hpstudy.objective import Runtime, load_objective
from hpstudy.plans.grid import plan_grid
from hpstudy.running.deadlines import Clock
from hpstudy.running.fingerprint import begin
from hpstudy.running.interrupts import Interrupted
from hpstudy.running.worker import Job, Worker
from hpstudy.store.database import Runs, writing
from hpstudy.studyfile.find import load_study

home = Path.cwd()
study = load_study(home / "walk.toml")
runs = Runs(home / "runs", f"sqlite:///{home}/runs/hpstudy.db")
objective = load_objective(study.objective, home)
plan = plan_grid(study, objective, name="walk", home=home, runtime=Runtime())
with writing(runs) as database:
    begin(plan, objective, database)


def mark(label):
    if label:
        raise Interrupted


try:
    Worker(Job(plan, runs, "one"), mark, Clock(*Pipe(), grace=0)).run()
except Interrupted:
    print("interrupted")
"""


def test_a_worker_that_is_stopped_right_after_it_asked_leaves_its_point_free(folder):
    ran = [sys.executable, "-c", STOPPED_AT_ONCE]
    assert subprocess.run(ran, cwd=folder.path, capture_output=True, text=True).stdout == (
        "interrupted\n"
    )
    (trial,) = trials(folder)
    assert trial.state == TrialState.FAIL
    assert folder.json("grid", "walk.toml")["grid"]["trials"]["complete"] == 4
