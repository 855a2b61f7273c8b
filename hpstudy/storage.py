"""Opening the database for Optuna and for our own tables, and the named lock beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
from filelock import FileLock, Timeout
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from hpstudy.errors import UserError

# A writer waits this long for the others, in seconds: the driver's 5 are too few for 8 workers.
_BUSY_TIMEOUT = 120.0


@dataclass(frozen=True)
class Runs:
    """Where a run's files go.

    Attributes:
        folder: The folder of them all.
        url: The database's address.
    """

    folder: Path
    url: str

    @property
    def data(self) -> Path:
        """The datasets."""
        return self.folder / "data"

    @property
    def checkpoints(self) -> Path:
        """The trainings' last states."""
        return self.folder / "checkpoints"

    @property
    def artifacts(self) -> Path:
        """Optuna's artifact store."""
        return self.folder / "artifacts"


@dataclass(frozen=True)
class Database:
    """An open database.

    Attributes:
        url: Its address, password included; print `shown` instead.
        storage: Optuna's storage, finished trials cached.
        engine: The SQLAlchemy engine behind it, for tables beside Optuna's.
    """

    url: str
    storage: BaseStorage
    engine: Engine

    @property
    def shown(self) -> str:
        """The address without its password."""
        return shown_url(self.url)


def shown_url(url: str) -> str:
    """Returns a database address as it may be printed: the password is hidden."""
    return make_url(url).render_as_string(hide_password=True)


def check_url(url: str) -> URL:
    """Parses a database address.

    Raises:
        UserError: It is no address, or not of a database that hpstudy works with.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserError(
            "--storage: not a database address; expected sqlite:///path/to/file.db"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        raise UserError(f"--storage: expected sqlite:///path/to/file.db, found {shown_url(url)}")
    if parsed.database in (None, "", ":memory:"):
        raise UserError("--storage: expected the path of a file: sqlite:///path/to/file.db")
    return parsed


def exists(url: str) -> bool:
    """Tells whether there is a database at the address yet."""
    return _file(url).is_file()


def open_database(url: str, *, write: bool) -> Database:
    """Opens a database; a writer creates it, and its schema, where there is none.

    Writers take SQLite's write lock when a transaction begins (`BEGIN IMMEDIATE`), so that none
    reads what another is about to change: Optuna's own opening lets two workers pop the same
    trial. Readers don't, so that they block nobody.

    Args:
        url: The address, such as `sqlite:///runs/hpstudy.db`.
        write: Whether this process will write.

    Raises:
        UserError: The address is wrong, or there is no database that can be opened.
    """
    check_url(url)
    file = _file(url)
    if not write and not file.is_file():
        raise UserError(f"{shown_url(url)}: no database there yet")
    try:
        if not write:
            with _schema_is_settled(url):
                return _open(url, create=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        with hold(url, "schema"):
            database = _open(url, create=True)
        event.listen(database.engine, "connect", _leave_transactions_to_us)
        event.listen(database.engine, "begin", _begin_immediate)
        database.engine.dispose()  # its connections so far have not heard of the listeners
    except (OSError, SQLAlchemyError, StorageInternalError, RuntimeError) as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise UserError(f"{shown_url(url)}: can't be opened as a database: {reason}") from error
    return database


@contextmanager
def _schema_is_settled(url: str) -> Iterator[None]:
    """Keeps a reader out while a writer creates the schema, as Optuna's opening writes to it."""
    folder = _lock_folder(url)
    if folder.is_dir() and os.access(folder, os.W_OK):
        with hold(url, "schema"):
            yield
    else:
        yield


def _open(url: str, *, create: bool) -> Database:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rdb = RDBStorage(
        url,
        engine_kwargs={"connect_args": {"timeout": _BUSY_TIMEOUT}},
        skip_table_creation=not create,
    )
    if create:
        with rdb.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    return Database(url, optuna.storages.get_storage(rdb), rdb.engine)


def _leave_transactions_to_us(connection: Any, record: object) -> None:  # noqa: ANN401
    # SQLAlchemy's documented recipe for pysqlite: the driver begins nothing by itself.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def hold(url: str, name: str) -> Iterator[None]:
    """Holds a named lock, waiting for it; its owner's death releases it.

    Args:
        url: The database that the lock belongs to.
        name: The lock's name.
    """
    with FileLock(_lock_file(url, name), timeout=-1):
        yield


class Held:
    """A named lock that this process holds until `release` or its death."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Gives the lock back. Its file goes first: whoever had opened it opens a new one."""
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()
        self._lock.release()


def take(url: str, name: str) -> Held:
    """Takes a named lock, waiting for it.

    Args:
        url: The database that the lock belongs to.
        name: The lock's name.
    """
    lock = FileLock(_lock_file(url, name))
    lock.acquire()
    return Held(lock)


def try_take(url: str, name: str) -> Held | None:
    """Takes a named lock if it is free, else returns None at once.

    Args:
        url: The database that the lock belongs to.
        name: The lock's name.
    """
    lock = FileLock(_lock_file(url, name))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return Held(lock)


def is_free(url: str, name: str) -> bool:
    """Tells whether nobody holds a named lock."""
    if not _lock_file(url, name).exists():
        return True
    held = try_take(url, name)
    if held is not None:
        held.release()
    return held is not None


def _file(url: str) -> Path:
    return Path(check_url(url).database or "")


def _lock_file(url: str, name: str) -> Path:
    folder = _lock_folder(url)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / quote(name, safe="")


def _lock_folder(url: str) -> Path:
    file = _file(url)
    return file.with_name(f"{file.name}.locks")
