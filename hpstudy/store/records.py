"""Reading and writing trainings, their finished epochs, and the steps within these."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Engine, delete, func, inspect, select
from sqlalchemy.orm import Session

from hpstudy.objective import Step
from hpstudy.store.schema import EpochRow, StepRow, TrainingRow
from hpstudy.store.server_trouble import again
from hpstudy.store.sound import check_metrics, check_training, readable


@dataclass(frozen=True)
class Identity:
    """What makes a training the one it is: the same identity gives the same numbers.

    Attributes:
        objective: "module:name".
        version: The objective's version.
        params: The hyperparameters without the fidelity.
        settings: The fixed settings.
        seed: The replicate.
        precision: Such as "fp32".
        device: The device type.
        threads: Processor threads; other counts order their sums differently.
    """

    objective: str
    version: int
    params: Mapping[str, Any]
    settings: Mapping[str, Any]
    seed: int
    precision: str
    device: str
    threads: int
    key: str = field(init=False)

    def __post_init__(self) -> None:
        parts = {k: v for k, v in vars(self).items() if k != "key"}
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        object.__setattr__(self, "key", hashlib.sha256(text.encode()).hexdigest()[:32])


@dataclass(frozen=True)
class Epoch:
    """One finished epoch of a training: its number, from 1, and its metrics.

    A metric that was not a finite number is None.
    """

    number: int
    metrics: Mapping[str, float | None]


@dataclass(frozen=True)
class Training:
    """A recorded training: what it is, and the versions of the software that it began with."""

    identity: Identity
    versions: Mapping[str, str]


class Records:
    """Reads and writes finished epochs; all of it may be done twice.

    Args:
        engine: The database's engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @again
    def exist(self) -> bool:
        """Tells whether the tables are there."""
        return inspect(self._engine).has_table(TrainingRow.__tablename__)

    def epochs(self, key: str, up_to: int | None = None) -> list[Epoch]:
        """Returns a training's finished epochs from the first on, without a gap."""
        return self.epochs_of([key], up_to).get(key, [])

    @again
    def epochs_of(self, keys: Iterable[str], up_to: int | None = None) -> dict[str, list[Epoch]]:
        """Returns the finished epochs of several trainings, by key."""
        query = select(TrainingRow.key, EpochRow.epoch, EpochRow.metrics).join(EpochRow)
        if up_to is not None:
            query = query.where(EpochRow.epoch <= up_to)
        found: dict[str, list[Epoch]] = {}
        with Session(self._engine) as session:
            for some in _parts(keys):
                with readable("an epoch of a training"):
                    rows = session.execute(
                        query.where(TrainingRow.key.in_(some)).order_by(EpochRow.epoch)
                    )
                    for key, number, metrics in rows:
                        check_metrics(number, metrics)
                        found.setdefault(key, []).append(Epoch(number, metrics))
        return found

    @again
    def steps(self, key: str, up_to: int | None = None) -> list[Step]:
        """Returns a training's curve in the order of examples seen, up to an epoch."""
        query = (
            select(StepRow).join(TrainingRow).where(TrainingRow.key == key).order_by(StepRow.seen)
        )
        if up_to is not None:
            query = query.where(StepRow.epoch <= up_to)
        with Session(self._engine) as session, readable("a learning curve"):
            return [
                Step(s.seen, _number(s.loss), _number(s.accuracy)) for s in session.scalars(query)
            ]

    @again
    def predictions(self, key: str, epoch: int) -> bytes | None:
        """Returns the predictions of a training's epoch, one byte per test example."""
        query = (
            select(EpochRow.predictions)
            .join(TrainingRow)
            .where(TrainingRow.key == key, EpochRow.epoch == epoch)
        )
        with Session(self._engine) as session, readable("a training's predictions"):
            return session.scalar(query)

    @again
    def trainings_of(self, keys: Iterable[str]) -> dict[str, Training]:
        """Returns the trainings that are recorded under some keys, by key."""
        names = [f for f in Identity.__dataclass_fields__ if f != "key"]
        found: dict[str, Training] = {}
        with Session(self._engine) as session, readable("a training"):
            for some in _parts(keys):
                for row in session.scalars(select(TrainingRow).where(TrainingRow.key.in_(some))):
                    check_training(row)
                    identity = Identity(**{name: getattr(row, name) for name in names})
                    found[row.key] = Training(identity, row.versions)
        return found

    @again
    def add(
        self,
        identity: Identity,
        *epochs: Epoch,
        steps: Sequence[Step] = (),
        predictions: bytes | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        """Records finished epochs, with the steps of the last one, in one transaction.

        What is there already stays as it is: the same identity gives the same numbers.
        """
        with Session(self._engine) as session, session.begin():
            training = session.scalar(select(TrainingRow).where(TrainingRow.key == identity.key))
            if training is None:
                training = TrainingRow(
                    **asdict(identity), versions=dict(versions or {}), created=_now()
                )
                session.add(training)
                session.flush()
            known = select(EpochRow.epoch).where(EpochRow.training_id == training.id)
            there = set(session.scalars(known.where(EpochRow.epoch >= epochs[0].number)))
            new = [epoch for epoch in epochs if epoch.number not in there]
            if not new:
                return
            session.add_all(
                EpochRow(
                    training_id=training.id,
                    epoch=epoch.number,
                    metrics={k: _finite(v) for k, v in epoch.metrics.items()},
                    predictions=predictions if epoch is epochs[-1] else None,
                    finished=_now(),
                )
                for epoch in new
            )
            session.add_all(
                StepRow(
                    training_id=training.id,
                    epoch=new[-1].number,
                    seen=step.seen,
                    loss=_finite(step.loss),
                    accuracy=_finite(step.accuracy),
                )
                for step in steps
            )

    @again
    def forget(self, key: str, from_epoch: int) -> None:
        """Deletes a training's epochs, with their steps, from one on."""
        with Session(self._engine) as session, session.begin():
            number = session.scalar(select(TrainingRow.id).where(TrainingRow.key == key))
            for table in (StepRow, EpochRow):
                session.execute(
                    delete(table).where(table.training_id == number, table.epoch >= from_epoch)
                )

    @again
    def counts(self) -> dict[str, int]:
        """Returns how many epochs of each training are finished, by key."""
        query = select(TrainingRow.key, func.count()).join(EpochRow).group_by(TrainingRow.key)
        with Session(self._engine) as session:
            return {str(key): int(number) for key, number in session.execute(query)}

    @again
    def delete(self, keys: Iterable[str]) -> None:
        """Deletes trainings with their epochs and steps."""
        with Session(self._engine) as session, session.begin():
            for some in _parts(keys):
                ids = list(session.scalars(select(TrainingRow.id).where(TrainingRow.key.in_(some))))
                for table in (StepRow, EpochRow):
                    session.execute(delete(table).where(table.training_id.in_(ids)))
                session.execute(delete(TrainingRow).where(TrainingRow.id.in_(ids)))


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    """Yields keys in parts that any database takes in one statement."""
    rest = iter(keys)
    while part := list(islice(rest, 1000)):
        yield part


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
