"""Which levels of a large factor are worth a place in a figure."""

from __future__ import annotations

from dataclasses import replace

from hpstudy.analysis.effects import BETTER, CANNOT_TELL, NOT_SHOWN
from hpstudy.analysis.findings import Findings
from hpstudy.analysis.results import FactorResult, LevelResult

MOST = 40  # more levels than that can't be told apart in a figure or a table


def telling(found: Findings) -> Findings:
    """Returns findings without the levels that show least, where a factor has very many.

    What stays: the baseline, the best mean, those shown better, those of which something else is
    shown, and of the others those furthest from the baseline, up to 40 in the order they had.

    Args:
        found: What the grid shows.
    """
    factors = tuple(_telling(factor, found) for factor in found.grid.factors)
    return replace(found, grid=replace(found.grid, factors=factors))


def _telling(factor: FactorResult, found: Findings) -> FactorResult:
    if len(factor.levels) <= MOST:
        return factor
    sign = found.grid.metric.sign
    known = [row for row in factor.levels if row.mean is not None]
    best = max(known, key=lambda row: sign * (row.mean or 0.0), default=None)

    def rank(row: LevelResult) -> tuple[bool, bool, bool, float]:
        effect = found.effects[factor.factor, row.level]
        is_shown = effect.verdict not in (None, NOT_SHOWN, CANNOT_TELL)
        is_named = row.is_baseline or row is best
        return (
            is_named,
            effect.verdict == BETTER,
            is_shown,
            abs(effect.difference or row.effect or 0.0),
        )

    kept = {row.level for row in sorted(factor.levels, key=rank, reverse=True)[:MOST]}
    return replace(factor, levels=tuple(row for row in factor.levels if row.level in kept))
