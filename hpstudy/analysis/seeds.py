"""What more seeds would show, and what they would cost."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from hpstudy.analysis.comparisons import Noise
from hpstudy.analysis.simultaneous import ALPHA, dunnett_quantile, t_quantile
from hpstudy.numeric import finite
from hpstudy.results.grid import FactorResult, GridResults, Run

POWER = 0.8
MOST_SEEDS = 1000
_MANY = 100
_SUGGESTED = range(3)  # the fewest seeds that say something


@dataclass(frozen=True)
class MoreSeeds:
    """What replicates would cost a grid that has none.

    Attributes:
        seeds: The value of `--seeds`.
        epochs: The epochs that would be trained.
        seconds: Their time, one after another, as long as the recorded ones took; None if that
            is not known.
    """

    seeds: str
    epochs: int
    seconds: float | None


def seeds_needed(noise: Noise, difference: float, compared: int) -> int | None:
    """Returns how many seeds would show a difference in 80 % of studies.

    The power is that of the t that judges the level beside all others (Dunnett's, or Bonferroni's
    where its luck is its own, at the first step, which stepping down never falls behind).

    Source: the noncentral t distribution, as in Cohen, "Statistical power analysis for the
    behavioral sciences", 1988, chapter 2.

    Args:
        noise: What luck does to the difference.
        difference: The difference to show; not 0.
        compared: How many levels are compared with the baseline.

    Returns:
        The number of seeds, from 2; None for more than 1,000.
    """
    size = abs(difference) / noise.deviation

    def is_shown_by(seeds: int) -> bool:
        freedom = noise.freedom_per_seed * (seeds - 1)
        if freedom > _MANY:  # it hardly matters, and each takes a while
            freedom = float(f"{freedom:.2g}")
        bound = _noncentrality(freedom, max(compared, 1), is_pooled=noise.is_pooled)
        return size * math.sqrt(seeds) >= bound

    enough = 2
    while not is_shown_by(enough):
        if enough >= MOST_SEEDS:
            return None
        enough = min(2 * enough, MOST_SEEDS)
    choices = range(2, enough + 1)
    return choices[bisect_left(choices, True, key=is_shown_by)]


@lru_cache(maxsize=4096)
def _noncentrality(freedom: float, compared: int, *, is_pooled: bool) -> float:
    """Returns how far the t statistic must be off, in standard errors, to be shown that often."""
    from scipy import special

    alone = t_quantile(freedom, ALPHA / compared)
    bound = dunnett_quantile(compared, freedom) if is_pooled else alone
    return float(special.nctdtrinc(freedom, 1 - POWER, bound))


def is_replicated(*factors: FactorResult) -> bool:
    """Tells whether a level of these factors has several seeds: only they tell luck's size."""
    return any(len(row.seeds) + len(row.diverged) > 1 for f in factors for row in f.levels)


def more_seeds(grid: GridResults) -> MoreSeeds | None:
    """Says what three seeds of each point would cost; None where there are some already."""
    longest: dict[str, Run] = {}
    for run in (run for f in grid.factors for row in f.levels for run in row.runs):
        if run.key not in longest or len(run.epochs) > len(longest[run.key].epochs):
            longest[run.key] = run
    if is_replicated(*grid.factors) or not longest:
        return None
    missing = [
        epoch for run in longest.values() for epoch in run.epochs * len({*_SUGGESTED} - {run.seed})
    ]
    seconds = [s for e in missing if (s := e.metrics.get("wall_seconds")) is not None]
    return MoreSeeds(
        seeds=f"{_SUGGESTED[0]}-{_SUGGESTED[-1]}",
        epochs=len(missing),
        seconds=finite(sum(seconds)) if len(seconds) == len(missing) else None,
    )
