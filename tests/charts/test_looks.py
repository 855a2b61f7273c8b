"""The figure of how intervals close over the looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from hpstudy.analysis.findings import GridFindings, findings
from hpstudy.charts.figures import grid_figures
from hpstudy.results.looks import Looks


def values(place: float, count: int, name: str) -> list[float]:
    """Accuracies about 0.9 and `place` points; luck moves each by 0.1 points."""
    own = Random(name)
    return [
        0.9 + Random(seed).gauss(0, 0.004) + place / 100 + own.gauss(0, 0.001)
        for seed in range(count)
    ]


@pytest.fixture
def found(made_findings) -> Callable[..., GridFindings]:
    """What looks after 3, 5 and 8 seeds find of levels: how far each lies, and its seeds."""

    def make(margin: float = 0.003, **levels: tuple[float, int]) -> GridFindings:
        rows = {name: values(*given, name) for name, given in levels.items()}
        results = made_findings(kind=rows).results
        return findings(replace(results, looks=Looks((3, 5, 8), (*range(8),), margin)))

    return make


def test_each_look_has_its_difference_and_interval(found):
    figure = grid_figures(found(base=(0, 8), same=(0.12, 8), far=(-4, 3)))["looks-kind"]
    same, far = figure.data
    assert (same.name, far.name) == ("same", "far")
    assert len(far.y) == 1
    assert far.y[0] == pytest.approx(-4, abs=0.4)
    assert far.marker.symbol == ("circle",)
    widths = [
        up + down for up, down in zip(same.error_y.array, same.error_y.arrayminus, strict=True)
    ]
    assert widths == sorted(widths, reverse=True)
    assert {*same.marker.symbol[:-1]} <= {"circle-open"}
    band = figure.layout.shapes[0]
    assert (band.y0, band.y1) == (-0.3, 0.3)
    assert figure.layout.xaxis.ticktext[0] == "3"


def test_what_the_axis_does_not_reach_is_told_at_its_edge(found):
    figure = grid_figures(found(base=(0, 8), same=(0.1, 8), lost=(-80, 3)))["looks-kind"]
    low, high = figure.layout.yaxis.range
    assert -10 < low < high < 10
    (told,) = figure.layout.annotations
    assert told.text.startswith("lost: -80")


def test_what_is_open_is_in_the_title(found):
    figure = grid_figures(found(margin=0.0001, base=(0, 5), same=(0.01, 5)))["looks-kind"]
    assert figure.layout.meta["title"] == "kind: 0 of 1 levels are decided, open: same"
    assert figure.data[0].marker.symbol == ("circle-open", "circle-open")
    done = grid_figures(found(base=(0, 3), far=(-4, 3)))["looks-kind"]
    assert done.layout.meta["title"] == "kind: every level is decided"
    assert "within ±0.3 points" in done.layout.meta["says"]


def test_nothing_is_drawn_before_the_first_look_or_without_looks(found, made_findings):
    assert "looks-kind" not in grid_figures(found(base=(0, 2), far=(-4, 3)))
    fixed = made_findings(kind={"base": [0.9, 0.91], "far": [0.8, 0.82]})
    assert "looks-kind" not in grid_figures(fixed)
