"""A grid's cells: the baseline, and each factor's other levels; what is compared with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.family import Pair
from hpstudy.analysis.sequential import Outcome
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
    levels: list[Pair[Cell]] = [(cell, None) for cell in outcomes_of(grid) if cell is not None]
    return tuple(dict.fromkeys([*levels, *claimed_of(grid)]))


def claimed_of(grid: GridResults) -> tuple[Pair[Cell], ...]:
    """Returns what a grid's claims compare."""
    places = {cell: place for place, cell in enumerate(outcomes_of(grid))}
    pairs = [pair for claim in grid.claims for pair in _compared_by(claim, grid)]
    return tuple(dict.fromkeys(_ordered(*pair, places) for pair in pairs))


def _ordered(first: Cell, second: Cell, places: Mapping[Cell, int]) -> Pair[Cell]:
    """Returns cells as they are compared: beside the baseline, or the later with the earlier."""
    if second is None or (first is not None and places[first] > places[second]):
        return first, second
    return second, first


def too_few(*rows: LevelResult) -> str:
    """Says why levels can't be compared."""
    for row in rows:
        if row.diverged:
            return f"{row.losses} diverged"
        if not row.runs:
            return "no value"
    return cannot_tell(min(len(row.runs) for row in rows))


def _compared_by(claim: Claim, grid: GridResults) -> Iterator[Pair[Cell]]:
    rows = {
        row.level: cell_of(factor.name, row)
        for factor in grid.factors
        if factor.name == claim.factor
        for row in factor.levels
    }
    expect, named = claim.expect, [level for level in claim.level if level in rows]
    others = [v for v in (expect.higher_than, expect.lower_than) if v is not None]
    levels: list[tuple[Level, Level]] = [(level, o) for level in named for o in others]
    if expect.best:
        levels += [(level, other) for level in named for other in rows]
    if expect.rising or expect.falling:
        levels += pairwise(named)
    if expect.equal_within is not None:
        levels += combinations(named, 2)
        others = [level for level, cell in rows.items() if cell is None]
        levels += [(level, base) for level in named for base in others if len(named) == 1]
    for one, other in levels:
        if other in rows and rows[one] != rows[other]:
            yield rows[one], rows[other]
