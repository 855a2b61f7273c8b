"""An objective of Optuna's run as it is: by a grid, and by a search with its confirmation."""

from __future__ import annotations

import csv

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy.store.trials import training_of

optuna.logging.set_verbosity(optuna.logging.ERROR)

OBJECTIVE = """
import random

import optuna

import hpstudy


def objective(trial):
    kind = trial.suggest_categorical("kind", ["slow", "fast"])
    rate = trial.suggest_float("rate", 0.001, 1.0, log=True)
    push = trial.suggest_float("push", 0.0, 2.0) if kind == "fast" else 0.5
    seed = trial.user_attrs["seed"]
    assert seed == hpstudy.seed() == trial.suggest_int("seed", 0, 999)
    noise = random.Random(f"{seed} {kind} {rate}").random() / 100
    best = 0.0
    for step in range(4):
        best = push * (1 - abs(rate - 0.1)) * (step + 1) / 4 + noise
        trial.report(best, step * 10)
        if trial.should_prune():
            raise optuna.TrialPruned()
    trial.set_user_attr("number", trial.number)
    trial.set_user_attr("error", "none")
    trial.set_user_attr("model", objective)
    assert trial.user_attrs["model"] is objective
    with open("called.log", "a") as log:
        print(trial.params, file=log)
    return best + 0.001
"""
STUDY = """
title = "Optuna's own"
objective = "mk:objective"
[baseline]
kind = "slow"
rate = 0.01
[grid]
seeds = 2
[grid.factors]
rate = [0.01, 0.1]
[search]
trials = 25
finalists = 2
confirm_looks = [2]
[search.space]
kind = { choices = ["slow", "fast"] }
rate = { low = 0.001, high = 1.0, log = true }
"""


@pytest.fixture
def mk(folder):
    folder.write("mk.py", OBJECTIVE)
    folder.write("mk.toml", STUDY)
    return folder


def trials(folder, part: str):
    return optuna.load_study(study_name=f"mk/{part}", storage=folder.url).trials


def rows(folder, table: str) -> list[dict[str, str]]:
    folder.run("export", "mk.toml")
    text = (folder.path / f"runs/export/mk-{table}.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def called(folder) -> int:
    return len((folder.path / "called.log").read_text().splitlines())


def test_what_it_reports_are_the_epochs_of_a_grid(mk):
    _, err = mk.run("grid", "mk.toml")
    assert "16 epochs trained in " in err
    done = trials(mk, "grid")
    assert len(done) == called(mk) == 4
    one = next(t for t in done if t.params == {"kind": "slow", "rate": 0.1, "seed": 1})
    assert list(one.intermediate_values) == [1, 2, 3, 4]
    assert one.value == pytest.approx(one.intermediate_values[4] + 0.001)
    assert one.user_attrs["number"] == one.number
    assert one.user_attrs["error of the objective"] == "none"
    values = [float(r["value"]) for r in rows(mk, "epochs") if r["training"] == training_of(one)]
    assert values == [*list(one.intermediate_values.values())[:3], one.value]
    mk.run("grid", "mk.toml")
    assert called(mk) == 4
    page = mk.path / mk.run("report", "mk.toml").stdout.strip()
    assert 'id="figure-epochs-rate"' in page.read_text()


def test_a_search_lets_optuna_choose_what_the_file_does_not_know(mk):
    found = mk.json("search", "mk.toml", "--seed", "1")["search"]
    done = trials(mk, "search")
    assert {t.state for t in done} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert done[0].params == {"kind": "slow", "rate": 0.01}
    fast = [t for t in done if t.params["kind"] == "fast"]
    assert all(0 <= t.params["push"] <= 2 for t in fast)
    assert len({training_of(t) for t in fast}) == len(fast)
    won = found["confirmed"]
    assert won["params"]["push"] > 0.5
    assert won["verdict"] == "better"
    confirmed = [t for t in trials(mk, "confirm") if "push" in t.params]
    assert {t.params["seed"] for t in confirmed} == {100, 101}
    before = called(mk)
    _, err = mk.run("search", "mk.toml", "--ablate")
    assert "Not ablated: winner and baseline have not the same hyperparameters." in err
    assert called(mk) == before
    page = mk.run("report", "mk.toml").stdout.strip()
    assert "search-slice-push" in (mk.path / page).read_text()
    assert any(row["params_push"] for row in rows(mk, "trials"))


def change(folder, old: str, new: str, file: str = "mk.toml") -> None:
    text = (folder.path / file).read_text()
    assert old in text
    folder.write(file, text.replace(old, new))


def test_what_the_baseline_lacks_is_said(mk):
    change(mk, 'kind = "slow"', 'kind = "fast"')
    line = "[baseline] lacks 'push', which the objective suggests: add push = 0.0"
    assert mk.run("grid", "mk.toml", code=2).stderr.splitlines()[-1] == f"Error: {line}"
    _, err = mk.run("search", "mk.toml", "--trials", "2", code=2)
    assert err.splitlines()[-1] == f"Error: {line}, or leave the confirmation out (--confirm 0)"
    mk.run("search", "mk.toml", "--trials", "4", "--confirm", "0")
    worked = [t.params for t in trials(mk, "search") if t.state != TrialState.FAIL]
    assert worked[0].items() > {"kind": "fast", "rate": 0.01}.items()
    assert len({params["rate"] for params in worked}) == 4  # the baseline was asked for once


def test_what_lies_outside_its_range_fails_that_point_alone(mk):
    change(mk, "rate = [0.01, 0.1]", "rate = [0.01, 5.0]")
    out, _ = mk.run("grid", "mk.toml", "--seeds", "1", code=1)
    said = "rate = 5.0 lies outside what the objective suggests, 0.001 to 1.0"
    assert f"mk.py:11 in objective: ValueError: {said}" in " ".join(out.split())
    assert called(mk) == 1


def test_what_optuna_refuses_fails_that_trial_alone(mk):
    other = 'suggest_categorical("push", [trial.number, -1])'  # other choices in each trial
    change(mk, 'suggest_float("push", 0.0, 2.0)', other, "mk.py")
    mk.run("search", "mk.toml", "--trials", "5", "--confirm", "0", "--pruner", "none", code=1)
    done = trials(mk, "search")
    assert [t.state for t in done].count(TrialState.COMPLETE) == 5
    failed = [t for t in done if t.state == TrialState.FAIL]
    assert "mk.py:12 in objective: ValueError: " in failed[0].user_attrs["error"]
    assert {t.params["kind"] for t in failed} == {"fast"}


def test_several_values_are_refused_with_what_to_return(mk):
    change(mk, "return best + 0.001", "return best, 1.0", "mk.py")
    out, _ = mk.run("grid", "mk.toml", "--seeds", "1", code=1)
    assert "it returns 2 values: expected one number, or metrics by name" in " ".join(out.split())
