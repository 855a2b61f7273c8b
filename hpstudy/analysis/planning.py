"""What more seeds would show, and what they would cost."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from hpstudy.analysis.comparisons import CONFIDENCE, Noise
from hpstudy.analysis.results import GridResults, Run

POWER = 0.8
MOST_SEEDS = 1000
_SUGGESTED = range(3)  # the fewest seeds that say something


@dataclass(frozen=True)
class MoreSeeds:
    """What replicates would cost a grid that has one seed.

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

    The power is that of the t test that judges the level, at its share of the 5 % that all
    levels have together (Bonferroni's, which Holm's method never falls behind).

    Source: the noncentral t distribution, as in Cohen, "Statistical power analysis for the
    behavioral sciences", 1988, chapter 2; computed by statsmodels' `TTestPower`.

    Args:
        noise: What luck does to the difference.
        difference: The difference to show; not 0.
        compared: How many levels are compared with the baseline.

    Returns:
        The number of seeds, from 2; None for more than 1,000.
    """
    from statsmodels.stats.power import TTestPower

    size = abs(difference) / noise.deviation
    alpha = (1 - CONFIDENCE) / compared

    def is_shown_by(seeds: int) -> bool:
        freedom = noise.freedom_per_seed * (seeds - 1)
        power = TTestPower().power(size, seeds, alpha, df=freedom)
        return not power < POWER  # scipy gives NaN for some powers that are 1 but for rounding

    enough = 2
    while not is_shown_by(enough):
        if enough >= MOST_SEEDS:
            return None
        enough = min(2 * enough, MOST_SEEDS)
    choices = range(2, enough + 1)
    return choices[bisect_left(choices, True, key=is_shown_by)]


def more_seeds(grid: GridResults) -> MoreSeeds | None:
    """Says what three seeds would cost; None where the grid has not exactly one."""
    runs = [run for f in grid.factors for row in f.levels for run in row.runs]
    seeds = {run.seed for run in runs}
    if len(seeds) != 1:
        return None
    longest: dict[str, Run] = {}
    for run in runs:
        if run.key not in longest or len(run.epochs) > len(longest[run.key].epochs):
            longest[run.key] = run
    recorded = [epoch for run in longest.values() for epoch in run.epochs]
    seconds = [s for e in recorded if (s := e.metrics.get("wall_seconds")) is not None]
    times = len(set(_SUGGESTED) - seeds)
    return MoreSeeds(
        seeds=f"{_SUGGESTED[0]}-{_SUGGESTED[-1]}",
        epochs=times * len(recorded),
        seconds=times * sum(seconds) if len(seconds) == len(recorded) else None,
    )
