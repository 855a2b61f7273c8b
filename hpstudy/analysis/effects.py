"""Is a level's difference from the baseline real or luck? Effects, intervals and verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean, variance

from hpstudy.analysis.results import GridResults, LevelResult
from hpstudy.sampler import Level

BASELINE = "baseline"
BETTER = "better"
WORSE = "worse"
NOT_SHOWN = "no difference shown"
CANNOT_TELL = "one seed: cannot tell"

_CONFIDENCE = 0.95
_SPREAD_ALPHA = 0.001  # a level whose spread differs this clearly is left out of the pool

_Setting = tuple[str, Level] | None  # a factor's level; None is the baseline
_Values = dict[int, float]  # by seed


@dataclass(frozen=True)
class Effect:
    """What one level does, and how sure that is.

    Attributes:
        low: Lower end of the 95 % interval of the level's mean over seeds (Student's t).
        high: Its upper end.
        difference: Difference from the baseline.
        difference_low: Lower end of its 95 % interval, not adjusted for multiplicity.
        difference_high: Its upper end.
        p: Probability of a difference this large by luck; Holm's adjustment over all levels.
        test: The test that p comes from: "blocks" or "Welch".
        verdict: "baseline", "better", "worse", "no difference shown", "one seed: cannot tell".
        within: Where no difference is shown: the interval excludes differences beyond this.
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


# Effects by factor and level.
Effects = Mapping[tuple[str, Level], Effect]


@dataclass(frozen=True)
class _Contrast:
    difference: float
    low: float
    high: float
    p: float
    test: str


def effects(grid: GridResults) -> Effects:
    """Judges every level of a grid against the baseline.

    The model takes levels and seeds as blocks (a seed means the same start and the same order of
    images at every level) and pools the residual over all levels of the grid, as three seeds a
    level are too few to learn a spread of its own from. A level whose spread differs clearly from
    the others' (a learning rate that diverges, or a network that collapses to one answer) is left
    out of the pool and compared by Welch's test. All p are adjusted by Holm's method over the
    grid's levels.

    Sources: randomised blocks, Box, Hunter and Hunter, "Statistics for Experimenters", 2005;
    Welch, "The generalization of 'Student's' problem", 1947; Holm, "A simple sequentially
    rejective multiple test procedure", 1979.

    Args:
        grid: The grid's results.

    Returns:
        The effect of each level, by factor and level.
    """
    rows = {(f.factor, row.level): row for f in grid.factors for row in f.levels}
    settings: dict[_Setting, _Values] = {
        None if row.is_baseline else key: dict(zip(row.seeds, row.values, strict=True))
        for key, row in rows.items()
    }
    contrasts = _adjusted(_contrasts(settings))
    sign = 1 if grid.direction == "maximize" else -1
    return {key: _effect(row, contrasts.get(key), sign) for key, row in rows.items()}


def _effect(row: LevelResult, contrast: _Contrast | None, sign: int) -> Effect:
    low, high = mean_interval(row.values)
    if row.mean is None:
        return Effect()
    if row.is_baseline:
        return Effect(low, high, difference=0.0, verdict=BASELINE)
    if contrast is None:
        return Effect(low, high, difference=row.effect, verdict=CANNOT_TELL)
    if contrast.p < 1 - _CONFIDENCE:
        verdict, within = BETTER if sign * contrast.difference > 0 else WORSE, None
    else:
        verdict, within = NOT_SHOWN, max(abs(contrast.low), abs(contrast.high))
    return Effect(
        low,
        high,
        contrast.difference,
        contrast.low,
        contrast.high,
        contrast.p,
        contrast.test,
        verdict,
        within,
    )


def mean_interval(values: tuple[float, ...]) -> tuple[float | None, float | None]:
    """Returns the 95 % interval of a mean (Student's t); None for fewer than two values."""
    if len(values) < 2:
        return None, None
    from scipy import stats

    half = stats.t.ppf((1 + _CONFIDENCE) / 2, len(values) - 1) * math.sqrt(
        variance(values) / len(values)
    )
    return fmean(values) - half, fmean(values) + half


def _contrasts(settings: Mapping[_Setting, _Values]) -> dict[_Setting, _Contrast]:
    """Compares each setting that has two seeds or more with the baseline."""
    replicated = {key: values for key, values in settings.items() if len(values) >= 2}
    if None not in replicated:
        return {}
    pool = _pool(replicated)
    found = _blocks(pool) if None in pool and len(pool) > 1 else {}
    for key, values in replicated.items():
        if key is not None and key not in found:
            welch = _welch(values, replicated[None])
            if welch is not None:
                found[key] = welch
    return found


def _pool(settings: Mapping[_Setting, _Values]) -> dict[_Setting, _Values]:
    """Returns the settings whose spread is alike; the one that differs most goes, repeatedly."""
    pool = dict(settings)
    while len(pool) > 2:
        ps = {key: _spread_p(key, pool) for key in pool}
        oddest = min(ps, key=lambda key: ps[key])
        if ps[oddest] >= _SPREAD_ALPHA / len(settings):
            break
        del pool[oddest]
    return pool


def _spread_p(key: _Setting, pool: Mapping[_Setting, _Values]) -> float:
    """Returns the two-sided p of an F test of one setting's variance against the others' pooled."""
    from scipy import stats

    others = [list(values.values()) for other, values in pool.items() if other != key]
    freedom = sum(len(values) - 1 for values in others)
    pooled = sum((len(values) - 1) * variance(values) for values in others) / freedom
    own = variance(pool[key].values())
    if pooled == 0:
        return 1.0 if own == 0 else 0.0
    ratio, own_freedom = own / pooled, len(pool[key]) - 1
    below = float(stats.f.cdf(ratio, own_freedom, freedom))
    above = float(stats.f.sf(ratio, own_freedom, freedom))
    return 2 * min(below, above)


def _blocks(pool: Mapping[_Setting, _Values]) -> dict[_Setting, _Contrast]:
    """Fits settings and seeds as additive effects and returns each setting's difference."""
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    others = [key for key in pool if key is not None]
    seeds = sorted({seed for values in pool.values() for seed in values})
    rows, values = [], []
    for key, by_seed in pool.items():
        for seed, value in by_seed.items():
            setting = [float(key == other) for other in others]
            block = [float(seed == other) for other in seeds[1:]]
            rows.append([1.0, *setting, *block])
            values.append(value)
    fit = OLS(np.array(values), np.array(rows)).fit()
    if fit.df_resid < 1 or fit.mse_resid == 0:
        return {}
    intervals = fit.conf_int(alpha=1 - _CONFIDENCE)
    return {
        key: _Contrast(
            float(fit.params[i]),
            float(intervals[i][0]),
            float(intervals[i][1]),
            float(fit.pvalues[i]),
            "blocks",
        )
        for i, key in enumerate(others, 1)
    }


def _welch(values: _Values, baseline: _Values) -> _Contrast | None:
    """Compares two settings of unlike spread; None where neither has any spread."""
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    ours, theirs = list(values.values()), list(baseline.values())
    if variance(ours) == 0 and variance(theirs) == 0:
        return None
    compared = CompareMeans(DescrStatsW(ours), DescrStatsW(theirs))
    _, p, _ = compared.ttest_ind(usevar="unequal")
    low, high = compared.tconfint_diff(alpha=1 - _CONFIDENCE, usevar="unequal")
    return _Contrast(fmean(ours) - fmean(theirs), float(low), float(high), float(p), "Welch")


def _adjusted(contrasts: Mapping[_Setting, _Contrast]) -> dict[_Setting, _Contrast]:
    """Adjusts all p by Holm's method."""
    if not contrasts:
        return {}
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests([contrast.p for contrast in contrasts.values()], method="holm")[1]
    return {
        key: replace(contrast, p=float(p))
        for (key, contrast), p in zip(contrasts.items(), adjusted, strict=True)
    }
