"""Which hyperparameters matter: of a search by Optuna's evaluators, of a grid by its ranges."""

from __future__ import annotations

import copy
import math
import random
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optuna.trial import FrozenTrial, TrialState

from hpstudy.analysis.cells import Cell, cell_of
from hpstudy.analysis.comparisons import BLOCKS, Comparisons
from hpstudy.analysis.intervals import difference_ends
from hpstudy.analysis.simultaneous import ALPHA, range_quantile, t_quantile
from hpstudy.metric import Direction, Metric, Quantity
from hpstudy.numeric import finite
from hpstudy.results.grid import FactorResult, GridResults
from hpstudy.results.search import SearchResults
from hpstudy.sampler import SEED, Level
from hpstudy.store.in_memory import study_of
from hpstudy.store.trials import is_finished, is_measured, last_value
from hpstudy.wording import counted, enumerated, setting

if TYPE_CHECKING:
    from optuna.importance import BaseImportanceEvaluator

RANGE = "range"
PED_ANOVA = "pedanova"
FANOVA = "fanova"

_RESAMPLES = 200
_RESAMPLED_TRIALS = 300  # 200 times 10,000 trials would take half a minute
_FANOVA_TRIALS = 200  # its time grows faster than their number: 25 s at 1,000
_FANOVA_TREES = 32  # which trials are looked at moves its shares far more than how many trees do
# PED-ANOVA looks at the best tenth, and Optuna advises at least five trials there.
_ENOUGH_TRIALS = 50
_MANY_PRUNED = 0.1  # as a share of the finished trials


@dataclass(frozen=True)
class Importance:
    """How much one hyperparameter matters, by one evaluator.

    Attributes:
        param: The hyperparameter; in a grid also "seed", which is luck.
        evaluator: "range" in a grid, "pedanova" or "fanova" in a search.
        amount: Of a grid the largest less the smallest level mean, in the metric's unit; for
            "seed" the range that luck alone exceeds in half of the cases. Of a search a share
            of 1.
    """

    param: str
    evaluator: str
    amount: Quantity


@dataclass(frozen=True)
class Importances:
    """The importances of a grid or a search.

    Attributes:
        rows: The importances, the most important first within each evaluator.
        warning: Why they are to be taken with care; None where there is nothing to say.
        without: The levels of a grid that no range holds, as seeds of them diverged, in words:
            "without lr 1, where seeds diverged"; None where there are none.
        is_enough: Whether a search has as many trials as it takes to say what decides most.
    """

    rows: tuple[Importance, ...]
    warning: str | None
    without: str | None = None
    is_enough: bool = True


def grid_importances(grid: GridResults, comparisons: Comparisons[Cell]) -> Importances:
    """Returns how far each factor moves the metric, and how far luck does.

    A factor's interval is that of the difference of its two outermost levels, as one of all the
    pairs that could have been outermost, cut at 0. Luck has a bar of its own, "seed": the range of
    as many level means as the largest factor has, of as many seeds, if no level did anything. A
    range is never negative and grows with the number of levels, so a factor says something only
    where it clears that bar.

    Source: Tukey's studentized range, as in Box, Hunter and Hunter, "Statistics for
    Experimenters", 2005; Kramer, "Extension of multiple range tests to group means with unequal
    numbers of replications", 1956.

    Args:
        grid: The grid's results.
        comparisons: Its settings compared.
    """
    found = [_range(factor, comparisons, grid.metric) for factor in grid.factors]
    rows = sorted((row for row in found if row is not None), key=lambda row: -row.amount.value)
    luck, without = _luck(grid, comparisons), _without(grid)
    if luck is None:
        warning = "too few seeds to tell a range from luck" if rows else None
        return Importances(tuple(rows), warning, without)
    return Importances((*rows, luck), None, without)


def search_importances(search: SearchResults) -> Importances:
    """Returns the importances of a search's hyperparameters.

    PED-ANOVA says what it takes to be among the best tenth of all finished trials, with percentile
    intervals from resampled trials. It asks only which trials are the best, so a pruned one counts
    as worse than each complete one, and so does one that diverged. Resamples hold trials twice and
    so level the shares out: their spread is laid around the share of all trials, not around their
    own mean. Where there are many, 300 are drawn for each resample, and the spread is scaled down
    to that of all. fANOVA shares out the variance of the measured trials' values, once, over at
    most 200 of them drawn by a fixed seed.

    Sources: Watanabe, Bansal and Hutter, "PED-ANOVA", 2023; Hutter, Hoos and Leyton-Brown, "An
    efficient approach for assessing hyperparameter importance", 2014; both as in Optuna. Efron,
    "Bootstrap methods", 1979; Bickel, Götze and van Zwet, "Resampling fewer than n
    observations", 1997.

    Args:
        search: The search's results.
    """
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

    measured = [t for t in search.trials if is_measured(t)]
    if len(measured) < 2:
        return Importances((), "fewer than 2 complete trials: nothing to compare")
    ranked = _ranked(search)
    if ranked[0].value == ranked[-1].value:
        return Importances((), "all trials have the same value: nothing matters to it")
    drawn = random.Random(0)
    shares = _shares(ranked, "minimize", PedAnovaImportanceEvaluator())
    size = min(len(ranked), _RESAMPLED_TRIALS)
    scale = (size / len(ranked)) ** 0.5
    resampled = [
        _shares(drawn.choices(ranked, k=size), "minimize", PedAnovaImportanceEvaluator())
        for _ in range(_RESAMPLES)
    ]
    sampled = _to_one(drawn.sample(measured, min(len(measured), _FANOVA_TRIALS)))
    evaluator = FanovaImportanceEvaluator(n_trees=_FANOVA_TREES, seed=0)
    fanova = _shares(sampled, search.metric.direction, evaluator) if sampled else {}
    rows = [
        Importance(param, PED_ANOVA, Quantity(value, *_interval(param, value, resampled, scale)))
        for param, value in shares.items()
    ]
    rows += [Importance(param, FANOVA, Quantity(value)) for param, value in fanova.items()]
    doubts = _doubts(ranked, measured, bool(fanova))
    return Importances(tuple(rows), doubts, is_enough=len(ranked) >= _ENOUGH_TRIALS)


def _ranked(search: SearchResults) -> list[FrozenTrial]:
    """Returns the finished trials with their ranks as values: 0 is best, equal ones share one.

    Pruned ones come after those that are measured, and last those that diverged.
    """
    worst = (False, -math.inf)
    values = {
        t.number: (is_measured(t), search.metric.sign * value) if math.isfinite(value) else worst
        for t in [*search.trials, *search.diverged]
        if is_finished(t) and (value := last_value(t)) is not None
    }
    ranks = {value: rank for rank, value in enumerate(sorted(set(values.values()), reverse=True))}
    finished = [t for t in [*search.trials, *search.diverged] if t.number in values]
    finished.sort(key=lambda t: values[t.number], reverse=True)
    return [_valued(t, float(ranks[values[t.number]])) for t in finished]


def _to_one(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Returns trials with their values laid between 0 and 1; none where all are equal."""
    halves = [t.values[0] / 2 for t in trials]  # the difference of two halves can't overflow
    low, high = min(halves), max(halves)
    if low == high:
        return []
    return [_valued(t, (v - low) / (high - low)) for t, v in zip(trials, halves, strict=True)]


def _valued(trial: FrozenTrial, value: float) -> FrozenTrial:
    """Returns a complete trial like another one, with a value of its own."""
    valued = copy.copy(trial)
    valued.state = TrialState.COMPLETE
    valued.value = value
    return valued


def _doubts(
    ranked: Sequence[FrozenTrial], measured: Sequence[FrozenTrial], has_fanova: bool
) -> str | None:
    """Returns why a search's importances are to be taken with care."""
    finished, complete = len(ranked), len(measured)
    doubts = []
    if finished < _ENOUGH_TRIALS:
        doubts.append(
            f"{finished} finished trials are few: PED-ANOVA looks at the best tenth, which "
            f"should hold at least 5 trials, so from {_ENOUGH_TRIALS} on"
        )
    if not has_fanova:
        doubts.append("fANOVA has no variance to share out: the complete trials' values are equal")
    elif finished - complete > _MANY_PRUNED * finished:
        doubts.append(
            f"fANOVA leaves out {counted(finished - complete, 'trial')} without a value, pruned or "
            "diverged: what was that bad looks less important to it than it is"
        )
    if has_fanova and complete > _FANOVA_TRIALS:
        doubts.append(
            f"fANOVA looks at {_FANOVA_TRIALS} of the {complete:,} complete trials, once: "
            "others may give other shares, far from these where few trials are bad"
        )
    return "; ".join(doubts) or None


def _range(
    factor: FactorResult, comparisons: Comparisons[Cell], metric: Metric
) -> Importance | None:
    """Returns how far a factor's outermost levels lie apart; what diverged has no place there."""
    measured = [row for row in factor.levels if row.average is not None and not row.diverged]
    if len(measured) < 2:
        return None
    heights = _heights(factor, comparisons)
    bottom, *_, top = sorted(measured, key=lambda row: heights[row.level])
    gap = finite(heights[top.level] - heights[bottom.level])
    contrast = comparisons.between(cell_of(factor.name, top), cell_of(factor.name, bottom))
    if contrast is None or math.isinf(contrast.error):
        return Importance(factor.name, RANGE, Quantity(gap))
    count = len(measured)
    if contrast.test == BLOCKS:
        quantile = range_quantile(count, contrast.freedom) / math.sqrt(2)
    else:
        quantile = t_quantile(contrast.freedom, ALPHA / math.comb(count, 2))
    # Where seeds are missing, the model's difference is not that of the means.
    value = abs(contrast.difference)
    ends = difference_ends(value, contrast.half(quantile), metric)
    if ends is None:
        return Importance(factor.name, RANGE, Quantity(value))
    return Importance(factor.name, RANGE, Quantity(value, max(ends[0], 0.0), ends[1]))


def _heights(factor: FactorResult, comparisons: Comparisons[Cell]) -> dict[Level, float]:
    """Returns how high each level lies: by the model, as those of fewer seeds had other luck."""
    means = {row.level: row.average for row in factor.levels if row.average is not None}
    base = next((means.get(row.level) for row in factor.levels if row.is_baseline), None)
    found = {}
    for row in factor.levels:
        contrast = comparisons.between(cell_of(factor.name, row), None)
        if contrast is not None and base is not None:
            found[row.level] = finite(base + contrast.difference)
        elif row.level in means:
            found[row.level] = means[row.level]
    return found


def _without(grid: GridResults) -> str | None:
    """Says which levels have no place in a range, as seeds of them diverged."""
    lost = dict.fromkeys(
        "the baseline" if row.is_baseline else setting({factor.name: row.level})
        for factor in grid.factors
        for row in factor.levels
        if row.diverged
    )
    return f"without {enumerated([*lost])}, where seeds diverged" if lost else None


def _luck(grid: GridResults, comparisons: Comparisons[Cell]) -> Importance | None:
    spread = comparisons.spread_of_all  # a range may be of levels outside the pool
    if spread is None:
        return None
    levels = max(len(factor.levels) for factor in grid.factors)
    error = spread.deviation * (1 / spread.seeds + grid.overlap) ** 0.5
    least, most = grid.metric.bounds  # no range is wider, whatever the model says
    value, low, high = (
        min(finite(error * range_quantile(levels, spread.freedom, p)), most - least)
        for p in (0.5, 1 - ALPHA / 2, ALPHA / 2)
    )
    return Importance(SEED, RANGE, Quantity(value, low, high))


def _shares(
    trials: Sequence[FrozenTrial], direction: Direction, evaluator: BaseImportanceEvaluator
) -> dict[str, float]:
    from optuna.importance import get_param_importances

    study = study_of(trials, direction)
    with warnings.catch_warnings():  # what Optuna warns of is said in `Importances.warning`
        warnings.simplefilter("ignore", UserWarning)
        shares = get_param_importances(study, evaluator=evaluator)
    return {param: float(share) for param, share in shares.items()}


def _interval(
    param: str, value: float, resampled: Sequence[Mapping[str, float]], scale: float
) -> tuple[float, float]:
    """Returns the percentiles of resampled shares, laid around the share; their spread scaled."""
    import numpy as np

    shares = [found.get(param, 0.0) for found in resampled]
    tail = 100 * ALPHA / 2
    middle = float(np.mean(shares))
    ends = np.percentile(shares, [tail, 100 - tail])
    low, high = (value + scale * (float(end) - middle) for end in ends)
    return max(min(low, value), 0.0), min(max(high, value), 1.0)
