"""Our tables beside Optuna's, with their version, and whose a database is."""

from __future__ import annotations

import datetime
import json
from collections.abc import Set
from enum import Enum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    TypeDecorator,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Raise it when a table changes, and bring what is older up in `make_tables`.
VERSION = 2

_OPTUNAS = frozenset({
    "alembic_version", "studies", "study_directions", "study_system_attributes",
    "study_user_attributes", "trial_heartbeats", "trial_intermediate_values", "trial_params",
    "trial_system_attributes", "trial_user_attributes", "trial_values", "trials", "version_info",
})  # fmt: skip


class _Base(DeclarativeBase):
    pass


class _JsonText(TypeDecorator[Any]):
    """JSON as Python writes it, with NaN and infinity, which PostgreSQL's own type refuses."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str:
        """Writes a value; the arguments are SQLAlchemy's."""
        return json.dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Reads one."""
        return json.loads(value)


_Json = JSON().with_variant(_JsonText(), "postgresql")
_Int = Integer().with_variant(BigInteger(), "postgresql")  # of 64 bits, as SQLite's are anyway


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
    version: Mapped[int] = mapped_column(_Int)
    params: Mapped[dict[str, Any]] = mapped_column(_Json)
    settings: Mapped[dict[str, Any]] = mapped_column(_Json)
    seed: Mapped[int] = mapped_column(_Int)
    precision: Mapped[str]
    device: Mapped[str]
    threads: Mapped[int]
    versions: Mapped[dict[str, str]] = mapped_column(_Json)
    created: Mapped[datetime.datetime]


class EpochRow(_Base):
    """A finished epoch of a training."""

    __tablename__ = "hpstudy_epochs"

    training_id: Mapped[int] = mapped_column(ForeignKey(TrainingRow.id), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    metrics: Mapped[dict[str, float | None]] = mapped_column(_Json)
    predictions: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    finished: Mapped[datetime.datetime]


class StepRow(_Base):
    """A point of a training's learning curve, within an epoch."""

    __tablename__ = "hpstudy_steps"

    training_id: Mapped[int] = mapped_column(ForeignKey(TrainingRow.id), primary_key=True)
    seen: Mapped[int] = mapped_column(_Int, primary_key=True)
    epoch: Mapped[int]
    loss: Mapped[float | None]
    accuracy: Mapped[float | None]


class CheckpointRow(_Base):
    """A training's last state, where these are kept in the database; since version 2."""

    __tablename__ = "hpstudy_checkpoints"

    training: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    saved: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class PlaceRow(_Base):
    """Where checkpoints go besides the folder of whoever trains; since version 2.

    It is one row: the address that was given last, and the name of this database's folder there.
    """

    __tablename__ = "hpstudy_place"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str | None]
    home: Mapped[str]


_FIRST = {row.__tablename__ for row in (TrainingRow, EpochRow, StepRow)}


class Owner(Enum):
    """Whose a database is."""

    NOBODY = "nobody: it is empty, or was never finished and holds nothing"
    HPSTUDY = "ours, whatever else is in it"
    OPTUNA = "plain Optuna studies"
    OTHERS = "tables of another program"


def owner_of(tables: Set[str], *, version: int, has_studies: bool) -> Owner:
    """Tells whose a database is.

    Args:
        tables: The names of its tables.
        version: The version of ours; 0 where it is not noted.
        has_studies: Whether Optuna's table of studies has a row.
    """
    ours = {table.name for table in _Base.metadata.sorted_tables}
    # The first databases had no version; they are whole if all tables of that time are there.
    if version or tables >= _FIRST:
        return Owner.HPSTUDY
    if "studies" not in tables:
        return Owner.NOBODY if tables <= ours | _OPTUNAS else Owner.OTHERS
    return Owner.OPTUNA if has_studies else Owner.NOBODY


def make_tables(engine: Engine) -> None:
    """Creates our tables where they are missing, and brings older ones up to this version.

    Whoever calls it keeps other writers out.
    """
    with engine.begin() as connection:
        _Base.metadata.create_all(connection)
        if (connection.scalar(select(func.max(VersionRow.version))) or 0) < VERSION:
            connection.execute(delete(VersionRow))
            connection.execute(insert(VersionRow).values(version=VERSION))
