"""Is a level's difference from the baseline real or luck? Effects, intervals and verdicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from hpstudy.analysis.cells import (
    Cell,
    cell_of,
    claimed_of,
    comparisons_of,
    levels_of,
    outcome_of,
    outcomes_of,
    pairs_of,
)
from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.family import Compared, Pair
from hpstudy.analysis.seeds import seeds_needed
from hpstudy.analysis.sequential import Look, judged, looked, verdict_of
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.numeric import finite, mean
from hpstudy.results.grid import GridResults, LevelResult
from hpstudy.sampler import Level

_COMPARED = (Verdict.BETTER, Verdict.WORSE, Verdict.NOT_SHOWN, Verdict.CANNOT_TELL)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What one level does, and how sure that is.

    Attributes:
        mean: The mean over its seeds; None without a value.
        difference: The difference from the baseline; the intervals of all levels hold together.
            Without an interval where that is wider than what the metric can span. None where
            seeds of the level or of the baseline diverged: that of the others, the luckier part,
            could have the wrong sign.
        p: Probability of a difference this large by luck, adjusted for all levels.
        test: The test that p comes from: "blocks", "paired", "Welch", "exact", or "ranks" where
            seeds of the level or of the baseline diverged.
        verdict: What that shows; None where there is nothing to judge yet.
        within: Where no difference is shown: the interval excludes differences beyond this; where
            it is equal: the margin. None where none is excluded.
        seeds_needed: Where none is shown: the seeds that would show one of the size seen; None
            where luck's size is not known, for more than 1,000, where there are as many already,
            and before it is worked out.
        look: After how many seeds it was judged, where looks were announced.
    """

    mean: Quantity | None = None
    difference: Quantity | None = None
    p: float | None = None
    test: str | None = None
    verdict: Verdict | None = None
    within: float | None = None
    seeds_needed: int | None = None
    look: int | None = None


# Effects by factor and level.
Effects = Mapping[tuple[str, Level], Effect]


@dataclass(frozen=True)
class Judgement:
    """All pairs of a grid, judged.

    Attributes:
        found: What was found of each pair; of announced looks, at the last one that judged it.
        comparisons: The cells' values compared.
        looks: The announced looks that are complete.
    """

    found: Mapping[Pair[Cell], Compared]
    comparisons: Comparisons[Cell]
    looks: tuple[Look[Cell], ...] = ()

    def between(self, first: Cell, second: Cell) -> tuple[Compared, int] | None:
        """Returns what was found of two cells, and the sign that turns it to the first's side."""
        if (one := self.found.get((first, second))) is not None:
            return one, 1
        other = self.found.get((second, first))
        return None if other is None else (other, -1)


def judge(grid: GridResults) -> tuple[GridResults, Judgement]:
    """Judges what a grid compares: at once, or at the looks that were announced.

    Returns:
        The grid as of its last complete look, and what that shows.
    """
    outcomes = outcomes_of(grid)
    if grid.looks is None:
        found, comparisons = judged(
            outcomes,
            pairs_of(grid),
            grid.metric,
            margin=grid.margin,
            overlap=grid.overlap,
            spreads=grid.spreads,
        )
        return grid, Judgement(found, comparisons)
    looks = looked(outcomes, levels_of(grid), grid.looks, grid.metric, claims=claimed_of(grid))
    if looks:
        grid = grid.upto(grid.looks.seeds[: looks[-1].count])
    latest = {pair: one for look in looks for pair, one in look.found.items()}
    return grid, Judgement(latest, comparisons_of(grid), looks)


def effects(grid: GridResults, judgement: Judgement) -> Effects:
    """Says of every level of a grid what it does beside the baseline.

    Where seeds of one of the two diverged, ranks say it, a diverged seed being the worst outcome.
    Such a level is never better: what is left of it is the luckier part.

    Args:
        grid: The grid's results.
        judgement: What was found of them.

    Returns:
        The effect of each level, by factor and level.
    """
    judge = _Judge(grid, judgement)
    return {
        (factor.name, row.level): judge.effect(factor.name, row)
        for factor in grid.factors
        for row in factor.levels
    }


class _Judge:
    def __init__(self, grid: GridResults, judgement: Judgement) -> None:
        self._grid = grid
        self._judgement = judgement
        self._baselines = {f.name: row for f in grid.factors for row in f.levels if row.is_baseline}
        looks = judgement.looks
        self._at = {pair[0]: look.count for look in looks for pair in look.found if not pair[1]}
        self._open: Collection[Pair[Cell]] = ()
        if grid.looks is not None and len(looks) < len(grid.looks.counts):
            self._open = looks[-1].open if looks else pairs_of(grid)

    def effect(self, factor: str, row: LevelResult) -> Effect:
        cell, baseline = cell_of(factor, row), self._baselines[factor]
        middle = _mean(cell, row, self._judgement.comparisons, self._grid.metric)
        if row.is_baseline:
            none = None if middle is None else Quantity(0.0)
            has_run = row.values or row.diverged
            return Effect(
                mean=middle, difference=none, verdict=Verdict.BASELINE if has_run else None
            )
        if not row.values:
            return Effect(verdict=Verdict.DIVERGES if row.diverged else None)
        one = self._judgement.found.get((cell, None))
        is_open = (cell, None) in self._open
        if one is None:
            is_unsteady = row.diverged or baseline.diverged
            shared = None if is_unsteady else _shared_difference(row, baseline)
            verdict = Verdict.OPEN if is_open else Verdict.CANNOT_TELL
            if row.diverged:
                verdict = Verdict.UNSTABLE
            return Effect(mean=middle, difference=shared, verdict=verdict)
        verdict = verdict_of(
            one, outcome_of(row), outcome_of(baseline), self._grid.metric, is_open=is_open
        )
        return Effect(
            mean=middle,
            difference=one.difference,
            p=one.p,
            test=one.test,
            verdict=verdict,
            within=self._within(one, verdict),
            look=self._at.get(cell),
        )

    def _within(self, one: Compared, verdict: Verdict) -> float | None:
        if verdict == Verdict.EQUAL:
            return self._grid.margin
        if verdict not in (Verdict.NOT_SHOWN, Verdict.OPEN) or one.difference is None:
            return None
        ends = one.difference.ends
        return None if ends is None else max(abs(end) for end in ends)


def _mean(
    cell: Cell, row: LevelResult, comparisons: Comparisons[Cell], metric: Metric
) -> Quantity | None:
    """Returns a level's mean; without an interval where seeds diverged: the others are lucky."""
    if row.average is None:
        return None
    return comparisons.mean(cell) or Quantity(row.average)


def with_seeds_needed(found: Effects, grid: GridResults, comparisons: Comparisons[Cell]) -> Effects:
    """Adds the seeds that would show a difference of the size seen, where none is shown.

    Args:
        found: The effects of a grid's levels.
        grid: The grid's results.
        comparisons: Its cells compared.
    """
    compared = sum(e.verdict in _COMPARED for e in found.values())
    rows = {(f.name, row.level): row for f in grid.factors for row in f.levels}
    return {
        key: _planned(cell_of(key[0], rows[key]), effect, comparisons, compared, rows[key])
        for key, effect in found.items()
    }


def _shared_difference(row: LevelResult, baseline: LevelResult) -> Quantity | None:
    """Returns the mean difference over the seeds that both have, where it can't be judged."""
    base = dict(zip(baseline.seeds, baseline.values, strict=True))
    differences = [finite(run.value - base[run.seed]) for run in row.runs if run.seed in base]
    return Quantity(mean(differences)) if differences else None


def _planned(
    cell: Cell, effect: Effect, comparisons: Comparisons[Cell], compared: int, row: LevelResult
) -> Effect:
    if effect.verdict not in (Verdict.NOT_SHOWN, Verdict.CANNOT_TELL):
        return effect
    noise = comparisons.noise(cell, None)
    if noise is None or effect.difference is None or not effect.difference.value:
        return effect
    needed = seeds_needed(noise, effect.difference.value, compared)
    is_more = needed is not None and needed > len(row.seeds)
    return replace(effect, seeds_needed=needed) if is_more else effect
