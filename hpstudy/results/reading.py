"""Reading what the database holds of a study's grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import optuna
from optuna.trial import FrozenTrial

from hpstudy.results.combined import combination, combined_result
from hpstudy.results.grid import (
    FactorResult,
    Failure,
    GridResults,
    LevelResult,
    Run,
    TrialCounts,
)
from hpstudy.results.looks import announced
from hpstudy.sampler import SEED, Level, Point, one_factor_points
from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.studies import (
    find_study,
    fingerprint_of,
    grid_name,
    metric_epochs_of,
    pairing_of,
    seeds_of,
    trials_of,
)
from hpstudy.store.trials import (
    PointKey,
    distinct_epochs,
    epoch_of,
    error_of,
    has_diverged,
    is_alive,
    is_complete,
    latest_attempts,
    point_key,
    raised,
    seed_of,
    trace_of,
    training_of,
    value_of,
)
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.sections import Grid


def read_grid(
    study: StudyFile, name: str, database: Database, factors: Sequence[str] | None = None
) -> GridResults | None:
    """Reads what the database holds of a study file's grid.

    Args:
        study: The study file.
        name: The study's name, without `/grid`.
        database: The database.
        factors: The factors to look at; all where None.

    Returns:
        The results, or None if the file has no grid or it was never run.
    """
    records = Records(database.engine)
    optuna_study = find_study(grid_name(name), database)
    if study.grid is None or optuna_study is None or not records.exist():
        return None
    chosen = {f: levels for f, levels in study.grid.factors.items() if not factors or f in factors}
    baseline = study.full_baseline()
    fingerprint = fingerprint_of(optuna_study)
    looks = announced(optuna_study)
    pairing = pairing_of(optuna_study)
    attempts = latest_attempts(trials_of(optuna_study))
    seeds, wanted = _seeds(study.grid, optuna_study)
    planned = {
        key: point
        for point in one_factor_points(baseline, chosen, seeds)
        if (key := point_key(point)) in attempts or point[SEED] in wanted
    }
    together = combination(optuna_study, baseline, chosen)
    beside = {point_key(p): p for p in ([] if together is None else together.points)}
    planned |= beside
    tried = {key: attempts[key] for key in planned if key in attempts}
    runs = _runs(tried, records)
    if pairing is not None and pairing.by is None and looks is None:
        runs = _unpaired(runs)
    failed = _failed(planned, tried)
    rows = {
        factor: {
            level: [
                run
                for seed in seeds
                if (run := runs.get(_at(baseline, seed, {factor: level}))) is not None
            ]
            for level in levels
        }
        for factor, levels in chosen.items()
    }
    metric = study.measured(
        study.grid.metric,
        study.grid.direction,
        (run.value for run in runs.values()),
        epochs=metric_epochs_of(fingerprint),
    )
    return GridResults(
        metric=metric,
        baseline=baseline,
        settings=fingerprint.get("settings", {}),
        runtime=runtime_of(fingerprint, baseline),
        trials=_counts(planned, attempts, database.url, grid_name(name)),
        epochs_asked=sum(
            len(run.epochs) for levels in rows.values() for row in levels.values() for run in row
        )
        + sum(len(runs[key].epochs) for key in beside if key in runs),
        epochs_trained=sum(distinct_epochs(filter(is_complete, tried.values())).values()),
        factors=tuple(
            FactorResult(
                factor, tuple(_level(study, factor, x, levels, failed.values()) for x in levels)
            )
            for factor, levels in rows.items()
        ),
        claims=tuple(study.claims),
        targets=tuple(study.grid.targets),
        failed=tuple(failed.values()),
        gaps=_gaps(runs.values(), study.grid.metric),
        published_examples=study.published.test_examples,
        margin=study.grid.equal_within if looks is None else looks.looks(metric).margin,
        looks=None if looks is None else looks.looks(metric),
        spreads=study.grid.spreads if looks is None else looks.spreads,
        combined=None if together is None else combined_result(together, baseline, runs, failed),
        pairing=pairing,
    )


def _seeds(grid: Grid, optuna_study: optuna.Study) -> tuple[list[int], set[int]]:
    """Returns all seeds of a grid, and those that every level is to have."""
    asked = {*grid.seeds, *seeds_of(optuna_study)}
    if (looks := announced(optuna_study)) is not None:
        return list(looks.seeds), set()
    is_imported = pairing_of(optuna_study) is not None  # then levels may have other seeds
    return sorted(asked), {*grid.seeds} if is_imported else asked


def _failed(
    planned: Mapping[PointKey, Point], tried: Mapping[PointKey, FrozenTrial]
) -> dict[PointKey, Failure]:
    return {
        key: Failure(_params(planned[key]), seed_of(trial), error, trace_of(trial))
        for key, trial in tried.items()
        if (error := error_of(trial)) is not None
    }


def runtime_of(
    fingerprint: Mapping[str, object], baseline: Mapping[str, object]
) -> dict[str, object]:
    """Returns how a study's trials were trained; a factor of the study is not among it."""
    names = ("device", "precision", "threads")
    return {n: fingerprint[n] for n in names if n in fingerprint and n not in baseline}


def _runs(attempts: Mapping[PointKey, FrozenTrial], records: Records) -> dict[PointKey, Run]:
    complete = {key: trial for key, trial in attempts.items() if is_complete(trial)}
    epochs = records.epochs_of(distinct_epochs(complete.values()))
    runs = {}
    for key, trial in complete.items():
        training, last = training_of(trial) or "", epoch_of(trial)
        behind = tuple(e for e in epochs.get(training, []) if e.number <= last)
        runs[key] = Run(seed_of(trial), value_of(trial), training, behind, has_diverged(trial))
    return runs


def _unpaired(runs: Mapping[PointKey, Run]) -> dict[PointKey, Run]:
    """Numbers runs through, as the first run of one setting has nothing to do with another's."""
    return {key: replace(run, seed=n) for n, (key, run) in enumerate(runs.items())}


def _level(
    study: StudyFile,
    factor: str,
    level: Level,
    levels: Mapping[Level, Sequence[Run]],
    failed: Iterable[Failure],
) -> LevelResult:
    setting = {**study.full_baseline(), factor: level}
    return LevelResult(
        level=level,
        is_baseline=level == study.baseline_of(factor),
        runs=tuple(run for run in levels[level] if not run.has_diverged),
        published=study.published_figure(factor, level),
        diverged=tuple(run.seed for run in levels[level] if run.has_diverged),
        failed=tuple(failure.seed for failure in failed if failure.params == setting),
    )


def _gaps(runs: Iterable[Run], compared: str) -> dict[str, int]:
    trainings: dict[str, set[str]] = {}
    for run in runs:
        for epoch in run.epochs:
            for name, value in epoch.metrics.items():
                if value is None and name != compared:
                    trainings.setdefault(name, set()).add(run.key)
    return {name: len(keys) for name, keys in trainings.items()}


def _counts(
    planned: Iterable[PointKey], attempts: Mapping[PointKey, FrozenTrial], url: str, study: str
) -> TrialCounts:
    """Counts points; one whose worker died, or was stopped, waits for the next."""
    counts = {"complete": 0, "failed": 0, "running": 0, "waiting": 0, "diverged": 0}
    for key in planned:
        trial = attempts.get(key)
        if trial is None:
            counts["waiting"] += 1
        elif is_complete(trial):
            counts["diverged" if has_diverged(trial) else "complete"] += 1
        elif raised(trial):
            counts["failed"] += 1
        else:
            counts["running" if is_alive(trial, study, url) else "waiting"] += 1
    return TrialCounts(**counts)


def _at(baseline: Point, seed: int, change: Point) -> PointKey:
    return point_key({**baseline, **change, SEED: seed})


def _params(point: Point) -> Point:
    return {name: value for name, value in point.items() if name != SEED}
