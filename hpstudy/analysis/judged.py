"""A level of a grid with its verdict, as an answer weighs and tells it."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.analysis.effects import DIVERGES, RANKS, UNSTABLE, WORSE, Effect
from hpstudy.analysis.results import LevelResult
from hpstudy.metric import Metric
from hpstudy.wording import setting, spelled

_BAD = (WORSE, UNSTABLE, DIVERGES)


@dataclass(frozen=True)
class Judged:
    """A level of the grid with its verdict, and the baseline that it is compared with."""

    factor: str
    row: LevelResult
    effect: Effect
    baseline: LevelResult

    @property
    def named(self) -> str:
        """The level in words: "lr 0.01"."""
        return setting({self.factor: self.row.level})

    @property
    def is_bad(self) -> bool:
        """Whether the level is shown to be worse, or diverges."""
        return self.effect.verdict in _BAD or bool(self.row.diverged)

    def told(self, metric: Metric) -> str:
        """The level and what it does: "lr 0.01 (-0.62 points)"; by rank it has no difference."""
        if self.row.diverged:
            return f"{self.named} (diverged on {self.row.losses})"
        if self.baseline.diverged:
            told = "by rank, as " if self.effect.test == RANKS else ""
            return f"{self.named} ({told}the baseline diverged on {self.baseline.losses})"
        return f"{self.named} ({spelled(self.effect.difference, metric)})"

    @property
    def height(self) -> float:
        """What orders the levels of a grid; by rank they have no difference."""
        difference = self.effect.difference
        return (self.row.mean or 0.0) if difference is None else difference
