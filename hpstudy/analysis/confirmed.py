"""A search's best settings on fresh seeds: the finalists, and the winner beside the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from hpstudy.analysis.comparisons import Ends, Noise, mean_interval, paired_interval
from hpstudy.analysis.seeds import seeds_needed
from hpstudy.metric import Metric, Quantity
from hpstudy.numeric import deviation, finite, mean
from hpstudy.results import confirmation
from hpstudy.results.confirmation import Candidate
from hpstudy.results.grid import Failure
from hpstudy.sampler import SEED, Point
from hpstudy.store.trials import error_of, is_complete, latest_attempts, point_key, trace_of
from hpstudy.studyfile.file import VALIDATION, StudyFile


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


@dataclass(frozen=True)
class Confirmation:
    """How far the confirmation has come.

    Attributes:
        seeds: The fresh seeds that were asked for, of both rounds.
        failed: The trainings that raised and have no result yet.
        waiting: How many others have no result yet.
    """

    seeds: tuple[int, ...]
    failed: tuple[Failure, ...]
    waiting: int


def finalists(
    candidates: Sequence[Candidate], direction: str, baseline: Point
) -> tuple[Finalist, ...]:
    """Returns the finalists that have a result on a fresh seed, best mean first.

    Args:
        candidates: The best settings of the search, with what fresh seeds said.
        direction: "maximize" or "minimize".
        baseline: All hyperparameters of the baseline.
    """
    found = [
        Finalist(
            params=c.setting,
            searched=c.searched,
            seeds=tuple(c.values),
            values=tuple(c.values.values()),
            mean=mean(c.values.values()) if c.values else None,
            diverged=c.diverged,
            is_baseline=c.setting == baseline,
        )
        for c in candidates
        if c.values or c.diverged
    ]
    sign = -1 if direction == "maximize" else 1
    found.sort(key=lambda f: (bool(f.diverged), f.mean is None, sign * (f.mean or 0.0)))
    return tuple(found)


def confirmed(
    study: StudyFile, candidates: Sequence[Candidate], trials: Sequence[FrozenTrial]
) -> Confirmed | None:
    """Returns the winner beside the baseline; None before it has a result.

    Args:
        study: The study file; it has a search.
        candidates: The best settings of the search, with what fresh seeds said.
        trials: The confirmation's trials.
    """
    search, baseline = study.search, study.baseline
    assert search is not None  # the caller's
    winner = confirmation.winner(candidates, search.direction)
    if winner is None:
        return None
    seeds = confirmation.confirming_seeds(100)
    ours = confirmation.values_of(winner.setting, 0, seeds, trials)
    theirs = confirmation.values_of(baseline, 0, seeds, trials)
    diverged = confirmation.diverged_of(winner.setting, 0, seeds, trials)
    if not ours and not diverged:
        return None
    values = [*ours.values(), *theirs.values()]
    metric = study.measured(search.confirming_metric, search.confirming_direction, values)
    is_baseline = winner.setting == baseline
    both = set() if is_baseline else ours.keys() & theirs.keys()
    differences = tuple(finite(ours[seed] - theirs[seed]) for seed in sorted(both))
    ends = paired_interval(differences, metric)
    return Confirmed(
        metric=metric,
        params=winner.setting,
        seeds=tuple(ours),
        values=tuple(ours.values()),
        mean=_mean(tuple(ours.values()), metric),
        baseline_values=tuple(theirs.values()),
        baseline_mean=_mean(tuple(theirs.values()), metric),
        difference=Quantity.within(mean(differences), ends) if differences else None,
        seeds_needed=_seeds_needed(differences, ends),
        is_baseline=is_baseline,
        diverged=diverged,
        baseline_diverged=confirmation.diverged_of(baseline, 0, seeds, trials),
    )


def _mean(values: tuple[float, ...], metric: Metric) -> Quantity | None:
    return Quantity.within(mean(values), mean_interval(values, metric)) if values else None


def _seeds_needed(differences: tuple[float, ...], ends: Ends | None) -> int | None:
    is_shown = ends is not None and (ends[0] > 0 or ends[1] < 0)
    if len(differences) < 2 or is_shown or mean(differences) == 0 or deviation(differences) == 0:
        return None
    return seeds_needed(Noise(deviation(differences), 1), mean(differences), compared=1)


def progress(
    study: StudyFile,
    candidates: Sequence[Candidate],
    validation: int,
    trials: Sequence[FrozenTrial],
    seeds: Sequence[int],
) -> Confirmation:
    """Returns what of the confirmation failed, and how much of it is still to do.

    Args:
        study: The study file; it has a search.
        candidates: The best settings of the search, with what fresh seeds said.
        validation: Images (or rows) that the search holds out.
        trials: The confirmation's trials.
        seeds: The fresh seeds that were asked for, of both rounds.
    """
    attempts = latest_attempts(trials)
    failed, waiting = [], 0
    for point in _planned(study, candidates, validation, seeds):
        trial = attempts.get(point_key(point))
        if trial is not None and (error := error_of(trial)) is not None:
            setting = {k: v for k, v in point.items() if k not in (SEED, VALIDATION)}
            failed.append(Failure(setting, int(point[SEED]), error, trace_of(trial)))
        elif trial is None or not is_complete(trial):
            waiting += 1
    return Confirmation(tuple(seeds), tuple(failed), waiting)


def _planned(
    study: StudyFile, candidates: Sequence[Candidate], validation: int, seeds: Sequence[int]
) -> Iterator[Point]:
    """Yields the points of both rounds; of the second one once the winner is known."""
    assert study.search is not None  # the caller's
    choosing = [seed for seed in seeds if seed in confirmation.choosing_seeds(100)]
    confirming = [seed for seed in seeds if seed in confirmation.confirming_seeds(100)]
    yield from confirmation.points([c.setting for c in candidates], validation, choosing)
    winner = confirmation.winner(candidates, study.search.direction)
    if winner is not None:
        yield from confirmation.points([winner.setting, study.baseline], 0, confirming)
