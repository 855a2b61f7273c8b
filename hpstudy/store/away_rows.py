"""Checkpoints in the database itself, up to a size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, and_, delete, insert, select
from sqlalchemy.orm import Session

from hpstudy.store.away import Stored, is_ours
from hpstudy.store.schema import CheckpointRow
from hpstudy.store.server_trouble import again

_COLUMNS = CheckpointRow.training, CheckpointRow.name, CheckpointRow.size, CheckpointRow.saved


class RowPlace:
    """The table of checkpoints.

    Args:
        engine: The database's engine.
    """

    most: int | None = 64_000_000
    is_database: bool = True
    shown: str = "the database"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def check(self) -> None:
        """Nothing is to be checked: the database is open."""

    @again
    def files(self, key: str | None = None) -> list[Stored]:
        """Lists the files of a training, or of all."""
        query = select(*_COLUMNS)
        if key is not None:
            query = query.where(CheckpointRow.training == key)
        with Session(self._engine) as session:
            return [Stored(*row) for row in session.execute(query) if is_ours(row[0], row[1])]

    @again
    def put(self, key: str, file: Path) -> None:
        """Puts a file there, under its own name."""
        content = file.read_bytes()
        with Session(self._engine) as session, session.begin():
            session.execute(delete(CheckpointRow).where(_is(key, file.name)))
            row = {"training": key, "name": file.name, "size": len(content), "content": content}
            session.execute(insert(CheckpointRow).values(**row, saved=time.time_ns()))

    @again
    def get(self, stored: Stored, file: Path) -> None:
        """Writes what is there to a file."""
        content = select(CheckpointRow.content).where(_is(stored.key, stored.name))
        with Session(self._engine) as session:
            found = session.scalar(content)
        file.write_bytes(found or b"")

    @again
    def delete(self, files: Sequence[Stored]) -> None:
        """Deletes files; what is gone already is no error."""
        with Session(self._engine) as session, session.begin():
            for one in files:
                session.execute(delete(CheckpointRow).where(_is(one.key, one.name)))


def _is(key: str, name: str) -> ColumnElement[bool]:
    return and_(CheckpointRow.training == key, CheckpointRow.name == name)
