"""What the tables say, on a database written by hand."""

from __future__ import annotations

import pytest

from hpstudy.analysis.findings import findings
from hpstudy.analysis.speed import speed
from hpstudy.metric import Quantity
from hpstudy.results.grid import Failure
from hpstudy.results.reading import read_grid
from hpstudy.store.database import open_database
from hpstudy.studyfile.find import load_study


def level(results, factor: str, wanted):
    levels = next(f.levels for f in results.factors if f.name == factor)
    return next(found for found in levels if found.level == wanted)


def test_means_effects_times_and_memory(book):
    book.trial(0.50)
    book.trial(0.70, seed=1)
    book.trial(0.80, lr=0.2)
    book.trial(0.90, epochs=4)
    results = book.read()
    base = level(results, "lr", 0.1)
    assert base.is_baseline
    assert (base.seeds, base.values, base.average) == ((0, 1), (0.5, 0.7), 0.6)
    other = level(results, "lr", 0.2)
    assert findings(results).factor("lr").level(0.2).difference == Quantity(
        pytest.approx(0.3)  # against the baseline of the same seed
    )
    assert speed(other).seconds_per_epoch.mean == 1.5
    assert speed(other).peak_memory_mb == 2.0
    assert speed(level(results, "epochs", 4)).seconds_per_epoch.mean == 2.5
    assert level(results, "width", 16).average is None
    # Rows: epochs 2+2+4, lr 2+2+2, width 2+2; behind them the trainings' 4, 2 and 2 epochs.
    assert (results.epochs_asked, results.epochs_trained) == (18, 8)


def test_points_are_counted_by_their_latest_attempt(book):
    book.trial(0.5)
    book.trial(lr=0.2, error="first")
    book.trial(lr=0.2, error="second")
    book.trial(width=16, error="once")
    book.trial(0.4, width=16)
    book.trial(epochs=4)  # nobody holds its lock: its worker died
    results = book.read()
    counts = results.trials
    assert (counts.complete, counts.failed, counts.running, counts.waiting) == (2, 1, 0, 1)
    assert results.failed == (Failure({"lr": 0.2, "epochs": 2, "width": 8}, 0, "second"),)


def test_some_factors_only(book):
    book.trial(0.5)
    results = book.read(factors=["width"])
    assert [f.name for f in results.factors] == ["width"]
    assert results.trials.waiting == 1


def test_points_of_no_design_are_left_out(book):
    book.trial(0.5)
    book.trial(0.9, lr=0.7)
    assert book.read().trials.complete == 1


def test_a_study_that_was_never_run_has_no_results(folder):
    database = open_database(folder.url, write=True)
    assert read_grid(load_study(folder.path / "walk.toml"), "walk", database) is None
    database.engine.dispose()
