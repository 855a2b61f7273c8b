"""How often verdicts are wrong, intervals cover and gains are found, counted over made studies."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hpstudy.analysis.effects import Effect, effects, judge
from hpstudy.metric import ALIKE, Spreads, Verdict
from hpstudy.results.grid import GridResults
from tests.analysis.simulated.studies import BASE, Scenario

GAINS = {3: 3.0, 5: 3.0, 10: 1.5}  # what can be found, by the number of seeds
_SHOWN = (Verdict.BETTER, Verdict.WORSE)


@dataclass(frozen=True)
class Share:
    """A share of cases."""

    count: int = 0
    of: int = 0

    def and_(self, is_so: bool) -> Share:
        """Returns the share with one more case."""
        return Share(self.count + is_so, self.of + 1)

    @property
    def value(self) -> float:
        """The share, in per cent."""
        return 100 * self.count / self.of if self.of else math.nan

    def __str__(self) -> str:
        return f"{self.value:.1f}" if self.of else "–"


@dataclass(frozen=True)
class Rates:
    """What was counted over studies.

    Attributes:
        wrong: Studies with a verdict against the truth.
        apart: Differences' intervals that hold the truth.
        together: Studies all of whose intervals hold it.
        disagreeing: Levels whose verdict and interval say different things.
        means: Intervals of levels' own means that hold the truth.
        found: Studies in which the first level's gain is shown.
    """

    wrong: Share = Share()
    apart: Share = Share()
    together: Share = Share()
    disagreeing: Share = Share()
    means: Share = Share()
    found: Share = Share()

    def and_(self, study: list[tuple[Effect, float, float]]) -> Rates:
        """Returns the rates with one study more.

        Args:
            study: Each level's effect, its true difference and its true mean.
        """
        apart, disagreeing, means = self.apart, self.disagreeing, self.means
        wrong, together = False, True
        for effect, gap, mean in study:
            wrong |= _is_wrong(effect, gap)
            if effect.difference is not None and effect.difference.ends is not None:
                holds = _covers(effect, gap)
                together &= holds
                apart = apart.and_(holds)
                disagreeing = disagreeing.and_(_disagrees(effect))
            if effect.mean is not None and effect.mean.ends is not None:
                means = means.and_(_holds(effect.mean.ends, mean))
        return replace(
            self,
            wrong=self.wrong.and_(wrong),
            apart=apart,
            together=self.together.and_(together),
            disagreeing=disagreeing,
            means=means,
            found=self.found.and_(study[0][0].verdict == Verdict.BETTER),
        )


def _holds(ends: tuple[float, float], truth: float) -> bool:
    slack = 1e-9 * max(abs(truth), 1)  # where chance has no part, an interval has no width
    return ends[0] - slack <= truth <= ends[1] + slack


def _covers(effect: Effect, gap: float) -> bool:
    """Tells whether a difference's interval holds the truth; 0 is none of it where it is shown."""
    assert effect.difference is not None
    assert effect.difference.ends is not None
    is_left_out = gap == 0 and effect.verdict in _SHOWN
    return not is_left_out and _holds(effect.difference.ends, gap)


def _is_wrong(effect: Effect, gap: float) -> bool:
    is_so = {Verdict.BETTER: gap > 0, Verdict.WORSE: gap < 0}
    return effect.verdict in is_so and not is_so[effect.verdict]


def _disagrees(effect: Effect) -> bool:
    """Tells whether an interval reaches over 0 where a verdict is shown, or leaves it out."""
    assert effect.difference is not None
    assert effect.difference.ends is not None
    low, high = effect.difference.ends
    if effect.verdict in _SHOWN:
        return low < 0 if effect.verdict == Verdict.BETTER else high > 0
    return not low <= 0 <= high


def judged(grid: GridResults) -> dict[object, Effect]:
    """Judges a grid as `findings` does; each level's effect."""
    found = effects(*judge(grid))
    return {level: effect for (_, level), effect in found.items() if level != BASE}


def rates(
    scenario: Scenario,
    count: int,
    settings: int,
    seeds: int,
    gain: float | None = None,
    spreads: Spreads = ALIKE,
) -> Rates:
    """Draws studies, by a seed of their own, and counts.

    Args:
        scenario: How they come about.
        count: How many.
        settings: How many settings each has.
        seeds: How many seeds.
        gain: What the first level does; what can be found if left out.
        spreads: Whether luck is learned from all settings, or each difference tells its own.
    """
    gain = GAINS[seeds] if gain is None else gain
    chance = np.random.default_rng([settings, seeds, count])
    drawn = scenario.draw(chance, count, settings, seeds, {1: gain})
    counted, truth = Rates(), drawn.truth
    for grid in drawn.grids():
        study = [
            (effect, truth[place] - truth[0], truth[place])
            for place, effect in judged(replace(grid, spreads=spreads)).items()
        ]
        counted = counted.and_(study)
    return counted
