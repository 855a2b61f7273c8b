"""How a search's winner is chosen among the finalists, and what it and the baseline came to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from optuna.trial import FrozenTrial

from hpstudy.metric import Metric
from hpstudy.numeric import mean
from hpstudy.results.fresh import Design, confirming_seeds, points
from hpstudy.results.grid import Failure
from hpstudy.results.looks import Looks
from hpstudy.sampler import SEED, Level, Point
from hpstudy.store.trials import (
    PointKey,
    error_of,
    has_diverged,
    is_complete,
    is_measured,
    latest_attempts,
    point_key,
    raised,
    seed_of,
    trace_of,
    value_of,
    without_seed,
)
from hpstudy.studyfile.file import VALIDATION, StudyFile


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
    """The finalist that won, and the baseline, on fresh seeds.

    Attributes:
        metric: The metric of these values.
        setting: The winner's hyperparameters.
        values: Its values, by seed.
        diverged: The seeds on which it diverged.
        baseline_values: The baseline's values, by seed.
        baseline_diverged: The seeds on which the baseline diverged.
        looks: The looks that were announced; None where the number of seeds is fixed.
        failed: The seeds on which its latest attempt raised.
        baseline_failed: Those of the baseline.
        chosen_on: The seeds of these values that it was chosen by; none where it was chosen apart.
        rivals: The values of the other finalists on these, by seed.
    """

    metric: Metric
    setting: Point
    values: Mapping[int, float]
    diverged: tuple[int, ...]
    baseline_values: Mapping[int, float]
    baseline_diverged: tuple[int, ...]
    looks: Looks | None = None
    failed: frozenset[int] = frozenset()
    baseline_failed: frozenset[int] = frozenset()
    chosen_on: tuple[int, ...] = ()
    rivals: tuple[Mapping[int, float], ...] = field(default=())


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


def values_of(
    setting: Mapping[str, Level],
    validation: int,
    seeds: Collection[int],
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
    seeds: Collection[int],
    trials: Iterable[FrozenTrial],
) -> tuple[int, ...]:
    """Returns the seeds on which a setting diverged; the arguments are those of `values_of`."""
    found = _trials_of(setting, validation, seeds, trials)
    return tuple(sorted({seed_of(t) for t in found if has_diverged(t)}))


def _trials_of(
    setting: Mapping[str, Level],
    validation: int,
    seeds: Collection[int],
    trials: Iterable[FrozenTrial],
) -> Iterator[FrozenTrial]:
    wanted = {**setting, VALIDATION: validation}
    return (t for t in trials if t.params.get(SEED) in seeds and without_seed(t) == wanted)


def candidates(
    whole: Callable[[Point], Point],
    searched: Iterable[FrozenTrial],
    metric: Metric,
    count: int,
    *,
    validation: int,
    seeds: Collection[int],
    trials: Sequence[FrozenTrial] = (),
) -> list[Candidate]:
    """Returns the best distinct settings of a search, best first.

    Args:
        whole: Returns all hyperparameters of a setting, from those that were searched.
        searched: The search's trials.
        metric: What is searched for.
        count: How many.
        validation: Images (or rows) held out of the finalists' training.
        seeds: The fresh seeds that the winner is chosen on.
        trials: The confirmation's trials, for the values on these.
    """
    distinct: dict[PointKey, FrozenTrial] = {}
    for trial in metric.sorted(filter(is_measured, searched), value_of):
        distinct.setdefault(point_key(trial.params), trial)
    return [
        Candidate(
            setting := whole(trial.params),
            value_of(trial),
            values_of(setting, validation, seeds, trials),
            diverged_of(setting, validation, seeds, trials),
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
    study: StudyFile,
    design: Design,
    tried: Iterable[Candidate],
    won: Candidate,
    trials: Sequence[FrozenTrial],
    *,
    epochs: int = 1,
) -> Winner | None:
    """Returns what the winner and the baseline came to; None before the winner has a result.

    Args:
        study: The study file; it has a search.
        design: How the confirmation goes.
        tried: The finalists.
        won: The winner among them.
        trials: The confirmation's trials.
        epochs: Over how many last epochs a training's value is the mean.
    """
    search, setting, baseline = study.search, won.setting, study.whole()
    assert search is not None  # the caller's
    seeds = confirming_seeds(100)
    values = values_of(setting, 0, seeds, trials)
    diverged = diverged_of(setting, 0, seeds, trials)
    if not values and not diverged:
        return None
    theirs = values_of(baseline, 0, seeds, trials)
    rivals = () if design.is_apart else (c for c in tried if c.setting not in (setting, baseline))
    fair = tuple(c.values for c in rivals if c.values and not c.diverged)
    seen = [v for values_ in (values, theirs, *fair) for v in values_.values()]
    metric = study.measured(
        search.confirming_metric, search.confirming_direction, seen, epochs=epochs
    )
    return Winner(
        metric,
        setting,
        values,
        diverged,
        theirs,
        diverged_of(baseline, 0, seeds, trials),
        looks=None if design.looks is None else design.looks.looks(metric),
        failed=failed_of(setting, 0, seeds, trials),
        baseline_failed=failed_of(baseline, 0, seeds, trials),
        chosen_on=() if design.is_apart else design.choosing,
        rivals=fair,
    )


def failed_of(
    setting: Mapping[str, Level],
    validation: int,
    seeds: Collection[int],
    trials: Iterable[FrozenTrial],
) -> frozenset[int]:
    """Returns the seeds on which a setting's latest attempt raised; as in `values_of`."""
    attempts = latest_attempts(_trials_of(setting, validation, seeds, trials)).values()
    return frozenset(seed_of(t) for t in attempts if raised(t))


def read_confirmation(
    baseline: Point,
    finalists: Iterable[Candidate],
    won: Candidate | None,
    *,
    design: Design,
    validation: int,
    trials: Sequence[FrozenTrial],
) -> Confirmation:
    """Returns what of the confirmation failed, and how much of it is still to do.

    Args:
        baseline: All hyperparameters of the baseline.
        finalists: The best settings of the search.
        won: The winner among them; it goes on once it is known.
        design: How the confirmation goes.
        validation: Images (or rows) held out of the finalists' training.
        trials: The confirmation's trials.
    """
    first = [c.setting for c in finalists]
    begun = [seed for seed in design.choosing if seed in design.asked]
    planned = points(first if design.is_apart else [*first, baseline], validation, begun)
    if won is not None and (won.setting != baseline or design.looks is None):
        planned += points([won.setting, baseline], 0, design.confirming)
    attempts = latest_attempts(trials)
    failed, waiting = [], 0
    for key, point in {point_key(point): point for point in planned}.items():
        trial = attempts.get(key)
        if trial is not None and (error := error_of(trial)) is not None:
            setting = {k: v for k, v in point.items() if k not in (SEED, VALIDATION)}
            failed.append(Failure(setting, int(point[SEED]), error, trace_of(trial)))
        elif trial is None or not is_complete(trial):
            waiting += 1
    return Confirmation(design.asked, tuple(failed), waiting)
