from __future__ import annotations

import optuna
import pytest

from hpstudy.analysis.findings import findings
from hpstudy.analysis.speed import grid_tradeoffs, search_tradeoffs
from hpstudy.metric import Metric
from hpstudy.results.grid import TrialCounts
from hpstudy.results.search import SearchResults
from hpstudy.store.records import Epoch, Identity


def test_speeds_are_over_all_epochs_of_all_seeds(book):
    book.trial(0.5)
    book.trial(0.6, seed=1)
    found = findings(book.read())
    speed = found.factor("lr").level(0.1).speed  # seconds 1, 2, 1, 2; images 60, 30, 60, 30
    assert (speed.seconds_per_epoch.mean, speed.seconds_per_epoch.count) == (1.5, 4)
    assert speed.seconds_per_epoch.deviation == pytest.approx(3**-0.5)
    assert speed.images_per_second.mean == 45.0
    assert speed.peak_memory_mb == 1.0
    assert found.factor("width").level(16).speed.seconds_per_epoch is None


def test_the_front_of_a_grid_holds_what_nothing_quicker_beats(book):
    book.trial(0.50)  # 1 + 2 seconds
    book.trial(0.70, seed=1)
    book.trial(0.90, epochs=4)  # 1 + 2 + 3 + 4 seconds
    book.trial(0.55, lr=0.2)  # 3 seconds, beaten by the baseline's mean of 0.6
    book.trial(0.60, width=16)  # its equal
    found = grid_tradeoffs(book.read())
    assert {t.label: (t.seconds, t.value, t.is_on_front) for t in found} == {
        "baseline": (3.0, 0.6, True),
        "width 16": (3.0, 0.6, True),
        "lr 0.2": (3.0, 0.55, False),
        "epochs 4": (10.0, 0.9, True),
    }
    assert found[-1].label == "epochs 4"


def test_the_front_of_a_search_that_minimizes(book):
    trials = []
    for number, (value, epochs) in enumerate([(0.5, 1), (0.7, 2), (0.3, 3)]):
        identity = Identity("m", 1, {"n": number}, {}, 0, "fp32", "cpu", 1)
        for epoch in range(1, 5):  # more is recorded than the trial took
            book.records.add(identity, Epoch(epoch, {"seconds": 2.0}))
        trial = optuna.create_trial(
            value=value,
            user_attrs={"training": identity.key},
            intermediate_values=dict.fromkeys(range(1, epochs + 1), value),
        )
        trial.number = number
        trials.append(trial)
    search = SearchResults(Metric("m", "minimize"), {}, {}, TrialCounts(), 0, 0, tuple(trials), ())
    found = search_tradeoffs(search, book.database)
    assert [(t.label, t.seconds, t.is_on_front) for t in found] == [
        ("trial 0", 2.0, True),
        ("trial 1", 4.0, False),
        ("trial 2", 6.0, True),
    ]
