from __future__ import annotations

import math

import optuna

from hpstudy.analysis.rows import read_rows
from hpstudy.objective import Step


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
        study = optuna.create_study(study_name=f"walk/{part}", storage=book.database.storage)
        study.add_trial(optuna.create_trial(value=0.5))
    optuna.create_study(study_name="other/grid", storage=book.database.storage)
    rows = read_rows("walk", book.database)
    assert [t["study"] for t in rows.trials] == ["grid", "search", "confirm"]


def test_a_study_without_trials_has_no_rows_and_no_study_is_none(book):
    rows = read_rows("walk", book.database)
    assert (rows.trials, rows.epochs, rows.steps) == ([], [], [])
    assert read_rows("nothing", book.database) is None
