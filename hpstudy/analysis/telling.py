"""Which levels of a large factor are worth a place in a figure."""

from __future__ import annotations

from dataclasses import replace

from hpstudy.analysis.findings import FactorFinding, GridFindings, LevelFinding
from hpstudy.metric import Metric, Verdict

MOST = 40  # more levels than that can't be told apart in a figure or a table


def telling(found: GridFindings) -> GridFindings:
    """Returns findings without the levels that show least, where a factor has very many.

    What stays: the baseline, the best mean, those shown better, those of which something else is
    shown, and of the others those furthest from the baseline, up to 40 in the order they had.

    Args:
        found: What the grid shows.
    """
    return replace(found, factors=tuple(_telling(f, found.metric) for f in found.factors))


def _telling(factor: FactorFinding, metric: Metric) -> FactorFinding:
    if len(factor.levels) <= MOST:
        return factor
    best = metric.best(
        (row for row in factor.levels if row.mean is not None), lambda row: row.average or 0.0
    )
    base = factor.baseline.average

    def rank(row: LevelFinding) -> tuple[bool, bool, bool, float]:
        unclear = (None, Verdict.NOT_SHOWN, Verdict.CANNOT_TELL)
        off = 0.0 if row.average is None or base is None else abs(row.average - base)
        return (
            row.is_baseline or row is best,
            row.verdict == Verdict.BETTER,
            row.verdict not in unclear,
            off if row.difference is None else abs(row.difference.value),
        )

    kept = {row.level for row in sorted(factor.levels, key=rank, reverse=True)[:MOST]}
    return replace(factor, levels=tuple(row for row in factor.levels if row.level in kept))
