"""What the database holds of a study's search, as frozen dataclasses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from optuna.trial import FrozenTrial

from hpstudy.analysis import confirmed as fresh
from hpstudy.analysis.confirmed import Confirmation, Confirmed, Finalist
from hpstudy.metric import Direction, Metric
from hpstudy.results import confirmation
from hpstudy.results.grid import Failure, TrialCounts
from hpstudy.results.reading import runtime_of
from hpstudy.sampler import Level
from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.studies import (
    confirm_name,
    find_study,
    fingerprint_of,
    search_name,
    seeds_of,
    trials_of,
)
from hpstudy.store.trials import (
    PointKey,
    distinct_epochs,
    epoch_of,
    error_of,
    failed,
    has_diverged,
    is_alive,
    is_finished,
    is_measured,
    is_pruned,
    point_key,
    trace_of,
    value_of,
)
from hpstudy.studyfile.file import StudyFile


@dataclass(frozen=True)
class SearchResults:
    """A search's results.

    Attributes:
        metric: The metric that is searched for.
        baseline: The baseline.
        settings: The settings that the trials were trained with.
        counts: How many trials are in which state.
        epochs_asked: Epochs that the finished trials would have taken, had each come to its end.
        epochs_trained: Distinct epochs behind these trials.
        trials: The trials as Optuna keeps them, those that failed or diverged left out, by
            number; each has its intermediate value of every epoch, from 1.
        best: The complete trial with the best value.
        finalists: The best settings on fresh seeds, best mean first; empty before that.
        confirmed: The winner beside the baseline; None before that.
        failed: The settings that have failed: their latest attempt raised.
        runtime: The trials' device type, precision and threads.
        diverged: The trials whose metric became NaN or infinite: worse than all others.
        confirmation: How far the confirmation has come; None before it began.
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
    diverged: tuple[FrozenTrial, ...] = ()
    confirmation: Confirmation | None = None

    @property
    def goes_by_epochs(self) -> bool:
        """Whether trainings go on epoch by epoch, or are one call each."""
        return any(epoch_of(t) > 1 for t in self.trials)

    @property
    def all_failed(self) -> tuple[Failure, ...]:
        """The trials that raised, and the trainings of the confirmation that did."""
        return (*self.failed, *(self.confirmation.failed if self.confirmation else ()))

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
    fingerprint = fingerprint_of(optuna_study)
    settings, seed = fingerprint.get("settings", {}), int(fingerprint.get("seed", 0))
    every = trials_of(optuna_study)
    finished = [t for t in every if is_finished(t)]
    measured = [t for t in finished if is_measured(t)]
    diverged = tuple(t for t in finished if has_diverged(t))
    pruned = [t for t in finished if is_pruned(t)]
    running = [
        t
        for t in every
        if t.params.keys() == study.search.space.keys()  # else it has just begun
        and is_alive(t, search_name(name), database.url)
    ]
    failures = tuple(
        Failure(trial.params, seed, error, trace_of(trial))
        for trial in failed(every)
        if (error := error_of(trial)) is not None
    )
    confirming = find_study(confirm_name(name), database)
    trials = trials_of(confirming)
    validation = int(settings.get("validation", study.search.validation))
    candidates = confirmation.candidates(
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
            study.search.metric,
            study.search.direction,
            [*map(value_of, measured), *(v for c in candidates for v in c.values.values())],
        ),
        baseline=dict(study.baseline),
        settings=settings,
        runtime=runtime_of(fingerprint, study.baseline),
        counts=TrialCounts(
            complete=len(measured),
            pruned=len(pruned),
            failed=len(failures),
            running=len(running),
            diverged=len(diverged),
        ),
        epochs_asked=sum(_epochs_asked(t, study) for t in finished),
        epochs_trained=sum(distinct_epochs(finished).values()),
        trials=tuple(sorted([*measured, *pruned, *running], key=lambda t: t.number)),
        best=pick(measured, key=value_of) if measured else None,
        finalists=fresh.finalists(candidates, study.search.direction, study.baseline),
        confirmed=fresh.confirmed(study, candidates, trials),
        confirmation=None
        if confirming is None
        else fresh.progress(study, candidates, validation, trials, seeds_of(confirming)),
        diverged=diverged,
        failed=failures,
    )


def _epochs_asked(trial: FrozenTrial, study: StudyFile) -> int:
    """Returns the epochs that a trial would have taken, had it come to its end."""
    if is_measured(trial) or study.fidelity is None:
        return max(epoch_of(trial), 1)
    return int(trial.params.get(study.fidelity) or study.baseline[study.fidelity])


@dataclass(frozen=True)
class Tried:
    """A setting of a search.

    Attributes:
        trial: Its best trial.
        times: How many finished trials had this setting.
    """

    trial: FrozenTrial
    times: int


def best_settings(search: SearchResults, count: int) -> list[Tried]:
    """Returns the best distinct settings of a search, best first.

    Args:
        search: The search's results.
        count: How many.
    """
    finished = [t for t in search.trials if t.state.is_finished()]
    times = Counter(point_key(t.params) for t in [*finished, *search.diverged])
    measured = [t for t in finished if is_measured(t)]
    measured.sort(key=value_of, reverse=search.direction == "maximize")
    best: dict[PointKey, FrozenTrial] = {}
    for trial in measured:
        best.setdefault(point_key(trial.params), trial)
    return [Tried(trial, times[key]) for key, trial in list(best.items())[:count]]
