"""Does one factor move the metric further than all others?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hpstudy.analysis.cells import Cell, cell_of, too_few
from hpstudy.analysis.comparisons import Comparisons, Contrast
from hpstudy.analysis.simultaneous import ALPHA, t_quantile
from hpstudy.numeric import finite
from hpstudy.results.grid import GridResults
from hpstudy.sampler import Level
from hpstudy.wording import difference, interval, level, words

_Effects = Mapping[str, Mapping[Level, float]]


@dataclass(frozen=True)
class Further:
    """Whether one factor's largest effect is larger than another's.

    Attributes:
        figures: What was compared, in words.
        is_shown: Whether it is larger.
        is_opposed: Whether it is smaller.
    """

    figures: str
    is_shown: bool = False
    is_opposed: bool = False


class Reach:
    """How far factors move the metric from the baseline, compared directly.

    That one factor's largest effect is larger than another's says that one of its levels lies
    further from the baseline than each of the other's: the level must be shown to do so against
    all of them, on either side of the baseline, and that it was chosen among the factor's levels
    is paid for by their number.

    Args:
        grid: The grid's results.
        comparisons: Its cells compared.
    """

    def __init__(self, grid: GridResults, comparisons: Comparisons[Cell]) -> None:
        self._grid = grid
        self._comparisons = comparisons
        self._levels = {
            factor.name: [
                row for row in factor.levels if not row.is_baseline and (row.runs or row.diverged)
            ]
            for factor in grid.factors
        }

    def beside_others(self, factor: str) -> Iterator[Further]:
        """Compares a factor with each other one."""
        others = [name for name in self._levels if name != factor]
        for other in others:
            yield self._beside(factor, other, len(others))

    def _beside(self, factor: str, other: str, parts: int) -> Further:
        both = {name: self._effects(name) for name in (factor, other)}
        if not all(both.values()):  # one that is not known could be the largest
            begun = [row for name in both for row in self._levels[name]]
            rows = begun or [r for f in self._grid.factors if f.name in both for r in f.levels]
            return Further(f"{words(factor)} against {words(other)}: {too_few(*rows)}")
        ours, theirs = (max(found, key=lambda level: abs(found[level])) for found in both.values())
        alpha = ALPHA / len(both[factor])
        gap = self._apart((factor, ours), (other, theirs), both)
        metric = self._grid.metric
        sizes = [abs(both[factor][ours]), abs(both[other][theirs])]
        text = "largest effect of " + ", of ".join(
            f"{words(name)} {difference(size, metric).lstrip('+')} (at {level(at)})"
            for name, at, size in zip(both, (ours, theirs), sizes, strict=True)
        )
        if gap is not None and math.isfinite(gap.error):
            half = gap.half(t_quantile(gap.freedom, alpha))
            ends = (finite(gap.difference - half), finite(gap.difference + half))
            text += f", {difference(gap.difference, metric)} apart"
            text += f" (95 % {interval(*ends, metric, signed=True)})"
        is_shown = self._reaches_beyond(factor, other, both, alpha)
        alpha_ = ALPHA / len(both[other]) / parts
        return Further(text, is_shown, self._reaches_beyond(other, factor, both, alpha_))

    def _effects(self, factor: str) -> dict[Level, float]:
        """Returns what each level of a factor does; nothing where one of them is not known."""
        rows = self._levels[factor]
        found = {row.level: self._comparisons.between(cell_of(factor, row), None) for row in rows}
        known = {level: one.difference for level, one in found.items() if one is not None}
        return known if len(known) == len(rows) else {}

    def _reaches_beyond(self, factor: str, other: str, effects: _Effects, alpha: float) -> bool:
        """Tells whether a level of a factor lies further off than all of another's."""

        def is_beyond(ours: Level, theirs: Level) -> bool:
            gaps = [
                self._apart((factor, ours), (other, theirs), effects, turn=turn) for turn in (1, -1)
            ]
            return all(gap is not None and gap.difference > 0 and gap.p <= alpha for gap in gaps)

        return any(all(is_beyond(ours, b) for b in effects[other]) for ours in effects[factor])

    def _apart(
        self,
        first: tuple[str, Level],
        second: tuple[str, Level],
        effects: _Effects,
        turn: int = 1,
    ) -> Contrast | None:
        """Returns how much further one level lies from the baseline than another."""
        ours, theirs = (math.copysign(1.0, effects[name][level]) for name, level in (first, second))
        weights: dict[Cell, float] = {first: ours, second: -turn * theirs}
        if ours != turn * theirs:
            weights[None] = turn * theirs - ours
        return self._comparisons.weighed(weights)
