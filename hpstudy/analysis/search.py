"""What the database holds of a study's search, as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from optuna.trial import FrozenTrial, TrialState

from hpstudy import confirmation
from hpstudy.analysis.comparisons import Noise, mean_interval
from hpstudy.analysis.planning import seeds_needed
from hpstudy.analysis.results import Failure, TrialCounts, runtime_of
from hpstudy.confirmation import Candidate
from hpstudy.metric import Direction, Metric
from hpstudy.records import Records
from hpstudy.sampler import Level, Point
from hpstudy.storage import Database
from hpstudy.study import StudyFile
from hpstudy.trials import (
    ERROR,
    FINGERPRINT,
    TRACE,
    TRAINING,
    confirm_name,
    find_study,
    is_alive,
    search_name,
)


@dataclass(frozen=True)
class Finalist:
    """One of the best settings of the search, trained again on fresh seeds.

    Attributes:
        params: The setting.
        searched: Its value in the search: the best of many, so it flatters itself.
        seeds: The fresh seeds that have a value.
        values: Their values of the search's metric.
        mean: The values' mean.
    """

    params: Point
    searched: float
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    mean: float


@dataclass(frozen=True)
class Confirmed:
    """The winner of the finalists on fresh seeds, beside the baseline on the same seeds.

    Attributes:
        metric: The metric of these values; nothing was chosen by it.
        params: The winner's setting.
        seeds: The seeds that have a value.
        values: The winner's values.
        mean: Their mean.
        low: Lower end of the mean's 95 % interval (Student's t); None with one seed.
        high: Its upper end.
        baseline_values: The baseline's values, on the same seeds.
        baseline_mean: Their mean.
        difference: Mean difference, winner less baseline, over the seeds that both have.
        difference_low: Lower end of its 95 % interval (paired t); None with one seed.
        difference_high: Its upper end.
        seeds_needed: Where no difference is shown: the seeds that would show one of the size
            seen in 80 % of studies; None where that is not known.
        baseline_low: Lower end of the 95 % interval of the baseline's mean (Student's t); None
            with one seed.
        baseline_high: Its upper end.
    """

    metric: Metric
    params: Point
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None
    baseline_values: tuple[float, ...]
    baseline_mean: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    seeds_needed: int | None = None
    baseline_low: float | None = None
    baseline_high: float | None = None


@dataclass(frozen=True)
class SearchResults:
    """A search's results.

    Attributes:
        metric: The metric that is searched for.
        baseline: The baseline.
        settings: The settings that the trials were trained with.
        counts: How many trials are in which state.
        epochs_asked: Epochs that the complete and pruned trials would have taken unpruned.
        epochs_trained: Distinct epochs behind these trials.
        trials: The trials as Optuna keeps them, those that failed left out, by number; each
            has its intermediate value of every epoch, from 1.
        best: The complete trial with the best value.
        finalists: The best settings on fresh seeds, best mean first; empty before that.
        confirmed: The winner beside the baseline; None before that.
        failed: The trials that raised.
        runtime: The trials' device type, precision and threads.
    """

    metric: Metric
    baseline: Mapping[str, Level]
    settings: Mapping[str, object]
    counts: TrialCounts
    epochs_asked: int
    epochs_trained: int
    trials: tuple[FrozenTrial, ...]
    best: FrozenTrial | None
    finalists: tuple[Finalist, ...]
    confirmed: Confirmed | None
    failed: tuple[Failure, ...]
    runtime: Mapping[str, object] = field(default_factory=dict)

    @property
    def direction(self) -> Direction:
        """Which direction of the metric is better: "maximize" or "minimize"."""
        return self.metric.direction


def read_search(study: StudyFile, name: str, database: Database) -> SearchResults | None:
    """Reads what the database holds of a study file's search.

    Args:
        study: The study file.
        name: The study's name, without `/search`.
        database: The database.

    Returns:
        The results, or None if the file has no search or it was never run.
    """
    records = Records(database.engine)
    optuna_study = find_study(search_name(name), database)
    if study.search is None or optuna_study is None or not records.exist():
        return None
    fingerprint = optuna_study.user_attrs.get(FINGERPRINT, {})
    settings, seed = fingerprint.get("settings", {}), int(fingerprint.get("seed", 0))
    every = optuna_study.get_trials(deepcopy=False)
    finished = [t for t in every if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    complete = [t for t in finished if t.state == TrialState.COMPLETE]
    running = [
        t
        for t in every
        if t.params.keys() == study.search.space.keys()  # else it has just begun
        and is_alive(t, search_name(name), database.url)
    ]
    failed = [t for t in every if t.state == TrialState.FAIL and ERROR in t.user_attrs]
    confirming = find_study(confirm_name(name), database)
    trials = confirming.get_trials(deepcopy=False) if confirming is not None else []
    validation = int(settings.get("validation", study.search.validation))
    finalists = confirmation.candidates(
        study.baseline,
        finished,
        study.search.direction,
        study.search.finalists,
        validation=validation,
        trials=trials,
    )
    pick = max if study.search.direction == "maximize" else min
    return SearchResults(
        metric=study.measured(
            study.search.metric, study.search.direction, (t.values[0] for t in complete)
        ),
        baseline=dict(study.baseline),
        settings=settings,
        runtime=runtime_of(fingerprint, study.baseline),
        counts=TrialCounts(
            complete=len(complete),
            pruned=len(finished) - len(complete),
            failed=len(failed),
            running=len(running),
        ),
        epochs_asked=sum(_epochs_asked(t, study) for t in finished),
        epochs_trained=_distinct_epochs(finished),
        trials=tuple(sorted([*finished, *running], key=lambda t: t.number)),
        best=pick(complete, key=lambda t: t.values[0]) if complete else None,
        finalists=_finalists(finalists, study.search.direction),
        confirmed=_confirmed(study, finalists, trials),
        failed=tuple(
            Failure(t.params, seed, str(t.user_attrs[ERROR]), t.user_attrs.get(TRACE, ""))
            for t in failed
        ),
    )


def _finalists(candidates: Sequence[Candidate], direction: str) -> tuple[Finalist, ...]:
    """Returns the finalists that have values on fresh seeds, best mean first."""
    found = [
        Finalist(
            params=c.setting,
            searched=c.searched,
            seeds=tuple(c.values),
            values=tuple(c.values.values()),
            mean=fmean(c.values.values()),
        )
        for c in candidates
        if c.values
    ]
    found.sort(key=lambda f: f.mean, reverse=direction == "maximize")
    return tuple(found)


def _confirmed(
    study: StudyFile, finalists: Sequence[Candidate], trials: Sequence[FrozenTrial]
) -> Confirmed | None:
    search, baseline = study.search, study.baseline
    assert search is not None  # the caller's
    winner = confirmation.winner(finalists, search.direction)
    if winner is None:
        return None
    seeds = confirmation.confirming_seeds(100)
    ours = confirmation.values_of(winner.setting, 0, seeds, trials)
    theirs = confirmation.values_of(baseline, 0, seeds, trials)
    if not ours:
        return None
    values = [*ours.values(), *theirs.values()]
    metric = study.measured(search.confirming_metric, search.direction, values)
    low, high = mean_interval(tuple(ours.values()), metric) or (None, None)
    base_low, base_high = mean_interval(tuple(theirs.values()), metric) or (None, None)
    both = ours.keys() & theirs.keys() if winner.setting != baseline else set()
    differences = tuple(ours[seed] - theirs[seed] for seed in sorted(both))
    ends = mean_interval(differences) or (None, None)  # Student's t of paired differences
    return Confirmed(
        metric=metric,
        params=winner.setting,
        seeds=tuple(ours),
        values=tuple(ours.values()),
        mean=fmean(ours.values()),
        low=low,
        high=high,
        baseline_values=tuple(theirs.values()),
        baseline_mean=fmean(theirs.values()) if theirs else None,
        difference=fmean(differences) if differences else None,
        difference_low=ends[0],
        difference_high=ends[1],
        seeds_needed=_seeds_needed(differences, ends),
        baseline_low=base_low,
        baseline_high=base_high,
    )


def _seeds_needed(
    differences: tuple[float, ...], ends: tuple[float | None, float | None]
) -> int | None:
    low, high = ends
    if low is None or high is None or low > 0 or high < 0 or fmean(differences) == 0:
        return None
    return seeds_needed(Noise(stdev(differences), 1), fmean(differences), compared=1)


def _distinct_epochs(finished: Sequence[FrozenTrial]) -> int:
    longest: dict[str, int] = {}
    for trial in finished:
        key = str(trial.user_attrs.get(TRAINING, trial.number))
        longest[key] = max(longest.get(key, 0), max(trial.intermediate_values, default=0))
    return sum(longest.values())


def _epochs_asked(trial: FrozenTrial, study: StudyFile) -> int:
    """Returns the epochs that a trial would have taken unpruned."""
    last = max(trial.intermediate_values, default=0)
    if trial.state == TrialState.COMPLETE or study.fidelity is None:
        return max(last, 1)
    return int(trial.params.get(study.fidelity) or study.baseline[study.fidelity])
