"""A search's best settings on fresh seeds: the finalists, and the winner beside the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.analysis.comparisons import Noise
from hpstudy.analysis.intervals import Ends, mean_interval, paired_interval
from hpstudy.analysis.seeds import seeds_needed
from hpstudy.metric import Metric, Quantity
from hpstudy.numeric import deviation, finite, mean
from hpstudy.results.search import SearchResults
from hpstudy.sampler import Point


@dataclass(frozen=True)
class Finalist:
    """One of the best settings of the search, trained again on fresh seeds.

    Attributes:
        params: The setting.
        searched: Its value in the search: the best of many, so it flatters itself.
        seeds: The fresh seeds that have a value.
        values: Their values of the search's metric.
        mean: The values' mean; None without a value.
        diverged: The fresh seeds on which it diverged: it can't win.
        is_baseline: Whether it is the baseline itself.
    """

    params: Point
    searched: float
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    mean: float | None
    diverged: tuple[int, ...] = ()
    is_baseline: bool = False


@dataclass(frozen=True)
class Confirmed:
    """The winner of the finalists on fresh seeds, beside the baseline on the same seeds.

    Attributes:
        metric: The metric of these values; nothing was chosen by it.
        params: The winner's setting.
        seeds: The seeds that have a value.
        values: The winner's values.
        mean: Their mean (Student's t; no interval with one seed); None where it diverged on all.
        baseline_values: The baseline's values, on the same seeds.
        baseline_mean: Their mean.
        difference: Mean difference, winner less baseline, over the seeds that both have (paired
            t); no interval with one seed, and where it is wider than what the metric can span, so
            that these seeds cannot tell. None where the winner is the baseline.
        seeds_needed: Where no difference is shown: the seeds that would show one of the size
            seen in 80 % of studies; None where that is not known.
        is_baseline: Whether the winner is the baseline itself: nothing to compare.
        diverged: The seeds on which the winner diverged.
        baseline_diverged: The seeds on which the baseline diverged.
    """

    metric: Metric
    params: Point
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    mean: Quantity | None
    baseline_values: tuple[float, ...]
    baseline_mean: Quantity | None
    difference: Quantity | None
    seeds_needed: int | None = None
    is_baseline: bool = False
    diverged: tuple[int, ...] = ()
    baseline_diverged: tuple[int, ...] = ()


def finalists(search: SearchResults) -> tuple[Finalist, ...]:
    """Returns the finalists that have a result on a fresh seed, best mean first.

    Those that diverged come last.
    """
    found = [
        Finalist(
            params=c.setting,
            searched=c.searched,
            seeds=tuple(c.values),
            values=tuple(c.values.values()),
            mean=mean(c.values.values()) if c.values else None,
            diverged=c.diverged,
            is_baseline=c.setting == search.baseline,
        )
        for c in search.candidates
        if c.values or c.diverged
    ]
    sign = -search.metric.sign
    found.sort(key=lambda f: (bool(f.diverged), f.mean is None, sign * (f.mean or 0.0)))
    return tuple(found)


def confirmed(search: SearchResults) -> Confirmed | None:
    """Returns the winner beside the baseline; None before it has a result."""
    won = search.winner
    if won is None:
        return None
    ours, theirs = won.values, won.baseline_values
    is_baseline = won.setting == search.baseline
    both = set() if is_baseline else ours.keys() & theirs.keys()
    differences = tuple(finite(ours[seed] - theirs[seed]) for seed in sorted(both))
    ends = paired_interval(differences, won.metric)
    return Confirmed(
        metric=won.metric,
        params=won.setting,
        seeds=tuple(ours),
        values=tuple(ours.values()),
        mean=_mean(tuple(ours.values()), won.metric),
        baseline_values=tuple(theirs.values()),
        baseline_mean=_mean(tuple(theirs.values()), won.metric),
        difference=Quantity.within(mean(differences), ends) if differences else None,
        seeds_needed=_seeds_needed(differences, ends),
        is_baseline=is_baseline,
        diverged=won.diverged,
        baseline_diverged=won.baseline_diverged,
    )


def _mean(values: tuple[float, ...], metric: Metric) -> Quantity | None:
    return Quantity.within(mean(values), mean_interval(values, metric)) if values else None


def _seeds_needed(differences: tuple[float, ...], ends: Ends | None) -> int | None:
    is_shown = ends is not None and (ends[0] > 0 or ends[1] < 0)
    if len(differences) < 2 or is_shown or mean(differences) == 0 or deviation(differences) == 0:
        return None
    return seeds_needed(Noise(deviation(differences), 1), mean(differences), compared=1)
