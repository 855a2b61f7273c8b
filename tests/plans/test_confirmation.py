"""The confirmation of a search, through the command line, for every kind of hyperparameter."""

from __future__ import annotations

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
    assert found["confirmation"] == {"seeds": [100, 101, 200, 201], "failed": [], "waiting": 0}


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
        ("best = 3", "best = 3\nraise_at = [100, 200]"),
    )
    found = folder.json("search", "kinds.toml", "--workers", "1", code=1)["search"]
    failed = found["confirmation"]["failed"]
    assert sorted(f["seed"] for f in failed) == [100, 100, 200, 200]
    assert all("no data for this seed" in f["error"] for f in failed)
    assert failed[0]["params"].keys() == {"y"}
    assert found["confirmed"]["seeds"] == [101]
    shown = folder.run("show", "kinds.toml").stdout
    assert "confirmation failed: 4 points, the first at y " in " ".join(shown.split())


def test_a_finalist_that_diverges_on_a_fresh_seed_does_not_win(folder):
    study(
        folder,
        *KINDS["a whole number in a range of others"],
        ("best = 3", "best = 3\nnan_at = [201]"),
    )
    result = folder.run("search", "kinds.toml", "--workers", "1")
    assert "Not confirmed: every finalist diverged or raised." in result.stderr
    found = folder.json("show", "kinds.toml")["search"]
    assert [f["diverged"] for f in found["finalists"]] == [[201], [201]]
    assert found["confirmed"] is None


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
