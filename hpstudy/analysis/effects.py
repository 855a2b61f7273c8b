"""Is a level's difference from the baseline real or luck? Effects, intervals and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hpstudy.analysis.comparisons import CONFIDENCE, Comparisons, Contrast, mean_interval
from hpstudy.analysis.ranks import is_worse, ranks_p
from hpstudy.analysis.seeds import seeds_needed
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.numeric import finite, mean
from hpstudy.results.grid import GridResults, LevelResult
from hpstudy.sampler import Level

_COMPARED = (Verdict.BETTER, Verdict.WORSE, Verdict.NOT_SHOWN, Verdict.CANNOT_TELL)
RANKS = "ranks"  # the test where seeds diverged


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What one level does, and how sure that is.

    Attributes:
        mean: The mean over its seeds (Student's t); None without a value.
        difference: The difference from the baseline, its interval not adjusted for multiplicity;
            without an interval where that is wider than what the metric can span. None where
            seeds of the level or of the baseline diverged: that of the others, the luckier part,
            could have the wrong sign.
        p: Probability of a difference this large by luck; Holm's adjustment over all levels.
        test: The test that p comes from: "blocks", "Welch", "exact", or "ranks" where seeds of the
            level or of the baseline diverged.
        verdict: What that shows; None where there is nothing to judge yet.
        within: Where no difference is shown: the interval excludes differences beyond this; None
            where it excludes none.
        seeds_needed: Where none is shown: the seeds that would show one of the size seen; None
            where luck's size is not known, for more than 1,000, where there are as many already,
            and before it is worked out.
    """

    mean: Quantity | None = None
    difference: Quantity | None = None
    p: float | None = None
    test: str | None = None
    verdict: Verdict | None = None
    within: float | None = None
    seeds_needed: int | None = None


# Effects by factor and level.
Effects = Mapping[tuple[str, Level], Effect]


def effects(grid: GridResults, comparisons: Comparisons) -> Effects:
    """Judges every level of a grid against the baseline.

    `Comparisons` says how two settings are compared; where seeds of one of them diverged, ranks
    say it, a diverged seed being the worst outcome. Such a level is never better: what is left of
    it is the luckier part. The p of all levels are adjusted together.

    Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.

    Args:
        grid: The grid's results.
        comparisons: Its settings compared.

    Returns:
        The effect of each level, by factor and level.
    """
    rows = {(f.name, row.level): row for f in grid.factors for row in f.levels}
    baselines = {f.name: row for f in grid.factors for row in f.levels if row.is_baseline}
    contrasts: dict[tuple[str, Level], Contrast] = {}
    ranked: dict[tuple[str, Level], float] = {}
    for key, row in rows.items():
        baseline = baselines[key[0]]
        if not _is_unsteady(row, baseline):
            if (contrast := comparisons.between(*key)) is not None:
                contrasts[key] = contrast
        elif row.values and not row.is_baseline:
            p = ranks_p(row, baseline, grid.metric.sign)
            ranked |= {} if p is None else {key: p}
    adjusted = _holm({key: contrast.p for key, contrast in contrasts.items()} | ranked)
    return {
        key: _by_ranks(row, baselines[key[0]], adjusted.get(key), grid)
        if _is_unsteady(row, baselines[key[0]])
        else _effect(row, baselines[key[0]], contrasts.get(key), adjusted.get(key, 1.0), grid)
        for key, row in rows.items()
    }


def _is_unsteady(row: LevelResult, baseline: LevelResult) -> bool:
    return bool(row.diverged or baseline.diverged)


def _by_ranks(
    row: LevelResult, baseline: LevelResult, p: float | None, grid: GridResults
) -> Effect:
    """Judges a level by the rank of its outcomes; it or the baseline has diverged seeds."""
    if row.is_baseline:
        none = None if row.average is None else Quantity(0.0)
        return Effect(mean=_mean(row, grid.metric), difference=none, verdict=Verdict.BASELINE)
    if not row.values:
        return Effect(verdict=Verdict.DIVERGES if row.diverged else None)
    verdict = Verdict.UNSTABLE if row.diverged else Verdict.NOT_SHOWN
    if p is None and not row.diverged:
        verdict = Verdict.CANNOT_TELL
    if p is not None and p < 1 - CONFIDENCE:
        if is_worse(row, baseline, grid.metric.sign):
            verdict = Verdict.WORSE
        elif not row.diverged:
            verdict = Verdict.BETTER
    test = None if p is None else RANKS
    return Effect(mean=_mean(row, grid.metric), p=p, test=test, verdict=verdict)


def _mean(row: LevelResult, metric: Metric) -> Quantity | None:
    """Returns a level's mean; without an interval where seeds diverged: the others are lucky."""
    if row.average is None:
        return None
    return Quantity.within(row.average, None if row.diverged else mean_interval(row.values, metric))


def with_seeds_needed(found: Effects, grid: GridResults, comparisons: Comparisons) -> Effects:
    """Adds the seeds that would show a difference of the size seen, where none is shown.

    Args:
        found: The effects of a grid's levels.
        grid: The grid's results.
        comparisons: Its settings compared.
    """
    compared = sum(e.verdict in _COMPARED for e in found.values())
    present = {(f.name, row.level): len(row.seeds) for f in grid.factors for row in f.levels}
    return {
        key: _planned(key, effect, comparisons, compared, present[key])
        for key, effect in found.items()
    }


def _effect(
    row: LevelResult,
    baseline: LevelResult,
    contrast: Contrast | None,
    p: float,
    grid: GridResults,
) -> Effect:
    middle = _mean(row, grid.metric)
    if middle is None:
        return Effect()
    if row.is_baseline:
        return Effect(mean=middle, difference=Quantity(0.0), verdict=Verdict.BASELINE)
    if contrast is None:
        shared = _shared_difference(row, baseline)
        return Effect(mean=middle, difference=shared, verdict=Verdict.CANNOT_TELL)
    if p < 1 - CONFIDENCE:
        is_better = grid.metric.sign * contrast.difference > 0
        verdict, within = Verdict.BETTER if is_better else Verdict.WORSE, None
    else:
        ends = [abs(end) for end in (contrast.low, contrast.high) if end is not None]
        verdict, within = Verdict.NOT_SHOWN, max(ends, default=None)
    return Effect(
        mean=middle,
        difference=Quantity(contrast.difference, contrast.low, contrast.high),
        p=p,
        test=contrast.test,
        verdict=verdict,
        within=within,
    )


def _shared_difference(row: LevelResult, baseline: LevelResult) -> Quantity | None:
    """Returns the mean difference over the seeds that both have, where it can't be judged."""
    base = dict(zip(baseline.seeds, baseline.values, strict=True))
    differences = [finite(run.value - base[run.seed]) for run in row.runs if run.seed in base]
    return Quantity(mean(differences)) if differences else None


def _planned(
    key: tuple[str, Level], effect: Effect, comparisons: Comparisons, compared: int, present: int
) -> Effect:
    noise = comparisons.noise(*key)
    if effect.verdict not in (Verdict.NOT_SHOWN, Verdict.CANNOT_TELL) or noise is None:
        return effect
    if effect.difference is None or not effect.difference.value:
        return effect
    needed = seeds_needed(noise, effect.difference.value, compared)
    return effect if needed is None or needed <= present else replace(effect, seeds_needed=needed)


def _holm(ps: Mapping[tuple[str, Level], float]) -> dict[tuple[str, Level], float]:
    """Returns p-values by Holm; statsmodels has it too, and loads pandas for it."""
    adjusted: dict[tuple[str, Level], float] = {}
    highest = 0.0
    for rank, key in enumerate(sorted(ps, key=ps.__getitem__)):
        highest = max(highest, (len(ps) - rank) * ps[key])
        adjusted[key] = min(highest, 1.0)
    return adjusted
