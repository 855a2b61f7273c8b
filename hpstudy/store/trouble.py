"""What befalls a database that was good when it was opened, said in one line."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from hpstudy.errors import StoppedError
from hpstudy.files import identity, shown

# By SQLite's primary result codes; what is not here is a mistake of ours and keeps its traceback.
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; what was recorded is kept",
    sqlite3.SQLITE_IOERR: "the disk can't be read or written, or is full",
    sqlite3.SQLITE_READONLY: "it can't be written to any more",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened any more",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is no database any more",
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
}


def say_trouble(engine: Engine, file: Path, name: str) -> None:
    """Makes all that goes wrong with a database from now on a `StoppedError`.

    An error of an objective's own database stays what it is.

    Args:
        engine: The engine of Optuna and of our records.
        file: The database's file: SQLite goes on in one that was deleted, and all would be lost.
        name: What the message calls it.
    """
    there = identity(file)

    def is_still_there(connection: Connection | None) -> None:
        if identity(file) != there:
            raise StoppedError(f"{name} was deleted or replaced while it was in use")

    def say(context: ExceptionContext) -> None:
        error = context.original_exception
        reason = _reason(error)
        if reason is not None:
            is_still_there(context.connection)  # else that is why
            raise StoppedError(f"{name}: {reason}") from error

    event.listen(engine, "begin", is_still_there)
    event.listen(engine, "handle_error", say)


def stop_if_full(error: BaseException) -> None:
    """Stops a run whose disk is full, whoever met it: it is no finding about a setting.

    Raises:
        StoppedError: The error comes of a full disk.
    """
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:  # `raise e from e` is its own cause
        seen.add(id(cause))
        if _is_full(cause):
            name = getattr(cause, "filename", None)
            where = f"{shown(Path(name))}: " if name else ""
            raise StoppedError(f"{where}the disk is full; what was recorded is kept") from error
        cause = cause.__cause__ or cause.__context__


def _is_full(error: BaseException) -> bool:
    """Tells whether the system said so; others use its number for limits of their own."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return False
    return error.strerror == os.strerror(error.errno)


def _reason(error: BaseException) -> str | None:
    if not isinstance(error, sqlite3.Error):
        return None
    if "no such table" in f"{error}":
        return f"its tables are gone ({error})"
    code = getattr(error, "sqlite_errorcode", None)
    return _REASONS.get(code & 0xFF) if code is not None else None
