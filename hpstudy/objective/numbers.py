"""What an objective may return as a number, and as its metrics."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real


def as_number(value: object) -> float:
    """Returns a metric as a float; NaN and infinity are numbers too.

    Tensors and arrays of one element, NumPy's scalars, fractions and `Decimal` are taken.

    Raises:
        TypeError: It is no number: True and False are none either.
    """
    item = getattr(value, "item", None)
    if callable(item):
        try:
            value = item()
        except (TypeError, ValueError, RuntimeError) as error:  # an array of several
            raise TypeError(f"expected a number, found {_short(value)}") from error
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        raise TypeError(f"expected a number, found {_short(value)}")
    try:
        return float(value)
    except (OverflowError, ValueError) as error:  # 10**400, Decimal("sNaN")
        raise TypeError(f"expected a number that a float holds, found {_short(value)}") from error


def as_metrics(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Returns an epoch's metrics by name; one that is no finite number is None.

    Raises:
        TypeError: They are no mapping, or one of them is no number.
    """
    if not isinstance(metrics, Mapping):
        raise TypeError(f"expected metrics as a mapping, found {type(metrics).__name__}")
    numbers: dict[str, float | None] = {}
    for name, value in metrics.items():
        try:
            number = as_number(value)
        except TypeError as error:
            raise TypeError(f"metric {name!r}: {error}") from error
        numbers[str(name)] = number if math.isfinite(number) else None
    return numbers


def _short(value: object) -> str:
    text = " ".join(reprlib.repr(value).split())
    return f"{text} ({type(value).__name__})"
