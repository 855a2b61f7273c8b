"""Where the checkpoints of a database's trainings lie: in a run's folder, and elsewhere if told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.store.away import Away, Place
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import Database, Runs
from hpstudy.store.locks import SCHEMA, hold
from hpstudy.store.schema import PlaceRow
from hpstudy.store.server_trouble import again

DATABASE, FOLDER = "database", "folder"

_OPTION = "--checkpoints"
_HOME = re.compile(r"hpstudy-[0-9a-f]{32}")


@dataclass(frozen=True)
class _Noted:
    """What a database says."""

    address: str | None = None
    home: str = "hpstudy"


def check_address(text: str, option: str = _OPTION) -> str:
    """Reads what says where checkpoints go besides a run's folder, and returns it in full.

    Args:
        text: What says it.
        option: Who says it, for the message.

    Raises:
        UserError: It says nothing of the kind, or a password, which would be kept and shown.
    """
    if text in (DATABASE, FOLDER):
        return text
    if "://" not in text or "::" in text:
        raise UserError(
            f"{option}: expected database, folder, or an address such as s3://bucket/folder, "
            f"found {shown(text)}"
        )
    protocol = text.partition("://")[0]
    if "@" in urlsplit(text).netloc:
        raise UserError(
            f"{option}: expected an address without a user and password, found {protocol}://…@…: "
            f"fsspec takes them from the environment, such as FSSPEC_{protocol.upper()}_PASSWORD"
        )
    return _whole(text, protocol, option)


def _whole(text: str, protocol: str, option: str) -> str:
    """Returns an address that means the same wherever the process goes."""
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    try:
        system, path = url_to_fs(text)
    except ImportError as error:
        raise UserError(f"{option}: {protocol}:// needs a package: {error}") from error
    except Exception as error:
        raise UserError(f"{option}: {shown(text)} is no address: {error}") from error
    return system.unstrip_protocol(path) if isinstance(system, LocalFileSystem) else text


def checkpoints_of(runs: Runs, database: Database | None) -> Checkpoints:
    """Returns the checkpoints of a run's trainings.

    Args:
        runs: Where its files are.
        database: Its database; None where there is none yet.
    """
    place = _place_of(runs, database)
    return Checkpoints(runs.checkpoints, None if place is None else Away(place))


def are_in(database: Database, runs: Runs) -> bool:
    """Tells whether checkpoints lie in the database itself, so that dropping them writes to it."""
    place = _place_of(runs, database)
    return place is not None and place.is_database


def check_place(runs: Runs, database: Database | None) -> None:
    """Checks that checkpoints can be written to where they are to go.

    Raises:
        UserError: They can't.
    """
    place = _place_of(runs, database)
    if place is not None:
        Away(place).check(f"{_said_by(runs)} {place.shown}")


@again
def note_place(runs: Runs, database: Database) -> None:
    """Notes where checkpoints go, for all who work at this database later.

    Args:
        runs: Where this run was told to put them.
        database: The database, opened for writing.
    """
    with hold(database.url, SCHEMA), Session(database.engine) as session, session.begin():
        row = session.scalar(select(PlaceRow))
        if row is None:
            session.add(PlaceRow(id=1, address=runs.checkpoints_at, home=f"hpstudy-{uuid4().hex}"))
        elif runs.checkpoints_at is not None:
            row.address = runs.checkpoints_at


def _place_of(runs: Runs, database: Database | None) -> Place | None:
    noted = _noted(database)
    address = runs.checkpoints_at or (None if noted is None else noted.address)
    if address in (None, FOLDER):
        return None
    if address == DATABASE:
        if database is None or noted is None:
            return None
        from hpstudy.store.away_rows import RowPlace

        return RowPlace(database.engine)
    from hpstudy.store.away_files import FilePlace

    return FilePlace(check_address(address, _said_by(runs)), (noted or _Noted()).home)


def _said_by(runs: Runs) -> str:
    return _OPTION if runs.checkpoints_at else f"{_OPTION} (noted in the database; folder: nowhere)"


@again
def _noted(database: Database | None) -> _Noted | None:
    """Returns what a database says; None for one of an older hpstudy that is only read."""
    if database is None or not inspect(database.engine).has_table(PlaceRow.__tablename__):
        return None
    with Session(database.engine) as session:
        row = session.scalar(select(PlaceRow))
    if row is None:
        return _Noted()
    is_sound = isinstance(row.address, str | None) and _HOME.fullmatch(str(row.home))
    if not is_sound:
        raise UserError(f"{database.shown}: its note of where checkpoints go is damaged")
    return _Noted(row.address, row.home)
