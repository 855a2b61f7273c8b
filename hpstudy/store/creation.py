"""Whose a database is, and making one whole."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from hpstudy.errors import UserError
from hpstudy.files import shown
from hpstudy.store import postgres
from hpstudy.store.addresses import check_url, file_of, is_file, shown_url
from hpstudy.store.schema import VERSION, CheckpointRow, Owner, VersionRow, make_tables, owner_of
from hpstudy.store.server_trouble import again

# A writer waits this long for the others, in seconds: the driver's 5 are too few for 8 workers.
_BUSY_TIMEOUT = 120.0
_TABLES_OF_A_FILE = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
)
# Those that are seen without their schema's name, but the server's own and its extensions'.
_TABLES_OF_A_SERVER = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid) AND relpersistence <> 't'
    AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""
_NEWEST: set[str] = set()  # the version of Optuna's tables, once it is known


def check_ours(url: str) -> tuple[Owner, int]:
    """Checks that hpstudy may write to what is at an address, and tells what `look` does.

    Raises:
        UserError: It is others' work.
    """
    owner, version = look(url)
    if owner is Owner.OPTUNA:
        raise UserError(
            f"{shown_url(url)} holds plain Optuna studies, beside which hpstudy writes nothing: "
            "give --runs or --storage for a database of its own (`hpstudy dashboard --storage "
            f"{shown_url(url)}` shows what is there)"
        )
    return owner, version


@again
def look(url: str) -> tuple[Owner, int]:
    """Tells whose a database is, and the version of our tables in it.

    Raises:
        UserError: It is nothing that hpstudy reads.
        sqlite3.Error: It can't be read.
    """
    # Not by SQLAlchemy: the garbage of an engine may swallow an interruption.
    if not is_file(url):
        with postgres.asking(url) as connection:
            tables = tables_of_a_server(connection)
            version, studies = _version_and_studies(connection, tables)
    else:
        file = file_of(url)
        if not file.is_file() or not file.stat().st_size:
            return Owner.NOBODY, 0
        with closing(_connect(_frozen(file) or file.absolute().as_uri())) as connection:
            tables = {name for (name,) in connection.execute(_TABLES_OF_A_FILE)}
            version, studies = _version_and_studies(connection, tables)
    owner = owner_of(tables, version=version, has_studies=bool(studies))
    if owner is Owner.OTHERS:
        raise UserError(f"{shown_url(url)} holds another program's tables: expected a study's")
    if version > VERSION:
        raise UserError(
            f"{shown_url(url)} was written by a newer hpstudy: its tables have version {version}, "
            f"this one knows {VERSION}; update hpstudy"
        )
    return owner, version


def check_whole(file: Path) -> None:
    """Checks that a database's pages hang together; what stands in them has no sum to check.

    It comes upon a damaged page only when it reads that: a table may lack rows until then.

    Raises:
        UserError: They don't.
        sqlite3.Error: It can't be read.
    """
    with closing(_connect(_frozen(file) or file.absolute().as_uri())) as connection:
        tables = {name for (name,) in connection.execute(_TABLES_OF_A_FILE)}
        large, parts = CheckpointRow.__tablename__, ["1"]  # all, up to the first error
        # These may be gigabytes, and have digests.
        if large in tables and connection.execute(f"SELECT 1 FROM {large}").fetchone():
            parts = ["'{}'".format(name.replace("'", "''")) for name in tables - {large}]
        results = (connection.execute(f"PRAGMA quick_check({part})").fetchone() for part in parts)
        found = next((text for (text,) in results if text != "ok"), "ok")
    if found != "ok":
        raise UserError(
            f"{shown(file)} is damaged ({' '.join(found.split())}): put a copy there, or what "
            f"`sqlite3 {shown(file)} .recover | sqlite3 new.db` can save"
        )


def tables_of_a_server(connection: Any) -> set[str]:  # noqa: ANN401 - the driver's
    """Returns the names of the tables of a server's database."""
    return {name for (name,) in connection.execute(_TABLES_OF_A_SERVER)}


def _version_and_studies(connection: Any, tables: set[str]) -> tuple[int, int]:  # noqa: ANN401
    """Returns the version of our tables and the number of Optuna's studies, 0 where none is."""

    def value(expression: str, table: str) -> int:
        if table not in tables:
            return 0
        return connection.execute(f"SELECT {expression} FROM {table}").fetchone()[0] or 0

    return value("max(version)", VersionRow.__tablename__), value("count(*)", "studies")


def make_whole(url: str) -> None:
    """Creates a database, or what is missing of one; the caller holds the schema lock."""
    owner, version = check_ours(url)
    is_whole = owner is Owner.HPSTUDY and version == VERSION
    if not is_file(url):
        if not is_whole:
            _make(url)
        return
    file = file_of(url).resolve()  # what a link points to is made, and the link stays
    if file.exists() and not file.is_file():
        raise UserError(f"{shown_url(url)}: expected a file, found something else")
    if file.is_file() and file.stat().st_size:
        if not is_whole:  # begun and never finished, or older
            _make(url)
        return
    draft = file.with_name(f"{file.name}.new")
    for part in (draft, file):  # a draft that was never finished, what a deleted database left
        for suffix in ("", "-journal", "-wal", "-shm"):
            part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)
    _make(make_url(url).set(database=str(draft)).render_as_string(hide_password=False))
    draft.replace(file)


def _make(url: str) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Should it fail, nobody has the engine to close its connections.
    options = {} if is_file(url) else connecting(url) | {"poolclass": NullPool}
    engine = storage_at(url, engine_kwargs=options).engine
    if is_file(url):
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    make_tables(engine)
    engine.dispose()


def import_all() -> None:
    """Imports what opening a database takes, much of which Optuna imports only then."""
    storage_at("sqlite://").engine.dispose()
    with suppress(ImportError):  # only PostgreSQL's users have it
        import psycopg  # noqa: F401
        import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401


def storage_at(url: str, **options: Any) -> RDBStorage:  # noqa: ANN401 - Optuna's
    """Opens Optuna's part of a database.

    Its version is looked up among those that Optuna knows once a process: that is most of what
    opening takes, and what the fork server has looked up its workers need not.
    """
    rdb = RDBStorage(url, skip_compatibility_check=True, **options)
    version = rdb.get_current_version()
    if version not in _NEWEST:
        if version != rdb.get_head_version():
            rdb.engine.dispose()
            return RDBStorage(url, **options)  # it says what is wrong
        _NEWEST.add(version)
    return rdb


def connecting(url: str) -> dict[str, Any]:
    """Returns how SQLAlchemy connects to a database."""
    if not is_file(url):
        return {
            "connect_args": postgres.connecting(check_url(url)),
            "pool_pre_ping": True,  # what was cut meanwhile is connected anew
            "isolation_level": "READ COMMITTED",  # Optuna's and ours expect it, whatever is set
        }
    uri = _frozen(file_of(url))
    if uri is not None:
        return {"creator": lambda: _connect(uri)}
    return {"connect_args": {"timeout": _BUSY_TIMEOUT}}


def _connect(uri: str) -> sqlite3.Connection:
    # Threads share connections where SQLAlchemy lends them.
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT, check_same_thread=False)


def _frozen(file: Path) -> str | None:
    """Returns the address of a file in which nothing will change, or None where it may.

    SQLite can't open what was written in WAL mode where it can write nothing, such as an archive
    or a disc, unless it is told so.
    """
    if os.access(file, os.W_OK) and os.access(file.parent, os.W_OK):
        return None
    uri = file.absolute().as_uri()
    try:
        with closing(_connect(f"{uri}?mode=ro")) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        for suffix in ("-wal", "-journal"):  # writes that are not in the file itself yet
            rest = file.with_name(f"{file.name}{suffix}")
            if rest.exists() and rest.stat().st_size:
                raise UserError(
                    f"{shown(file)}: its last writes lie in {rest.name}, and are read only where "
                    f"SQLite can write: copy both to a folder of your own"
                ) from error
        return f"{uri}?immutable=1"
    return None
