from __future__ import annotations

import optuna
import pytest

from hpstudy.metric import Metric
from hpstudy.results.grid import TrialCounts
from hpstudy.results.predictions import Network, best_of_grid, best_of_search, read_predictions
from hpstudy.results.search import SearchResults

LABELS = [0, 1, 2, 2, 7, 9]


def test_the_confusion_and_the_mistakes_by_hand(book):
    key = book.trial(0.2, predictions=bytes([0, 1, 2, 7, 7]))
    reading = read_predictions(Network("best", key, 2), LABELS, book.database)
    assert reading.labels == (0, 1, 2, 2, 7)
    assert reading.mistakes == (3,)
    assert [reading.confusion[d][d] for d in (0, 1, 2, 7)] == [1, 1, 1, 1]
    assert reading.confusion[2][7] == 1
    assert sum(map(sum, reading.confusion)) == 5


@pytest.mark.parametrize("recorded", [None, bytes([0] * 7), bytes([0, 10])])
def test_what_cannot_be_classes_of_these_examples_is_no_reading(book, recorded):
    key = book.trial(0.2, predictions=recorded)
    assert read_predictions(Network("best", key, 2), LABELS, book.database) is None


def test_as_many_classes_as_the_labels_have(book):
    key = book.trial(0.2, predictions=bytes([0, 2]))
    reading = read_predictions(Network("best", key, 2), [0, 1, 2], book.database)
    assert reading.confusion == ((1, 0, 0), (0, 0, 1), (0, 0, 0))


def test_the_best_level_is_that_of_the_best_mean_at_its_first_seed(book):
    book.trial(0.2)
    book.trial(0.9, seed=1)
    first = book.trial(0.6, lr=0.2)
    book.trial(0.7, lr=0.2, seed=1)
    assert best_of_grid(book.read()) == Network("lr 0.2, seed 0", first, 2)


def test_the_best_trial_of_a_search_at_its_last_epoch():
    best = optuna.create_trial(
        value=0.9, user_attrs={"training": "k"}, intermediate_values={1: 0.8, 2: 0.9}
    )
    best.number = 7
    search = SearchResults(Metric("m"), {}, {}, TrialCounts(), 0, 0, (best,), ())
    assert best_of_search(search) == Network("trial 7", "k", 2)
