"""A grid's cells: the baseline, and each factor's other levels; what is compared with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.family import Pair
from hpstudy.analysis.sequential import Outcome
from hpstudy.analysis.statements import Claimed, Statement
from hpstudy.results.grid import GridResults, LevelResult, Replicates
from hpstudy.sampler import Level
from hpstudy.studyfile.sections import Claim
from hpstudy.wording import cannot_tell

# A factor's level with everything else at the baseline; None is the baseline itself.
Cell = tuple[str, Level] | None


def cell_of(factor: str, row: LevelResult) -> Cell:
    """Returns the cell of a level."""
    return None if row.is_baseline else (factor, row.level)


def outcome_of(ran: Replicates) -> Outcome:
    """Returns what became of a setting's seeds."""
    values = dict(zip(ran.seeds, ran.values, strict=True))
    return Outcome(values, frozenset(ran.diverged), frozenset(ran.failed))


def outcomes_of(grid: GridResults) -> dict[Cell, Outcome]:
    """Returns what became of each cell's seeds, in the order of the factors."""
    return {
        cell_of(factor.name, row): outcome_of(row)
        for factor in grid.factors
        for row in factor.levels
    }


def comparisons_of(grid: GridResults) -> Comparisons[Cell]:
    """Returns a grid's cells compared, but for those of which seeds diverged."""
    steady = {cell: found.values for cell, found in outcomes_of(grid).items() if not found.diverged}
    return Comparisons(steady, grid.metric, grid.overlap, grid.spreads)


def pairs_of(grid: GridResults) -> tuple[Pair[Cell], ...]:
    """Returns what a grid compares: each level with the baseline, and what its claims compare.

    They share one error rate, so that a claim never finds what the tables don't.
    """
    claimed = [one.pair for claim in claimed_of(grid) for one in claim]
    return tuple(dict.fromkeys([*levels_of(grid), *claimed]))


def levels_of(grid: GridResults) -> tuple[Pair[Cell], ...]:
    """Returns each level with the baseline."""
    return tuple((cell, None) for cell in outcomes_of(grid) if cell is not None)


def claimed_of(grid: GridResults) -> tuple[Claimed[Cell], ...]:
    """Returns what each of a grid's claims states of two cells; nothing, for some."""
    places = {cell: place for place, cell in enumerate(outcomes_of(grid))}
    return tuple(
        tuple(_ordered(one, places) for one in _stated_by(claim, grid)) for claim in grid.claims
    )


def _ordered(one: Statement[Cell], places: Mapping[Cell, int]) -> Statement[Cell]:
    """Returns cells as they are compared: beside the baseline, or the later with the earlier."""
    first, second = one.pair
    if second is None or (first is not None and places[first] > places[second]):
        return one
    return one.turned


def too_few(*rows: LevelResult) -> str:
    """Says why levels can't be compared."""
    for row in rows:
        if row.diverged:
            return f"{row.losses} diverged"
        if not row.runs:
            return "no value"
    return cannot_tell(min(len(row.runs) for row in rows))


def _stated_by(claim: Claim, grid: GridResults) -> Iterator[Statement[Cell]]:
    rows = {
        row.level: cell_of(factor.name, row)
        for factor in grid.factors
        if factor.name == claim.factor
        for row in factor.levels
    }
    expect, named = claim.expect, [level for level in claim.level if level in rows]
    stated: list[tuple[Level, Level, int]] = []
    for other, sign in ((expect.higher_than, 1), (expect.lower_than, -1)):
        stated += [(level, other, sign) for level in named if other is not None]
    if expect.best:
        stated += [(level, other, grid.metric.sign) for level in named for other in rows]
    if expect.rising or expect.falling:
        stated += [(later, one, 1 if expect.rising else -1) for one, later in pairwise(named)]
    if expect.equal_within is not None:
        stated += [(one, other, 0) for one, other in combinations(named, 2)]
        bases = [level for level, cell in rows.items() if cell is None]
        stated += [(level, base, 0) for level in named for base in bases if len(named) == 1]
    for one, other, sign in stated:
        if other in rows and rows[one] != rows[other]:
            yield Statement((rows[one], rows[other]), sign, expect.equal_within or 0.0)
