"""Named locks of a PostgreSQL database: a session's advisory locks, which go with its connection.

All that a process holds on a database hangs on one connection, beside those on which it reads and
writes. Where that is cut, the locks are gone, and others may have them: whoever holds one asks
`is_held` before going on. What stands between and shares connections among clients, a transaction
at a time (PgBouncer's `pool_mode = transaction`), can't carry them, and is refused.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hpstudy.errors import CutError, UserError
from hpstudy.store.addresses import shown_url, whole_url
from hpstudy.store.postgres import NOTICING_THERE, connect, unopened

if TYPE_CHECKING:
    from psycopg import Connection

_FIRST_WAIT, _LONGEST_WAIT = 0.02, 0.25  # between two looks whether a lock is free, in seconds
_ATTEMPTS = 3

_BEGIN = f"""
{NOTICING_THERE}
SELECT current_schema(), pg_backend_pid(), (SELECT count(*) FROM done)
"""
_TRY = "SELECT pg_try_advisory_lock(%s)"
_UNLOCK = "SELECT pg_advisory_unlock(%s)"
_IS_THERE = "SELECT %s IS NOT NULL"
_IS_FREE = """
SELECT NOT EXISTS (
    SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND datname = current_database() AND objsubid = 1 AND granted
        AND (classid::bigint << 32 | objid::bigint) = %s)
"""


class AdvisoryLock:
    """A named lock that this process holds until `release`, its death or that of its connection."""

    def __init__(self, session: _Session, name: str) -> None:
        self._session = session
        self._name = name

    def release(self) -> bool:
        """Gives the lock back, and tells whether it was held until now."""
        return self._session.release(self._name, self)

    def is_held(self) -> bool:
        """Tells whether it is held still: asks the server."""
        return self._session.is_held(self._name, self)


def take(url: str, name: str, *, wait: bool) -> AdvisoryLock | None:
    """Takes a named lock; None where another has it and this one doesn't wait."""
    pause = _FIRST_WAIT
    session = _session(url)
    while (lock := session.try_take(name)) is None and wait:
        time.sleep(random.uniform(pause / 2, pause))
        pause = min(1.5 * pause, _LONGEST_WAIT)
    return lock


def is_free(url: str, name: str) -> bool:
    """Tells whether nobody holds a named lock."""
    return _session(url).is_free(name)


def leave(url: str) -> None:
    """Closes this process's connection for locks, unless it holds some."""
    session = _sessions.get((os.getpid(), whole_url(url)))
    if session is not None and session.is_idle():
        session.close()


class _Session:
    """The connection of a process for its locks on a database; threads may share it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._mutex = threading.RLock()
        self._connection: Connection[Any] | None = None
        self._schema = ""
        self._held: dict[str, AdvisoryLock] = {}

    def try_take(self, name: str) -> AdvisoryLock | None:
        with self._mutex:
            if name in self._held:  # the server would give it to this session once more
                return None
            try:
                if not self._ask(_TRY, name):
                    return None
            except KeyboardInterrupt:
                self._ask(_UNLOCK, name)  # it may have been given meanwhile
                raise
            lock = self._held[name] = AdvisoryLock(self, name)
            return lock

    def release(self, name: str, lock: AdvisoryLock) -> bool:
        with self._mutex:
            if self._held.get(name) is not lock:
                return False
            del self._held[name]
            return bool(self._asked_once(_UNLOCK, name))

    def is_held(self, name: str, lock: AdvisoryLock) -> bool:
        with self._mutex:
            return self._held.get(name) is lock and self._asked_once(_IS_THERE, name) is not None

    def is_free(self, name: str) -> bool:
        with self._mutex:
            return self._ask(_IS_FREE, name)

    def is_idle(self) -> bool:
        return not self._held

    def _ask(self, query: str, name: str) -> bool:
        """Asks the server about a lock; on another connection where this one was cut."""
        for _ in range(_ATTEMPTS):
            if self._connection is None:
                with suppress(CutError):
                    self._connect()
            if (answer := self._asked_once(query, name)) is not None:
                return answer
        raise CutError(f"{shown_url(self._url)}: the connection is cut again and again")

    def _asked_once(self, query: str, name: str) -> bool | None:
        """Asks the server; None where the connection is cut, and with it goes all that is held."""
        import psycopg

        if self._connection is None:
            return None
        digest = hashlib.sha256(f"{self._schema}/{name}".encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        try:
            (answer,) = self._connection.execute(query, [key]).fetchone() or (None,)
        except psycopg.OperationalError:
            self.close()
            return None
        return bool(answer)

    def close(self) -> None:
        """Closes the connection, and with it goes all that is held."""
        with self._mutex:
            self._held.clear()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connect(self) -> None:
        import psycopg

        connection = connect(self._url)
        try:
            self._schema = self._begin(connection)
        except psycopg.Error as error:
            connection.close()
            raise unopened(self._url, error) from error
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _begin(self, connection: Connection[Any]) -> str:
        """Prepares a connection, and returns the schema in which names are looked for."""
        schema, number, _ = connection.execute(_BEGIN).fetchone() or ("", 0, 0)
        if number != connection.info.backend_pid:  # something stands between
            with connect(self._url) as other:
                (shared,) = other.execute("SELECT pg_backend_pid()").fetchone() or (0,)
            if shared == number:
                raise UserError(
                    f"{shown_url(self._url)}: what stands before the server shares its connections "
                    "among clients (PgBouncer with pool_mode = transaction?), and so nobody's "
                    "locks hold: give the address of the server itself, or of a pool by session"
                )
        return schema or ""


_sessions: dict[tuple[int, str], _Session] = {}  # by process: a forked one has none of its parent's


def _session(url: str) -> _Session:
    whole = whole_url(url)
    return _sessions.setdefault((os.getpid(), whole), _Session(whole))


@atexit.register
def _close_all() -> None:
    for (process, _), session in _sessions.items():
        if process == os.getpid():
            session.close()
