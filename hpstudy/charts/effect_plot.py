"""What the effect plot of a factor shows: levels, intervals, and what the axis does not reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hpstudy.analysis.findings import FactorFinding, LevelFinding
from hpstudy.charts.axes import Places, Window, near, places, window
from hpstudy.metric import Metric, Quantity, Verdict

_FAR = 3.0  # how far off a published figure may lie to be seen, in ranges of our own
ASIDE = 0.022  # how far seeds and published figures stand beside a level's mean, of the axis


@dataclass(frozen=True)
class Mark:
    """A value with its interval at a level's place."""

    at: float
    level: str
    quantity: Quantity


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


def effect_plot(factor: FactorFinding, metric: Metric) -> EffectPlot:
    """Returns what there is to draw of a factor; its levels need one value at least."""
    where = places([row.level for row in factor.levels])
    rows = list(zip(where.at, where.texts, factor.levels, strict=True))
    means = [Mark(at, text, row.mean) for at, text, row in rows if row.mean is not None]
    published = [
        Mark(at + ASIDE, text, figure)
        for at, text, row in rows
        if (figure := _published(row)) is not None
    ]
    seeds = [
        (at - ASIDE, value) for at, _, row in rows for value in row.values if len(row.values) > 1
    ]
    shown = _window(factor, metric, means, published)
    return EffectPlot(
        places=where,
        window=shown,
        baseline=factor.baseline.average,
        means=tuple(mark for mark in means if shown.holds(mark.quantity.value)),
        seeds=tuple(seed for seed in seeds if shown.holds(seed[1])),
        published=tuple(mark for mark in published if shown.holds(mark.quantity.value)),
        outside=tuple(out for at, _, row in rows if (out := _outside(at, row, shown)) is not None),
        diverged=tuple(
            (at, f"{len(row.diverged)} of {len(row.diverged) + len(row.runs)} diverged")
            for at, _, row in rows
            if row.diverged
        ),
    )


def _published(row: LevelFinding) -> Quantity | None:
    """Returns a published figure, with its interval where that can be told."""
    if row.agreement is not None:
        return row.agreement.figure
    return None if row.published is None else Quantity(row.published)


def _window(
    factor: FactorFinding, metric: Metric, means: Sequence[Mark], published: Sequence[Mark]
) -> Window:
    """Returns the range of all levels but the outliers, and of the published figures near them."""
    bounds = metric.bounds
    named = _named(factor, metric)
    widths = [ends[1] - ends[0] for quantity in named if (ends := quantity.ends) is not None]
    seen = [quantity.value for quantity in named]
    stay = near([mark.quantity.value for mark in means], seen, max(widths, default=0.0))
    seeds = [value for row in factor.levels if row.average in stay for value in row.values]
    shown = window([*stay, *seeds], bounds)
    shown = shown.stretched(_ends(mark for mark in means if mark.quantity.value in stay), bounds)
    shown = shown.stretched([mark.quantity.value for mark in published], bounds, _FAR)
    return shown.stretched(
        _ends(mark for mark in published if shown.holds(mark.quantity.value)), bounds
    )


def _ends(marks: Iterable[Mark]) -> list[float]:
    return [end for mark in marks for end in mark.quantity.ends or ()]


def _named(factor: FactorFinding, metric: Metric) -> list[Quantity]:
    """Returns the means that an answer may name: the baseline's, the best, those shown better."""
    known = [(row, row.mean) for row in factor.levels if row.mean is not None]
    best = metric.best((mean for _, mean in known), lambda mean: mean.value)
    others = [mean for row, mean in known if row.is_baseline or row.verdict == Verdict.BETTER]
    return others if best is None else [best, *others]


def _outside(at: float, row: LevelFinding, shown: Window) -> Outside | None:
    ours, theirs = row.average, row.published
    ours = ours if ours is not None and not shown.holds(ours) else None
    theirs = theirs if theirs is not None and not shown.holds(theirs) else None
    far = ours if ours is not None else theirs
    return None if far is None else Outside(at, far > shown.high, ours, theirs)
