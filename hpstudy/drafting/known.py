"""What is known of a hyperparameter, and levels to begin with."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hpstudy.sampler import Level
from hpstudy.studyfile.compose import Range

_RATE = re.compile(r"(?:^|_)(?:lr|rate|decay|wd|alpha|lambda|eps|epsilon|c|gamma|reg|l1|l2)(?:_|$)")
_SHARE = re.compile(r"drop|ratio|prob|frac|smooth|subsample|colsample|momentum")
_MOST_CHOICES = 6
_NEAR_1 = 0.5  # from here on, what is missing to 1 counts: a momentum, a discount

_USUAL: dict[str, Level] = {
    "lr": 0.001, "learning_rate": 0.001, "weight_decay": 0.0001, "momentum": 0.9, "dropout": 0.1,
    "batch_size": 32, "epochs": 10, "hidden": 64, "hidden_size": 64, "width": 64, "depth": 3,
    "layers": 2, "n_layers": 2, "num_layers": 2, "max_depth": 3, "n_estimators": 100, "trees": 100,
    "n_neighbors": 5, "alpha": 1.0, "C": 1.0, "gamma": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A hyperparameter as it was found.

    Attributes:
        name: Its name.
        default: Its value where nothing is said; None where that is not known.
        choices: All its values, where there are few.
        tried: What a search tries of it.
        says: What its help says.
        is_flag: Whether it is a switch that takes no value.
    """

    name: str
    default: Level | None = None
    choices: Sequence[Level] = ()
    tried: Range | None = None
    says: str = ""
    is_flag: bool = False

    @property
    def base(self) -> Level | None:
        """The value to begin with: the default, the middle of what is tried, the first choice."""
        if self.default is not None:
            return self.default
        if self.choices:
            return self.choices[0]
        return None if self.tried is None else _middle(self.tried)

    def levels(self) -> list[Level]:
        """Returns a few levels around the value to begin with; none where there are no others."""
        base = self.base
        if base is None:
            return []
        if self.choices:
            return list(dict.fromkeys([base, *self.choices]))[:_MOST_CHOICES]
        if isinstance(base, bool):
            return [base, not base]
        if isinstance(base, str):
            return []
        if self.tried is not None:
            ends = self.tried.low, self.tried.high
            return sorted({base, *(end for end in ends if end is not None)})
        return _around(self.name.lower().replace("-", "_"), base)


def usual(name: str) -> Level | None:
    """Returns a value that is usual under a name; None where there is none."""
    return _USUAL.get(name)


def _around(name: str, base: float) -> list[Level]:
    if base <= 0:
        return []
    if isinstance(base, int):
        return [1, 2, 4] if base == 1 else [max(base // 2, 1), base, base * 2]
    if _NEAR_1 <= base < 1:
        return [_short(1 - 2 * (1 - base)), base, _short(1 - (1 - base) / 2)]
    if _SHARE.search(name) and base < _NEAR_1:
        return [_short(base / 2), base, _short(base * 2)]
    step = 10 if _RATE.search(name) or "lr" in name else 3
    return [_short(base / step), base, _short(base * step)]


def _middle(tried: Range) -> Level | None:
    low, high = tried.low, tried.high
    if low is None or high is None:
        return None
    middle = math.sqrt(low * high) if tried.log else (low + high) / 2
    if tried.step is not None:
        middle = round(low + round((middle - low) / tried.step) * tried.step, 12)
    if isinstance(low, int) and isinstance(high, int):
        return round(middle)
    return min(max(_short(middle), float(low)), float(high)) if tried.step is None else middle


def _short(value: float) -> float:
    """Returns a number in two digits, or near 1 in two of what is missing."""
    return float(f"{value:.2g}") if value < _NEAR_1 else round(value, 6)
