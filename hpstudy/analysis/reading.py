"""Reading what the database holds of a study's grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from optuna.trial import FrozenTrial, TrialState

from hpstudy.analysis.results import (
    FactorResult,
    Failure,
    GridResults,
    LevelResult,
    Run,
    TrialCounts,
)
from hpstudy.records import Records
from hpstudy.sampler import SEED, Level, Point, one_factor_points
from hpstudy.storage import Database
from hpstudy.studies import FINGERPRINT, SEEDS, find_study, grid_name
from hpstudy.study import StudyFile
from hpstudy.trials import (
    DIVERGED,
    ERROR,
    TRACE,
    TRAINING,
    PointKey,
    has_diverged,
    is_alive,
    latest_attempts,
    point_key,
)


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
    fingerprint = optuna_study.user_attrs.get(FINGERPRINT, {})
    seeds = sorted({*study.grid.seeds, *optuna_study.user_attrs.get(SEEDS, [])})
    attempts = latest_attempts(optuna_study.get_trials(deepcopy=False))
    planned = {point_key(point): point for point in one_factor_points(baseline, chosen, seeds)}
    runs = _runs({key: attempts[key] for key in planned if key in attempts}, records)
    failed = tuple(
        Failure(_params(point), int(point[SEED]), error, attempts[key].user_attrs.get(TRACE, ""))
        for key, point in planned.items()
        if (error := _error(attempts.get(key))) is not None
    )
    raised = {point_key({**f.params, SEED: f.seed}) for f in failed}
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
    return GridResults(
        metric=study.measured(
            study.grid.metric, study.grid.direction, (run.value for run in runs.values())
        ),
        baseline=baseline,
        settings=fingerprint.get("settings", {}),
        runtime=runtime_of(fingerprint, baseline),
        trials=_counts(planned, attempts, database.url, grid_name(name)),
        epochs_asked=sum(
            len(run.epochs) for levels in rows.values() for row in levels.values() for run in row
        ),
        epochs_trained=_distinct_epochs(runs.values()),
        factors=tuple(
            FactorResult(
                factor,
                tuple(
                    _level(
                        study,
                        factor,
                        level,
                        levels,
                        [s for s in seeds if _at(baseline, s, {factor: level}) in raised],
                    )
                    for level in levels
                ),
            )
            for factor, levels in rows.items()
        ),
        claims=tuple(study.claims),
        targets=tuple(study.grid.targets),
        failed=failed,
        gaps=_gaps(runs.values(), study.grid.metric),
    )


def runtime_of(
    fingerprint: Mapping[str, object], baseline: Mapping[str, object]
) -> dict[str, object]:
    """Returns how a study's trials were trained; a factor of the study is not among it."""
    names = ("device", "precision", "threads")
    return {n: fingerprint[n] for n in names if n in fingerprint and n not in baseline}


def _runs(attempts: Mapping[PointKey, FrozenTrial], records: Records) -> dict[PointKey, Run]:
    complete = {key: t for key, t in attempts.items() if t.state == TrialState.COMPLETE}
    trainings = {key: str(t.user_attrs.get(TRAINING)) for key, t in complete.items()}
    epochs = records.epochs_of(set(trainings.values()))
    runs = {}
    for key, trial in complete.items():
        reported = max(trial.intermediate_values, default=0)  # each epoch but a diverged one is
        last = int(trial.user_attrs.get(DIVERGED, reported))
        behind = tuple(e for e in epochs.get(trainings[key], []) if e.number <= last)
        value = trial.value
        assert value is not None  # Optuna's promise for a complete trial
        seed = int(trial.params[SEED])
        runs[key] = Run(seed, value, trainings[key], behind, has_diverged(trial))
    return runs


def _level(
    study: StudyFile,
    factor: str,
    level: Level,
    levels: Mapping[Level, Sequence[Run]],
    failed: Sequence[int],
) -> LevelResult:
    return LevelResult(
        level=level,
        is_baseline=level == study.baseline_of(factor),
        runs=tuple(run for run in levels[level] if not run.has_diverged),
        published=study.published_figure(factor, level),
        diverged=tuple(run.seed for run in levels[level] if run.has_diverged),
        failed=tuple(failed),
    )


def _gaps(runs: Iterable[Run], compared: str) -> dict[str, int]:
    trainings: dict[str, set[str]] = {}
    for run in runs:
        for epoch in run.epochs:
            for name, value in epoch.metrics.items():
                if value is None and name != compared:
                    trainings.setdefault(name, set()).add(run.key)
    return {name: len(keys) for name, keys in trainings.items()}


def _distinct_epochs(runs: Iterable[Run]) -> int:
    longest: dict[str, int] = {}
    for run in runs:
        longest[run.key] = max(longest.get(run.key, 0), len(run.epochs))
    return sum(longest.values())


def _counts(
    planned: Iterable[PointKey], attempts: Mapping[PointKey, FrozenTrial], url: str, study: str
) -> TrialCounts:
    """Counts points; one whose worker died, or was stopped, waits for the next."""
    counts = {"complete": 0, "failed": 0, "running": 0, "waiting": 0, "diverged": 0}
    for key in planned:
        trial = attempts.get(key)
        if trial is not None and trial.state == TrialState.COMPLETE:
            counts["diverged" if has_diverged(trial) else "complete"] += 1
        elif _error(trial) is not None:
            counts["failed"] += 1
        elif trial is not None and is_alive(trial, study, url):
            counts["running"] += 1
        else:
            counts["waiting"] += 1
    return TrialCounts(**counts)


def _error(trial: FrozenTrial | None) -> str | None:
    if trial is None or trial.state != TrialState.FAIL:
        return None
    return trial.user_attrs.get(ERROR)


def _at(baseline: Point, seed: int, change: Point) -> PointKey:
    return point_key({**baseline, **change, SEED: seed})


def _params(point: Point) -> Point:
    return {name: value for name, value in point.items() if name != SEED}
