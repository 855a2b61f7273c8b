"""Trials that are over, written at once, are to Optuna what its own `add_trials` writes."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from hpstudy.store.bulk import Past, PastStudy, write_past
from hpstudy.store.database import Runs, writing
from hpstudy.store.records import Epoch, Identity, Records

SPACE = {
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "depth": IntDistribution(1, 9),
    "kind": CategoricalDistribution(["a", "b", True]),
}
DAY = datetime(2026, 1, 2, 3, 4, 5, 678)


def identity(number: int) -> Identity:
    return Identity("sheet", 1, {"lr": 0.1}, {"line": number}, 0, "?", "?", 0)


def past(number: int, state, value, epochs, **more) -> Past:
    params = {"lr": 0.1 + number, "depth": 3, "kind": ["a", "b", True][number % 3]}
    return Past(params, identity(number), state, value, epochs, **more)


@pytest.fixture(params=["file", "server"])
def database(request: pytest.FixtureRequest, tmp_path: Path):
    is_file = request.param == "file"
    url = f"sqlite:///{tmp_path / 'x.db'}" if is_file else request.getfixturevalue("postgres_url")
    with writing(Runs(tmp_path, url)) as found:
        yield found


def test_optuna_reads_what_it_would_have_written_itself(database):
    space = {**SPACE, "lr": FloatDistribution(1e-4, 9.0)}
    trials = [
        past(0, "COMPLETE", 0.5, {1: {"acc": 0.4, "loss": 2.0}, 2: {"acc": 0.5}}, started=DAY),
        past(1, "COMPLETE", math.nan, {1: {"acc": None}}),
        past(2, "PRUNED", 0.2, {1: {"acc": 0.2}}, finished=DAY),
        past(3, "FAIL", None, {}, error="line 4: no acc"),
    ]
    for name in ("one", "two"):  # the second finds the trainings of another study beside it
        shifted = [
            Past(**{**vars(t), "identity": identity(n + 10 * (name == "two"))})
            for n, t in enumerate(trials)
        ]
        noted = {"fingerprint": {"imported": "x"}}
        write_past([PastStudy(name, "maximize", space, noted, shifted)], "acc", database)
    ours = optuna.load_study(study_name="two", storage=database.storage)
    assert ours.direction.name == "MAXIMIZE"
    assert ours.user_attrs == {"fingerprint": {"imported": "x"}}
    theirs = optuna.create_study(direction="maximize")
    for trial in ours.get_trials():
        theirs.add_trial(trial)  # which checks it
    states = [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]
    found = theirs.get_trials()
    assert [t.state for t in found] == states
    assert [t.values for t in found] == [[0.5], [-math.inf], None, None]
    assert [t.intermediate_values for t in found] == [{1: 0.4, 2: 0.5}, {}, {1: 0.2}, {}]
    assert [t.params for t in found] == [t.params for t in trials]
    assert type(found[0].params["depth"]) is int
    assert found[2].params["kind"] is True
    assert found[0].distributions == space
    assert (found[0].datetime_start, found[2].datetime_start) == (DAY, DAY)
    assert found[1].datetime_start == found[1].datetime_complete
    assert found[1].user_attrs["diverged"] == 1
    assert found[3].user_attrs["error"] == "line 4: no acc"
    assert ours.ask().number == 4  # Optuna's own ids go on behind these
    key = found[0].user_attrs["training"]
    assert Records(database.engine).epochs(key) == [
        Epoch(1, {"acc": 0.4, "loss": 2.0}),
        Epoch(2, {"acc": 0.5}),
    ]


def test_all_or_nothing_is_written(database):
    good = PastStudy("good", "minimize", SPACE, {}, [past(0, "COMPLETE", 0.5, {})])
    bad = PastStudy("bad", "minimize", {}, {}, [past(1, "COMPLETE", 0.5, {})])
    with pytest.raises(KeyError):
        write_past([good, bad], "acc", database)
    assert optuna.load_study(study_name="good", storage=database.storage).get_trials() == []
