"""Opening the database for Optuna and for our own tables, and the named lock beside it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
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
from sqlalchemy.exc import SQLAlchemyError

from hpstudy.addresses import check_url, file_of, shown_url
from hpstudy.creation import connecting, look, make_whole
from hpstudy.errors import StoppedError, UserError
from hpstudy.files import shown
from hpstudy.schema import Owner
from hpstudy.trouble import say_trouble

_UNOPENED = (OSError, sqlite3.Error, SQLAlchemyError, StorageInternalError, RuntimeError)
_LONGEST = 120  # characters of a lock's file name


@dataclass(frozen=True)
class Runs:
    """Where a run's files go.

    Attributes:
        folder: The folder of them all.
        url: The database's address.
        keep: How many bytes of trainings' last states are kept.
    """

    folder: Path
    url: str
    keep: int = 4_000_000_000

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

    def close(self) -> None:
        """Closes its connections."""
        self.engine.dispose()


def exists(url: str) -> bool:
    """Tells whether there is a database at the address yet; a file without a schema is none.

    Raises:
        UserError: What is there is nothing that hpstudy reads.
    """
    try:
        return look(url)[0] is not Owner.NOBODY
    except sqlite3.Error:
        return True  # opening it says what is wrong


def nothing_at(url: str) -> UserError:
    """Returns what to say where there is no database and there should be one."""
    return UserError(f"{shown_url(url)}: no database there yet")


@contextmanager
def reading(runs: Runs) -> Iterator[Database | None]:
    """Opens a run's database to read from it, for the block; None where there is none yet.

    Args:
        runs: Where it is.

    Raises:
        UserError: What is there can't be opened.
    """
    database = open_database(runs.url, write=False) if exists(runs.url) else None
    try:
        yield database
    finally:
        if database is not None:
            database.close()


@contextmanager
def writing(runs: Runs) -> Iterator[Database]:
    """Opens a run's database to write to it, for the block; creates it where there is none.

    Args:
        runs: Where it is.

    Raises:
        UserError: What is there can't be opened, or is others' work.
    """
    database = open_database(runs.url, write=True)
    try:
        yield database
    finally:
        database.close()


def open_database(url: str, *, write: bool) -> Database:
    """Opens a database; a writer creates it where there is none, whole or not at all.

    `reading` and `writing` also close it.

    Writers take SQLite's write lock when a transaction begins (`BEGIN IMMEDIATE`), so that none
    reads what another is about to change: Optuna's own opening lets two workers pop the same
    trial. Readers don't, so that they block nobody.

    Args:
        url: The address, such as `sqlite:///runs/hpstudy.db`.
        write: Whether this process will write.

    Raises:
        UserError: The address is wrong, or there is no database that can be opened.
        StoppedError: By whatever is done with it, when the database fails later.
    """
    check_url(url)
    file = file_of(url)
    try:
        if write:
            file.parent.mkdir(parents=True, exist_ok=True)
            _check_writable(file)
            with hold(url, "schema"):
                make_whole(url)
                database = _open(url)
        elif exists(url):
            with _schema_is_settled(url):
                database = _open(url)
        else:
            raise nothing_at(url)
    except _UNOPENED as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise UserError(f"{shown_url(url)}: can't be opened as a database: {reason}") from error
    say_trouble(database.engine, file, database.shown)
    if write:
        event.listen(database.engine, "connect", _leave_transactions_to_us)
        event.listen(database.engine, "begin", _begin_immediate)
        database.close()  # its connections so far have not heard of the listeners
    return database


def _check_writable(file: Path) -> None:
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise UserError(f"{shown(path)}: can't be written to")


@contextmanager
def _schema_is_settled(url: str) -> Iterator[None]:
    """Keeps a reader out while a writer creates the schema, as Optuna's opening writes to it."""
    folder = _lock_folder(url)
    if folder.is_dir() and os.access(folder, os.W_OK):
        with hold(url, "schema"):
            yield
    else:
        yield


def _open(url: str) -> Database:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rdb = RDBStorage(url, engine_kwargs=connecting(file_of(url)), skip_table_creation=True)
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
    lock = _lock(url, name)
    try:
        yield
    finally:
        lock.release()


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
    return Held(_lock(url, name))


def try_take(url: str, name: str) -> Held | None:
    """Takes a named lock if it is free, else returns None at once.

    Args:
        url: The database that the lock belongs to.
        name: The lock's name.
    """
    try:
        return Held(_lock(url, name, seconds=0))
    except Timeout:
        return None


def is_free(url: str, name: str) -> bool:
    """Tells whether nobody holds a named lock."""
    if not _lock_path(url, name).exists():
        return True
    try:
        held = try_take(url, name)
    except StoppedError:  # on a read-only medium nobody trains
        return True
    if held is not None:
        held.release()
    return held is not None


def _lock(url: str, name: str, seconds: float = -1) -> FileLock:
    """Takes a lock.

    Raises:
        Timeout: Somebody else holds it.
        StoppedError: There is no place for it.
    """
    path = _lock_path(url, name)
    lock = FileLock(path, timeout=seconds)
    try:
        path.parent.mkdir(exist_ok=True)
        lock.acquire()
    except Timeout:
        raise
    except OSError as error:
        reason = error.strerror or f"{error}"
        raise StoppedError(f"{shown(path.parent)}: can't be locked: {reason}") from error
    return lock


def _lock_path(url: str, name: str) -> Path:
    """Returns a lock's file, named by its beginning and a digest where it is long."""
    file = quote(name, safe="")
    if len(file) > _LONGEST:
        file = f"{file[: _LONGEST // 2]}.{hashlib.sha256(name.encode()).hexdigest()[:32]}"
    return _lock_folder(url) / file


def _lock_folder(url: str) -> Path:
    file = file_of(url)
    return file.with_name(f"{file.name}.locks")
