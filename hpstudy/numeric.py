"""Means and spreads of any finite numbers: nothing overflows, and equal values have no spread."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from sys import float_info

ROUNDING = 1e-13  # what is smaller than this share of the values is the computer's rounding

_LARGE = 1e280  # of so large values, a sum could overflow
_SCALE = 2.0**-60


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
