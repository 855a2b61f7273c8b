from __future__ import annotations

import math

import pytest

from hpstudy.charts.curves import epoch_curves, epochs_figure, step_curves, steps_figure
from hpstudy.metric import Metric
from hpstudy.objective import Step
from hpstudy.results.curves import Curve, CurvePoint

ACCURACY = Metric.named("accuracy", "maximize")


def curve(level, seed=0, *, values=(0.5, 0.9), steps=(), is_baseline=False) -> Curve:
    epochs = tuple(CurvePoint(n, {"accuracy": v}, None) for n, v in enumerate(values, 1))
    return Curve("lr", level, is_baseline, seed, epochs, tuple(steps))


def test_a_level_is_the_mean_over_its_seeds_where_all_have_a_point():
    curves = [curve(0.1, 0, values=(0.5, 0.7, 0.8)), curve(0.1, 1, values=(0.7, 0.9))]
    (level,) = epoch_curves(curves, ACCURACY)
    assert level.mean[0] == (1, 2)
    assert level.mean[1] == pytest.approx((0.6, 0.8))
    assert [len(xs) for xs, _ in level.seeds] == [3, 2]
    assert epoch_curves([curve(0.1)], ACCURACY)[0].seeds == ()


def test_long_curves_are_thinned_and_keep_their_end():
    steps = [Step(seen, 1.0, seen / 1000) for seen in range(1, 1001)]
    (level,) = step_curves([curve(0.1, steps=steps)], "accuracy")
    assert len(level.mean[0]) <= 240
    assert level.mean[0][-1] == 1000
    assert level.mean[1][-1] == 1.0


def test_figures_are_drawn_where_there_is_something_to_draw():
    steps = [Step(100, 2.0, 0.3), Step(200, 1.5, 0.6)]
    figure = steps_figure("lr", [curve(0.1, steps=steps), curve(0.2, steps=steps)])
    assert [trace.name for trace in figure.data] == ["0.1", "0.2"] * 2
    assert list(figure.data[0].y) == [2.0, 1.5]
    assert steps_figure("lr", [curve(0.1)]) is None
    assert steps_figure("lr", [curve(0.1, steps=steps[:1]), curve(0.2, steps=steps[:1])]) is None
    assert epochs_figure("lr", [curve(0.1, values=(0.5,))], ACCURACY) is None


def test_what_diverged_is_said_in_the_title_and_does_not_flatten_the_rest():
    curves = [
        curve(0.1, values=(0.101, 0.101)),
        curve(0.001, values=(0.97, 0.98), is_baseline=True),
        curve(0.002, values=(0.975, 0.985)),
    ]
    figure = epochs_figure("lr", curves, ACCURACY)
    assert "0.1 (10.10 %) beyond the axis" in figure.layout.meta["title"]
    assert figure.layout.yaxis.range[0] > 0.9


def test_one_point_beside_lines_is_a_dot():
    steps = [Step(100, 2.0, 0.3), Step(200, 1.5, 0.6)]
    figure = steps_figure("lr", [curve(0.1, steps=steps), curve(0.2, steps=steps[:1])])
    assert [trace.mode for trace in figure.data] == ["lines", "lines+markers"] * 2


@pytest.mark.parametrize("accuracies", [(1.0, 1.0), (0.9, 1.0)])
def test_no_accuracy_axis_goes_on_beyond_all(accuracies):
    steps = [Step(100 * n, 0.1, value) for n, value in enumerate(accuracies, 1)]
    figure = steps_figure("lr", [curve(0.1, steps=steps)])
    low, high = figure.layout.yaxis2.range
    assert low < min(accuracies) <= 1 < high < 1.02
    epochs = epochs_figure("lr", [curve(0.1, values=accuracies, is_baseline=True)], ACCURACY)
    assert epochs.layout.yaxis.range[1] < 1.02


def test_an_objective_without_training_accuracy_has_no_axis_of_it():
    steps = [Step(100, 2.0, math.nan), Step(200, 1.5, math.nan)]
    figure = steps_figure("lr", [curve(0.1, steps=steps)])
    assert len(figure.data) == 1
    assert "accuracy" not in figure.to_json()


def test_seeds_without_a_common_point_have_no_mean_to_draw():
    apart = Curve("lr", 0.1, False, 1, (CurvePoint(7, {"accuracy": 0.9}, None),), ())
    assert epoch_curves([curve(0.1, 0), apart], ACCURACY) == ()
    assert epochs_figure("lr", [curve(0.1, 0), apart], ACCURACY) is None
