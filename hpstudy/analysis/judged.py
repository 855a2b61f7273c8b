"""A level of a grid with its verdict, as an answer weighs and tells it."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.analysis.family import RANKS
from hpstudy.analysis.findings import LevelFinding
from hpstudy.metric import Metric, Verdict
from hpstudy.wording import setting, spelled

_BAD = (Verdict.WORSE, Verdict.UNSTABLE, Verdict.DIVERGES)


@dataclass(frozen=True)
class Judged:
    """A level of the grid with its verdict, and the baseline that it is compared with."""

    factor: str
    row: LevelFinding
    baseline: LevelFinding

    @property
    def named(self) -> str:
        """The level in words: "lr 0.01"."""
        return setting({self.factor: self.row.level})

    @property
    def is_bad(self) -> bool:
        """Whether the level is shown to be worse, or diverges."""
        return self.row.verdict in _BAD or bool(self.row.diverged)

    def told(self, metric: Metric) -> str:
        """The level and what it does: "lr 0.01 (-0.62 points)"; by rank it has no difference."""
        if self.row.diverged:
            return f"{self.named} (diverged on {self.row.losses})"
        if self.baseline.diverged:
            told = "by rank, as " if self.row.test == RANKS else ""
            return f"{self.named} ({told}the baseline diverged on {self.baseline.losses})"
        return f"{self.named} ({spelled(self.row.difference, metric)})"

    @property
    def difference(self) -> float | None:
        """How far the level lies from the baseline; by rank it has no difference."""
        return None if self.row.difference is None else self.row.difference.value

    @property
    def height(self) -> float:
        """What orders the levels of a grid; by rank they have no difference."""
        return (self.row.average or 0.0) if self.difference is None else self.difference
