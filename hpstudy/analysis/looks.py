"""How far a grid that runs until its levels are decided has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from hpstudy.analysis.cells import Cell, claimed_of, levels_of, outcomes_of, pairs_of
from hpstudy.analysis.family import Pair
from hpstudy.analysis.sequential import Look, Outcome, looked
from hpstudy.metric import Verdict
from hpstudy.results.grid import GridResults
from hpstudy.results.looks import Looks


@dataclass(frozen=True)
class LooksFinding:
    """The looks of a grid: those that were made, and how far the next has come.

    Attributes:
        looks: What was announced.
        pairs: What is compared with what.
        made: The looks that are complete.
        outcomes: What became of each cell's seeds, those beyond the last look included.
        verdicts: What is said of each level, where it is worked out.
        deviation: What luck does to a single training, where that is known.
    """

    looks: Looks
    pairs: tuple[Pair[Cell], ...]
    made: tuple[Look[Cell], ...]
    outcomes: Mapping[Cell, Outcome]
    verdicts: Mapping[Cell, Verdict | None] = field(default_factory=dict)
    deviation: float | None = None

    @property
    def open(self) -> tuple[Pair[Cell], ...]:
        """The pairs that no look has decided."""
        still = self.made[-1].open if self.made else self.pairs
        return tuple(pair for pair in self.pairs if pair in still)

    @property
    def next(self) -> int | None:
        """After how many seeds the next look is; None where nothing is open, or none is left."""
        is_over = not self.open or len(self.made) == len(self.looks.counts)
        return None if is_over else self.looks.counts[len(self.made)]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that the next look is about."""
        pairs = () if self.next is None else self.open
        return tuple(dict.fromkeys(cell for pair in pairs for cell in pair))

    @cached_property
    def has(self) -> Mapping[Cell, set[int]]:
        """The seeds that each cell has finished, be it without a value."""
        return {
            cell: {*outcome.values, *outcome.diverged, *outcome.failed}
            for cell, outcome in self.outcomes.items()
        }

    @property
    def wanted(self) -> Mapping[Cell, set[int]]:
        """The seeds that each cell has, or is to have at the next look."""
        seeds = {*self.looks.seeds[: self.next]}
        return {cell: has | seeds if cell in self.cells else has for cell, has in self.has.items()}

    @property
    def asked(self) -> int:
        """How many trainings the next look adds to those of the last."""
        return len(self._new) * len(self.cells)

    @property
    def done(self) -> int:
        """How many of these are finished."""
        return sum(len(self.has[cell] & self._new) for cell in self.cells)

    @property
    def _new(self) -> set[int]:
        before = self.made[-1].count if self.made else 0
        return {*self.looks.seeds[before : self.next]}

    @property
    def failed(self) -> Mapping[Cell, frozenset[int]]:
        """The seeds of each cell whose latest attempt raised."""
        return {cell: outcome.failed for cell, outcome in self.outcomes.items()}


def looks_finding(grid: GridResults, looks: Looks) -> LooksFinding:
    """Returns how far a grid's looks have come.

    Args:
        grid: The grid's results.
        looks: The looks.
    """
    outcomes = outcomes_of(grid)
    made = looked(outcomes, levels_of(grid), looks, grid.metric, claims=claimed_of(grid))
    return LooksFinding(looks, pairs_of(grid), made, outcomes)
