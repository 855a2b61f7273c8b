"""Dropping what nothing needs: checkpoints of finished trainings, whole studies."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import optuna
from optuna.artifacts import FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.trial import FrozenTrial

from hpstudy.errors import UserError
from hpstudy.results.combined import combination
from hpstudy.sampler import Point, one_factor_points
from hpstudy.store.database import Database, Runs
from hpstudy.store.keeping import drop
from hpstudy.store.places import checkpoints_of
from hpstudy.store.records import Records
from hpstudy.store.studies import (
    artifacts_of,
    artifacts_of_trials,
    find_study,
    grid_name,
    seeds_of,
    study_names,
    trials_of,
)
from hpstudy.store.trials import (
    PointKey,
    is_alive,
    is_finished,
    latest_attempts,
    point_key,
    training_of,
)
from hpstudy.studyfile.file import StudyFile


@dataclass(frozen=True)
class Belongings:
    """What is a study's own.

    Attributes:
        studies: The names of its Optuna studies.
        trials: How many trials they hold.
        trainings: The keys of trainings that no other study uses.
        epochs: How many finished epochs these have.
    """

    studies: tuple[str, ...]
    trials: int
    trainings: tuple[str, ...]
    epochs: int


def clean(study: StudyFile, name: str, database: Database | None, runs: Runs) -> int:
    """Drops all checkpoints but those that something waits for, and returns the bytes freed.

    Something waits for those of trainings that a point of the study file still needs, that a trial
    of any study in the database has not finished with, or that a worker is at. What was pruned is
    finished with.

    Args:
        study: The study file.
        name: The study's name.
        database: The database; None where there is none yet.
        runs: Where the checkpoints are.
    """
    checkpoints = checkpoints_of(runs, database)
    needed: set[str] = set()
    if database is not None:
        for study_name in study_names(database):
            loaded = find_study(study_name, database)
            if loaded is None:  # others' trials have no checkpoints here
                continue
            attempts = latest_attempts(trials_of(loaded))
            points = _grid_points(study, loaded) if study_name == grid_name(name) else []
            needed |= _unfinished(attempts, points, study.fidelity)
    unneeded = [key for key in checkpoints.keys() if key not in needed]  # noqa: SIM118 - no dict
    return sum(drop(key, checkpoints, runs.url) for key in unneeded)


def _grid_points(study: StudyFile, loaded: optuna.Study) -> list[Point]:
    if study.grid is None:
        return []
    seeds = sorted({*study.grid.seeds, *seeds_of(loaded)})
    baseline, factors = study.full_baseline(), study.grid.factors
    together = combination(loaded, baseline, factors)
    return [
        *one_factor_points(baseline, factors, seeds),
        *([] if together is None else together.points),
    ]


def _unfinished(
    attempts: Mapping[PointKey, FrozenTrial], points: Iterable[Point], fidelity: str | None
) -> set[str]:
    """Returns the trainings of trials without a value, and of planned points that share one."""

    def training(params: Mapping[str, object]) -> PointKey:
        return point_key({k: v for k, v in params.items() if k != fidelity})

    keys = {
        training(trial.params): key
        for trial in attempts.values()
        if (key := training_of(trial)) is not None
    }
    done = {point for point, trial in attempts.items() if is_finished(trial)}
    unfinished = [trial.params for point, trial in attempts.items() if point not in done]
    unfinished += [point for point in points if point_key(point) not in done]
    return {keys[training(point)] for point in unfinished if training(point) in keys}


def belongings(name: str, database: Database) -> Belongings:
    """Lists what is a study's own: its Optuna studies, and trainings no other study uses.

    Raises:
        UserError: There is no such study.
    """
    own: set[str] = set()
    others: set[str] = set()
    studies: list[str] = []
    known: set[str] = set()
    trials = 0
    names = study_names(database)
    for study_name in names:
        if (study := find_study(study_name, database)) is None:
            continue
        is_own = study_name.rpartition("/")[0] == name
        found = trials_of(study)
        trials += len(found) if is_own else 0
        (own if is_own else others).update(filter(None, map(training_of, found)))
        if is_own:
            studies.append(study_name)
        known.add(study_name.rpartition("/")[0])
    counts = Records(database.engine).counts() if Records(database.engine).exist() else {}
    if not studies:
        plain = [own for own in names if name in (own, own.rpartition("/")[0])]
        if plain:
            raise UserError(
                f"{plain[0]!r} in {database.shown} is a plain Optuna study, and hpstudy deletes "
                "its own alone: `hpstudy dashboard` or `optuna delete-study` deletes it"
            )
        there = ", ".join(sorted(known)) or "none"
        raise UserError(f"no study {name!r} in {database.shown}; it holds {there}")
    trainings = tuple(sorted(own - others))
    return Belongings(
        tuple(studies), trials, trainings, sum(counts.get(key, 0) for key in trainings)
    )


def delete(owned: Belongings, database: Database, runs: Runs) -> None:
    """Deletes what is a study's own, its checkpoints, artifacts and programs' output included.

    Args:
        owned: What is its own.
        database: The database, opened for writing.
        runs: Where checkpoints and artifacts are.

    Raises:
        UserError: A worker is at it.
    """
    artifacts: list[dict[str, str]] = []  # what can't be read is said before anything is deleted
    for study_name in owned.studies:
        study = find_study(study_name, database)
        if any(is_alive(trial, study_name, runs.url) for trial in trials_of(study)):
            raise UserError(f"study {study_name!r} is running: stop it first")
        artifacts += [*artifacts_of(study_name, database), *artifacts_of_trials(study)]
    store = FileSystemArtifactStore(base_path=runs.artifacts)
    for artifact in artifacts:
        with suppress(ArtifactNotFound):
            store.remove(artifact["artifact_id"])
    for study_name in owned.studies:
        optuna.delete_study(study_name=study_name, storage=database.storage)
    Records(database.engine).delete(owned.trainings)
    checkpoints = checkpoints_of(runs, database)
    for key in owned.trainings:
        checkpoints.drop(key)
        shutil.rmtree(runs.programs / key, ignore_errors=True)
