"""What the effect plot of a factor shows: levels, intervals, and what the axis does not reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hpstudy.analysis.effects import BETTER, Effect
from hpstudy.analysis.findings import Findings
from hpstudy.analysis.results import FactorResult, LevelResult
from hpstudy.charts.axes import Places, Window, near, places, window

_FAR = 3.0  # how far off a published figure may lie to be seen, in ranges of our own
ASIDE = 0.022  # how far seeds and published figures stand beside a level's mean, of the axis


@dataclass(frozen=True)
class Mark:
    """A value with its interval at a level's place; the ends are None where not known."""

    at: float
    level: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Outside:
    """What the axis does not reach at a level: an arrow says where it is and how much it is."""

    at: float
    above: bool
    ours: float | None
    published: float | None


@dataclass(frozen=True)
class EffectPlot:
    """What the effect plot of a factor shows.

    Attributes:
        places: Where the levels stand.
        window: The range of the metric's axis.
        baseline: The baseline's mean; None without one.
        means: Each level's mean over seeds.
        seeds: Each training's value, as places and values; empty with one seed.
        published: The published figures.
        outside: The levels that the axis does not reach.
        diverged: At which places how many seeds diverged, in words.
    """

    places: Places
    window: Window
    baseline: float | None
    means: tuple[Mark, ...]
    seeds: tuple[tuple[float, float], ...]
    published: tuple[Mark, ...]
    outside: tuple[Outside, ...]
    diverged: tuple[tuple[float, str], ...] = ()


def effect_plot(factor: FactorResult, found: Findings) -> EffectPlot:
    """Returns what there is to draw of a factor; its levels need one value at least."""
    where = places([row.level for row in factor.levels])
    rows = list(zip(where.at, where.texts, factor.levels, strict=True))
    means = [
        Mark(at, text, row.mean, effect.low, effect.high)
        for at, text, row in rows
        if row.mean is not None and (effect := found.effects[factor.factor, row.level])
    ]
    published = _published(rows, factor.factor, found)
    seeds = [
        (at - ASIDE, value) for at, _, row in rows for value in row.values if len(row.values) > 1
    ]
    shown = _window(factor, found, means, published)
    return EffectPlot(
        places=where,
        window=shown,
        baseline=next((row.mean for row in factor.levels if row.is_baseline), None),
        means=tuple(mark for mark in means if shown.holds(mark.value)),
        seeds=tuple(seed for seed in seeds if shown.holds(seed[1])),
        published=tuple(mark for mark in published if shown.holds(mark.value)),
        outside=tuple(out for at, _, row in rows if (out := _outside(at, row, shown)) is not None),
        diverged=tuple(
            (at, f"{len(row.diverged)} of {len(row.diverged) + len(row.runs)} diverged")
            for at, _, row in rows
            if row.diverged
        ),
    )


def _published(
    rows: Sequence[tuple[float, str, LevelResult]], factor: str, found: Findings
) -> list[Mark]:
    marks = []
    for at, text, row in rows:
        if row.published is not None:
            agreement = found.agreements.get((factor, row.level))
            ends = (None, None) if agreement is None else (agreement.low, agreement.high)
            marks.append(Mark(at + ASIDE, text, row.published, *ends))
    return marks


def _window(
    factor: FactorResult, found: Findings, means: Sequence[Mark], published: Sequence[Mark]
) -> Window:
    """Returns the range of all levels but the outliers, and of the published figures near them."""
    bounds = found.grid.metric.bounds
    named = _named(factor, found)
    widths = [e.high - e.low for _, e in named if e.high is not None and e.low is not None]
    seen = [row.mean for row, _ in named if row.mean is not None]
    stay = near([mark.value for mark in means], seen, max(widths, default=0.0))
    seeds = [value for row in factor.levels if row.mean in stay for value in row.values]
    shown = window([*stay, *seeds], bounds)
    shown = shown.stretched(_ends(mark for mark in means if mark.value in stay), bounds)
    shown = shown.stretched([mark.value for mark in published], bounds, _FAR)
    return shown.stretched(_ends(mark for mark in published if shown.holds(mark.value)), bounds)


def _ends(marks: Iterable[Mark]) -> list[float]:
    return [end for mark in marks for end in (mark.low, mark.high) if end is not None]


def _named(factor: FactorResult, found: Findings) -> list[tuple[LevelResult, Effect]]:
    """Returns the levels that an answer may name: the baseline, the best, those shown better."""
    rows = [(row, found.effects[factor.factor, row.level]) for row in factor.levels]
    known = [(row, effect) for row, effect in rows if row.mean is not None]
    sign = found.grid.metric.sign
    best = max(known, key=lambda pair: sign * (pair[0].mean or 0.0))
    return [best, *(pair for pair in known if pair[0].is_baseline or pair[1].verdict == BETTER)]


def _outside(at: float, row: LevelResult, shown: Window) -> Outside | None:
    ours = row.mean if row.mean is not None and not shown.holds(row.mean) else None
    theirs = row.published
    theirs = theirs if theirs is not None and not shown.holds(theirs) else None
    far = ours if ours is not None else theirs
    return None if far is None else Outside(at, far > shown.high, ours, theirs)
