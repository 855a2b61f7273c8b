"""Figures of one training."""

import math

import pytest

from hpstudy.charts.training import training_figures
from hpstudy.metric import Metric
from hpstudy.objective import Step
from hpstudy.store.records import Epoch

ACCURACY = Metric.named("test_accuracy", "maximize")
STEPS = [Step(100, 1.0, 0.5), Step(200, math.nan, 0.6), Step(300, 0.5, 0.7)]


def epochs(*names, count=2):
    return [Epoch(n, dict.fromkeys(names, n / 10)) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("names", "count", "steps", "ids"),
    [
        (("train_loss", "test_accuracy", "train_accuracy"), 2, STEPS, ["epochs-loss"]),
        (("test_accuracy", "seconds"), 2, [], []),
        (("train_loss", "test_accuracy"), 1, STEPS[:1], None),
    ],
)
def test_there_is_a_figure_of_what_has_two_points(names, count, steps, ids):
    found = training_figures(epochs(*names, count=count), steps, ACCURACY)
    steps_too = ["steps"] if len(steps) > 1 else []
    assert list(found) == ([] if ids is None else [*steps_too, *ids, "epochs-metric"])


def test_likes_stand_together_and_the_title_says_where_they_end():
    figure = training_figures(epochs("train_accuracy", "test_accuracy"), (), ACCURACY)[
        "epochs-metric"
    ]
    assert [line.name for line in figure.data] == ["train accuracy", "test accuracy"]
    told = "After the last epoch: train accuracy 20.00 % and test accuracy 20.00 %"
    assert figure.layout.meta["title"] == told


def test_a_loss_that_is_the_metric_is_drawn_once():
    loss = Metric.named("val_loss", "minimize")
    found = training_figures(epochs("val_loss", "train_loss"), STEPS, loss)
    assert list(found) == ["steps", "epochs-metric"]
    assert list(found["steps"].data[0].x) == [100, 300]
