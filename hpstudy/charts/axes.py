"""Axes: their names and number formats, where levels stand, and what range is worth seeing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles

from hpstudy.metric import Metric
from hpstudy.numeric import deviation, finite, mean
from hpstudy.sampler import Level
from hpstudy.wording import level, unit_of_differences, unit_of_values, words

_FAR = 12.0  # a gap this many times as wide as what lies on the near side of it cuts the axis
_ENOUGH_FOR_QUARTILES = 4
_MANY_DECADES = 2
_FAR_MORE = 1000  # from this ratio on, small values are only seen on a logarithmic axis
_WIDE = 1.5  # how far beyond the points an interval may stretch the axis, in ranges of the points
_NO_LETTER = re.compile(r"(?P<joint>(?<=[A-Za-z0-9])[_-](?=[A-Za-z0-9]))|[^A-Za-z0-9]")
_SCALE = 16  # in so much smaller numbers nothing overflows
_ROOM = 0.08  # free space at either end, as a share of the axis


def identifier(*parts: str) -> str:
    """Returns a figure's id: letters, digits and hyphens only.

    A single _ or - within a name is a hyphen. All else is its code, in hexadecimal between double
    hyphens: names of other alphabets have ids too, and no two of them one.
    """
    return "-".join(_NO_LETTER.sub(_coded, part) for part in parts)


def _coded(found: re.Match[str]) -> str:
    return "-" if found["joint"] else f"--{ord(found[0]):x}--"


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
    texts = level_texts(levels)
    numbers = [float(v) for v in levels if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) < len(levels) or len(levels) < 2:
        return Places(_spread(range(len(levels))), texts, logarithmic=False)
    if min(numbers) > 0:
        logarithms = [math.log(v) for v in numbers]
        two_far_apart = len(numbers) == 2 and max(numbers) >= 10 * min(numbers)
        if two_far_apart or _unevenness(logarithms) < _unevenness(numbers):
            return Places(_spread(logarithms), texts, logarithmic=True)
    return Places(_spread(numbers), texts, logarithmic=False)


def level_texts(levels: Sequence[Level]) -> tuple[str, ...]:
    """Returns how levels are written: short, unless two would then read the same."""
    short = tuple(level(value) for value in levels)
    return short if len(set(short)) == len(levels) else tuple(f"{value}" for value in levels)


def along_axis(levels: Sequence[Level]) -> list[int]:
    """Returns the order in which levels stand on an axis, as places among those given."""
    at = places(levels).at
    return sorted(range(len(levels)), key=at.__getitem__)


def _spread(values: Sequence[float]) -> tuple[float, ...]:
    low, high = min(values) / 2, max(values) / 2  # halves, as the whole width may be no number
    return tuple((v / 2 - low) / (high - low) if high > low else 0.5 for v in values)


def _unevenness(values: Sequence[float]) -> float:
    gaps = [finite(later - earlier) for earlier, later in pairwise(sorted(values))]
    return deviation(gaps) / mean(gaps) if len(gaps) > 1 else 0.0


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
        room = finite(_ROOM * self.high - _ROOM * self.low)
        return [finite(self.low - room), finite(self.high + room)]

    def stretched(
        self, ends: Iterable[float], bounds: tuple[float, float], far: float = _WIDE
    ) -> Window:
        """Returns the range with further values in it, where these are not beyond measure.

        Args:
            ends: The values, such as ends of intervals; they may lie beyond what the metric can be.
            bounds: The least and the greatest value that the metric can have.
            far: How far off they may lie, in ranges.
        """
        reach = far * (self.high - self.low) or math.inf
        inside = [
            min(max(end, bounds[0]), bounds[1])
            for end in ends
            if self.low - reach <= end <= self.high + reach
        ]
        low, high = min([self.low, *inside]), max([self.high, *inside])
        return Window(low, high) if high > low else _around(low, bounds)


def near(values: Iterable[float], seen: Sequence[float], spread: float = 0.0) -> list[float]:
    """Returns the values without the outliers: those far off beside how the others spread.

    As far as Tukey's fences, and further: the gap before an outlier is many times as wide as all
    that lies on the near side of it. Few levels are too few for quartiles.

    Args:
        values: The values.
        seen: Values that are no outliers whatever they are, such as the baseline's; one at least.
        spread: How far apart luck alone may lay two values.

    Returns:
        The values that stay, in order; at least two, and no fewer than half of them.
    """
    given = list(values)
    every = sorted([*given, *(value for value in seen if value not in given)])
    kept = every
    while len(kept) > 1:
        below, above = max(pairwise(kept), key=lambda pair: pair[1] - pair[0])
        sides = [[v for v in kept if v <= below], [v for v in kept if v >= above]]
        rest = next((side for side in sides if set(seen) <= set(side)), None)
        if rest is None or len(rest) < 2 or 2 * len(rest) < len(every):
            break
        width = max(rest[-1] - rest[0], spread)
        if width == 0 or above - below < _FAR * width:
            break
        kept = rest
    return kept


def window(values: Sequence[float], bounds: tuple[float, float]) -> Window:
    """Returns the range that shows all values; one value gets some room."""
    low, high = min(values), max(values)
    return Window(low, high) if high > low else _around(low, bounds)


def _around(value: float, bounds: tuple[float, float]) -> Window:
    room = abs(value) * 0.01 or 1.0
    return Window(max(value - room, bounds[0]), min(value + room, bounds[1]))


def bulk(values: Sequence[float], best: float) -> Window:
    """Returns the range of most of many values, the best one included.

    Values beyond Tukey's outer fences, three interquartile ranges from the middle half, are left
    outside: at most a quarter of them on either side.
    """
    shown = [*values, best]
    if len(values) >= _ENOUGH_FOR_QUARTILES:
        small = [value / _SCALE for value in values]
        lower, _, upper = quantiles(small, n=4, method="inclusive")
        ends = Window(lower - 3 * (upper - lower), upper + 3 * (upper - lower))
        shown = [best, *(v for v, own in zip(values, small, strict=True) if ends.holds(own))]
    return window(shown, (-math.inf, math.inf))


def value_axis(metric: Metric, shown: Window) -> dict[str, object]:
    """Returns plotly's settings of an axis of a metric's values."""
    settings: dict[str, object] = {"title": titled(metric), "range": shown.range, **ticks(metric)}
    if metric.in_per_cent or shown.low <= 0 or shown.high < _FAR_MORE * shown.low:
        return settings
    ends = Window(math.log10(shown.low), math.log10(shown.high)).range
    return settings | {
        "title": f"{titled(metric)} (log scale)",
        "type": "log",
        "range": ends,
        "dtick": 1,
    }


def titled(metric: Metric) -> str:
    """Returns the title of a metric's axis: its name, and whether less is better."""
    name = words(metric.name)
    return f"{name}, less is better" if metric.sign < 0 else name


def log_axis(low: float, high: float) -> dict[str, object]:
    """Returns plotly's settings of a logarithmic axis whose ticks all say a whole number.

    Plotly itself writes a bare 2 and 5 between the powers of ten.

    Args:
        low: The least value, above 0.
        high: The greatest.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = math.log10(high / low)
    steps = (1,) if decades > _MANY_DECADES else (1, 3) if decades > 1 else (1, 2, 5)
    at = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    texts = [f"{value:.12g}" if 1e-5 <= value < 1e7 else f"{value:.0e}" for value in at]
    return {"type": "log", "tickmode": "array", "tickvals": at, "ticktext": texts}
