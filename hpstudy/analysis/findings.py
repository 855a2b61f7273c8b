"""All that a grid's results show, put together."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.analysis.claims import ClaimResult, judge_claims
from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.effects import Effects, effects
from hpstudy.analysis.results import GridResults


@dataclass(frozen=True)
class Findings:
    """A grid's results with what they say.

    Attributes:
        grid: The results.
        effects: Each level's effect, by factor and level.
        claims: The study file's claims with their verdicts.
    """

    grid: GridResults
    effects: Effects
    claims: tuple[ClaimResult, ...]


def findings(grid: GridResults) -> Findings:
    """Judges a grid's levels and claims."""
    comparisons = Comparisons(grid)
    return Findings(grid, effects(grid, comparisons), judge_claims(grid, comparisons))
