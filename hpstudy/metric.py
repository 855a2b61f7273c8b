"""A metric, a value of it with its 95 % interval, and what can be said of values compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeVar

Direction = Literal["maximize", "minimize"]
Spreads = Literal["alike", "own"]  # whether settings' values tell each other what luck does
ALIKE: Spreads = "alike"
OWN: Spreads = "own"
_T = TypeVar("_T")

# What an epoch's metrics may hold beside the objective's own; each with a meaning of its own.
SECONDS = "seconds"
WALL_SECONDS = "wall_seconds"
IMAGES_PER_SECOND = "images_per_second"
PEAK_MEMORY = "peak_memory_mb"

SHARE = "share"  # of 1, shown in per cent
PER_CENT = "%"
PLAIN = ""

_ENDS = {SHARE: (0.0, 1.0), PER_CENT: (0.0, 100.0)}


def worst_value(direction: Direction) -> float:
    """Returns what is worse than any value: what a trial that diverged is given."""
    return -math.inf if direction == "maximize" else math.inf


def direction_of(*, minimize: bool) -> Direction:
    """Returns which direction is better, of a flag."""
    return "minimize" if minimize else "maximize"


class Verdict(StrEnum):
    """What a grid says of a level beside the baseline."""

    BASELINE = "baseline"
    BETTER = "better"
    WORSE = "worse"
    EQUAL = "equal"  # within the margin that counts
    NO_GAIN = "no gain"  # a gain of the margin is ruled out
    OPEN = "open"  # the next of the announced looks tells
    NOT_SHOWN = "no difference shown"
    CANNOT_TELL = "one seed: cannot tell"
    UNSTABLE = "unstable"  # some seeds diverged, and it is not shown to be worse
    DIVERGES = "diverges"  # all of them did


class ClaimVerdict(StrEnum):
    """What the data say of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    TOO_SMALL = "too small"  # what it claims, if true, is less than what counts
    NOT_SHOWN = "not shown"


class Agrees(StrEnum):
    """How a published figure stands beside ours."""

    CONSISTENT = "consistent"
    NOT_CONSISTENT = "not consistent"


@dataclass(frozen=True)
class Quantity:
    """A value of a metric, or a difference of two, with its 95 % interval.

    Attributes:
        value: The value.
        low: Lower end of the interval; None where it is not known, or says nothing.
        high: Its upper end, known where the lower one is.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float] | None:
        """Both ends of the interval; None where it is not known."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def turned(self) -> Quantity:
        """A difference seen from the other side."""
        if self.low is None or self.high is None:
            return Quantity(-self.value)
        return Quantity(-self.value, -self.high, -self.low)

    @classmethod
    def within(cls, value: float, ends: tuple[float, float] | None) -> Quantity:
        """Returns a value with its interval, where there is one."""
        return cls(value, *(ends or (None, None)))


@dataclass(frozen=True)
class Metric:
    """A metric that is compared.

    Attributes:
        name: As the objective returns it.
        direction: "maximize" or "minimize".
        unit: "share" of 1, "%", or any other text that stands behind the number; "" for none.
        is_guessed: Whether the unit follows from name and values, as no study file says it.
        is_bounded: Whether all values seen lie within what the unit allows.
        epochs: Over how many last epochs a training's value is the mean.
    """

    name: str
    direction: Direction = "maximize"
    unit: str = PLAIN
    is_guessed: bool = False
    is_bounded: bool = True
    epochs: int = 1

    @classmethod
    def named(cls, name: str, direction: Direction, unit: str | None = None) -> Metric:
        """Returns a metric of which no value is known yet.

        Args:
            name: Its name.
            direction: Which direction is better.
            unit: As the study file says; where it says none, an accuracy is taken for a share
                until `seeing` finds otherwise.
        """
        if unit is not None:
            return cls(name, direction, unit)
        is_accuracy = name.endswith("accuracy") or name.split("_")[-1] == "acc"
        return cls(name, direction, SHARE if is_accuracy else PLAIN, is_guessed=is_accuracy)

    def seeing(self, values: Iterable[float]) -> Metric:
        """Returns the metric with a unit that holds these values too.

        A guessed unit gives way: from a share to per cent, from there to none. One that a study
        file says stays, but its bounds don't.
        """
        known = [value for value in values if math.isfinite(value)]
        ends = _ENDS.get(self.unit)
        if ends is None or not known or (ends[0] <= min(known) and max(known) <= ends[1]):
            return self
        if not self.is_guessed:
            return replace(self, is_bounded=False)
        wider = PER_CENT if self.unit == SHARE else PLAIN
        return replace(self, unit=wider, is_guessed=wider != PLAIN).seeing(known)

    @property
    def is_share(self) -> bool:
        """Whether values are shares of 1."""
        return self.unit == SHARE

    @property
    def in_per_cent(self) -> bool:
        """Whether values are shown in per cent, and differences in percentage points."""
        return self.unit in _ENDS

    @property
    def scale(self) -> int:
        """What a value is multiplied by to be shown."""
        return 100 if self.is_share else 1

    @property
    def sign(self) -> int:
        """+1 where more is better, -1 where less is."""
        return 1 if self.direction == "maximize" else -1

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value that there can be; infinite where there is none."""
        unbounded = (-math.inf, math.inf)
        return _ENDS.get(self.unit, unbounded) if self.is_bounded else unbounded

    def best(self, items: Iterable[_T], key: Callable[[_T], float]) -> _T | None:
        """Returns the item with the best value, the first of equal ones; None of no items."""
        return max(items, key=lambda item: self.sign * key(item), default=None)

    def sorted(self, items: Iterable[_T], key: Callable[[_T], float]) -> list[_T]:
        """Returns items in the order of their values, the best first; equal ones as they were."""
        return sorted(items, key=lambda item: -self.sign * key(item))
