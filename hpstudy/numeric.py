"""Means and spreads of any finite numbers, and numbers as text.

Nothing overflows, and equal values have no spread.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from decimal import Decimal
from sys import float_info

ROUNDING = 1e-13  # what is smaller than this share of the values is the computer's rounding

_LARGE = 1e280  # of so large values, a sum could overflow
_SCALE = 2.0**-60

_MOST_WRITTEN = 12  # digits of a number in a study file; a sampled one has up to 17
_SAMPLED = 4  # digits of it that are shown
_ALL = 17  # digits tell any two floats apart
_NEAR_1 = 0.9


def finite(value: float) -> float:
    """Returns a number, in place of an infinite one the largest that there is."""
    return min(max(value, -float_info.max), float_info.max)


def mean(values: Iterable[float]) -> float:
    """Returns the mean of one or more numbers; it lies between the least and the greatest."""
    known = list(values)
    low, high = min(known), max(known)
    if max(abs(low), abs(high)) > _LARGE:
        middle = math.fsum(value * _SCALE for value in known) / len(known) / _SCALE
    else:
        middle = math.fsum(known) / len(known)
    return min(max(middle, low), high)


def deviation(values: Collection[float]) -> float:
    """Returns the standard deviation of two or more numbers; rounding is none."""
    middle = mean(values)
    gaps = [finite(value - middle) for value in values]
    widest = max(abs(gap) for gap in gaps)
    if widest <= ROUNDING * max(abs(value) for value in values):
        return 0.0
    squares = math.fsum((gap / widest) ** 2 for gap in gaps)
    return finite(widest * math.sqrt(squares / (len(gaps) - 1)))


def written(value: float) -> str:
    """Returns a number as text: one that somebody wrote as it is, a sampled one shortly.

    A sampled value has four digits, all of them before the point, and so many after it that one
    near 1, such as a decay, keeps four digits of its distance from there.
    """
    if not math.isfinite(value):
        return f"{value}"
    if len(Decimal(repr(value)).normalize().as_tuple().digits) <= _MOST_WRITTEN:
        return f"{value:.{_MOST_WRITTEN}g}"
    if _NEAR_1 < abs(value) < 2 - _NEAR_1:
        digits = min(_SAMPLED - math.floor(math.log10(abs(1 - abs(value)))), _ALL)
    else:
        whole = math.floor(math.log10(abs(value))) + 1
        digits = whole if _SAMPLED < whole <= _MOST_WRITTEN else _SAMPLED
    return f"{value:.{digits}g}"
