from __future__ import annotations

import math
import time
from datetime import UTC, datetime

import optuna
import pytest

from hpstudy.objective import Step
from hpstudy.results.rows import read_rows
from hpstudy.store.studies import FINGERPRINT


def ours(name, book):
    study = optuna.create_study(study_name=name, storage=book.database.storage)
    study.set_user_attr(FINGERPRINT, {})
    return study


def test_a_row_a_trial_an_epoch_and_a_step(book):
    steps = [Step(100, 1.5, 0.4), Step(200, math.nan, 0.6)]
    key = book.trial(0.2, epochs=1, steps=steps)
    book.trial(0.4, epochs=2)
    book.trial(epochs=1, lr=0.2, error="raised")
    rows = read_rows("walk", book.database)
    assert [(t["study"], t["number"], t["state"], t["value"]) for t in rows.trials] == [
        ("grid", 0, "complete", 0.2),
        ("grid", 1, "complete", 0.4),
        ("grid", 2, "fail", None),
    ]
    assert rows.trials[0]["params_lr"] == 0.1
    assert rows.trials[0]["params_seed"] == 0
    assert [trial["epochs"] for trial in rows.trials] == [1, 2, 1]
    assert rows.trials[2]["error"] == "raised"
    assert rows.trials[0]["training"] == rows.trials[1]["training"] == key
    own = [e for e in rows.epochs if e["training"] == key]  # shared by two trials, listed once
    assert [(e["epoch"], e["value"], e["seconds"]) for e in own] == [(1, 0.1, 1.0), (2, 0.2, 2.0)]
    assert [(s["seen"], s["loss"], s["accuracy"]) for s in rows.steps] == [
        (100, 1.5, 0.4),
        (200, None, 0.6),
    ]


def test_the_column_study_says_which_of_the_three(book):
    book.trial(0.2)
    for part in ("search", "confirm"):
        study = ours(f"walk/{part}", book)
        study.add_trial(optuna.create_trial(value=0.5))
    optuna.create_study(study_name="other/grid", storage=book.database.storage)
    rows = read_rows("walk", book.database)
    assert [t["study"] for t in rows.trials] == ["grid", "search", "confirm"]


def test_a_study_without_trials_has_no_rows_and_no_study_is_none(book):
    rows = read_rows("walk", book.database)
    assert (rows.trials, rows.epochs, rows.steps) == ([], [], [])
    assert read_rows("nothing", book.database) is None


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("EST5EDT,M3.2.0,M11.1.0", datetime(2026, 7, 1, 12), datetime(2026, 7, 1, 16, tzinfo=UTC)),
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            datetime(2026, 1, 1, 0, 30),
            datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
        ),
    ],
)
def test_times_are_utc_with_their_offset(book, monkeypatch, zone, local, utc):
    study = ours("walk/search", book)
    trial = optuna.create_trial(value=0.5)
    trial.datetime_start = trial.datetime_complete = local  # as Optuna gives it
    with monkeypatch.context() as there:
        there.setenv("TZ", zone)
        time.tzset()
        study.add_trial(trial)
        [row] = read_rows("walk", book.database).trials
    time.tzset()
    assert (row["started"], row["finished"]) == (utc, utc)
    assert f"{row['started']}".endswith("+00:00")


def test_what_has_not_ended_has_no_time(book):
    study = ours("walk/search", book)
    study.enqueue_trial({"x": 1})
    [row] = read_rows("walk", book.database).trials
    assert row["started"] is row["finished"] is None
