from __future__ import annotations

import math
from dataclasses import replace

import optuna
import pytest
from sqlalchemy import create_engine, inspect

from hpstudy.objective import Step
from hpstudy.store.database import open_database
from hpstudy.store.records import Epoch, Identity, Records

IDENTITY = Identity("m:f", 1, {"lr": 0.1}, {"head": "a"}, 0, "fp32", "cpu", 1)


@pytest.fixture
def records(tmp_path) -> Records:
    database = open_database(f"sqlite:///{tmp_path}/r.db", write=True)
    made = Records(database.engine)
    yield made
    database.engine.dispose()


def test_an_epoch_comes_back_with_its_steps_and_predictions(records: Records):
    steps = [Step(10, 0.5, 0.25), Step(20, 0.25, 0.75)]
    records.add(
        IDENTITY, Epoch(1, {"a": 0.1}), steps=steps, predictions=b"\x07\x02", versions={"p": "1"}
    )
    records.add(IDENTITY, Epoch(2, {"a": 0.2}))
    assert records.epochs(IDENTITY.key) == [Epoch(1, {"a": 0.1}), Epoch(2, {"a": 0.2})]
    assert records.epochs(IDENTITY.key, up_to=1) == [Epoch(1, {"a": 0.1})]
    assert records.steps(IDENTITY.key) == steps
    assert records.predictions(IDENTITY.key, 1) == b"\x07\x02"
    assert records.predictions(IDENTITY.key, 2) is None
    training = records.trainings_of([IDENTITY.key, "another"])[IDENTITY.key]
    assert training.identity == IDENTITY
    assert training.versions == {"p": "1"}
    assert records.counts() == {IDENTITY.key: 2}


def test_what_is_no_finite_number_is_not_known(records: Records):
    records.add(IDENTITY, Epoch(1, {"a": math.nan, "b": math.inf}), steps=[Step(1, math.nan, 1)])
    assert records.epochs(IDENTITY.key) == [Epoch(1, {"a": None, "b": None})]
    assert math.isnan(records.steps(IDENTITY.key)[0].loss)


def test_an_epoch_that_is_there_stays(records: Records):
    records.add(IDENTITY, Epoch(1, {"a": 1.0}), steps=[Step(1, 1.0, 1.0)])
    records.add(IDENTITY, Epoch(1, {"a": 2.0}), steps=[Step(1, 2.0, 2.0)])
    assert records.epochs(IDENTITY.key) == [Epoch(1, {"a": 1.0})]


def test_an_epoch_and_its_steps_are_one_transaction(records: Records):
    twice = [Step(5, 1.0, 1.0), Step(5, 2.0, 2.0)]  # the second breaks the primary key
    with pytest.raises(Exception, match="UNIQUE"):
        records.add(IDENTITY, Epoch(1, {"a": 1.0}), steps=twice)
    assert records.epochs(IDENTITY.key) == []
    assert records.steps(IDENTITY.key) == []


@pytest.mark.parametrize(
    "change",
    [
        {"objective": "m:g"},
        {"version": 2},
        {"params": {"lr": 0.2}},
        {"settings": {"head": "b"}},
        {"seed": 1},
        {"precision": "bf16"},
        {"device": "cuda"},
        {"threads": 2},
    ],
)
def test_whatever_changes_the_numbers_changes_the_key(change):
    names = [f for f in Identity.__dataclass_fields__ if f != "key"]
    other = Identity(**{name: getattr(IDENTITY, name) for name in names} | change)
    assert other.key != IDENTITY.key


def test_the_order_of_parameters_does_not():
    a = replace(IDENTITY, params={"a": 1, "b": 2})
    b = replace(IDENTITY, params={"b": 2, "a": 1})
    assert a.key == b.key


def test_deleting_a_training_leaves_the_others(records: Records):
    other = replace(IDENTITY, seed=1)
    for identity in (IDENTITY, other):
        records.add(identity, Epoch(1, {"a": 1.0}), steps=[Step(1, 1.0, 1.0)])
    records.delete([IDENTITY.key])
    assert records.counts() == {other.key: 1}
    assert records.steps(IDENTITY.key) == []
    assert len(records.steps(other.key)) == 1


def test_our_tables_stand_beside_optunas(tmp_path):
    url = f"sqlite:///{tmp_path}/o.db"
    database = open_database(url, write=True)
    ours = set(inspect(database.engine).get_table_names())
    database.engine.dispose()
    optuna.create_study(study_name="plain", storage=url)
    optuna.create_study(study_name="plain", storage=f"sqlite:///{tmp_path}/p.db")
    plain = create_engine(f"sqlite:///{tmp_path}/p.db")
    optunas = set(inspect(plain).get_table_names())
    plain.dispose()
    assert optunas < ours
    assert all(name.startswith("hpstudy_") for name in ours - optunas)
    assert optuna.get_all_study_names(url) == ["plain"]
