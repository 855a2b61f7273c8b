"""Made studies whose truth is known: value = level + seed + residual, many studies at once.

All sizes are in residual spreads: a setting's residual has standard deviation 1 unless it is odd.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hpstudy.metric import Metric
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts
from hpstudy.studyfile.sections import Claim

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

METRIC = Metric("m")
BASE = "base"
LEVEL = 980.0  # what a setting reaches that does nothing
_CHANCE = 100.0  # what one reaches that has learned nothing
_COLLAPSED_SPREAD = 3.0  # of its raw values, much like the others': it has no seed's effect
_MOST_LEVELS = 4  # beside the baseline, of one factor


def normal(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draws residuals as the models assume them."""
    return chance.normal(size=shape)


def heavy(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draws residuals with heavy tails: Student's t on 3 degrees of freedom, of spread 1."""
    return chance.standard_t(3, size=shape) / np.sqrt(3)


def skewed(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draws residuals with one long tail, downwards, as accuracies have it."""
    return 1 - chance.exponential(size=shape)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How studies come about.

    Attributes:
        odd: How many times as large the residual's spread is, by setting; 0 is the baseline.
        is_graded: Whether spreads grow evenly from a half to the double, the baseline's amid.
        residual: How residuals are drawn.
        step: What values are rounded to; 0 for not at all.
        collapsed: How many settings, the last ones, have learned nothing.
        missing: The share of trainings that have no value.
        is_apart: Whether the second half of the settings has seeds of its own.
        seed: The spread of what a seed does to all settings.
        alone: The share of settings that have, instead of the seed's effect, one of their own.
    """

    odd: Mapping[int, float] = field(default_factory=dict)
    is_graded: bool = False
    residual: Draw = normal
    step: float = 0.0
    collapsed: int = 0
    missing: float = 0.0
    is_apart: bool = False
    seed: float = 3.5
    alone: float = 0.0

    @property
    def is_unlike(self) -> bool:
        """Whether luck moves some settings further than others, so that few seeds can't tell."""
        return bool(self.odd or self.is_graded or self.alone)

    @property
    def is_lopsided(self) -> bool:
        """Whether differences have one long tail: of two that are alike it is on either side."""
        return self.residual is skewed and bool(self.odd)

    def draw(
        self,
        chance: np.random.Generator,
        count: int,
        settings: int,
        seeds: int,
        effects: Mapping[int, float] | None = None,
    ) -> Drawn:
        """Draws studies.

        Args:
            chance: Where luck comes from.
            count: How many studies.
            settings: How many settings each has, the baseline, which is the first, included.
            seeds: On how many seeds each is trained.
            effects: What settings do, by setting; the others do nothing.
        """
        truth = np.full(settings, LEVEL)
        for setting, effect in (effects or {}).items():
            truth[setting] += effect
        shared = self.seed * chance.normal(size=(count, 2, seeds))
        half = np.arange(settings) >= (settings + 1) // 2
        seed = shared[:, half.astype(int) if self.is_apart else np.zeros(settings, int)]
        alone = np.arange(settings) >= round(settings * (1 - self.alone))
        seed[:, alone] = self.seed * chance.normal(size=(count, alone.sum(), seeds))
        residual = self.residual(chance, (count, settings, seeds))
        values = truth[:, None] + seed + self._spreads(settings)[:, None] * residual
        if self.collapsed:
            lost = slice(settings - self.collapsed, settings)
            truth[lost] = _CHANCE
            values[:, lost] = _CHANCE + _COLLAPSED_SPREAD * residual[:, lost]
        if self.step:
            values = self.step * np.round(values / self.step)
        values[chance.random(values.shape) < self.missing] = np.nan
        return Drawn(values, truth, seeds * half if self.is_apart else np.zeros(settings, int))

    def _spreads(self, settings: int) -> np.ndarray:
        spreads = np.ones(settings)
        if self.is_graded:
            spreads = np.roll(np.geomspace(0.5, 2, settings), -(settings // 2))
        for setting, ratio in self.odd.items():
            spreads[setting] *= ratio
        return spreads


@dataclass(frozen=True)
class Drawn:
    """Studies that were drawn.

    Attributes:
        values: By study, setting and seed; NaN where there is none.
        truth: What each setting reaches on average of all seeds.
        first: Each setting's first seed.
    """

    values: np.ndarray
    truth: np.ndarray
    first: np.ndarray

    def grids(
        self, factors: Sequence[Sequence[int]] | None = None, claims: Sequence[Claim] = ()
    ) -> Iterator[GridResults]:
        """Gives the studies as what a database holds of them.

        Args:
            factors: The settings of each factor, beside the baseline; four a factor if left out.
            claims: What the study file claims.
        """
        places = range(1, len(self.truth))
        parts = factors or [
            places[n : n + _MOST_LEVELS] for n in range(0, len(places), _MOST_LEVELS)
        ]
        for values in self.values:
            rows = [self._row(n, values[n].tolist()) for n in range(len(self.truth))]
            found = [
                FactorResult(f"f{n}", (rows[0], *(rows[place] for place in part)))
                for n, part in enumerate(parts)
            ]
            yield GridResults(METRIC, {}, {}, TrialCounts(), 0, 0, tuple(found), tuple(claims), ())

    def _row(self, place: int, values: Sequence[float]) -> LevelResult:
        first = int(self.first[place])
        runs = (Run(first + n, value) for n, value in enumerate(values) if value == value)
        return LevelResult(level=level(place), is_baseline=place == 0, runs=tuple(runs))


def level(place: int) -> str | int:
    """Returns how a setting's level is called in its factor."""
    return place or BASE


EQUAL = Scenario()
SCENARIOS = {
    "equal spreads": EQUAL,
    "one level × 2.5": Scenario(odd={-1: 2.5}),
    "one level × 5": Scenario(odd={-1: 5}),
    "baseline × 2.5": Scenario(odd={0: 2.5}),
    "baseline × 5": Scenario(odd={0: 5}),
    "graded, × 0.5 to 2": Scenario(is_graded=True),
    "heavy tails (t₃)": Scenario(residual=heavy),
    "skewed (exponential)": Scenario(residual=skewed),
    "rounded to 1 s": Scenario(step=1),
    "rounded to 3 s": Scenario(step=3, seed=1),
    "one level collapsed": Scenario(collapsed=1),
    "two collapsed": Scenario(collapsed=2),
    "30 % missing": Scenario(missing=0.3),
    "two halves, no seed in common": Scenario(is_apart=True),
    "a third without the seed's effect": Scenario(alone=1 / 3),
    "the same, seed's effect 1 s": Scenario(alone=1 / 3, seed=1),
    "skewed, one level × 5": Scenario(residual=skewed, odd={-1: 5}),
    "skewed, baseline × 5": Scenario(residual=skewed, odd={0: 5}),
}
