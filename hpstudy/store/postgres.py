"""A PostgreSQL server: connecting to it, waiting for it while it restarts, and what it says.

The driver finds what an address leaves out, such as the password, where libpq looks for it:
PGPASSWORD, PGSERVICE and the like, `~/.pgpass`.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from hpstudy.errors import CutError, StoppedError, UserError
from hpstudy.store.addresses import check_url, shown_url

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy.engine import URL

PATIENCE = 60.0  # seconds that a server which was there may be gone
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 3.0
# A server that vanished without a word, by its cable or its power, is noticed within a minute.
_NOTICING: Mapping[str, Any] = {
    "fallback_application_name": "hpstudy",
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 35_000,
}
# So does the server notice a machine that vanished: what that had locked is free after 35 seconds.
# A connection may be idle for as long as an epoch takes, whatever the server's own limit.
NOTICING_THERE = """
WITH wanted (name, value) AS (VALUES
    ('tcp_keepalives_idle', '15'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '4'),
    ('tcp_user_timeout', '35000'), ('idle_session_timeout', '0')
), done AS (SELECT set_config(name, value, false) FROM wanted JOIN pg_settings USING (name))
"""
_WHERE = re.compile(r"^.*(failed|is bad): (FATAL: +)?(fe_sendauth: )?")
_GONE = re.compile(r'database ".*" does not exist')
_NO_PASSWORD = "no password supplied"
_reasons_to_stop: list[Callable[[], bool]] = []
_known: set[str] = set()  # the databases that this process relies on

_Made = TypeVar("_Made")


def rely_on(url: str, unless: Callable[[], bool]) -> None:
    """Makes this process wait for a database that was there, as others found before it.

    Args:
        url: The database.
        unless: Tells whether it is to stop, and waits for nothing any more.
    """
    _known.add(shown_url(url))
    _reasons_to_stop[:] = [unless]


def connecting(url: URL) -> dict[str, Any]:
    """Returns what the driver is told beside what the address says."""
    return {name: value for name, value in _NOTICING.items() if name not in url.query}


def connect(url: str) -> Connection[Any]:
    """Connects to a database by the driver itself; each statement is a transaction of its own.

    Raises:
        UserError: It can't be reached.
        StoppedError: It can't be reached any more.
    """
    import psycopg

    parsed = check_url(url)
    args, found = parsed.get_dialect()().create_connect_args(parsed)
    options = dict(found) | connecting(parsed)
    try:
        return patiently(url, lambda: psycopg.connect(*args, autocommit=True, **options))
    except psycopg.Error as error:
        raise unopened(url, error) from error


@contextmanager
def asking(url: str) -> Iterator[Connection[Any]]:
    """Connects to a database for the block.

    Raises:
        UserError: It can't be reached, or refuses what is asked.
        CutError: It was reached, and the connection was cut.
    """
    import psycopg

    with connect(url) as connection:
        try:
            yield connection
        except psycopg.Error as error:
            raise unopened(url, error) from error


def patiently(url: str, connect: Callable[[], _Made]) -> _Made:
    """Connects, again and again where this process was connected before.

    Args:
        url: The database.
        connect: Connects once.

    Raises:
        StoppedError: The server has been gone for too long.
    """
    import psycopg

    name = shown_url(url)
    end, wait = time.monotonic() + PATIENCE, _FIRST_WAIT
    while True:
        try:
            made = connect()
        except psycopg.OperationalError as error:
            if name not in _known:
                raise
            if _GONE.search(f"{error}"):
                raise StoppedError(f"{name} was deleted while it was in use") from error
            if time.monotonic() > end or any(stops() for stops in _reasons_to_stop):
                raise StoppedError(
                    f"{name}: can't be reached any more, for {PATIENCE:.0f} s: {reason_of(error)}; "
                    "what was recorded is kept"
                ) from error
            time.sleep(random.uniform(wait / 2, wait))  # all that were cut off come back
            wait = min(2 * wait, _LONGEST_WAIT)
        else:
            _known.add(name)
            return made


def unopened(url: str, error: BaseException) -> UserError:
    """Returns what to say of a database that can't be opened; a `CutError` where it just could."""
    driver = sys.modules.get("psycopg")
    if driver and isinstance(error, driver.OperationalError) and shown_url(url) in _known:
        return CutError(f"{shown_url(url)}: the connection was cut: {reason_of(error)}")
    hint = " (PGPASSWORD or ~/.pgpass holds it)" if _NO_PASSWORD in f"{error}" else ""
    return UserError(f"{shown_url(url)}: can't be opened as a database: {reason_of(error)}{hint}")


def reason_of(error: BaseException) -> str:
    """Returns what the driver says, in a line, without what its address says as well."""
    line = next(iter(f"{error}".strip().splitlines()), type(error).__name__)
    return _WHERE.sub("", line)
