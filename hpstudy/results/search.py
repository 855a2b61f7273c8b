"""What the database holds of a study's search, as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from optuna import Study
from optuna.trial import FrozenTrial

from hpstudy.metric import Metric
from hpstudy.results.ablation import Ablation, read_ablation
from hpstudy.results.confirmation import (
    Candidate,
    Confirmation,
    Winner,
    candidates,
    read_confirmation,
    read_winner,
    winner,
)
from hpstudy.results.fresh import design_of
from hpstudy.results.grid import Failure, TrialCounts
from hpstudy.results.reading import runtime_of
from hpstudy.sampler import Level
from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.studies import (
    confirm_name,
    find_study,
    fingerprint_of,
    metric_epochs_of,
    pairing_of,
    search_name,
    trials_of,
)
from hpstudy.store.trials import (
    distinct_epochs,
    epoch_of,
    error_of,
    failed,
    has_diverged,
    is_alive,
    is_finished,
    is_measured,
    is_pruned,
    raised,
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
        failed: The settings that have failed: their latest attempt raised.
        runtime: The trials' device type, precision and threads.
        diverged: The trials whose metric became NaN or infinite: worse than all others.
        candidates: The best settings, with what fresh seeds said of them, if anything.
        chosen_by: The metric of that; None where it is the search's own.
        winner: The winner among them beside the baseline; None before it has a result.
        ablation: The settings between baseline and winner; None before that has a result.
        confirmation: How far the confirmation has come; None before it began.
    """

    metric: Metric
    baseline: Mapping[str, Level]
    settings: Mapping[str, object]
    counts: TrialCounts
    epochs_asked: int
    epochs_trained: int
    trials: tuple[FrozenTrial, ...]
    failed: tuple[Failure, ...]
    runtime: Mapping[str, object] = field(default_factory=dict)
    diverged: tuple[FrozenTrial, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    chosen_by: Metric | None = None
    winner: Winner | None = None
    ablation: Ablation | None = None
    confirmation: Confirmation | None = None

    @cached_property
    def best(self) -> FrozenTrial | None:
        """The complete trial with the best value."""
        return self.metric.best(filter(is_measured, self.trials), value_of)

    @property
    def goes_by_epochs(self) -> bool:
        """Whether trainings go on epoch by epoch, or are one call each."""
        return any(epoch_of(t) > 1 for t in self.trials)

    @property
    def all_failed(self) -> tuple[Failure, ...]:
        """The trials that raised, and the trainings of the confirmation that did."""
        return (*self.failed, *(self.confirmation.failed if self.confirmation else ()))


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
        if t.params.keys() >= {*study.searched(t.params)}  # else it has just begun
        and is_alive(t, search_name(name), database.url)
    ]
    is_imported = pairing_of(optuna_study) is not None  # then trials alike are no second attempts
    failures = tuple(
        Failure(trial.params, seed, error, trace_of(trial))
        for trial in (filter(raised, every) if is_imported else failed(every))
        if (error := error_of(trial)) is not None
    )
    epochs = metric_epochs_of(fingerprint)
    metric = study.measured(study.search.metric, study.search.direction, epochs=epochs)
    validation = int(settings.get("validation", study.search.validation))
    fresh = _on_fresh_seeds(
        study, metric, validation, finished, find_study(confirm_name(name), database)
    )
    also = [v for c in fresh.candidates for v in c.values.values()] if not fresh.chosen_by else []
    return SearchResults(
        metric=metric.seeing([*map(value_of, measured), *also]),
        baseline=study.whole(),
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
        **vars(fresh),
        diverged=diverged,
        failed=failures,
    )


@dataclass(frozen=True)
class _Fresh:
    """What fresh seeds said; as the fields of `SearchResults` that have these names."""

    candidates: tuple[Candidate, ...]
    chosen_by: Metric | None
    winner: Winner | None
    confirmation: Confirmation | None
    ablation: Ablation | None = None


def _on_fresh_seeds(
    study: StudyFile,
    metric: Metric,
    validation: int,
    finished: Sequence[FrozenTrial],
    confirming: Study | None,
) -> _Fresh:
    """Returns the best settings, the winner among them, and how far their confirmation is."""
    search, baseline, trials = study.search, study.whole(), trials_of(confirming)
    assert search is not None  # the caller's
    design = design_of(confirming, held_out=search.choose_held_out)
    held_out = validation if design.is_apart else 0
    tried = candidates(
        study.whole,
        finished,
        metric,
        search.finalists,
        validation=held_out,
        seeds=design.choosing,
        trials=trials,
    )
    chosen_by = None
    if not design.is_apart:
        seen = [v for c in tried for v in c.values.values()]
        chosen_by = study.measured(
            search.confirming_metric, search.confirming_direction, seen, epochs=metric.epochs
        )
    if confirming is None:
        return _Fresh(tuple(tried), chosen_by, None, None)
    won = winner(tried, chosen_by or metric)
    confirmation = read_confirmation(
        baseline, tried, won, design=design, validation=held_out, trials=trials
    )
    if won is None:
        return _Fresh(tuple(tried), chosen_by, None, confirmation)
    found = read_winner(study, design, tried, won, trials, epochs=metric.epochs)
    is_alike = found is not None and found.setting.keys() == baseline.keys()
    between = read_ablation(baseline, found, trials) if found is not None and is_alike else None
    return _Fresh(tuple(tried), chosen_by, found, confirmation, between)


def _epochs_asked(trial: FrozenTrial, study: StudyFile) -> int:
    """Returns the epochs that a trial would have taken, had it come to its end."""
    if is_measured(trial) or study.fidelity is None:
        return max(epoch_of(trial), 1)
    return int(trial.params.get(study.fidelity) or study.baseline[study.fidelity])
