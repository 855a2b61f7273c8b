"""Intervals, cut where a metric's values end; None where they would say nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hpstudy.analysis.simultaneous import ALPHA, CONFIDENCE, t_quantile
from hpstudy.metric import Metric
from hpstudy.numeric import deviation, finite, mean

Ends = tuple[float, float]


def mean_interval(values: Sequence[float], metric: Metric | None = None) -> Ends | None:
    """Returns the 95 % interval of a mean (Student's t), cut where the metric's values end.

    Returns:
        The ends, or None for fewer than two values, or where the interval says nothing: it holds
        all that the metric can be.
    """
    return None if len(values) < 2 else mean_ends(mean(values), t_half(values), metric)


def mean_ends(middle: float, half: float, metric: Metric | None) -> Ends | None:
    """Returns the ends of a mean's interval, cut where the metric's values end.

    Returns:
        The ends, or None where they say nothing.
    """
    low, high = finite(middle - half), finite(middle + half)
    if metric is None:
        return low, high
    least, most = metric.bounds
    return (max(low, least), min(high, most)) if low > least or high < most else None


def paired_interval(differences: Sequence[float], metric: Metric) -> Ends | None:
    """Returns the 95 % interval of a mean difference of pairs (Student's t).

    Returns:
        The ends, or None for fewer than two pairs, or where the interval says nothing.
    """
    if len(differences) < 2:
        return None
    return difference_ends(mean(differences), t_half(differences), metric)


def difference_ends(difference: float, half: float, metric: Metric) -> Ends | None:
    """Returns the ends of a difference's interval, cut where no two values lie further apart.

    This is the one place that decides whether an interval says anything: not if it leaves the
    sign open and is as wide as all that the metric can span.

    Args:
        difference: The difference.
        half: Half of the interval's width.
        metric: The metric.

    Returns:
        The ends, or None where they say nothing.
    """
    least, most = metric.bounds
    span = max(most - least, abs(difference))
    if abs(difference) <= half and 2 * half >= span:
        return None
    return max(finite(difference - half), -span), min(finite(difference + half), span)


def t_half(values: Sequence[float], alpha: float = ALPHA) -> float:
    """Returns half the width of a mean's interval by Student's t."""
    return finite(t_quantile(len(values) - 1, alpha) * (deviation(values) / math.sqrt(len(values))))


def share_interval(share: float, examples: int) -> Ends:
    """Returns the 95 % interval of a share of examples, were others drawn like them (Wilson)."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(
        share * examples, examples, alpha=1 - CONFIDENCE, method="wilson"
    )
    return float(low), float(high)
