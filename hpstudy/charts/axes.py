"""Axes: their names and number formats, where levels stand, and what range is worth seeing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev, quantiles

from hpstudy.analysis.wording import unit_of_differences, unit_of_values
from hpstudy.metric import Metric
from hpstudy.sampler import Level

_FAR = 12.0  # a gap this many times as wide as what lies on the baseline's side of it cuts the axis
_WIDE = 1.5  # how far beyond the points an interval may stretch the axis, in ranges of the points
_ROOM = 0.08  # free space at either end, as a share of the axis


def identifier(*parts: str) -> str:
    """Returns a figure's id: letters, digits and hyphens only."""
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-")


def ticks(metric: Metric) -> dict[str, str]:
    """Returns how plotly writes a metric's values at the ticks: d3's format, and the unit."""
    if metric.is_share:
        return {"tickformat": ".4~%"}
    unit = unit_of_values(metric)
    return {"tickformat": "", "ticksuffix": f" {unit}" if unit else ""}


def hovered(axis: str, metric: Metric) -> str:
    """Returns plotly's text of a metric's value under the mouse, for reading one: "%{y:.2%}"."""
    if metric.is_share:
        return f"%{{{axis}:.2%}}"
    form, unit = ".2f" if metric.in_per_cent else ".5~g", unit_of_values(metric)
    return f"%{{{axis}:{form}}}{f' {unit}' if unit else ''}"


def hovered_difference(axis: str, metric: Metric) -> str:
    """Returns plotly's text of a difference under the mouse; of shares it is drawn in points."""
    form, unit = ".2f" if metric.in_per_cent else ".4~g", unit_of_differences(metric)
    return f"%{{{axis}:{form}}}{f' {unit}' if unit else ''}"


@dataclass(frozen=True)
class Places:
    """Where a factor's levels stand on an axis.

    Attributes:
        at: Each level's place, from 0 to 1.
        texts: What stands there.
        logarithmic: Whether distances are those of the logarithms.
    """

    at: tuple[float, ...]
    texts: tuple[str, ...]
    logarithmic: bool


def places(levels: Sequence[Level]) -> Places:
    """Returns where levels stand: by value, by logarithm where that is more even, else in turn."""
    texts = tuple(f"{level}" for level in levels)
    numbers = [float(v) for v in levels if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) < len(levels) or len(levels) < 2:
        return Places(_spread(range(len(levels))), texts, logarithmic=False)
    if min(numbers) > 0:
        logarithms = [math.log(v) for v in numbers]
        two_far_apart = len(numbers) == 2 and max(numbers) >= 10 * min(numbers)
        if two_far_apart or _unevenness(logarithms) < _unevenness(numbers):
            return Places(_spread(logarithms), texts, logarithmic=True)
    return Places(_spread(numbers), texts, logarithmic=False)


def _spread(values: Sequence[float]) -> tuple[float, ...]:
    low, high = min(values), max(values)
    return tuple((v - low) / (high - low) if high > low else 0.5 for v in values)


def _unevenness(values: Sequence[float]) -> float:
    gaps = [later - earlier for earlier, later in pairwise(sorted(values))]
    return pstdev(gaps) / fmean(gaps)


@dataclass(frozen=True)
class Window:
    """The range of an axis; what lies outside is told by an arrow."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Tells whether a value lies inside."""
        return self.low <= value <= self.high

    @property
    def range(self) -> list[float]:
        """The range, with room at both ends."""
        room = _ROOM * (self.high - self.low)
        return [self.low - room, self.high + room]


def window(values: Iterable[float], anchor: float, ends: Iterable[float] = ()) -> Window:
    """Returns the range that shows differences near an anchor, whatever far values there are.

    Where a gap is wide beside all that lies on the anchor's side of it, as between networks that
    learn and one that diverged, the axis ends at the gap.

    Args:
        values: What should be seen if it can be.
        anchor: The value that must be seen, such as the baseline's.
        ends: Ends of intervals, which may stretch the range, but not beyond measure.
    """
    near = sorted({*values, anchor})
    while gap := _widest_gap(near):
        below, above = gap
        rest = [v for v in near if (v >= above) == (anchor >= above)]
        if rest[-1] == rest[0] or above - below < _FAR * (rest[-1] - rest[0]):
            break
        near = rest
    low, high = near[0], near[-1]
    reach = _WIDE * (high - low)
    if reach == 0:
        reach = math.inf
    inside = [end for end in ends if low - reach <= end <= high + reach]
    low, high = min([low, *inside]), max([high, *inside])
    return Window(low, high) if high > low else _around(low)


def _around(value: float) -> Window:
    room = abs(value) * 0.01 or 1.0
    return Window(value - room, value + room)


def _widest_gap(ordered: Sequence[float]) -> tuple[float, float] | None:
    return max(pairwise(ordered), key=lambda pair: pair[1] - pair[0], default=None)


def bulk(values: Sequence[float], *, best: float) -> Window:
    """Returns the range of most of many values, the best one included.

    Values further than three interquartile ranges beyond the middle half are left outside.
    """
    if len(values) < 4:
        return window(values, best)
    lower, _, upper = quantiles(values, n=4)
    reach = 3 * (upper - lower)
    inside = [v for v in values if lower - reach <= v <= upper + reach]
    low, high = min(*inside, best), max(*inside, best)
    return Window(low, high) if high > low else _around(low)
