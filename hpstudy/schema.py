"""Our tables beside Optuna's, with their version, and whose a database is."""

from __future__ import annotations

import datetime
from enum import Enum
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Engine,
    ForeignKey,
    LargeBinary,
    Select,
    delete,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy import column as named_column
from sqlalchemy import table as named_table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Raise it when a table changes, and bring what is older up in `make_tables`.
VERSION = 1

_OPTUNAS = frozenset({
    "alembic_version", "studies", "study_directions", "study_system_attributes",
    "study_user_attributes", "trial_heartbeats", "trial_intermediate_values", "trial_params",
    "trial_system_attributes", "trial_user_attributes", "trial_values", "trials", "version_info",
})  # fmt: skip


class _Base(DeclarativeBase):
    pass


class VersionRow(_Base):
    """The version of the tables; written last, so that where it is, all is there."""

    __tablename__ = "hpstudy_version"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class TrainingRow(_Base):
    """A training: what it is, and the versions of the software that it began with."""

    __tablename__ = "hpstudy_trainings"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    objective: Mapped[str]
    version: Mapped[int]
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    seed: Mapped[int]
    precision: Mapped[str]
    device: Mapped[str]
    threads: Mapped[int]
    versions: Mapped[dict[str, str]] = mapped_column(JSON)
    created: Mapped[datetime.datetime]


class EpochRow(_Base):
    """A finished epoch of a training."""

    __tablename__ = "hpstudy_epochs"

    training_id: Mapped[int] = mapped_column(ForeignKey(TrainingRow.id), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    metrics: Mapped[dict[str, float | None]] = mapped_column(JSON)
    predictions: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    finished: Mapped[datetime.datetime]


class StepRow(_Base):
    """A point of a training's learning curve, within an epoch."""

    __tablename__ = "hpstudy_steps"

    training_id: Mapped[int] = mapped_column(ForeignKey(TrainingRow.id), primary_key=True)
    seen: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    loss: Mapped[float | None]
    accuracy: Mapped[float | None]


class Owner(Enum):
    """Whose a database is."""

    NOBODY = "nobody: it is empty, or was never finished and holds nothing"
    HPSTUDY = "ours, whatever else is in it"
    OPTUNA = "plain Optuna studies"
    OTHERS = "tables of another program"


def owner_of(connection: Connection) -> Owner:
    """Tells whose a database is by the tables that it holds."""
    tables = set(inspect(connection).get_table_names())
    ours = {table.name for table in _Base.metadata.sorted_tables}
    # The first databases had no version; they are whole if all other tables are there.
    if version_of(connection) or tables >= ours - {VersionRow.__tablename__}:
        return Owner.HPSTUDY
    if "studies" not in tables:
        return Owner.NOBODY if tables <= ours | _OPTUNAS else Owner.OTHERS
    study: Select[Any] = (
        select(named_column("study_id")).select_from(named_table("studies")).limit(1)
    )
    return Owner.NOBODY if connection.scalar(study) is None else Owner.OPTUNA


def version_of(connection: Connection) -> int:
    """Returns the version of our tables; 0 where it is not noted."""
    if not inspect(connection).has_table(VersionRow.__tablename__):
        return 0
    return connection.scalar(select(func.max(VersionRow.version))) or 0


def make_tables(engine: Engine) -> None:
    """Creates our tables where they are missing, and brings older ones up to this version.

    Whoever calls it keeps other writers out.
    """
    with engine.begin() as connection:
        _Base.metadata.create_all(connection)
        if version_of(connection) < VERSION:
            connection.execute(delete(VersionRow))
            connection.execute(insert(VersionRow).values(version=VERSION))
