"""The search, through the command line: how many trials, which ones, and what is chosen."""

from __future__ import annotations

import json
import os
import signal
from statistics import fmean

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy.errors import UserError
from hpstudy.objective import Runtime, load_objective
from hpstudy.plans.samplers import PRUNERS, SAMPLERS, pruner, sampler
from hpstudy.plans.search import Limits, plan_search
from hpstudy.running.failures import alike
from hpstudy.store.trials import ERROR
from hpstudy.study.planning import seconds_of
from hpstudy.studyfile.find import load_study

optuna.logging.set_verbosity(optuna.logging.ERROR)
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


def trials(folder, name: str = "seek/search", runs: str = "runs"):
    url = f"sqlite:///{folder.path / runs / 'hpstudy.db'}"
    return optuna.load_study(study_name=name, storage=url).trials


def search(folder, *args: str, **options):
    return folder.json("search", "seek.toml", "--confirm", "0", *args, **options)["search"]


def test_trials_are_the_total_and_the_baseline_comes_first(folder):
    first = search(folder, "--workers", "1", "--trials", "5")
    assert first["trials"]["complete"] + first["trials"]["pruned"] == 5
    assert trials(folder)[0].params == {"lr": 0.1, "epochs": 2, "width": 8}
    trained = folder.trained()
    assert search(folder, "--workers", "1", "--trials", "5") == first
    assert folder.trained() == trained
    search(folder, "--workers", "1", "--trials", "7")
    assert len(trials(folder)) == 7
    assert len(folder.trained()) == len(set(folder.trained()))


def test_one_worker_and_one_seed_give_the_same_trials_whether_resumed_or_not(folder):
    whole = ("--workers", "1", "--trials", "14")  # beyond the sampler's random start
    search(folder, *whole)
    search(folder, "--workers", "1", "--trials", "6", "--runs", "parts")
    search(folder, *whole, "--runs", "parts")
    search(folder, *whole, "--seed", "1", "--runs", "other")
    params = [[t.params for t in trials(folder, runs=runs)] for runs in ("runs", "parts", "other")]
    assert params[0] == params[1]
    assert params[0][1:] != params[2][1:]


def test_several_workers_end_at_the_total(folder):
    search(folder, "--workers", "3", "--trials", "13")
    states = [t.state for t in trials(folder)]
    assert len(states) == 13
    assert set(states) <= set(FINISHED)
    assert len({tuple(t.params.items()) for t in trials(folder)}) == 13


def test_pruning_saves_epochs_and_a_pruned_training_keeps_its_checkpoint(folder):
    found = search(folder, "--workers", "1", "--trials", "20", "--pruner", "median")
    assert found["trials"]["pruned"] > 0
    assert found["epochs"]["asked"] > found["epochs"]["trained"] == len(folder.trained())
    pruned = [t for t in trials(folder) if t.state == TrialState.PRUNED]
    assert all(len(t.intermediate_values) < t.params["epochs"] for t in pruned)
    kept = {p.name for p in (folder.path / "runs" / "checkpoints").iterdir()}
    assert kept == {t.user_attrs["training"] for t in trials(folder)}
    assert kept > {t.user_attrs["training"] for t in pruned}
    folder.run("clean", "seek.toml")
    assert not list((folder.path / "runs" / "checkpoints").iterdir())
    none = search(folder, "--workers", "1", "--pruner", "none", "--runs", "unpruned")
    assert none["trials"]["pruned"] == 0
    assert none["epochs"]["asked"] == none["epochs"]["trained"]


def test_the_winner_may_be_chosen_apart_and_is_confirmed_on_other_seeds(folder, study_with):
    held_out = "choose_held_out = true\nconfirm_seeds = 3"
    study_with(
        ("trials = 8", f'trials = 8\nvalidation = 5\nmetric = "value"\nfinalists = 2\n{held_out}'),
        name="seek.toml",
    )
    out = folder.run("search", "seek.toml", "--workers", "2", "--publish").stdout
    found = folder.json("show", "seek.toml")["search"]
    assert [len(f["seeds"]) for f in found["finalists"]] == [2, 2]
    means = [f["mean"] for f in found["finalists"]]
    assert means == sorted(means, reverse=True)
    confirmed = found["confirmed"]
    assert confirmed["params"] == found["finalists"][0]["params"]
    assert confirmed["seeds"] == [100, 101, 102]
    rounds = trials(folder, "seek/confirm")
    assert {(t.params["validation"], t.params["seed"]) for t in rounds} == {
        *((5, seed) for seed in (200, 201)),
        *((0, seed) for seed in (100, 101, 102)),
    }
    baseline = [t.value for t in rounds if t.params["validation"] == 0 and t.params["lr"] == 0.1]
    assert sorted(confirmed["baseline"]["values"]) == sorted(baseline)
    assert confirmed["baseline"]["low"] < fmean(baseline) < confirmed["baseline"]["high"]
    difference = fmean(confirmed["values"]) - fmean(baseline)
    assert confirmed["difference"] == pytest.approx(difference)
    assert confirmed["difference_low"] < difference < confirmed["difference_high"]
    options = " ".join(f"--{name} {value}" for name, value in confirmed["params"].items())
    assert f"as options: {options}" in " ".join(out.split())
    (published,) = (folder.path / "runs" / "artifacts").iterdir()
    assert json.loads(published.read_text())["search"]["confirmed"] == confirmed
    trained = folder.trained()
    folder.run("search", "seek.toml")
    assert folder.trained() == trained


def test_a_search_on_a_test_metric_is_warned_of(folder, study_with):
    text = ("value_accuracy", "test_accuracy")
    folder.write("walk.py", (folder.path / "walk.py").read_text().replace(*text))
    study_with(("trials = 8", 'trials = 2\nmetric = "test_accuracy"'), name="seek.toml")
    result = folder.run("search", "seek.toml", "--confirm", "0", "--workers", "1")
    assert "Warning: search.metric is test_accuracy" in result.stderr
    assert "The search chose by a test metric" in result.stdout


def test_a_failed_trial_does_not_count_and_ten_alike_in_a_row_stop(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = "0.1 8"'), name="seek.toml")
    found = search(folder, "--workers", "1", "--trials", "3", code=1)
    assert found["trials"]["failed"] == 1
    assert found["trials"]["complete"] + found["trials"]["pruned"] == 3
    study_with(("[settings]", '[settings]\nraise_at = ""'), name="seek.toml")
    result = folder.run("search", "seek.toml", "--workers", "1", "--name", "bad", code=1)
    assert "10 settings in a row raised the same error: walk.py:" in result.stderr
    assert "in epoch: RuntimeError: this one raises" in result.stderr
    assert len(trials(folder, "bad/search")) == 10
    assert all(ERROR in t.user_attrs for t in trials(folder, "bad/search"))


LIMIT = """
import math


def score(params, *, seed, settings):
    lr = params["lr"]
    if lr < 1:
        return lr
    if settings["from_1_on"] == "raises":
        raise ValueError(f"{lr} is too large")
    return {"nan": math.nan, "inf": math.inf}[settings["from_1_on"]]


score.version = 1
"""
LIMIT_SEARCH = """
title = "A limit"
objective = "limit:score"
[settings]
from_1_on = "nan"
[baseline]
lr = 0.1
[search]
direction = "minimize"
trials = 40
confirm_seeds = 2
[search.space]
lr = { low = 0.01, high = 10.0, log = true }
"""


@pytest.mark.parametrize("outcome", ["nan", "inf", "raises"])
def test_a_search_comes_to_its_end_though_a_third_of_its_range_is_bad(folder, outcome):
    folder.write("limit.py", LIMIT)
    folder.write("limit.toml", LIMIT_SEARCH.replace('"nan"', f'"{outcome}"'))
    args = ("search", "limit.toml", "--workers", "1")
    failed = outcome == "raises"  # a point that raised is said with the exit code, as in a grid
    found = folder.json(*args, code=1 if failed else 0)["search"]
    bad = [t for t in trials(folder, "limit/search") if t.params["lr"] >= 1]
    assert 0 < len(bad) < 20
    assert found["trials"]["failed"] == (len(bad) if failed else 0)
    assert found["trials"]["diverged"] == (0 if failed else len(bad))
    assert found["trials"]["complete"] == 40 - found["trials"]["diverged"]
    assert found["best"]["value"] == found["best"]["params"]["lr"] < 0.1
    assert found["confirmed"]["params"]["lr"] < 0.1
    folder.run("show", "limit.toml")
    again = folder.json(*args, code=1 if failed else 0)["search"]
    assert again["trials"] == found["trials"]


def test_different_errors_in_a_row_stop_a_search_once_they_are_as_many_as_its_trials(folder):
    text = LIMIT.replace("{lr} is too large", "{lr} {'x' * int(9999 * lr)}")
    folder.write("limit.py", text.replace("lr < 1", "lr < 0"))
    folder.write("limit.toml", LIMIT_SEARCH.replace('"nan"', '"raises"'))
    result = folder.run("search", "limit.toml", "--workers", "1", "--trials", "12", code=1)
    assert "12 settings in a row raised, the last one: " in result.stderr


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ValueError: lr 1.5 is too large", "ValueError: lr -2e-05 is too large", True),
        ("m.py:3 in f: E: <A at 0x7f3a>", "m.py:3 in f: E: <A at 0x10ffb2>", True),
        ("KeyError: 'lr'", "KeyError: 'width'", False),
        ("ValueError: no", "TypeError: no", False),
    ],
)
def test_errors_are_alike_but_for_their_numbers(one: str, other: str, same: bool):
    assert (alike(one) == alike(other)) == same


def test_a_search_that_is_not_at_its_end_does_not_end_well(folder, monkeypatch):
    """As when its workers are gone and nobody knows why."""
    monkeypatch.setattr("hpstudy.running.crew.launch", lambda *args: None)
    result = folder.run("search", "seek.toml", code=1)
    assert "0 of 8 trials are finished, and nobody is at the others" in result.stderr


def test_options_that_are_left_out_are_as_the_search_began(folder):
    first = ("--seed", "1", "--sampler", "random", "--pruner", "none")
    search(folder, "--workers", "1", "--trials", "4", *first, "--runs", "whole")
    search(folder, "--workers", "1", "--trials", "2", *first)
    again = folder.run("search", "seek.toml", "--confirm", "0", "--workers", "1", "--trials", "3")
    assert "Note" not in again.stderr
    changed = ("--confirm", "0", "--workers", "1", "--trials", "4", "--pruner", "halving")
    noted = folder.run("search", "seek.toml", *changed).stderr
    assert "Note: the pruner was none so far and is halving from here on" in noted
    params = [[t.params for t in trials(folder, runs=runs)] for runs in ("whole", "runs")]
    assert params[0] == params[1]
    assert "random, pruner halving" in folder.run("search", "seek.toml", "--plan").stdout
    refused = folder.run("search", "seek.toml", "--seed", "2", code=2).stderr
    assert "seed was 1, is now 2" in refused


def test_limits_begin_no_further_trial(folder, study_with):
    found = search(folder, "--workers", "1", "--epochs", "6", "--pruner", "none")
    assert 6 <= found["epochs"]["trained"] < 6 + 6
    study_with(("[settings]", "[settings]\nsleep = 0.2"), name="seek.toml")
    args = ("search", "seek.toml", "--name", "late", "--timeout", "3s", "--trials", "99")
    result = folder.run(*args, "--workers", "1")
    assert 1 <= len(trials(folder, "late/search")) < 50
    assert "Not confirmed: the search is not at its end yet." in result.stderr


def is_in_the_middle(trial) -> bool:
    epochs = trial.params.get("epochs", 0)
    return trial.state == TrialState.RUNNING and len(trial.intermediate_values) + 1 < epochs


def test_a_killed_search_loses_no_epoch_and_goes_on_with_its_trial(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.3"), name="seek.toml")
    args = ("search", "seek.toml", "--confirm", "0", "--workers", "1", "--pruner", "none")
    process = folder.start(*args, start_new_session=True)
    folder.wait_for(lambda: len(folder.trained()) >= 3)
    folder.wait_for(lambda: any(is_in_the_middle(t) for t in trials(folder)))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    interrupted = next(t for t in trials(folder) if t.state == TrialState.RUNNING)
    process = folder.start(*args)
    folder.wait_for(lambda: len(folder.trained()) >= 9)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130, err
    folder.hurry()
    folder.run(*args)
    finished = [t for t in trials(folder) if t.state in FINISHED]
    assert len(finished) == 8
    assert interrupted.params in [t.params for t in finished]
    assert len({tuple(t.params.items()) for t in finished}) == 8
    trained = folder.trained()
    twice = {line for line in trained if trained.count(line) > 1}
    assert len(twice) <= 2  # at most the epoch at which each of the two was stopped


def test_plan_trains_nothing_and_writes_nothing(folder):
    text = folder.run("search", "seek.toml", "--plan").stdout
    for part in ("0.01 to 1, logarithmic", "1 to 6", "8; tpe, pruner", "not known before"):
        assert part in text
    plan = folder.json("search", "seek.toml", "--plan")["plan"]
    assert plan["trials_left"] == 8
    assert 8 <= plan["epochs_left"] <= 48
    assert not (folder.path / "runs").exists()


def test_show_gives_grid_and_search_alike(folder):
    folder.run("grid", "seek.toml")
    search(folder)
    both = folder.json("show", "seek.toml")
    assert both["grid"]["trials"]["complete"] == 4
    assert both["search"]["best"]["value"] == max(
        t.value for t in trials(folder) if t.state == TrialState.COMPLETE
    )
    assert json.dumps(both["search"]["best"]["params"])
    assert "Search: the best of" in folder.run("show", "seek.toml").stdout


def test_samplers_draw_from_seed_and_trial_number():
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}

    def draw(name: str, seed: int, number: int) -> float:
        study = optuna.create_study(sampler=sampler(name, seed, number))
        return study.ask(space).params["x"]

    for name in SAMPLERS:
        assert draw(name, 0, 3) == draw(name, 0, 3)
        assert len({draw(name, 0, 3), draw(name, 0, 4), draw(name, 1, 3)}) == 3


@pytest.mark.parametrize("name", PRUNERS[1:])
def test_pruners_compare_at_equal_epochs_only(name: str):
    study = optuna.create_study(direction="maximize", pruner=pruner(name, 20))
    for _ in range(8):  # short and very good: nothing to compare with beyond their end
        trial = study.ask()
        for epoch in (1, 2, 3):
            trial.report(0.9, epoch)
        study.tell(trial, 0.9)
    lasts = []
    for _ in range(6):
        trial = study.ask()
        last = 20
        for epoch in range(1, 21):
            trial.report(0.9 if epoch <= 3 else 0.1, epoch)
            if trial.should_prune():
                last = epoch
                break
        study.tell(trial, state=TrialState.PRUNED)
        lasts.append(last)
    assert max(lasts) == 20


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2h", 7200)]
)
def test_durations(text: str, seconds: float):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0", "3d", "-5", "1m2h"])
def test_what_is_no_duration_is_refused(text: str):
    with pytest.raises(UserError, match="--timeout"):
        seconds_of(text)


def test_the_space_becomes_optuna_distributions(folder, study_with):
    study_with(
        (
            "lr = { low = 0.01, high = 1.0, log = true }",
            "lr = { low = 0, high = 1, step = 0.05 }",
        ),
        ("width = { low = 4, high = 64, log = true }", "width = { choices = [8, 32] }"),
        name="seek.toml",
    )
    study = load_study(folder.path / "seek.toml")
    objective = load_objective(study.objective, folder.path)
    plan = plan_search(
        study,
        objective,
        name="seek",
        home=folder.path,
        runtime=Runtime(),
        limits=Limits(trials=3),
        sampler="tpe",
        pruner="none",
    )
    assert plan.space == {
        "lr": optuna.distributions.FloatDistribution(0, 1, step=0.05),
        "epochs": optuna.distributions.IntDistribution(1, 6),
        "width": optuna.distributions.CategoricalDistribution([8, 32]),
    }
    assert plan.last_epoch == 6
    assert plan.planned({"lr": 0.5, "epochs": 3, "width": 32}).identity.params == {
        "lr": 0.5,
        "width": 32,
    }


def test_a_winner_that_could_not_be_confirmed_is_found_out_at_once(folder):
    folder.write(
        "lossy.py",
        "def score(params, *, seed, settings):\n    return {'validation_loss': params['x']}\n",
    )
    text = """
title = "t"
objective = "lossy:score"
[baseline]
x = 0.5
[search]
metric = "validation_loss"
direction = "minimize"
trials = 3
confirm_seeds = 2
finalists = 1
[search.space]
x = { low = 0.0, high = 1.0 }
"""
    folder.write("lossy.toml", text)
    said = folder.run("search", "lossy.toml", "--workers", "1", code=2).stderr.splitlines()[-1]
    assert "the winner is confirmed by 'test_loss', which is not among" in said
    assert 'say confirm_metric = "validation_loss", or --confirm 0' in said
    assert len(trials(folder, "lossy/search")) == 1
    mended = text.replace("trials = 3", 'trials = 3\nconfirm_metric = "validation_loss"')
    folder.write("lossy.toml", mended)
    found = folder.json("search", "lossy.toml")  # the baseline is asked for again
    assert found["search"]["confirmed"]["metric"] == "validation_loss"
