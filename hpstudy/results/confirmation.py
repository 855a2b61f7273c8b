"""How a search's winner is chosen and confirmed: the points this takes, and their values.

The best observed of many noisy values flatters itself. So the best settings are trained again, and
the one with the best mean over fresh seeds is the winner; then it is trained on all the training
data with other fresh seeds, beside the baseline, and scored by what nothing was chosen by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from hpstudy.metric import Metric
from hpstudy.numeric import mean
from hpstudy.results.grid import Failure
from hpstudy.sampler import SEED, Level, Point
from hpstudy.store.trials import (
    PointKey,
    error_of,
    has_diverged,
    is_complete,
    is_measured,
    latest_attempts,
    point_key,
    seed_of,
    trace_of,
    value_of,
)
from hpstudy.studyfile.file import VALIDATION, StudyFile  # the first tells the rounds apart

# Seeds from here on are kept fresh for the winner, then for choosing among the finalists.
FIRST_CONFIRMING_SEED = 100
FIRST_CHOOSING_SEED = 200


@dataclass(frozen=True)
class Candidate:
    """A finalist.

    Attributes:
        setting: All of its hyperparameters.
        searched: Its value in the search.
        values: Its values on fresh seeds, by seed.
        diverged: The fresh seeds on which it diverged.
    """

    setting: Point
    searched: float
    values: Mapping[int, float]
    diverged: tuple[int, ...] = ()


@dataclass(frozen=True)
class Winner:
    """The finalist that won, on fresh seeds again, and the baseline.

    Attributes:
        metric: The metric of these values; nothing was chosen by it.
        setting: The winner's hyperparameters.
        values: Its values, by seed.
        diverged: The seeds on which it diverged.
        baseline_values: The baseline's values, by seed.
        baseline_diverged: The seeds on which the baseline diverged.
    """

    metric: Metric
    setting: Point
    values: Mapping[int, float]
    diverged: tuple[int, ...]
    baseline_values: Mapping[int, float]
    baseline_diverged: tuple[int, ...]


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


def confirming_seeds(count: int) -> range:
    """Returns the seeds on which the winner and the baseline are trained."""
    return range(FIRST_CONFIRMING_SEED, FIRST_CONFIRMING_SEED + count)


def choosing_seeds(count: int) -> range:
    """Returns the seeds on which the finalists are trained."""
    return range(FIRST_CHOOSING_SEED, FIRST_CHOOSING_SEED + count)


def points(settings: Iterable[Point], validation: int, seeds: Iterable[int]) -> list[Point]:
    """Returns the points of some settings, each once, on some seeds.

    Args:
        settings: The settings, all hyperparameters named.
        validation: Images (or rows) held out of training.
        seeds: The seeds.
    """
    distinct = {point_key(setting): setting for setting in settings}.values()
    replicates = list(seeds)
    return [{**s, VALIDATION: validation, SEED: seed} for s in distinct for seed in replicates]


def values_of(
    setting: Mapping[str, Level],
    validation: int,
    seeds: range,
    trials: Iterable[FrozenTrial],
) -> dict[int, float]:
    """Returns a setting's values by seed, of the trials that have one.

    Args:
        setting: All hyperparameters.
        validation: Images (or rows) held out of training.
        seeds: The seeds that count; may reach further than what was run.
        trials: The confirmation's trials.
    """
    found = {
        seed_of(t): value_of(t)
        for t in _trials_of(setting, validation, seeds, trials)
        if is_measured(t)
    }
    return {seed: found[seed] for seed in sorted(found)}


def diverged_of(
    setting: Mapping[str, Level],
    validation: int,
    seeds: range,
    trials: Iterable[FrozenTrial],
) -> tuple[int, ...]:
    """Returns the seeds on which a setting diverged; the arguments are those of `values_of`."""
    found = _trials_of(setting, validation, seeds, trials)
    return tuple(sorted({seed_of(t) for t in found if has_diverged(t)}))


def _trials_of(
    setting: Mapping[str, Level], validation: int, seeds: range, trials: Iterable[FrozenTrial]
) -> Iterator[FrozenTrial]:
    wanted = {**setting, VALIDATION: validation}
    return (t for t in trials if {**t.params, **wanted} == t.params and t.params[SEED] in seeds)


def candidates(
    baseline: Point,
    searched: Iterable[FrozenTrial],
    metric: Metric,
    count: int,
    *,
    validation: int,
    trials: Sequence[FrozenTrial] = (),
) -> list[Candidate]:
    """Returns the best distinct settings of a search, best first.

    Args:
        baseline: Names the hyperparameters that were not searched.
        searched: The search's trials.
        metric: What is searched for.
        count: How many.
        validation: Images (or rows) that the search holds out.
        trials: The confirmation's trials, for the values on fresh seeds.
    """
    distinct: dict[PointKey, FrozenTrial] = {}
    for trial in metric.sorted(filter(is_measured, searched), value_of):
        distinct.setdefault(point_key(trial.params), trial)
    return [
        Candidate(
            setting := {**baseline, **trial.params},
            value_of(trial),
            values_of(setting, validation, choosing_seeds(100), trials),
            diverged_of(setting, validation, choosing_seeds(100), trials),
        )
        for trial in list(distinct.values())[:count]
    ]


def winner(finalists: Iterable[Candidate], metric: Metric) -> Candidate | None:
    """Returns the finalist with the best mean, among those with the most seeds.

    One that diverged on a fresh seed doesn't win.
    """
    tried = [c for c in finalists if c.values and not c.diverged]
    most = max((len(c.values) for c in tried), default=0)
    whole = [c for c in tried if len(c.values) == most]
    return metric.best(whole, lambda c: mean(c.values.values()))


def read_winner(
    study: StudyFile, setting: Point, trials: Sequence[FrozenTrial], *, epochs: int = 1
) -> Winner | None:
    """Returns what the winner and the baseline came to; None before the winner has a result.

    Args:
        study: The study file; it has a search.
        setting: The winner's hyperparameters.
        trials: The confirmation's trials.
        epochs: Over how many last epochs a training's value is the mean.
    """
    search, baseline = study.search, study.baseline
    assert search is not None  # the caller's
    seeds = confirming_seeds(100)
    values = values_of(setting, 0, seeds, trials)
    diverged = diverged_of(setting, 0, seeds, trials)
    if not values and not diverged:
        return None
    theirs = values_of(baseline, 0, seeds, trials)
    seen = [*values.values(), *theirs.values()]
    metric = study.measured(
        search.confirming_metric, search.confirming_direction, seen, epochs=epochs
    )
    lost = diverged_of(baseline, 0, seeds, trials)
    return Winner(metric, setting, values, diverged, theirs, lost)


def read_confirmation(
    baseline: Point,
    finalists: Iterable[Candidate],
    won: Candidate | None,
    *,
    validation: int,
    seeds: Sequence[int],
    trials: Sequence[FrozenTrial],
) -> Confirmation:
    """Returns what of the confirmation failed, and how much of it is still to do.

    Args:
        baseline: All hyperparameters of the baseline.
        finalists: The best settings of the search.
        won: The winner among them; the second round begins once it is known.
        validation: Images (or rows) that the search holds out.
        seeds: The fresh seeds that were asked for, of both rounds.
        trials: The confirmation's trials.
    """
    choosing = [seed for seed in seeds if seed in choosing_seeds(100)]
    confirming = [seed for seed in seeds if seed in confirming_seeds(100)]
    planned = points([c.setting for c in finalists], validation, choosing)
    if won is not None:
        planned += points([won.setting, baseline], 0, confirming)
    attempts = latest_attempts(trials)
    failed, waiting = [], 0
    for point in planned:
        trial = attempts.get(point_key(point))
        if trial is not None and (error := error_of(trial)) is not None:
            setting = {k: v for k, v in point.items() if k not in (SEED, VALIDATION)}
            failed.append(Failure(setting, int(point[SEED]), error, trace_of(trial)))
        elif trial is None or not is_complete(trial):
            waiting += 1
    return Confirmation(tuple(seeds), tuple(failed), waiting)
