"""The values that a study file may give: each comes back from the database as it is."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from hpstudy.expected import shown
from hpstudy.sampler import Level
from hpstudy.seeds import LARGEST_WHOLE, MOST_SEEDS, seeds_of

_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)s?)?")


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("expected a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("expected a finite number")
    if isinstance(value, int) and not _is_given_back(value):
        raise ValueError(
            "expected a number that the database can give back: of whole numbers beyond 2**53 it "
            "keeps the first 16 digits; as text, in quotes, it keeps them all"
        )
    return value


def _is_given_back(number: int) -> bool:
    try:
        return float(number) == number
    except OverflowError:
        return False


def as_level(value: object) -> Level:
    """Returns what may be a level: a finite number that is stored as it is, text, a boolean.

    Raises:
        ValueError: It is something else.
    """
    if isinstance(value, str):
        return _printable(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return _number(value)
    raise ValueError("expected a number, text, true or false")


def _as_setting(value: object) -> object:
    """Checks that a setting comes back from the database, and to the workers, as it is."""
    if isinstance(value, dict):
        return {name: _as_setting(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_setting(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("expected finite numbers")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("expected whole numbers of at most 64 bits")
    if not isinstance(value, (bool, int, float, str)):
        raise ValueError("expected numbers, text, true or false, or lists and tables of them")
    return value


def as_seconds(value: object) -> float:
    """Returns a duration, such as "90", "90s", "30m" or "1h30m", in seconds.

    Raises:
        ValueError: It is none.
    """
    match = _DURATION.fullmatch(f"{value}".replace(" ", ""))
    parts = match.groups() if match else ()
    seconds = sum(float(part or 0) * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    if not seconds or isinstance(value, bool):
        raise ValueError("expected a duration such as 90s, 30m or 1h30m")
    return seconds


def _printable(value: str) -> str:
    if any(unicodedata.category(c) == "Cc" and not c.isspace() for c in value):
        raise ValueError("expected text without control characters")
    return value


def _as_seeds(value: object) -> object:
    if isinstance(value, str):
        return seeds_of(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return seeds_of(f"{value}")
    return value


def _rising(counts: list[int]) -> list[int]:
    if counts != sorted({*counts}):
        raise ValueError("expected numbers of seeds that rise, such as [3, 5, 8]")
    return counts


def distinct(values: list[Level]) -> list[Level]:
    """Returns levels of which no two are one: 1, 1.0 and true compare equal.

    Raises:
        ValueError: Two of them do.
    """
    for at, value in enumerate(values):
        twin = next((other for other in values[:at] if other == value), None)
        if twin is not None:
            alike = "" if type(twin) is type(value) else f" ({shown(twin)} equals {shown(value)})"
            raise ValueError(f"expected each value once{alike}")
    return values


def is_same(one: Level, other: Level) -> bool:
    """Tells whether two levels are one; true and 1 compare equal and are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def one_type(values: Sequence[Level]) -> list[Level] | None:
    """Returns the values as one type: whole numbers become floats beside floats; else None."""
    kinds = {type(v) for v in values}
    if kinds == {int, float}:
        return [float(v) for v in values]
    return list(values) if len(kinds) == 1 else None


def names_level(key: str, level: Level) -> bool:
    """Tells whether a key of a table, which is text, means a level."""
    if isinstance(level, bool):
        return key == str(level).lower()
    if isinstance(level, str):
        return key == level
    try:
        return float(key) == level
    except ValueError:
        return False


Text = Annotated[str, Field(min_length=1), AfterValidator(_printable)]
Count = Annotated[int, Field(le=10**9)]
Duration = Annotated[float, BeforeValidator(as_seconds)]
Number = Annotated[int | float, PlainValidator(_number)]
OneLevel = Annotated[Any, BeforeValidator(as_level)]
Setting = Annotated[Any, BeforeValidator(_as_setting)]
Figure = Annotated[float, Field(allow_inf_nan=False)]
Seeds = Annotated[
    list[Annotated[int, Field(ge=0, le=LARGEST_WHOLE)]],
    Field(min_length=1, max_length=MOST_SEEDS),
    BeforeValidator(_as_seeds),
]
Looks = Annotated[
    list[Annotated[int, Field(ge=2, le=MOST_SEEDS)]], Field(min_length=1), AfterValidator(_rising)
]
