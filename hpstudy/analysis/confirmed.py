"""A search's best settings on fresh seeds: the finalists, and the winner beside the baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hpstudy.analysis.chosen import BASELINE, WINNER, WinnersLook, choice_of, upto, winners_looks
from hpstudy.analysis.comparisons import Comparisons, Noise
from hpstudy.analysis.intervals import mean_interval, paired_interval
from hpstudy.analysis.seeds import seeds_needed
from hpstudy.metric import ALIKE, Metric, Quantity, Verdict
from hpstudy.numeric import deviation, finite, mean
from hpstudy.results.confirmation import Winner
from hpstudy.results.search import SearchResults
from hpstudy.sampler import Point


@dataclass(frozen=True)
class Finalist:
    """One of the best settings of the search, trained again on fresh seeds.

    Attributes:
        params: The setting.
        searched: Its value in the search: the best of many, so it flatters itself.
        seeds: The fresh seeds that have a value.
        values: Their values.
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
        metric: The metric of these values.
        params: The winner's setting.
        seeds: The seeds that have a value.
        values: The winner's values.
        mean: Their mean (Student's t; no interval with one seed); None where it diverged on all.
        baseline_values: The baseline's values, on the same seeds.
        baseline_mean: Their mean.
        difference: Mean difference, winner less baseline, at the last look; over all seeds that
            both have before the first, and where their number is fixed (paired t). No interval
            where these seeds cannot tell. None where the winner is the baseline.
        seeds_needed: Where no difference is shown: the seeds that would show one of the size
            seen in 80 % of studies; None where that is not known.
        is_baseline: Whether the winner is the baseline itself: nothing to compare.
        diverged: The seeds on which the winner diverged.
        baseline_diverged: The seeds on which the baseline diverged.
        verdict: What the difference shows; None where there is nothing to compare yet.
        looks: The looks that are made; none where the number of seeds is fixed.
        announced: After how many seeds all looks are that were announced.
        margin: What difference counts; None where any does.
        chosen_from: From how many settings it was chosen by a part of these values; 1 where it was
            chosen apart.
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
    verdict: Verdict | None = None
    looks: tuple[WinnersLook, ...] = ()
    announced: tuple[int, ...] = ()
    margin: float | None = None
    chosen_from: int = 1

    @property
    def next(self) -> int | None:
        """After how many seeds the next look is; None where there is none."""
        is_decided = bool(self.looks) and self.looks[-1].verdict is not None
        is_alone = len(self.baseline_diverged) > 1 and not self.baseline_values
        is_over = is_decided or is_alone or self.is_baseline or bool(self.diverged)
        left = () if is_over else self.announced[len(self.looks) :]
        return left[0] if left else None


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
    sign = -(search.chosen_by or search.metric).sign
    found.sort(key=lambda f: (bool(f.diverged), f.mean is None, sign * (f.mean or 0.0)))
    return tuple(found)


def confirmed(search: SearchResults) -> Confirmed | None:
    """Returns the winner beside the baseline; None before it has a result."""
    won = search.winner
    if won is None:
        return None
    ours, theirs = won.values, won.baseline_values
    found = Confirmed(
        metric=won.metric,
        params=won.setting,
        seeds=tuple(ours),
        values=tuple(ours.values()),
        mean=_mean(tuple(ours.values()), won.metric),
        baseline_values=tuple(theirs.values()),
        baseline_mean=_mean(tuple(theirs.values()), won.metric),
        difference=None,
        diverged=won.diverged,
        baseline_diverged=won.baseline_diverged,
    )
    if won.setting == search.baseline:
        return replace(found, is_baseline=True, verdict=Verdict.BASELINE)
    compared = _by_looks(found, won) if won.looks is not None else _at_once(found, won)
    if won.diverged:
        return replace(compared, verdict=Verdict.UNSTABLE if ours else Verdict.DIVERGES)
    return compared


def _by_looks(found: Confirmed, won: Winner) -> Confirmed:
    """Adds what the announced looks show."""
    looks = won.looks
    assert looks is not None  # the caller's
    made = winners_looks(won)
    found = replace(
        found,
        difference=made[-1].difference if made else _plain(won),
        looks=made,
        announced=looks.counts,
        margin=looks.margin,
        chosen_from=choice_of(won).count,
    )
    verdict = made[-1].verdict if made else None
    if verdict is None and found.next is not None:
        verdict = Verdict.OPEN
    elif verdict is None:
        verdict = _without_interval(found.difference) or Verdict.NOT_SHOWN
    needed = _needed_after(won, found) if verdict == Verdict.NOT_SHOWN else None
    return replace(found, verdict=verdict, seeds_needed=needed)


def _at_once(found: Confirmed, won: Winner) -> Confirmed:
    """Adds what a fixed number of seeds shows, as earlier versions had it (paired t)."""
    differences = _differences(won)
    if not differences:
        return found
    ends = paired_interval(differences, won.metric)
    difference = Quantity.within(mean(differences), ends)
    verdict = _without_interval(difference) or Verdict.NOT_SHOWN
    if ends is not None and (ends[0] > 0 or ends[1] < 0):
        verdict = Verdict.BETTER if won.metric.sign * mean(differences) > 0 else Verdict.WORSE
    is_open = verdict in (Verdict.NOT_SHOWN, Verdict.CANNOT_TELL) and len(differences) > 1
    noise = Noise(deviation(differences), 1) if is_open and deviation(differences) else None
    needed = _needed(noise, difference)
    return replace(found, difference=difference, verdict=verdict, seeds_needed=needed)


def _differences(won: Winner) -> tuple[float, ...]:
    """Returns the winner less the baseline, on each seed that both have."""
    both = sorted(won.values.keys() & won.baseline_values.keys())
    return tuple(finite(won.values[seed] - won.baseline_values[seed]) for seed in both)


def _plain(won: Winner) -> Quantity | None:
    """Returns the difference before the first look: it has no interval yet."""
    differences = _differences(won)
    return Quantity(mean(differences)) if differences else None


def _without_interval(difference: Quantity | None) -> Verdict | None:
    return Verdict.CANNOT_TELL if difference is None or difference.ends is None else None


def _mean(values: tuple[float, ...], metric: Metric) -> Quantity | None:
    return Quantity.within(mean(values), mean_interval(values, metric)) if values else None


def _needed_after(won: Winner, found: Confirmed) -> int | None:
    """Returns how many seeds would show a difference that the looks don't."""
    spreads = ALIKE if won.looks is None else won.looks.spreads
    comparisons = Comparisons(upto(won, frozenset(found.seeds)), won.metric, spreads=spreads)
    noise = comparisons.noise(WINNER, BASELINE)  # of the seeds to come each adds one difference
    return _needed(None if noise is None else Noise(noise.deviation, 1), found.difference)


def _needed(noise: Noise | None, difference: Quantity | None) -> int | None:
    if noise is None or difference is None or difference.value == 0:
        return None
    return seeds_needed(noise, difference.value, compared=1)
