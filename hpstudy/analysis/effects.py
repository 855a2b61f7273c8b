"""Is a level's difference from the baseline real or luck? Effects, intervals and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hpstudy.analysis.comparisons import CONFIDENCE, Comparisons, Contrast, mean_interval
from hpstudy.analysis.planning import seeds_needed
from hpstudy.analysis.ranks import is_worse, ranks_p
from hpstudy.analysis.results import GridResults, LevelResult
from hpstudy.sampler import Level

BASELINE = "baseline"
BETTER = "better"
WORSE = "worse"
NOT_SHOWN = "no difference shown"
CANNOT_TELL = "one seed: cannot tell"
UNSTABLE = "unstable"  # some seeds diverged, and it is not shown to be worse
DIVERGES = "diverges"  # all of them did
RANKS = "ranks"  # the test where seeds diverged


@dataclass(frozen=True)
class Effect:
    """What one level does, and how sure that is.

    Attributes:
        low: Lower end of the 95 % interval of the level's mean over seeds (Student's t).
        high: Its upper end.
        difference: Difference from the baseline; None where seeds of the level or of the baseline
            diverged: that of the others, the luckier part, could have the wrong sign.
        difference_low: Lower end of its 95 % interval, not adjusted for multiplicity; None where
            it says nothing, as it is wider than what the metric can span.
        difference_high: Its upper end.
        p: Probability of a difference this large by luck; Holm's adjustment over all levels.
        test: The test that p comes from: "blocks", "Welch", "exact", or "ranks" where seeds of the
            level or of the baseline diverged.
        verdict: "baseline", "better", "worse", "no difference shown", "one seed: cannot tell"; of a
            level of which some seeds diverged "worse" or "unstable", of all "diverges".
        within: Where no difference is shown: the interval excludes differences beyond this; None
            where it excludes none.
        seeds_needed: Where none is shown: the seeds that would show one of the size seen; None
            where luck's size is not known, for more than 1,000, where there are as many already,
            and before it is worked out.
    """

    low: float | None = None
    high: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p: float | None = None
    test: str | None = None
    verdict: str | None = None
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
    rows = {(f.factor, row.level): row for f in grid.factors for row in f.levels}
    baselines = {f.factor: row for f in grid.factors for row in f.levels if row.is_baseline}
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
        else _effect(row, contrasts.get(key), adjusted.get(key, 1.0), grid)
        for key, row in rows.items()
    }


def _is_unsteady(row: LevelResult, baseline: LevelResult) -> bool:
    return bool(row.diverged or baseline.diverged)


def _by_ranks(
    row: LevelResult, baseline: LevelResult, p: float | None, grid: GridResults
) -> Effect:
    """Judges a level by the rank of its outcomes; it or the baseline has diverged seeds."""
    if row.is_baseline:
        return Effect(difference=None if row.mean is None else 0.0, verdict=BASELINE)
    if not row.values:
        return Effect(verdict=DIVERGES if row.diverged else None)
    low, high = (not row.diverged and mean_interval(row.values, grid.metric)) or (None, None)
    verdict = UNSTABLE if row.diverged else NOT_SHOWN if p is not None else CANNOT_TELL
    if p is not None and p < 1 - CONFIDENCE:
        if is_worse(row, baseline, grid.metric.sign):
            verdict = WORSE
        elif not row.diverged:
            verdict = BETTER
    return Effect(
        low=low,
        high=high,
        p=p,
        test=None if p is None else RANKS,
        verdict=verdict,
    )


def with_seeds_needed(found: Effects, grid: GridResults, comparisons: Comparisons) -> Effects:
    """Adds the seeds that would show a difference of the size seen, where none is shown.

    Args:
        found: The effects of a grid's levels.
        grid: The grid's results.
        comparisons: Its settings compared.
    """
    compared = sum(e.verdict in (BETTER, WORSE, NOT_SHOWN, CANNOT_TELL) for e in found.values())
    present = {(f.factor, row.level): len(row.seeds) for f in grid.factors for row in f.levels}
    return {
        key: _planned(key, effect, comparisons, compared, present[key])
        for key, effect in found.items()
    }


def _effect(row: LevelResult, contrast: Contrast | None, p: float, grid: GridResults) -> Effect:
    low, high = mean_interval(row.values, grid.metric) or (None, None)
    if row.mean is None:
        return Effect()
    if row.is_baseline:
        return Effect(low, high, difference=0.0, verdict=BASELINE)
    if contrast is None:
        return Effect(low, high, difference=row.effect, verdict=CANNOT_TELL)
    if p < 1 - CONFIDENCE:
        is_better = grid.metric.sign * contrast.difference > 0
        verdict, within = BETTER if is_better else WORSE, None
    else:
        ends = [abs(end) for end in (contrast.low, contrast.high) if end is not None]
        verdict, within = NOT_SHOWN, max(ends, default=None)
    return Effect(
        low=low,
        high=high,
        difference=contrast.difference,
        difference_low=contrast.low,
        difference_high=contrast.high,
        p=p,
        test=contrast.test,
        verdict=verdict,
        within=within,
    )


def _planned(
    key: tuple[str, Level], effect: Effect, comparisons: Comparisons, compared: int, present: int
) -> Effect:
    noise = comparisons.noise(*key)
    if effect.verdict not in (NOT_SHOWN, CANNOT_TELL) or noise is None or not effect.difference:
        return effect
    needed = seeds_needed(noise, effect.difference, compared)
    return effect if needed is None or needed <= present else replace(effect, seeds_needed=needed)


def _holm(ps: Mapping[tuple[str, Level], float]) -> dict[tuple[str, Level], float]:
    if not ps:
        return {}
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests(list(ps.values()), method="holm")[1]
    return {key: float(p) for key, p in zip(ps, adjusted, strict=True)}
