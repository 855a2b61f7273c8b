"""Trials, epochs and steps as plain rows, for other tools to read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from optuna.trial import FrozenTrial

from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.studies import confirm_name, find_study, grid_name, search_name, trials_of
from hpstudy.store.trials import distinct_epochs, epoch_of, error_of, training_of

Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """What was recorded for a study's grid, search and confirmation; None is not known.

    The column `study` says which of the three, `training` joins the tables.

    Attributes:
        trials: A row a trial, its parameters in `params_…`.
        epochs: A row an epoch of a training, with its metrics.
        steps: A row a point of a learning curve between epochs.
    """

    trials: Sequence[Row]
    epochs: Sequence[Row]
    steps: Sequence[Row]


def read_rows(name: str, database: Database) -> Rows | None:
    """Reads all that was recorded for a study.

    Args:
        name: The study's name, without `/grid`.
        database: The database.

    Returns:
        The rows, or None if there is neither a grid nor a search of that name.
    """
    records = Records(database.engine)
    parts = {"grid": grid_name, "search": search_name, "confirm": confirm_name}
    studies = {part: find_study(full(name), database) for part, full in parts.items()}
    if not any(studies.values()) or not records.exist():
        return None
    trials: list[Row] = []
    epochs: list[Row] = []
    steps: list[Row] = []
    for part, study in studies.items():
        found = trials_of(study)
        trials += [_trial(part, trial) for trial in found]
        last = distinct_epochs(found)
        for key, recorded in records.epochs_of(last).items():
            at = {"study": part, "training": key}
            epochs += [
                {**at, "epoch": e.number, **e.metrics} for e in recorded if e.number <= last[key]
            ]
            steps += [
                {**at, "seen": s.seen, "loss": _known(s.loss), "accuracy": _known(s.accuracy)}
                for s in records.steps(key, last[key])
            ]
    return Rows(trials, epochs, steps)


def _trial(part: str, trial: FrozenTrial) -> Row:
    return {
        "study": part,
        "number": trial.number,
        "state": trial.state.name.lower(),
        "value": trial.value,
        "started": _utc(trial.datetime_start),
        "finished": _utc(trial.datetime_complete),
        "training": training_of(trial),
        "epochs": epoch_of(trial),
        "error": error_of(trial),
        **{f"params_{name}": value for name, value in trial.params.items()},
    }


def _utc(time: datetime | None) -> datetime | None:
    """Returns a time that Optuna gives, local and without its offset, as UTC."""
    with suppress(OverflowError, ValueError):  # in the year 1, or 9999
        return time.astimezone(UTC) if time is not None else None
    return None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
