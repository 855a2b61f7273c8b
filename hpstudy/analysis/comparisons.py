"""Comparing settings: one model over all of them, seeds as blocks."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from hpstudy.analysis.blocks import Blocks, Values
from hpstudy.analysis.intervals import mean_ends
from hpstudy.analysis.pool import alike, near, resolution, surplus
from hpstudy.analysis.simultaneous import ALPHA, t_p, t_quantile
from hpstudy.metric import ALIKE, Metric, Quantity, Spreads
from hpstudy.numeric import ROUNDING, deviation, finite, mean

_Key = TypeVar("_Key", bound=Hashable)

BLOCKS = "blocks"
PAIRED = "paired"
WELCH = "Welch"
EXACT = "exact"

_ENOUGH_AGREE = 2  # degrees of freedom without any residual, from which chance is ruled out


@dataclass(frozen=True)
class Contrast:
    """A difference of settings' means, and how far luck moves it.

    Attributes:
        difference: The first setting's mean less the second's, or a weighed sum of several.
        error: Its standard error; 0 where chance has no part, infinite where that is not known.
        freedom: The degrees of freedom of the error.
        test: Where the error comes from: "blocks" (luck pooled over the settings), "paired" (the
            differences on each seed alone), "Welch" (no seeds in common), "exact" (chance has no
            part, as with an objective that is not random).
    """

    difference: float
    error: float
    freedom: float
    test: str

    @property
    def t(self) -> float:
        """The difference in standard errors."""
        if self.error == 0:
            return math.copysign(math.inf, self.difference) if self.difference else 0.0
        return finite(self.difference / self.error)

    @property
    def p(self) -> float:
        """Probability of a difference this large by luck, not adjusted for multiplicity."""
        if self.error in (0, math.inf):
            return float(self.t == 0)
        return t_p(self.t, self.freedom)

    def half(self, quantile: float) -> float:
        """Returns half the width of the interval that reaches so many standard errors."""
        return finite(quantile * self.error) if self.error else 0.0


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
    """What luck does to the difference of two settings.

    Attributes:
        deviation: Standard deviation of one seed's difference.
        freedom_per_seed: Degrees of freedom that each seed after the first adds.
        is_pooled: Whether all differences share it.
    """

    deviation: float
    freedom_per_seed: float
    is_pooled: bool = True


class Comparisons(Generic[_Key]):
    """Compares any settings.

    The model takes settings and seeds as blocks (a seed means the same start and the same order
    of images at every setting) and pools the residual over all of them, as three seeds are too
    few to learn a spread of its own from. A setting whose spread differs clearly from the others',
    or that has collapsed to one answer, is left out of the pool: its differences on each seed tell
    luck by themselves (paired t). In the pool, one that luck seems to move further than the rest
    counts with what luck does to it, as few seeds don't tell for sure. Settings that no chain of
    shared seeds connects are compared by Welch's test.

    Sources: randomised blocks, Box, Hunter and Hunter, "Statistics for Experimenters", 2005;
    Welch, "The generalization of 'Student's' problem", 1947.

    Folds of a cross-validation share what they train on, so that a mean of n of them varies more
    than n apart would: its variance has 1/n + test/training examples in place of 1/n.

    Source: Nadeau and Bengio, "Inference for the generalization error", 2003.

    Args:
        values: Each setting's values by seed; one with fewer than two is not compared. Settings
            of which seeds diverged are none of these: what is left of them are the lucky ones.
        metric: The metric that they are of.
        overlap: Test examples by training ones of folds that share these; 0 of seeds.
        spreads: "own" where no setting's spread tells another's: there is no pool then.
    """

    def __init__(
        self,
        values: Mapping[_Key, Values],
        metric: Metric,
        overlap: float = 0.0,
        spreads: Spreads = ALIKE,
    ) -> None:
        self.metric = metric
        self._overlap = overlap
        self._spreads = spreads
        self._values = {key: found for key, found in values.items() if len(found) > 1}

    def between(self, first: _Key, second: _Key) -> Contrast | None:
        """Compares two settings.

        Returns:
            The contrast, or None where one of the two has fewer than two seeds.
        """
        return None if first == second else self.weighed({first: 1.0, second: -1.0})

    def weighed(self, weights: Mapping[_Key, float]) -> Contrast | None:
        """Compares several settings at once.

        Args:
            weights: Their weights, which add up to 0.

        Returns:
            The weighed sum of their means, or None where that can't be told from these seeds.
        """
        if any(key not in self._values for key in weights):
            return None
        found = None
        if all(key in self._pool for key in weights) and self._blocks.freedom >= 1:
            found = self._blocks.contrast(weights)
        if found is None:
            return self._by_seed(weights)
        difference, factor = found
        freedom = self._blocks.freedom
        if self._blocks.deviation == 0:
            return self._exact(difference, freedom, weights)
        luck = max(self._blocks.deviation, self._rounding)
        more = [
            abs(weight) * self._surplus[key] / math.sqrt(len(self._pool[key]))
            for key, weight in weights.items()
        ]
        error = self._widened(math.hypot(luck * factor, *more), weights)
        return Contrast(difference, error, freedom, BLOCKS)

    def mean(self, key: _Key, alpha: float = ALPHA) -> Quantity | None:
        """Returns a setting's mean with its interval; None with fewer than two seeds.

        In the pool, what a single value varies by comes from all settings: what their seeds do
        to all alike, and luck.

        Args:
            key: The setting.
            alpha: How often the interval may miss; 5 % if not said.
        """
        if (values := self._values.get(key)) is None:
            return None
        found = [*values.values()]
        luck, freedom = max(deviation(found), self._least_luck), len(found) - 1.0
        if key in self._pool and self._blocks.total_deviation > 0:
            luck, freedom = self._blocks.total_deviation, self._blocks.total_freedom
        error = luck / math.sqrt(len(found))
        half = self._widened(finite(t_quantile(freedom, alpha) * error), [key])
        return Quantity.within(mean(found), mean_ends(mean(found), half, self.metric))

    @cached_property
    def spread(self) -> Spread | None:
        """What luck does to a setting's value; None where too few seeds tell."""
        return _spread(self._pool, self._blocks) if len(self._pool) > 1 else None

    @cached_property
    def spread_of_all(self) -> Spread | None:
        """The same of all settings that have not collapsed, however unlike their spreads."""
        every = near(self._values)
        return self.spread if len(every) == len(self._pool) else _spread(every, Blocks(every))

    def noise(self, first: _Key, second: _Key) -> Noise | None:
        """Returns what luck does to the difference of two settings.

        One with fewer than two seeds is taken to be like those of the pool.

        Returns:
            The noise, or None where it is not known or there is none; nor of folds: more of them
            are no new data.
        """
        if self._overlap:
            return None
        both = (first, second)
        if all(key in self._pool or key not in self._values for key in both):
            if self.spread is None or self.spread.deviation == 0:
                return None
            return Noise(finite(math.sqrt(2) * self.spread.deviation), self.spread.settings - 1)
        if any(key not in self._values for key in both):
            return None
        spreads = [deviation(self._values[key].values()) for key in both]
        shared = self._shared({first: 1.0, second: -1.0})
        found = deviation(shared) if len(shared) > 1 else finite(math.hypot(*spreads))
        return Noise(found, 1, is_pooled=False) if found else None

    def is_noisiest(self, key: _Key) -> bool:
        """Tells whether luck has the largest part in a setting, among three or more of a pool."""
        if key not in self._pool or len(self._pool) < 3 or self._blocks.freedom < 1:
            return False
        squares, _ = self._blocks.shares_of_luck()
        return list(self._pool)[int(squares.argmax())] == key

    @cached_property
    def _pool(self) -> dict[_Key, Values]:
        return alike(self._values) if self._spreads == ALIKE else {}

    @cached_property
    def _blocks(self) -> Blocks[_Key]:
        return Blocks(self._pool)

    @cached_property
    def _surplus(self) -> Mapping[_Key, float]:
        """What luck does to each setting of the pool beyond what it does to all."""
        return surplus(self._pool, self._blocks)

    @cached_property
    def _rounding(self) -> float:
        """What rounding alone does to values: where few are equal by chance, luck is no less."""
        return resolution(self._values.values()) / math.sqrt(12)

    @cached_property
    def _least_luck(self) -> float:
        """What luck does to a setting at least; nothing where it has no part in any."""
        is_random = any(deviation(found.values()) for found in self._values.values())
        return self._rounding if is_random else 0.0

    def _widened(self, error: float, settings: Collection[_Key]) -> float:
        """Returns a standard error of means with what folds share."""
        count = max(len(self._values[key]) for key in settings)
        return finite(error * math.sqrt(1 + count * self._overlap))

    def _shared(self, weights: Mapping[_Key, float]) -> list[float]:
        """Returns the weighed sums on the seeds that all the settings have."""
        values = [self._values[key] for key in weights]
        seeds = [seed for seed in values[0] if all(seed in found for found in values)]
        sums = [
            [w * found[seed] for w, found in zip(weights.values(), values, strict=True)]
            for seed in seeds
        ]
        return [finite(sum(parts)) for parts in sums]

    def _by_seed(self, weights: Mapping[_Key, float]) -> Contrast | None:
        """Compares settings of unlike spread by what they do on each seed."""
        differences = self._shared(weights)
        if len(differences) < 2:
            return self._by_welch(*weights) if len(weights) == 2 else None
        found, freedom = deviation(differences), len(differences) - 1
        scale = max(abs(v) for key in weights for v in self._values[key].values())
        if found <= ROUNDING * scale:
            if not any(deviation(self._values[key].values()) for key in weights):
                return self._exact(mean(differences), freedom, weights)
            found = 0.0
        squares = sum(weight**2 for weight in weights.values())
        luck = max(found, finite(math.sqrt(squares) * self._rounding))
        error = self._widened(luck / math.sqrt(freedom + 1), weights)
        return Contrast(mean(differences), error, freedom, PAIRED)

    def _by_welch(self, first: _Key, second: _Key) -> Contrast:
        """Compares two settings without seeds in common."""
        both = [[*self._values[key].values()] for key in (first, second)]
        difference = finite(mean(both[0]) - mean(both[1]))
        errors = [deviation(values) / math.sqrt(len(values)) for values in both]
        error = finite(math.hypot(*errors))
        if error == 0:
            agreeing = sum(len(values) - 1 for values in both) // 2
            return self._exact(difference, agreeing, (first, second))
        shares = [(error_ / error) ** 2 for error_ in errors]
        freedom = 1 / sum(
            share**2 / (len(values) - 1) for share, values in zip(shares, both, strict=True)
        )
        return Contrast(difference, error, freedom, WELCH)

    def _exact(self, difference: float, freedom: int, settings: Collection[_Key]) -> Contrast:
        """Returns a difference that chance has no part in; less than rounding is none.

        Coarse scores (18 and 17 of 20 right against 19 and 18) differ alike by chance now and
        then: where only one value had the chance to disagree, that shows nothing.
        """
        scale = max(abs(value) for key in settings for value in self._values[key].values())
        difference = 0.0 if abs(difference) <= ROUNDING * scale else difference
        is_known = not difference or freedom >= _ENOUGH_AGREE
        return Contrast(difference, 0.0 if is_known else math.inf, freedom, EXACT)


def _spread(values: Mapping[_Key, Values], blocks: Blocks[_Key]) -> Spread | None:
    if blocks.freedom < 1:
        return None
    fewest = min(len(found) for found in values.values())
    return Spread(blocks.deviation, blocks.freedom, len(values), fewest)
