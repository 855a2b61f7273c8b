"""Opening the database for Optuna and for our own tables."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from hpstudy.errors import UserError
from hpstudy.files import shown
from hpstudy.store.addresses import file_of, is_file, shown_url, whole_url
from hpstudy.store.advisory_locks import leave
from hpstudy.store.creation import check_whole, connecting, look, make_whole, storage_at
from hpstudy.store.file_locks import has_place
from hpstudy.store.locks import SCHEMA, hold
from hpstudy.store.postgres import unopened
from hpstudy.store.schema import Owner
from hpstudy.store.server_trouble import again, say_server_trouble
from hpstudy.store.steady import steady
from hpstudy.store.trouble import say_trouble

_UNREAD = (sqlite3.Error, UnicodeDecodeError)
_UNOPENED = (OSError, *_UNREAD, SQLAlchemyError, StorageInternalError, RuntimeError)


@dataclass(frozen=True)
class Runs:
    """Where a run's files go.

    Attributes:
        folder: The folder of them all.
        url: The database's address.
        keep: How many bytes of trainings' last states are kept.
        checkpoints_at: Where these go besides: "database", an address, or "folder" for nowhere;
            None for where the database says.
    """

    folder: Path
    url: str = field(repr=False)  # with the password
    keep: int = 4_000_000_000
    checkpoints_at: str | None = None

    @property
    def data(self) -> Path:
        """The datasets."""
        return self.folder / "data"

    @property
    def checkpoints(self) -> Path:
        """The trainings' last states."""
        return self.folder / "checkpoints"

    @property
    def models(self) -> Path:
        """Trained models that were saved, with their cards and pages."""
        return self.folder / "models"

    @property
    def studies(self) -> Path:
        """The files of studies that were made in Python."""
        return self.folder / "studies"

    @property
    def programs(self) -> Path:
        """What programs print and write, a folder for each training."""
        return self.folder / "programs"

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

    url: str = field(repr=False)
    storage: BaseStorage
    engine: Engine

    @property
    def shown(self) -> str:
        """The address without its password."""
        return shown_url(self.url)

    def close(self) -> None:
        """Closes its connections."""
        self.engine.dispose()
        if not is_file(self.url):
            leave(self.url)


def exists(url: str) -> bool:
    """Tells whether there is a database at the address yet; a file without a schema is none.

    Raises:
        UserError: What is there is nothing that hpstudy reads.
    """
    try:
        return look(url)[0] is not Owner.NOBODY
    except _UNREAD:
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


@again
def open_database(url: str, *, write: bool) -> Database:
    """Opens a database; a writer creates it where there is none, whole or not at all.

    `reading` and `writing` also close it.

    Writers take SQLite's write lock when a transaction begins (`BEGIN IMMEDIATE`), so that none
    reads what another is about to change: Optuna's own opening lets two workers pop the same
    trial. Readers don't, so that they block nobody. On a server, Optuna locks the rows that it is
    about to change (`SELECT … FOR UPDATE`), and what both would add is added once.

    Args:
        url: The address, such as `sqlite:///runs/hpstudy.db` or `postgresql://me@host/studies`.
        write: Whether this process will write.

    Raises:
        UserError: The address is wrong, or there is no database that can be opened.
        StoppedError: By whatever is done with it, when the database fails later.
    """
    url = whole_url(url)
    try:
        if write:
            if is_file(url):
                _make_place(file_of(url))
            with hold(url, SCHEMA):
                make_whole(url)
                database = _open(url)
        elif exists(url):
            with _schema_is_settled(url):
                database = _open(url)
        else:
            raise nothing_at(url)
    except _UNOPENED as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        cause = getattr(cause, "orig", None) or cause or error
        raise unopened(url, cause) from error
    if not is_file(url):
        say_server_trouble(database.engine, url, database.shown)
        return database
    say_trouble(database.engine, file_of(url), database.shown)
    if write:
        event.listen(database.engine, "connect", _leave_transactions_to_us)
        event.listen(database.engine, "begin", _begin_immediate)
        database.close()  # its connections so far have not heard of the listeners
    return database


def _make_place(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise UserError(f"{shown(path)}: can't be written to")


@contextmanager
def _schema_is_settled(url: str) -> Iterator[None]:
    """Keeps a reader out while a writer creates the schema, as Optuna's opening writes to it."""
    if is_file(url) and has_place(url):  # what a server shows as made is made
        with hold(url, SCHEMA):
            yield
    else:
        yield


def _open(url: str) -> Database:
    if is_file(url):
        check_whole(file_of(url))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rdb = storage_at(url, engine_kwargs=connecting(url), skip_table_creation=True)
    storage = optuna.storages.get_storage(rdb)
    return Database(url, storage if is_file(url) else steady(storage), rdb.engine)


def _leave_transactions_to_us(connection: Any, record: object) -> None:  # noqa: ANN401
    # SQLAlchemy's documented recipe for pysqlite: the driver begins nothing by itself.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
