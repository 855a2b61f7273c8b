"""Writing many trials that are over already, in one transaction.

Optuna's own `add_trials` takes 14 ms a trial: 100,000 of them, half an hour. So rows go straight
into its tables, as Optuna's schema has them; a test reads them back as Optuna does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from optuna.distributions import BaseDistribution, distribution_to_json
from sqlalchemy import Connection, Engine, MetaData, Table, func, insert, select

from hpstudy.metric import Direction, worst_value
from hpstudy.store.database import Database
from hpstudy.store.records import Identity
from hpstudy.store.schema import EpochRow, TrainingRow
from hpstudy.store.studies import creating
from hpstudy.store.trials import DIVERGED, ERROR, TRAINING

_PART = 20_000  # rows of a statement
_Row = dict[str, Any]


@dataclass(frozen=True)
class Past:
    """A trial that is over.

    Attributes:
        params: Its parameters.
        identity: Its training.
        state: How it ended, as Optuna calls it.
        value: Its value; None where it has none, NaN or infinite where it diverged.
        epochs: The metrics of each of its training's epochs.
        error: Why it failed; None where it didn't, or was interrupted.
        started: When it began; where that is not known, as Optuna wants one, when it ended.
        finished: When it ended; where that is not known, when it is written.
    """

    params: Mapping[str, Any]
    identity: Identity
    state: Literal["COMPLETE", "PRUNED", "FAIL"]
    value: float | None
    epochs: Mapping[int, Mapping[str, float | None]]
    error: str | None = None
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def has_diverged(self) -> bool:
        """Whether it came to its end without a finite value."""
        return self.state == "COMPLETE" and not math.isfinite(self.value or 0.0)

    def value_or(self, worst: float) -> float | None:
        """Returns its value; the worst one where it diverged."""
        return worst if self.has_diverged else self.value


@dataclass(frozen=True)
class PastStudy:
    """An Optuna study of such trials.

    Attributes:
        name: Its name.
        direction: Which direction of its metric is better.
        space: The distribution of each parameter.
        attributes: What is noted of it.
        trials: The trials, in the order of their numbers.
    """

    name: str
    direction: Direction
    space: Mapping[str, BaseDistribution]
    attributes: Mapping[str, Any]
    trials: Sequence[Past]


def write_past(studies: Sequence[PastStudy], metric: str, database: Database) -> None:
    """Writes studies with their trials and trainings: all of them or, where that fails, none.

    Args:
        studies: The studies; none of these names is in the database.
        metric: The metric whose values are the trials'.
        database: The database, opened for writing.
    """
    ids = [creating(study.name, study.direction, database) for study in studies]
    engine = database.engine
    tables = _Tables(engine)
    with engine.begin() as connection:
        trainings = {t.identity.key: t for study in studies for t in study.trials}
        _add_trainings(connection, trainings.values())
        for study, number in zip(studies, ids, strict=True):
            tables.add(connection, study, number, metric)


class _Tables:
    """Optuna's tables, as the database has them."""

    def __init__(self, engine: Engine) -> None:
        found = MetaData()
        names = (
            "trials", "trial_params", "trial_values", "trial_intermediate_values",
            "trial_user_attributes", "study_user_attributes",
        )  # fmt: skip
        self._tables = {name: Table(name, found, autoload_with=engine) for name in names}

    def add(self, connection: Connection, study: PastStudy, number: int, metric: str) -> None:
        ids = _new_ids(connection, self._tables["trials"].c.trial_id, len(study.trials))
        rows = _rows(study, number, ids, metric)
        for name, found in rows.items():
            _insert(connection, self._tables[name], found)
        found = (
            {"study_id": number, "key": key, "value_json": json.dumps(value)}
            for key, value in study.attributes.items()
        )
        _insert(connection, self._tables["study_user_attributes"], found)


def _new_ids(connection: Connection, column: Any, count: int) -> list[int]:  # noqa: ANN401
    """Returns so many ids for new rows, which nobody else gets."""
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(column.table.name, column.name)
        drawn = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
        return sorted(connection.scalars(drawn))
    first = (connection.scalar(select(func.max(column))) or 0) + 1
    return list(range(first, first + count))


def _rows(
    study: PastStudy, number: int, ids: Sequence[int], metric: str
) -> dict[str, Iterator[_Row]]:
    """Returns the rows of each of Optuna's tables, for trials with these ids."""
    worst = worst_value(study.direction)
    told = {name: distribution_to_json(found) for name, found in study.space.items()}
    stored: dict[tuple[str, type, object], float] = {}

    def internal(name: str, value: object) -> float:
        at = name, type(value), value
        if at not in stored:
            stored[at] = study.space[name].to_internal_repr(value)
        return stored[at]

    numbered, now = list(zip(ids, study.trials, strict=True)), datetime.now()
    return {
        "trials": (
            {
                "trial_id": at,
                "number": place,
                "study_id": number,
                "state": trial.state,
                "datetime_start": trial.started or trial.finished or now,
                "datetime_complete": trial.finished or now,
            }
            for place, (at, trial) in enumerate(numbered)
        ),
        "trial_params": (
            {
                "trial_id": at,
                "param_name": name,
                "param_value": internal(name, value),
                "distribution_json": told[name],
            }
            for at, trial in numbered
            for name, value in trial.params.items()
        ),
        "trial_values": (
            {"trial_id": at, "objective": 0, **_typed("value", trial.value_or(worst))}
            for at, trial in numbered
            if trial.state == "COMPLETE"
        ),
        "trial_intermediate_values": (
            {"trial_id": at, "step": step, **_typed("intermediate_value", value)}
            for at, trial in numbered
            for step, metrics in trial.epochs.items()
            if (value := metrics.get(metric)) is not None
        ),
        "trial_user_attributes": (
            {"trial_id": at, "key": key, "value_json": json.dumps(value)}
            for at, trial in numbered
            for key, value in _attributes(trial)
        ),
    }


def _typed(name: str, value: float | None) -> _Row:
    if value is not None and math.isinf(value):
        return {name: None, f"{name}_type": "INF_POS" if value > 0 else "INF_NEG"}
    return {name: value, f"{name}_type": "FINITE"}


def _attributes(trial: Past) -> Iterator[tuple[str, object]]:
    yield TRAINING, trial.identity.key
    if trial.error is not None:
        yield ERROR, trial.error
    if trial.has_diverged:
        yield DIVERGED, max(trial.epochs, default=1)


def _add_trainings(connection: Connection, trials: Iterable[Past]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    found = list(trials)
    ids = _new_ids(connection, TrainingRow.__table__.c.id, len(found))
    numbered = list(zip(ids, found, strict=True))
    _insert(
        connection,
        TrainingRow.__table__,
        (
            {"id": at, **vars(trial.identity), "versions": {}, "created": trial.finished or now}
            for at, trial in numbered
        ),
    )
    _insert(
        connection,
        EpochRow.__table__,
        (
            {
                "training_id": at,
                "epoch": step,
                "metrics": metrics,
                "finished": trial.finished or now,
            }
            for at, trial in numbered
            for step, metrics in trial.epochs.items()
        ),
    )


def _insert(connection: Connection, table: Any, rows: Iterable[_Row]) -> None:  # noqa: ANN401
    rest = iter(rows)
    while part := list(islice(rest, _PART)):
        connection.execute(insert(table), part)
