"""Comparing the settings of a grid: one model over all of them, seeds as blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, variance
from typing import Any

from hpstudy.analysis.results import GridResults
from hpstudy.metric import Metric
from hpstudy.sampler import Level

CONFIDENCE = 0.95
_SPREAD_ALPHA = 0.001  # a setting whose spread differs this clearly is left out of the pool

_ROUNDING = 1e-9  # what is smaller than this share of the values is the computer's rounding

# A factor's level with everything else at the baseline; None is the baseline itself.
Setting = tuple[str, Level] | None
_Values = dict[int, float]  # by seed


@dataclass(frozen=True)
class Contrast:
    """A difference of two settings' means with its 95 % interval.

    Attributes:
        difference: The first setting's mean less the second's.
        low: Lower end of the interval.
        high: Upper end.
        p: Probability of a difference this large by luck, not adjusted for multiplicity.
        test: The test that interval and p come from: "blocks" or "Welch"; "exact" where chance
            has no part, as with an objective that is not random.
    """

    difference: float
    low: float
    high: float
    p: float
    test: str


@dataclass(frozen=True)
class Spread:
    """What luck does to the values of settings whose spread is alike.

    Attributes:
        deviation: Standard deviation of one training's value, less what its seed does to all
            settings alike.
        freedom: The degrees of freedom that it comes from.
        settings: How many settings it is pooled over.
        seeds: The fewest seeds of them.
    """

    deviation: float
    freedom: int
    settings: int
    seeds: int


@dataclass(frozen=True)
class Noise:
    """What luck does to a level's difference from the baseline.

    Attributes:
        deviation: Standard deviation of one seed's difference.
        freedom_per_seed: Degrees of freedom that each seed after the first adds.
    """

    deviation: float
    freedom_per_seed: float


class Comparisons:
    """Compares any two settings of a grid.

    The model takes settings and seeds as blocks (a seed means the same start and the same order
    of images at every level) and pools the residual over all settings, as three seeds are too few
    to learn a spread of its own from. A setting whose spread differs clearly from the others' (a
    learning rate that diverges, or a network that collapses to one answer) is left out of the
    pool and compared by Welch's test.

    Sources: randomised blocks, Box, Hunter and Hunter, "Statistics for Experimenters", 2005;
    Welch, "The generalization of 'Student's' problem", 1947.

    Args:
        grid: The grid's results.
    """

    def __init__(self, grid: GridResults) -> None:
        self._baseline_levels = {
            (f.factor, row.level) for f in grid.factors for row in f.levels if row.is_baseline
        }
        self._replicated = {
            self._setting(f.factor, row.level): dict(zip(row.seeds, row.values, strict=True))
            for f in grid.factors
            for row in f.levels
            if len(row.seeds) >= 2
        }

    def between(self, factor: str, level: Level, other: Level | None = None) -> Contrast | None:
        """Compares a factor's level with another one, or with the baseline.

        Returns:
            The contrast, or None where one of the two has fewer than two seeds.
        """
        first = self._setting(factor, level)
        second = self._setting(factor, other) if other is not None else None
        if first == second or first not in self._replicated or second not in self._replicated:
            return None
        if first in self._pool and second in self._pool and self._fit.df_resid >= 1:
            return self._by_blocks(first, second)
        return _welch(self._replicated[first], self._replicated[second])

    @cached_property
    def spread(self) -> Spread | None:
        """What luck does to a setting's value; None where too few seeds tell."""
        if len(self._pool) < 2 or self._fit.df_resid < 1:
            return None
        return Spread(
            deviation=0.0 if self._is_exact else math.sqrt(self._fit.mse_resid),
            freedom=int(self._fit.df_resid),
            settings=len(self._pool),
            seeds=min(len(values) for values in self._pool.values()),
        )

    def noise(self, factor: str, level: Level) -> Noise | None:
        """Returns what luck does to a level's difference from the baseline.

        A level with one seed is taken to be like those of the pool.

        Returns:
            The noise, or None where it is not known or there is none.
        """
        both = (self._setting(factor, level), None)
        if all(key in self._pool or key not in self._replicated for key in both):
            if self.spread is None or self.spread.deviation == 0:
                return None
            return Noise(math.sqrt(2) * self.spread.deviation, self.spread.settings - 1)
        if any(key not in self._replicated for key in both):
            return None
        first, second = (variance(self._replicated[key].values()) for key in both)
        if first == second == 0:
            return None
        total = first + second  # as in Welch's test, with as many seeds on either side
        return Noise(math.sqrt(total), total**2 / (first**2 + second**2))

    def _setting(self, factor: str, level: Level) -> Setting:
        return None if (factor, level) in self._baseline_levels else (factor, level)

    @cached_property
    def _pool(self) -> dict[Setting, _Values]:
        """The settings whose spread is alike: the one that differs most goes, repeatedly."""
        pool = dict(self._replicated)
        while len(pool) > 2:
            ps = {key: _spread_p(key, pool) for key in pool}
            oddest = min(ps, key=lambda key: ps[key])
            if ps[oddest] >= _SPREAD_ALPHA / len(self._replicated):
                break
            del pool[oddest]
        return pool

    @cached_property
    def _fit(self) -> Any:  # noqa: ANN401 - statsmodels has no types
        """The fitted block model: first a column a setting, then one a seed but the first."""
        import numpy as np
        from statsmodels.regression.linear_model import OLS

        seeds = sorted({seed for values in self._pool.values() for seed in values})
        rows = [
            [float(key == other) for other in self._pool] + [float(seed == s) for s in seeds[1:]]
            for key, by_seed in self._pool.items()
            for seed in by_seed
        ]
        values = [value for by_seed in self._pool.values() for value in by_seed.values()]
        return OLS(np.array(values), np.array(rows)).fit()

    @property
    def _is_exact(self) -> bool:
        """Whether the fit leaves no more than the computer's rounding."""
        return bool(self._fit.ssr <= (_ROUNDING**2) * self._fit.uncentered_tss)

    def _by_blocks(self, first: Setting, second: Setting) -> Contrast:
        settings = list(self._pool)
        weights = [0.0] * len(self._fit.params)
        weights[settings.index(first)], weights[settings.index(second)] = 1.0, -1.0
        result = self._fit.t_test(weights)
        difference = float(result.effect[0])
        if self._is_exact:
            return _exact(difference, self._fit.uncentered_tss**0.5)
        low, high = result.conf_int(alpha=1 - CONFIDENCE)[0]
        return Contrast(difference, float(low), float(high), float(result.pvalue), "blocks")


def mean_interval(
    values: tuple[float, ...], metric: Metric | None = None
) -> tuple[float, float] | None:
    """Returns the 95 % interval of a mean (Student's t); None for fewer than two values.

    It ends where the metric's values do.
    """
    if len(values) < 2:
        return None
    from scipy import stats

    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
    half = quantile * math.sqrt(variance(values) / len(values))
    low, high = fmean(values) - half, fmean(values) + half
    if metric is None:
        return low, high
    least, most = metric.bounds
    return max(low, least), min(high, most)


def _spread_p(key: Setting, pool: Mapping[Setting, _Values]) -> float:
    """Returns the two-sided p of an F test of one setting's variance against the others' pooled."""
    from scipy import stats

    others = [list(values.values()) for other, values in pool.items() if other != key]
    freedom = sum(len(values) - 1 for values in others)
    pooled = sum((len(values) - 1) * variance(values) for values in others) / freedom
    own = variance(pool[key].values())
    if pooled == 0:
        return 1.0 if own == 0 else 0.0
    below = float(stats.f.cdf(own / pooled, len(pool[key]) - 1, freedom))
    above = float(stats.f.sf(own / pooled, len(pool[key]) - 1, freedom))
    return 2 * min(below, above)


def _welch(first: _Values, second: _Values) -> Contrast:
    """Compares two settings of unlike spread."""
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    ours, theirs = list(first.values()), list(second.values())
    if variance(ours) == 0 and variance(theirs) == 0:
        return _exact(ours[0] - theirs[0], abs(ours[0]))
    compared = CompareMeans(DescrStatsW(ours), DescrStatsW(theirs))
    _, p, _ = compared.ttest_ind(usevar="unequal")
    low, high = compared.tconfint_diff(alpha=1 - CONFIDENCE, usevar="unequal")
    return Contrast(fmean(ours) - fmean(theirs), float(low), float(high), float(p), "Welch")


def _exact(difference: float, scale: float) -> Contrast:
    """Returns a difference that chance has no part in; less than rounding is none."""
    difference = 0.0 if abs(difference) <= _ROUNDING * scale else difference
    return Contrast(difference, difference, difference, float(difference == 0), "exact")
