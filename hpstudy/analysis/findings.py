"""All that a grid's results show, put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hpstudy.analysis.cells import Cell, cell_of, outcomes_of, pairs_of
from hpstudy.analysis.claims import ClaimResult, judge_claims
from hpstudy.analysis.combined import Combined, combined_finding
from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.convergence import Reached, convergence
from hpstudy.analysis.effects import (
    Effect,
    Effects,
    Judgement,
    effects,
    judge,
    with_seeds_needed,
)
from hpstudy.analysis.importance import Importances, grid_importances
from hpstudy.analysis.looks import LooksFinding
from hpstudy.analysis.published import Agreement, agreements
from hpstudy.analysis.seeds import MoreSeeds, more_seeds
from hpstudy.analysis.speed import Speed, Tradeoff, grid_tradeoffs, speed
from hpstudy.metric import Agrees, Metric
from hpstudy.results.grid import FactorResult, GridResults, LevelResult
from hpstudy.sampler import SEED, Level

_FEW_SEEDS = 3  # with so few a noisy baseline is not found out


@dataclass(frozen=True, kw_only=True)
class LevelFinding(LevelResult, Effect):
    """A level's results with all that they show.

    Attributes:
        agreement: How the published figure agrees with ours; None where it can't be told.
        speed: What its epochs took.
        reached: How soon its trainings reached each target.
    """

    agreement: Agreement | None = None
    speed: Speed
    reached: tuple[Reached, ...] = ()

    @property
    def is_doubted(self) -> bool:
        """Whether luck does not explain how far the published figure lies from ours."""
        return self.agreement is not None and self.agreement.verdict == Agrees.NOT_CONSISTENT

    @property
    def leaves_out_interval(self) -> bool:
        """Whether it has several seeds and yet no interval, as that would say nothing."""
        return len(self.runs) > 1 and not self.diverged and not (self.mean and self.mean.ends)


@dataclass(frozen=True)
class FactorFinding(FactorResult):
    """A factor's levels with what they show."""

    levels: tuple[LevelFinding, ...]

    def level(self, value: Level) -> LevelFinding:
        """Returns the finding of one of its levels.

        Raises:
            KeyError: It has no such level.
        """
        return {row.level: row for row in self.levels}[value]

    @property
    def baseline(self) -> LevelFinding:
        """The baseline's level."""
        return next(row for row in self.levels if row.is_baseline)


@dataclass(frozen=True)
class GridFindings:
    """A grid's results with what they say.

    Attributes:
        results: The results.
        factors: Its factors with what each level shows; fewer where only some are to be shown.
        importances: How far each factor moves the metric, beside luck.
        tradeoffs: Each setting's value against its training time, quickest first.
        claims: The study file's claims with their verdicts.
        more_seeds: What replicates would cost; None where there are some.
        looks: The announced looks and what they decided; None where the seeds are fixed.
        combined: What better levels do together; None where they were not combined.
        is_baseline_doubtful: Whether the baseline may be noisier than the rest, and has too few
            seeds to tell.
    """

    results: GridResults
    factors: tuple[FactorFinding, ...]
    importances: Importances
    tradeoffs: tuple[Tradeoff, ...]
    claims: tuple[ClaimResult, ...]
    more_seeds: MoreSeeds | None
    looks: LooksFinding | None = None
    combined: Combined | None = None
    is_baseline_doubtful: bool = False

    @property
    def metric(self) -> Metric:
        """The metric that is compared."""
        return self.results.metric

    @property
    def levels(self) -> Iterator[LevelFinding]:
        """The levels of all factors, the baseline at each of them."""
        return (row for factor in self.factors for row in factor.levels)

    def factor(self, name: str) -> FactorFinding:
        """Returns what is found of a factor.

        Raises:
            KeyError: It is not among the factors.
        """
        return {factor.name: factor for factor in self.factors}[name]


def findings(grid: GridResults) -> GridFindings:
    """Judges a grid's levels, published figures and claims."""
    whole = grid
    grid, judgement = judge(whole)
    comparisons = judgement.comparisons
    judged = with_seeds_needed(effects(grid, judgement), grid, comparisons)
    agreed, reached = agreements(grid), convergence(grid)

    def found(factor: str, row: LevelResult) -> LevelFinding:
        at = factor, row.level
        return LevelFinding(
            **vars(row),
            **vars(judged[at]),
            agreement=agreed.get(at),
            speed=speed(row),
            reached=reached[at],
        )

    return GridFindings(
        results=grid,
        factors=tuple(
            FactorFinding(factor.name, tuple(found(factor.name, row) for row in factor.levels))
            for factor in grid.factors
        ),
        importances=grid_importances(grid, comparisons),
        tradeoffs=grid_tradeoffs(grid),
        claims=judge_claims(grid, judgement),
        more_seeds=more_seeds(grid),
        looks=_looks(whole, judgement, judged),
        combined=combined_finding(grid, judgement, judged),
        is_baseline_doubtful=_is_doubtful(grid, comparisons),
    )


def _looks(grid: GridResults, judgement: Judgement, judged: Effects) -> LooksFinding | None:
    if grid.looks is None:
        return None
    spread = judgement.comparisons.spread
    return LooksFinding(
        looks=grid.looks,
        pairs=pairs_of(grid),
        made=judgement.looks,
        outcomes=outcomes_of(grid),
        verdicts={
            cell_of(factor.name, row): judged[factor.name, row.level].verdict
            for factor in grid.factors
            for row in factor.levels
        },
        deviation=None if spread is None else spread.deviation,
    )


def _is_doubtful(grid: GridResults, comparisons: Comparisons[Cell]) -> bool:
    """Tells whether three seeds or fewer leave open if the baseline is noisier than the rest."""
    seeds = next((len(row.seeds) for f in grid.factors for row in f.levels if row.is_baseline), 0)
    return seeds <= _FEW_SEEDS and comparisons.is_noisiest(None)


def part_of(found: GridFindings, part: GridResults) -> GridFindings:
    """Returns what a grid shows of some of its factors, judged among all of them.

    Args:
        found: What the whole grid shows.
        part: The results of the factors to show.
    """
    factors = [factor.name for factor in part.factors]
    told = zip(found.results.claims, found.claims, strict=True)
    rows = tuple(row for row in found.importances.rows if row.param in (*factors, SEED))
    return replace(
        found,
        results=part,
        factors=tuple(factor for factor in found.factors if factor.name in factors),
        importances=replace(found.importances, rows=rows),
        claims=tuple(result for claim, result in told if claim.factor in factors),
        combined=None if part.combined is None else found.combined,
    )
