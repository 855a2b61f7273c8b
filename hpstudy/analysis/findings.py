"""All that a grid's results show, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hpstudy.analysis.claims import ClaimResult, judge_claims
from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.convergence import Convergence, convergence
from hpstudy.analysis.effects import Effects, effects, with_seeds_needed
from hpstudy.analysis.importance import Importances, grid_importances
from hpstudy.analysis.planning import MoreSeeds, more_seeds
from hpstudy.analysis.published import Agreements, agreements
from hpstudy.analysis.reading import read_grid
from hpstudy.analysis.results import GridResults
from hpstudy.analysis.speed import Speeds, Tradeoff, grid_speeds, grid_tradeoffs
from hpstudy.sampler import SEED
from hpstudy.storage import Database
from hpstudy.study import StudyFile


@dataclass(frozen=True)
class Findings:
    """A grid's results with what they say.

    Attributes:
        grid: The results.
        effects: Each level's effect, by factor and level.
        agreements: How the published figures agree with ours, by factor and level.
        importances: How far each factor moves the metric, beside luck.
        speeds: What each level's epochs took, by factor and level.
        tradeoffs: Each setting's value against its training time, quickest first.
        convergence: How soon each level reached each target, by factor and level.
        claims: The study file's claims with their verdicts.
        more_seeds: What replicates would cost; None where there are some.
    """

    grid: GridResults
    effects: Effects
    agreements: Agreements
    importances: Importances
    speeds: Speeds
    tradeoffs: tuple[Tradeoff, ...]
    convergence: Convergence
    claims: tuple[ClaimResult, ...]
    more_seeds: MoreSeeds | None

    @property
    def has_ranks(self) -> bool:
        """Whether a level was judged by rank, as seeds of it or of the baseline diverged."""
        return any(effect.test == "ranks" for effect in self.effects.values())

    @property
    def leaves_out_intervals(self) -> bool:
        """Whether a level of several seeds has no interval, as it would say nothing."""
        return any(
            len(row.runs) > 1 and not row.diverged and self.effects[f.factor, row.level].low is None
            for f in self.grid.factors
            for row in f.levels
        )


def findings(grid: GridResults) -> Findings:
    """Judges a grid's levels, published figures and claims."""
    comparisons = Comparisons(grid)
    return Findings(
        grid=grid,
        effects=with_seeds_needed(effects(grid, comparisons), grid, comparisons),
        agreements=agreements(grid),
        importances=grid_importances(grid, comparisons),
        speeds=grid_speeds(grid),
        tradeoffs=grid_tradeoffs(grid),
        convergence=convergence(grid),
        claims=judge_claims(grid, comparisons),
        more_seeds=more_seeds(grid),
    )


def read_findings(
    study: StudyFile, name: str, database: Database, factors: Sequence[str] | None = None
) -> tuple[Findings, Findings] | None:
    """Reads and judges a study file's grid.

    Verdicts, ranges and the answer are of all factors together, whichever of them are shown.

    Args:
        study: The study file.
        name: The study's name, without `/grid`.
        database: The database.
        factors: The factors to show; all where None.

    Returns:
        What the grid shows, and the part of it that is of these factors; None if the file has no
        grid or it was never run.
    """
    grid = read_grid(study, name, database)
    if grid is None:
        return None
    found = findings(grid)
    part = read_grid(study, name, database, factors) if factors else None
    if not factors or part is None:
        return found, found
    told = zip(grid.claims, found.claims, strict=True)
    rows = tuple(row for row in found.importances.rows if row.param in (*factors, SEED))
    return found, replace(
        found,
        grid=part,
        importances=replace(found.importances, rows=rows),
        claims=tuple(result for claim, result in told if claim.factor in factors),
    )
