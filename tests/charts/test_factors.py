from __future__ import annotations

import pytest

from hpstudy.charts.factors import effect_figure, effect_plot, finding

BASE = [0.9862, 0.9881, 0.9898, 0.9871, 0.9885]
SAME = [0.9865, 0.9880, 0.9901, 0.9868, 0.9888]
MORE = [0.9922, 0.9925, 0.9951, 0.9926, 0.9938]
STUCK = [0.0980, 0.1010, 0.1135, 0.1009, 0.0974]


def test_every_training_the_mean_with_its_interval_and_the_published_figure(made_findings):
    found = made_findings(width={8: BASE, 16: SAME}, published={"width": {16: 0.9884}})
    plot = effect_plot(found.grid.factors[0], found)
    assert [value for _, value in plot.seeds] == BASE + SAME
    mean = plot.means[1]
    assert mean.value == pytest.approx(sum(SAME) / 5)
    assert mean.low < mean.value < mean.high
    (published,) = plot.published
    assert published.value == 0.9884
    # Wilson's interval of 9,884 of 10,000.
    assert (published.low, published.high) == pytest.approx((0.98610, 0.99031), abs=1e-5)
    assert plot.baseline == plot.means[0].value


def test_a_diverged_level_is_told_by_an_arrow(made_findings):
    found = made_findings(lr={0.001: BASE, 0.1: STUCK}, published={"lr": {0.1: 0.1135}})
    plot = effect_plot(found.grid.factors[0], found)
    assert plot.window.low > 0.9
    assert [mark.level for mark in plot.means] == ["0.001"]
    (outside,) = plot.outside
    assert (outside.ours, outside.published) == (pytest.approx(sum(STUCK) / 5), 0.1135)
    assert not outside.above
    (arrow,) = [
        a for a in effect_figure(found.grid.factors[0], found).layout.annotations if a.ax == 0
    ]
    assert "10.22 %" in arrow.text
    assert "11.35 %" in arrow.text


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ({8: BASE, 16: SAME}, "batch size: no difference shown, within ±0.05 points"),
        ({8: BASE, 16: SAME, 32: MORE}, "batch size: better at 32 (+0.53 points); no difference"),
        ({8: BASE, 16: STUCK}, "batch size: worse at 16 (-88.58 points)"),
        ({8: [0.98], 16: [0.99]}, "batch size: 98.00 to 99.00 %; one seed cannot tell"),
        ({8: BASE, 16: []}, "batch size: only the baseline was trained"),
    ],
)
def test_the_title_says_the_finding(made_findings, levels, said: str):
    found = made_findings(batch_size=levels)
    assert finding(found.grid.factors[0], found).startswith(said)


def test_a_figure_tells_its_values_to_who_cannot_see_it(made_findings):
    found = made_findings(width={8: BASE, 16: SAME})
    figure = effect_figure(found.grid.factors[0], found)
    assert "8: 98.79 %; 16: 98.80 %" in figure.layout.meta["says"]
    assert figure.layout.xaxis.title.text == "width"
    assert figure.layout.yaxis.title.text == "test accuracy"
