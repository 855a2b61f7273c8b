from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from hpstudy.analysis.answer import answer
from hpstudy.charts.factors import effect_figure, effect_plot, finding
from hpstudy.views.terminal.grid import grid_tables

BASE = [0.9862, 0.9881, 0.9898, 0.9871, 0.9885]
SAME = [0.9865, 0.9880, 0.9901, 0.9868, 0.9888]
MORE = [0.9922, 0.9925, 0.9951, 0.9926, 0.9938]
STUCK = [0.0980, 0.1010, 0.1135, 0.1009, 0.0974]


def test_every_training_the_mean_with_its_interval_and_the_published_figure(made_findings):
    found = made_findings(width={8: BASE, 16: SAME}, published={"width": {16: 0.9884}})
    plot = effect_plot(found.factors[0], found.metric)
    assert [value for _, value in plot.seeds] == BASE + SAME
    mean = plot.means[1]
    assert mean.quantity.value == pytest.approx(sum(SAME) / 5)
    assert mean.quantity.low < mean.quantity.value < mean.quantity.high
    (published,) = plot.published
    assert published.quantity.value == 0.9884
    # Wilson's interval of 9,884 of 10,000.
    ends = published.quantity.ends
    assert ends == pytest.approx((0.98610, 0.99031), abs=1e-5)
    assert plot.baseline == plot.means[0].quantity.value


def test_a_collapsed_level_is_told_by_an_arrow(made_findings):
    found = made_findings(
        lr={0.001: BASE, 0.01: SAME, 0.1: STUCK}, published={"lr": {0.1: 0.1135, 0.01: 0.12}}
    )
    plot = effect_plot(found.factors[0], found.metric)
    assert plot.window.low > 0.9
    assert [mark.level for mark in plot.means] == ["0.001", "0.01"]
    near, far = plot.outside
    assert (near.ours, near.published) == (None, 0.12)
    assert (far.ours, far.published) == (pytest.approx(sum(STUCK) / 5), 0.1135)
    assert not far.above
    arrows = effect_figure(found.factors[0], found.metric).layout.annotations
    (arrow,) = [a for a in arrows if a.showarrow is None and a.ax == 0]
    assert "10.22 %" in arrow.text
    assert "11.35 %" in arrow.text


LEVELS = ([0.90, 0.9004], [0.93, 0.931], [0.95, 0.9502], [0.97, 0.972])


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_levels_that_differ_by_more_than_their_seeds_are_all_on_the_axis(made_findings, direction):
    found = made_findings(lr=dict(enumerate(LEVELS)), direction=direction)
    plot = effect_plot(found.factors[0], found.metric)
    assert len(plot.means) == 4
    assert len(plot.seeds) == 8
    assert plot.outside == ()


def test_what_the_answer_names_is_on_the_axis_however_far_off(made_findings):
    levels = {1: [0.100, 0.101, 0.102], 2: [0.1, 0.1, 0.103], 3: [0.9, 0.901, 0.902]}
    found = made_findings(lr=levels)
    assert answer(found, None).params == {"lr": 3}
    assert effect_plot(found.factors[0], found.metric).outside == ()
    worse = made_findings(lr=levels, direction="minimize")
    (outside,) = effect_plot(worse.factors[0], worse.metric).outside
    assert outside.above


def test_the_axis_ends_where_the_metric_does(made_findings):
    found = made_findings(lr={1: [0.97, 0.999], 2: [0.95, 0.999]})
    (factor,) = found.factors
    wide = [replace(row, mean=replace(row.mean, high=1.05)) for row in factor.levels]
    factor = replace(factor, levels=tuple(wide))
    assert effect_plot(factor, found.metric).window.high == 1


def test_the_baselines_line_strikes_no_label(made_findings):
    found = made_findings(lr={1: BASE, 2: SAME, 3: [v - 0.0001 for v in BASE], 4: MORE})
    figure = effect_figure(found.factors[0], found.metric)
    sides = [a.yanchor for a in figure.layout.annotations if a.name == "detail"]
    assert sides == ["bottom", "bottom", "top", "middle"]


def test_where_seeds_diverged_the_plot_says_so(made_findings):
    found = made_findings(lr={1: BASE, 2: SAME[:3]})
    base, other = found.factors[0].levels
    factor = replace(found.factors[0], levels=(base, replace(other, diverged=(3, 4))))
    assert effect_plot(factor, found.metric).diverged == ((1.0, "2 of 5 diverged"),)
    texts = [a.text for a in effect_figure(factor, found.metric).layout.annotations]
    assert "2 of 5 diverged" in texts


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ({8: BASE, 16: SAME}, "batch size: no difference shown, within ±0.05 points"),
        ({8: BASE, 16: SAME, 32: MORE}, "batch size: better at 32 (+0.53 points); no difference"),
        ({8: BASE, 16: STUCK}, "batch size: worse at 16 (-88.58 points)"),
        (
            {8: BASE, 1.0: STUCK, 2: STUCK, 4: STUCK},
            "batch size: worse at 1 (-88.58 points), 2 (-88.58 points) and 4 (-88.58 points)",
        ),
        ({8: [0.98], 16: [0.99]}, "batch size: 98.00 to 99.00 %; one seed cannot tell"),
        ({8: BASE, 16: []}, "batch size: only the baseline was trained"),
        (
            {8: BASE, 16: MORE, 32: STUCK, 64: [0.99], 128: [None] * 5},
            "batch size: better at 16 (+0.53 points); worse at 32 (-88.58 points); diverges at "
            "128; one seed cannot tell at 64",
        ),
        (
            {8: BASE, 16: [0.99], 32: [0.97], 64: []},
            "batch size: 97.00 to 99.00 %; one seed cannot tell which part is luck",
        ),
    ],
)
def test_the_title_says_the_finding(made_findings, levels, said: str):
    found = made_findings(batch_size=levels)
    assert finding(found.factors[0], found.metric).startswith(said)


def test_a_figure_tells_its_values_to_who_cannot_see_it(made_findings):
    found = made_findings(width={8: BASE, 16: SAME})
    figure = effect_figure(found.factors[0], found.metric)
    assert "8: 98.79 %; 16: 98.80 %" in figure.layout.meta["says"]
    assert figure.layout.xaxis.title.text == "width"
    assert figure.layout.yaxis.title.text == "test accuracy"
    less = made_findings(width={8: BASE, 16: SAME}, direction="minimize")
    figure = effect_figure(less.factors[0], less.metric)
    assert figure.layout.yaxis.title.text == "test accuracy, less is better"


def test_too_few_seeds_to_exclude_anything_is_said(made_findings):
    found = made_findings(a={1: [0.2, 0.9], 2: [0.9, 0.1]})
    assert (
        finding(found.factors[0], found.metric) == "a: no difference shown, two seeds cannot tell"
    )
    console = Console(file=io.StringIO(), width=200)
    console.print(grid_tables(found))
    text = console.file.getvalue()
    assert "95 % " not in text.splitlines()[2]
    assert "Where an interval is left out, it would hold all that the metric can be" in text


FIRST_LOST = [None, *BASE[1:]]


@pytest.mark.parametrize(
    ("levels", "title", "why"),
    [
        ({8: BASE, 16: SAME}, "within ±0.05 points", "exclude differences beyond ±0.05 points"),
        ({8: [0.2, 0.9], 16: [0.9, 0.1]}, "two seeds cannot tell", "it: two seeds cannot tell."),
        ({8: FIRST_LOST, 16: SAME}, "by rank; the baseline", "by rank, which excludes none."),
    ],
)
def test_a_bound_is_told_only_where_there_is_one(made_findings, levels, title: str, why: str):
    found = made_findings(width=levels)
    assert f"no difference shown, {title}" in finding(found.factors[0], found.metric)
    assert why in answer(found, None).why


@pytest.mark.parametrize(
    ("levels", "needed"),
    [
        ({8: BASE, 16: [0.9870, *SAME[1:]]}, True),
        ({8: FIRST_LOST, 16: [v + 0.0004 for v in BASE], 32: SAME}, False),
        ({8: BASE[:1], 16: [v - 0.01 for v in BASE], 64: MORE}, False),
        ({8: BASE[:1], 16: [0.9870, *SAME[1:]], 32: SAME, 64: MORE}, True),
    ],
)
def test_the_seeds_needed_are_more_than_there_are(made_findings, levels, needed: bool):
    found = made_findings(width=levels)
    rows = [row for row in found.levels if row.seeds_needed is not None]
    told = [(len(row.seeds), row.seeds_needed) for row in rows]
    assert bool(told) == needed
    assert all(there < asked for there, asked in told)
    assert all(row.test != "ranks" for row in rows)


def test_no_empty_table_of_importances_is_printed(made_findings):
    console = Console(file=io.StringIO(), width=200)
    console.print(grid_tables(made_findings(lr={0.1: BASE, 1.0: [None] * 5})))
    assert "What matters" not in console.file.getvalue()
