"""Comparing the settings of a grid: one model over all of them, seeds as blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from hpstudy.analysis.blocks import Blocks
from hpstudy.analysis.pool import Values, alike
from hpstudy.metric import Metric
from hpstudy.numeric import ROUNDING, deviation, finite, mean
from hpstudy.results.grid import GridResults
from hpstudy.sampler import Level

CONFIDENCE = 0.95

# A factor's level with everything else at the baseline; None is the baseline itself.
Setting = tuple[str, Level] | None
Ends = tuple[float, float]

_ENOUGH_AGREE = 2  # degrees of freedom without any residual, from which chance is ruled out


@dataclass(frozen=True)
class Contrast:
    """A difference of two settings' means with its 95 % interval.

    Attributes:
        difference: The first setting's mean less the second's.
        low: Lower end of the interval; None where it is wider than what the metric can span, so
            that these seeds cannot tell.
        high: Upper end.
        p: Probability of a difference this large by luck, not adjusted for multiplicity.
        test: The test that interval and p come from: "blocks" or "Welch"; "exact" where chance
            has no part, as with an objective that is not random.
    """

    difference: float
    low: float | None
    high: float | None
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
    network that collapses to one answer) is left out of the pool and compared by Welch's test, as
    are settings that no chain of shared seeds connects. A setting of which seeds diverged is not
    compared here: what is left of it are the seeds that did not.

    Sources: randomised blocks, Box, Hunter and Hunter, "Statistics for Experimenters", 2005;
    Welch, "The generalization of 'Student's' problem", 1947.

    Args:
        grid: The grid's results.
    """

    def __init__(self, grid: GridResults) -> None:
        self._metric = grid.metric
        self._baseline_levels = {
            (f.name, row.level) for f in grid.factors for row in f.levels if row.is_baseline
        }
        self._replicated = {
            self._setting(f.name, row.level): dict(zip(row.seeds, row.values, strict=True))
            for f in grid.factors
            for row in f.levels
            if len(row.seeds) >= 2 and not row.diverged
        }

    def between(self, factor: str, level: Level, other: Level | None = None) -> Contrast | None:
        """Compares a factor's level with another one, or with the baseline.

        Returns:
            The contrast, or None where one of the two has fewer than two seeds, or diverged.
        """
        first = self._setting(factor, level)
        second = self._setting(factor, other) if other is not None else None
        if first == second or first not in self._replicated or second not in self._replicated:
            return None
        found = None
        if first in self._pool and second in self._pool and self._blocks.freedom >= 1:
            found = self._blocks.contrast(first, second)
        if found is None:
            return self._by_welch(first, second)
        difference, factor_ = found
        if self._blocks.deviation == 0:
            return self._exact(difference, self._blocks.freedom, first, second)
        error = finite(self._blocks.deviation * factor_)
        return self._contrast(difference, error, self._blocks.freedom, "blocks")

    @cached_property
    def spread(self) -> Spread | None:
        """What luck does to a setting's value; None where too few seeds tell."""
        if len(self._pool) < 2 or self._blocks.freedom < 1:
            return None
        return Spread(
            deviation=self._blocks.deviation,
            freedom=self._blocks.freedom,
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
            return Noise(finite(math.sqrt(2) * self.spread.deviation), self.spread.settings - 1)
        if any(key not in self._replicated for key in both):
            return None
        first, second = (deviation(self._replicated[key].values()) for key in both)
        if first == second == 0:
            return None
        # As in Welch's test, with as many seeds on either side.
        total = finite(math.hypot(first, second))
        return Noise(total, 1 / ((first / total) ** 4 + (second / total) ** 4))

    def _setting(self, factor: str, level: Level) -> Setting:
        return None if (factor, level) in self._baseline_levels else (factor, level)

    @cached_property
    def _pool(self) -> dict[Setting, Values]:
        return alike(self._replicated)

    @cached_property
    def _blocks(self) -> Blocks[Setting]:
        return Blocks(self._pool)

    def _by_welch(self, first: Setting, second: Setting) -> Contrast:
        """Compares two settings of unlike spread, or without a seed in common."""
        both = [list(self._replicated[key].values()) for key in (first, second)]
        difference = finite(mean(both[0]) - mean(both[1]))
        errors = [deviation(values) / math.sqrt(len(values)) for values in both]
        error = finite(math.hypot(*errors))
        if error == 0:
            agreeing = sum(len(values) - 1 for values in both) // 2
            return self._exact(difference, agreeing, first, second)
        shares = [(error_ / error) ** 2 for error_ in errors]
        freedom = 1 / sum(
            share**2 / (len(values) - 1) for share, values in zip(shares, both, strict=True)
        )
        return self._contrast(difference, error, freedom, "Welch")

    def _contrast(self, difference: float, error: float, freedom: float, test: str) -> Contrast:
        from scipy import stats

        half = finite(_quantile(freedom) * error)
        p = float(2 * stats.t.sf(finite(abs(difference) / error), freedom))
        ends = difference_ends(difference, half, self._metric)
        low, high = ends if ends is not None else (None, None)
        return Contrast(difference, low, high, p, test)

    def _exact(self, difference: float, freedom: int, *settings: Setting) -> Contrast:
        """Returns a difference that chance has no part in; less than rounding is none.

        Coarse scores (18 and 17 of 20 right against 19 and 18) differ alike by chance now and
        then: where only one value had the chance to disagree, that shows nothing.
        """
        scale = max(abs(value) for key in settings for value in self._replicated[key].values())
        difference = 0.0 if abs(difference) <= ROUNDING * scale else difference
        if difference and freedom < _ENOUGH_AGREE:
            return Contrast(difference, None, None, 1.0, "exact")
        return Contrast(difference, difference, difference, float(difference == 0), "exact")


def mean_interval(values: Sequence[float], metric: Metric | None = None) -> Ends | None:
    """Returns the 95 % interval of a mean (Student's t), cut where the metric's values end.

    Returns:
        The ends, or None for fewer than two values, or where the interval says nothing: it holds
        all that the metric can be.
    """
    if len(values) < 2:
        return None
    middle, half = mean(values), _half(values)
    low, high = finite(middle - half), finite(middle + half)
    if metric is None:
        return low, high
    least, most = metric.bounds
    return (max(low, least), min(high, most)) if low > least or high < most else None


def paired_interval(differences: Sequence[float], metric: Metric) -> Ends | None:
    """Returns the 95 % interval of a mean difference of pairs (Student's t).

    Returns:
        The ends, or None for fewer than two pairs, or where the interval says nothing.
    """
    if len(differences) < 2:
        return None
    return difference_ends(mean(differences), _half(differences), metric)


def difference_ends(difference: float, half: float, metric: Metric) -> Ends | None:
    """Returns the ends of a difference's interval, cut where no two values lie further apart.

    This is the one place that decides whether an interval says anything: not if it leaves the
    sign open and is as wide as all that the metric can span.

    Args:
        difference: The difference.
        half: Half of the interval's width.
        metric: The metric.

    Returns:
        The ends, or None where they say nothing.
    """
    least, most = metric.bounds
    span = max(most - least, abs(difference))
    if abs(difference) <= half and 2 * half >= span:
        return None
    return max(finite(difference - half), -span), min(finite(difference + half), span)


def _half(values: Sequence[float]) -> float:
    quantile = _quantile(len(values) - 1)
    return finite(quantile * (deviation(values) / math.sqrt(len(values))))


@lru_cache(maxsize=1024)
def _quantile(freedom: float) -> float:
    """Returns Student's t that 95 % lie within."""
    from scipy import stats

    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
