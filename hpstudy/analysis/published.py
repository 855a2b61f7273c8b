"""Do published figures agree with ours?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.analysis.intervals import share_interval
from hpstudy.analysis.simultaneous import CONFIDENCE
from hpstudy.datasets import TEST_IMAGES, find_dataset
from hpstudy.metric import Agrees, Quantity
from hpstudy.numeric import deviation
from hpstudy.results.grid import GridResults, LevelResult
from hpstudy.sampler import Level

_LITTLE = 1e-9  # a seed's share of the luck that makes no difference


@dataclass(frozen=True)
class Agreement:
    """A published accuracy beside ours.

    Attributes:
        figure: The published figure with its 95 % interval (Wilson), from its test images; in the
            metric's unit.
        p: Probability of a difference from ours at least this large by luck.
        verdict: Whether it is consistent with ours, at 5 %.
    """

    figure: Quantity
    p: float
    verdict: Agrees


# Agreements by factor and level.
Agreements = Mapping[tuple[str, Level], Agreement]


def examples_behind(
    settings: Mapping[str, object], stated: int | None
) -> tuple[int | None, int | None]:
    """Returns of how many test examples our accuracies are shares, and the published ones.

    Settings are all that is known of an objective that isn't loaded: those of the built-in one
    name the data set, and how many of its test images are used.

    Args:
        settings: The settings that the trials were trained with.
        stated: How many the study file says that the published ones are of.

    Returns:
        Ours and theirs; None for what is not known. Ours are as many as theirs if nothing else
        is said.
    """
    theirs = stated or (TEST_IMAGES if find_dataset(settings.get("dataset")) else None)
    ours = settings.get("test_images", theirs)
    return (ours, theirs or ours) if isinstance(ours, int) else (None, theirs)


def agreements(grid: GridResults) -> Agreements:
    """Compares each published test accuracy with ours.

    Two overlapping intervals would be a crude test: it misses differences. This tests the
    difference itself, with the luck of both sides. With two seeds or more: ours is the mean over
    m seeds with variance s²/m, theirs one run with a seed's luck of its own, s², on n test
    images, p(1-p)/n; the ratio of the difference to the root of their sum follows Student's t
    with Satterthwaite's degrees of freedom. With one seed, the luck of seeds is not known: the
    two networks are compared, two shares of n images each (the pooled z test), and "not
    consistent" then says that these networks differ, not that the settings do. Both take the
    test images to be drawn anew, though both sides saw the same ones: that errs towards
    "consistent". The verdicts are not adjusted for their number.

    Sources: Wilson, "Probable inference, the law of succession, and statistical inference",
    1927; Satterthwaite, "An approximate distribution of estimates of variance components", 1946.

    Args:
        grid: The grid's results.

    Returns:
        The agreement of each level that has both figures, by factor and level; none where the
        number of test examples is not known, or the metric is no share of them: the test accuracy
        is one, and so is what the study file states a number for.
    """
    metric, stated = grid.metric, grid.published_examples
    ours, theirs = examples_behind(grid.settings, stated)
    is_share = metric.in_per_cent and metric.is_bounded
    if not is_share or (stated is None and metric.name != "test_accuracy"):
        return {}
    if ours is None or theirs is None:
        return {}
    whole = metric.bounds[1]
    return {
        (factor.name, row.level): _agreement(row, row.published, ours, theirs, whole)
        for factor in grid.factors
        for row in factor.levels
        if row.values and row.published is not None and 0 <= row.published <= whole
    }


def _agreement(
    row: LevelResult, published: float, ours: int, theirs: int, whole: float
) -> Agreement:
    """Compares shares of `whole`: 1, or 100 per cent."""
    values, share = [value / whole for value in row.values], published / whole
    low, high = share_interval(share, theirs)
    if len(values) > 1:
        p = _p_of_mean(values, share, theirs)
    else:
        p = _p_of_run(values[0], share, ours, theirs)
    return Agreement(
        Quantity(published, whole * low, whole * high),
        p,
        Agrees.CONSISTENT if p >= 1 - CONFIDENCE else Agrees.NOT_CONSISTENT,
    )


def _p_of_mean(values: Sequence[float], published: float, images: int) -> float:
    from scipy import stats

    seeds = len(values)
    by_seed = deviation(values) ** 2 * (1 + 1 / seeds)
    total = by_seed + published * (1 - published) / images
    gap = abs(sum(values) / seeds - published)
    if total == 0:
        return float(gap == 0)
    freedom = (seeds - 1) / (by_seed / total) ** 2 if by_seed / total > _LITTLE else math.inf
    return float(2 * stats.t.sf(gap / math.sqrt(total), freedom))


def _p_of_run(value: float, published: float, ours: int, theirs: int) -> float:
    from statsmodels.stats.proportion import proportions_ztest

    if value == published:
        return 1.0
    _, p = proportions_ztest([value * ours, published * theirs], [ours, theirs])
    return float(p)
