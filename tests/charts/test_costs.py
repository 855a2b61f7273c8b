from __future__ import annotations

from dataclasses import replace

import pytest

from hpstudy.analysis.speed import Measured, Speed, Tradeoff
from hpstudy.charts.costs import cost_figure, tradeoff_figure
from hpstudy.metric import Metric
from hpstudy.views.tables.grid import costs_table


@pytest.mark.parametrize(
    ("seconds", "deviation", "title"),
    [
        (54.0, 1.0, "hidden: an epoch at 4096 takes 1.2 times as long as at 512"),
        (
            54.0,
            14.0,
            "hidden: an epoch takes 45 to 54 s, no more apart than those of one level",
        ),
        (46.0, 0.1, "hidden: an epoch takes about as long at every level"),
    ],
)
def test_the_title_tells_a_levels_time_from_that_of_a_busy_machine(
    made_findings, seconds, deviation, title
):
    factor = made_findings(hidden={512: [0.9], 4096: [0.9]}).factors[0]
    small, large = factor.levels
    factor = replace(
        factor,
        levels=(
            replace(small, speed=Speed(Measured(45.0, 0.5, 5), None, None)),
            replace(large, speed=Speed(Measured(seconds, deviation, 5), None, None)),
        ),
    )
    assert cost_figure(factor).layout.meta["title"] == title


def _once(found, seconds, deviation=None):
    """Returns a factor whose trainings are one call of so many seconds."""
    levels = []
    for row, took in zip(found.factors[0].levels, seconds, strict=True):
        runs = tuple(replace(run, epochs=run.epochs[:1]) for run in row.runs)
        speed = Speed(Measured(took, deviation, 2), None, None)
        levels.append(replace(row, runs=runs, speed=speed))
    return replace(found.factors[0], levels=tuple(levels))


def test_a_function_has_no_epochs(made_findings):
    found = made_findings(depth={1: [0.9], 2: [0.9]})
    factor = _once(found, [2.0, 4.0])
    figure = cost_figure(factor)
    assert figure.layout.meta["title"] == "depth: a training at 2 takes 2.0 times as long as at 1"
    assert "epoch" not in figure.to_json()
    table = costs_table(factor, found.metric)
    assert table.columns[:2] == ("level", "seconds")


def test_what_the_clock_cannot_tell_is_not_drawn(made_findings):
    found = made_findings(depth={1: [0.9], 2: [0.9], 3: [0.9]})
    # The first call imports things; the others take no time.
    factor = _once(found, [0.4, 3e-5, 5e-5])
    assert cost_figure(factor) is None
    quick = [Tradeoff(f"depth {n}", n * 1e-5, 0.9 + n / 99, is_on_front=True) for n in (1, 2, 3)]
    assert tradeoff_figure(quick, Metric.named("accuracy", "maximize")) is None


def test_no_bar_ends_below_nothing(made_findings):
    found = made_findings(depth={1: [0.9, 0.8], 2: [0.9, 0.8]})
    factor = _once(found, [2.0, 4.0], deviation=3.0)
    bars = cost_figure(factor).data[0]
    assert list(bars.error_y.array) == [3.0, 3.0]
    assert list(bars.error_y.arrayminus) == [2.0, 3.0]


def test_labels_of_the_front_do_not_lie_on_each_other():
    places = [(1.0, 0.9), (1.01, 0.901), (50.0, 0.95), (99.0, 0.9501), (100.0, 0.9502)]
    front = [Tradeoff(f"n {n}", *at, is_on_front=True) for n, at in enumerate(places)]
    line = tradeoff_figure(front, Metric.named("accuracy", "maximize")).data[-1]
    assert list(line.text) == ["", "n 1", "n 2", "", "n 4"]
    assert line.textposition[1].endswith("right")  # left of it the axis stands
