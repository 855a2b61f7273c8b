"""The confirmation of a search, through the command line, for every kind of hyperparameter."""

from __future__ import annotations

import os
import signal
import sqlite3

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hpstudy.errors import UserError
from hpstudy.plans.distributions import distributions, fitted, holding, spanning

SCORE = """
import random


def score(params, *, seed, settings):
    if seed in settings.get("raise_at", ()):
        raise RuntimeError("no data for this seed")
    if seed in settings.get("nan_at", ()):
        return float("nan")
    good = {"svm": 1.0, "forest": 0.5, "tree": 0.0}.get(params.get("kind"), 0.0)
    return good - (float(params["y"]) - settings["best"]) ** 2 + random.Random(seed).random() / 100


score.version = 1
"""
STUDY = """
title = "Kinds"
objective = "score:score"
[settings]
best = 3
[baseline]
{baseline}
[search]
trials = 12
confirm_seeds = 2
finalists = 2
[search.space]
{space}
"""
KINDS = {
    "a baseline that is no finalist": (
        'kind = "forest"\ny = 3',
        'kind = { choices = ["tree", "forest", "svm"] }\ny = { low = 3, high = 4 }',
    ),
    "a whole number in a range of others": ("y = 2", "y = { low = 0.0, high = 5.0 }"),
    "another in a range of whole numbers": ("y = 2.0", "y = { low = 0, high = 5, step = 1 }"),
    "choices of both kinds of numbers": ("y = 2", "y = { choices = [2, 2.5, 3, 4.5] }"),
    "a logarithmic range": ("y = 2.0", "y = { low = 1.0, high = 9.0, log = true }"),
    "a truth value": (
        "flag = true\ny = 3",
        "flag = { choices = [false, true] }\ny = { low = 3, high = 4 }",
    ),
}


def study(folder, baseline: str, space: str, *changes: tuple[str, str]) -> None:
    folder.write("score.py", SCORE)
    text = STUDY.format(baseline=baseline, space=space)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.write("kinds.toml", text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_hyperparameter_is_confirmed(folder, kind: str):
    study(folder, *KINDS[kind])
    workers = "2" if kind == "a whole number in a range of others" else "1"
    found = folder.json("search", "kinds.toml", "--workers", workers)["search"]
    assert found["confirmed"]["seeds"] == [100, 101]
    assert found["confirmed"]["baseline"]["values"]
    assert found["confirmation"] == {"seeds": [100, 101], "failed": [], "waiting": 0}


def test_other_finalists_and_another_baseline_may_come_later(folder):
    study(folder, *KINDS["a baseline that is no finalist"])
    folder.run("search", "kinds.toml", "--workers", "1")
    text = (folder.path / "kinds.toml").read_text()
    folder.write("kinds.toml", text.replace('kind = "forest"', 'kind = "tree"'))
    found = folder.json("search", "kinds.toml", "--workers", "1", "--trials", "16")["search"]
    assert found["confirmation"]["waiting"] == 0
    assert found["confirmed"]["params"]["kind"] == "svm"
    assert found["confirmed"]["difference"] == pytest.approx(1)


def test_a_baseline_that_wins_is_not_compared_with_itself(folder):
    study(folder, "y = 3", "y = { low = 0.0, high = 6.0 }")
    found = folder.json("search", "kinds.toml", "--workers", "1")["search"]
    assert found["finalists"][0]["is_baseline"]
    assert found["confirmed"]["is_baseline"]
    assert found["confirmed"]["difference"] is None
    text = folder.run("show", "kinds.toml").stdout
    assert "There is nothing to compare it with." in text


def test_trainings_of_the_confirmation_that_raise_are_named(folder):
    study(
        folder,
        *KINDS["a whole number in a range of others"],
        ("best = 3", "best = 3\nraise_at = [100]"),
    )
    found = folder.json("search", "kinds.toml", "--workers", "1", code=1)["search"]
    failed = found["confirmation"]["failed"]
    assert sorted(f["seed"] for f in failed) == [100, 100, 100]
    assert all("no data for this seed" in f["error"] for f in failed)
    assert failed[0]["params"].keys() == {"y"}
    assert found["confirmed"]["seeds"] == [101]
    shown = folder.run("show", "kinds.toml").stdout
    assert "confirmation failed: 3 points, the first at y " in " ".join(shown.split())


def test_a_finalist_that_diverges_on_a_fresh_seed_does_not_win(folder):
    study(
        folder,
        *KINDS["a whole number in a range of others"],
        ("best = 3", "best = 3\nnan_at = [101]"),
    )
    result = folder.run("search", "kinds.toml", "--workers", "1")
    assert "Not confirmed: every finalist diverged or raised." in result.stderr
    found = folder.json("show", "kinds.toml")["search"]
    assert [f["diverged"] for f in found["finalists"]] == [[101], [101]]
    assert found["confirmed"] is None


LOOKS = ("confirm_seeds = 2", "confirm_looks = [3, 5]\nequal_within = 0.001")
NOISY = "random.Random(seed).random() / 100"
OWN = "random.Random(f'{seed} {params}').gauss(0, 0.3)"


def noisy(folder, *changes: tuple[str, str]) -> None:
    """Writes a search whose settings each have luck of their own, so that no look decides."""
    study(folder, "y = 3.2", "y = { low = 2.5, high = 4.5 }", LOOKS, *changes)
    folder.write("score.py", SCORE.replace(NOISY, OWN))


def points_of(folder) -> list[tuple[object, ...]]:
    """Returns setting and seed of each training of the confirmation, in order."""
    url = f"sqlite:///{folder.path / 'runs' / 'hpstudy.db'}"
    trials = optuna.load_study(study_name="kinds/confirm", storage=url).trials
    return [tuple(t.params.values()) for t in trials]


def trained(folder) -> list[tuple[float, int]]:
    """Returns setting and seed of each training of the confirmation, in order."""
    url = f"sqlite:///{folder.path / 'runs' / 'hpstudy.db'}"
    trials = optuna.load_study(study_name="kinds/confirm", storage=url).trials
    return [(t.params["y"], t.params["seed"]) for t in trials]


def test_winner_and_baseline_go_on_look_by_look_and_nothing_is_trained_twice(folder):
    noisy(folder)
    result = folder.run("search", "kinds.toml", "--workers", "1")
    found = folder.json("show", "kinds.toml")["search"]
    won = found["confirmed"]
    assert won["announced"] == [3, 5]
    assert won["chosen_from"] == len(found["finalists"]) == 2
    assert [look["seeds"] for look in won["looks"]] == [3, 5]
    assert sum(look["alpha"] for look in won["looks"]) == pytest.approx(0.05)
    assert (won["verdict"], won["next_look"], won["margin"]) == ("no difference shown", None, 0.001)
    settings = [f["params"]["y"] for f in found["finalists"]]
    both = (won["params"]["y"], 3.2)
    expected = [(y, seed) for y in {*settings, 3.2} for seed in (100, 101)]
    expected += [(y, seed) for y in both for seed in (102, 103, 104)]
    assert sorted(trained(folder)) == sorted(expected)
    assert "The winner is compared with the baseline after 3 and 5 fresh seeds" in result.stderr
    assert "After 3 fresh seeds: " in result.stderr
    again = folder.run("search", "kinds.toml", "--workers", "1")
    assert "After" not in again.stderr
    assert sorted(trained(folder)) == sorted(expected)
    shown = " ".join(folder.run("show", "kinds.toml").stdout.split())
    assert "Looked after 3 and 5 fresh seeds of at most 5, as announced." in shown
    assert "Chosen from 2 settings by the first of these seeds" in shown


def test_a_difference_that_is_clear_takes_no_more_seeds(folder):
    study(folder, "y = 0.0", "y = { low = 0.0, high = 5.0 }", LOOKS)
    found = folder.json("search", "kinds.toml", "--workers", "1")["search"]["confirmed"]
    assert found["verdict"] == "better"
    assert found["seeds"] == [100, 101, 102]
    assert found["difference_low"] > 0


def test_settings_within_the_margin_are_called_equal(folder):
    wide = ("equal_within = 0.001", "equal_within = 5.0")
    noisy(folder, wide)
    result = folder.json("search", "kinds.toml", "--workers", "1")
    found = result["search"]["confirmed"]
    assert (found["verdict"], found["seeds"]) == ("equal", [100, 101, 102])
    headline = "Keep the baseline: the search's winner is equal within ±5."
    assert result["answer"]["headline"] == headline


def test_other_looks_are_refused_once_a_value_is_known(folder):
    noisy(folder)
    folder.run("search", "kinds.toml", "--workers", "1")
    before = trained(folder)
    result = folder.run("search", "kinds.toml", "--confirm", "20", "--trials", "30", code=2)
    assert "has announced looks after 3 and 5 seeds within" in result.stderr
    assert "not after 3, 5 and 20 seeds" in result.stderr
    folder.run("search", "kinds.toml", "--confirm", "5")
    noisy(folder, ("[search]", '[search]\nspreads = "own"'))
    result = folder.run("search", "kinds.toml", code=2)
    assert "announced its looks with spreads = 'alike', not 'own'" in result.stderr
    assert trained(folder) == before


def test_one_seed_is_no_look_and_others_may_be_announced_after_it(folder):
    noisy(folder)
    found = folder.run("search", "kinds.toml", "--workers", "1", "--confirm", "1")
    assert "after 1 fresh seed," in found.stderr
    assert "1 fresh seeds" not in found.stdout + found.stderr
    folder.run("search", "kinds.toml", "--workers", "1", "--confirm", "3")


def test_a_confirmation_that_is_killed_is_as_good_as_one_that_is_not(folder):
    noisy(folder)
    whole = folder.json("search", "kinds.toml", "--workers", "1", "--runs", "whole")["search"]
    folder.run("search", "kinds.toml", "--workers", "1", "--confirm", "0")
    for seed in (101, 103):
        at = folder.path / f"at-{seed}"
        wait = f"    if seed == {seed}:\n        open({f'{at}'!r}, 'w').close()\n"
        wait += "        import time\n        time.sleep(60)\n"
        body = SCORE.replace(NOISY, OWN).replace("    good =", f"{wait}    good =")
        folder.write("score.py", body)
        process = folder.start("search", "kinds.toml", "--workers", "1")
        folder.wait_for(at.exists)
        for pid in (process.pid, *folder.workers_of(process.pid)):
            os.kill(pid, signal.SIGKILL)
        process.communicate()
    folder.write("score.py", SCORE.replace(NOISY, OWN))
    found = folder.json("search", "kinds.toml", "--workers", "1")["search"]
    assert found["confirmed"] == whole["confirmed"]


def test_a_confirmation_of_an_earlier_version_stays_as_it_is_until_more_is_asked_for(folder):
    """It chose on seeds of its own, and announced nothing."""
    apart = ("finalists = 2", "finalists = 2\nchoose_held_out = true")
    noisy(folder, apart)
    folder.run("search", "kinds.toml", "--workers", "1", "--confirm", "3")
    with sqlite3.connect(folder.path / "runs" / "hpstudy.db") as database:
        database.execute("DELETE FROM study_user_attributes WHERE key = 'looks'")
    database.close()
    text = (folder.path / "kinds.toml").read_text()
    folder.write("kinds.toml", text.replace(apart[1], apart[0]))
    before = trained(folder)
    assert {seed for _, seed in before} == {100, 101, 102, 200, 201}

    found = folder.json("search", "kinds.toml", "--workers", "1")["search"]["confirmed"]
    assert trained(folder) == before
    assert (found["announced"], found["looks"], found["chosen_from"]) == ([], [], 1)
    assert found["seeds"] == [100, 101, 102]
    assert found["verdict"] == "no difference shown"
    shown = " ".join(folder.run("show", "kinds.toml").stdout.split())
    assert "the difference is of seeds in pairs" in shown

    result = folder.run("search", "kinds.toml", "--workers", "1", "--confirm", "5")
    assert "The 3 that this confirmation has begun with are the first look." in result.stderr
    more = trained(folder)[len(before) :]
    both = (3.2, found["params"]["y"])
    assert sorted(more) == sorted((y, seed) for y in both for seed in (103, 104))
    found = folder.json("show", "kinds.toml")["search"]["confirmed"]
    assert (found["announced"], found["chosen_from"]) == ([3, 5], 1)


def test_a_plan_says_the_least_and_the_most_of_a_confirmation(folder):
    noisy(folder)
    planned = folder.json("search", "kinds.toml", "--plan")["plan"]
    assert planned["least_confirming_epochs"] == 2 * 3 + 2 * 1
    assert planned["confirming_epochs"] == 2 * 3 + 2 * 3
    assert "about 8 to 12 trainings" in folder.run("search", "kinds.toml", "--plan").stdout


def test_each_of_the_winners_changes_is_told_apart(folder):
    study(
        folder,
        'kind = "tree"\ny = 2.6',
        'kind = { choices = ["tree", "svm"] }\ny = { low = 2.5, high = 3.5 }',
        LOOKS,
    )
    folder.write("score.py", SCORE.replace(NOISY, OWN.replace("0.3", "0.02")))
    args = ("search", "kinds.toml", "--workers", "1")
    planned = folder.json(*args, "--plan", "--ablate")["plan"]
    assert planned["ablating_epochs"] == 2 * 5
    assert folder.json(*args, "--plan")["plan"]["ablating_epochs"] == 0
    assert folder.json(*args)["search"]["ablation"] is None
    before = points_of(folder)
    found = folder.json(*args, "--ablate")["search"]
    way, won = found["ablation"], found["confirmed"]
    assert (way["is_whole"], way["seeds"]) == (True, len(won["seeds"]))
    assert way["total"] == pytest.approx(won["difference"])
    first, second = way["steps"]
    assert (first["param"], first["before"], first["after"]) == ("kind", "tree", "svm")
    assert first["alone"]["verdict"] == first["added"]["verdict"] == "better"
    assert first["added"]["difference"] + second["added"]["difference"] == pytest.approx(
        way["total"]
    )
    after = points_of(folder)
    assert len(after) == len(before) + 2 * len(won["seeds"])
    folder.run(*args, "--ablate")
    assert points_of(folder) == after
    told = folder.json("show", "kinds.toml")["answer"]["notes"][0]
    assert told.startswith("kind tree → svm gives +1")
    shown = " ".join(folder.run("show", "kinds.toml").stdout.split())
    assert "Which change made it better" in shown
    assert "kind tree → svm gives +1" in shown


def test_where_nothing_lies_between_that_is_said(folder):
    study(folder, "y = 0.0", "y = { low = 0.0, high = 5.0 }", LOOKS)
    said = folder.run("search", "kinds.toml", "--workers", "1", "--ablate", "--confirm", "0").stderr
    assert "Not ablated: no winner is confirmed yet." in said
    said = folder.run("search", "kinds.toml", "--workers", "1", "--ablate").stderr
    assert "Not ablated: the winner has one change, which the comparison is of." in said
    study(folder, "y = 3", "y = { low = 0.0, high = 6.0 }")
    said = folder.run("search", "kinds.toml", "--workers", "1", "--ablate", "--name", "same").stderr
    assert "Not ablated: the winner is the baseline itself." in said


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 3], IntDistribution(1, 3)),
        ([0.5, 2.0], FloatDistribution(0.5, 2.0)),
        ([2, 2.5], CategoricalDistribution([2, 2.5])),
        (["auto", 1], CategoricalDistribution(["auto", 1])),
        ([True, False], CategoricalDistribution([True, False])),
    ],
)
def test_values_keep_their_kind(values, expected):
    assert spanning(values) == expected


def test_the_space_and_the_baseline_say_all_kinds_at_once():
    space = {
        "lr": FloatDistribution(0.01, 1.0, log=True),
        "n": IntDistribution(1, 9, step=2),
        "size": CategoricalDistribution([8, 32]),
        "kind": CategoricalDistribution(["a", "b"]),
    }
    baseline = {"lr": 1, "n": 3, "size": 8, "kind": "a", "rest": 0.5}
    assert holding(space, baseline) == {
        "lr": FloatDistribution(0.01, 1.0),
        "n": IntDistribution(1, 9),
        "size": IntDistribution(8, 32),
        "kind": CategoricalDistribution(["a", "b"]),
        "rest": FloatDistribution(0.5, 0.5),
    }
    assert repr(fitted(baseline, space)["lr"]) == "1.0"


@pytest.mark.parametrize(
    ("known", "points", "message"),
    [
        (CategoricalDistribution(["a"]), [{"x": "b"}], r"can't add \['b'\] to the choices"),
        (IntDistribution(1, 2), [{"x": 1.5}], "can't change its kind"),
        (FloatDistribution(1, 2, log=True), [{"x": 1.5}], "can't change its kind"),
    ],
)
def test_what_optuna_cannot_have_is_refused_before_a_worker_starts(known, points, message: str):
    with pytest.raises(UserError, match=message):
        distributions(points, {"x": known})


def test_choices_that_have_begun_stay_where_they_hold_all_levels():
    known = CategoricalDistribution(["b", "a"])
    assert distributions([{"x": "a"}, {"x": "b"}], {"x": known}) == {"x": known}
