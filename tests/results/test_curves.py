from __future__ import annotations

from hpstudy.objective import Step
from hpstudy.results.curves import read_curves
from hpstudy.store.records import Epoch, Identity


def test_a_level_has_its_own_epochs_of_a_training_that_goes_on(book):
    book.trial(0.2)
    book.trial(0.4, epochs=4)
    book.trial(0.2, lr=0.2, seed=1)
    curves = read_curves(book.read().factors, book.database)
    assert [(c.factor, c.level, c.seed, c.is_baseline, len(c.epochs)) for c in curves] == [
        ("epochs", 2, 0, True, 2),
        ("epochs", 4, 0, False, 4),
        ("lr", 0.1, 0, True, 2),
        ("lr", 0.2, 1, False, 2),
        ("width", 8, 0, True, 2),
    ]
    longest = curves[1]
    assert [point.number for point in longest.epochs] == [1, 2, 3, 4]
    assert [point.seconds for point in longest.epochs] == [1.0, 3.0, 6.0, 10.0]
    assert longest.epochs[2].metrics["value"] == 0.3


def test_steps_end_with_the_levels_last_epoch(book):
    identity = Identity("m", 1, {"lr": 0.1, "w": 8}, {}, 0, "fp32", "cpu", 1)
    for number in range(1, 5):
        book.records.add(identity, Epoch(number, {}), steps=[Step(100 * number, 1.0, 0.5)])
    book.trial(0.2)
    book.trial(0.4, epochs=4)
    by_level = {
        c.level: c for c in read_curves(book.read(factors=["epochs"]).factors, book.database)
    }
    assert [step.seen for step in by_level[2].steps] == [100, 200]
    assert [step.seen for step in by_level[4].steps] == [100, 200, 300, 400]
    assert by_level[2].epochs[-1].seconds is None
