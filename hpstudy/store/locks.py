"""Named locks of a database: what they are called, and who holds them.

A file's locks are files beside it, a server's hang on a connection of this process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Protocol

from hpstudy.errors import CutError
from hpstudy.store import advisory_locks, file_locks
from hpstudy.store.addresses import is_file, shown_url

_PATIENCE_SECONDS = 30.0

SCHEMA = "schema"  # held by whoever makes tables, or an Optuna study


def ask_lock(study: str) -> str:
    """Returns the name of the lock that a worker holds while it asks for a trial."""
    return f"ask/{study}"


def trial_lock(study: str, number: int) -> str:
    """Returns the name of the lock that a trial's worker holds while the trial is running."""
    return f"trial/{study}/{number}"


def training_lock(key: str) -> str:
    """Returns the name of the lock that a worker holds while it is at a training."""
    return f"training/{key}"


class Held(Protocol):
    """A named lock that this process holds until `release` or its death."""

    def release(self) -> bool:
        """Gives the lock back, and tells whether it was held until now."""

    def is_held(self) -> bool:
        """Tells whether it is held still: a server's lock goes with the connection to it."""


@contextmanager
def hold(url: str, name: str) -> Iterator[None]:
    """Holds a named lock, waiting for it; its owner's death releases it.

    Args:
        url: The database that the lock belongs to.
        name: The lock's name.

    Raises:
        CutError: It was lost meanwhile, and what the block did may have met what another did.
    """
    lock = try_take(url, name) or _waited_for(url, name)
    try:
        yield
    except BaseException:
        lock.release()
        raise
    if not lock.release():
        raise CutError(f"{shown_url(url)}: the connection was cut")


def _waited_for(url: str, name: str) -> Held:
    """Takes a lock that others give back soon, and says so where they don't."""
    words = (
        f"{shown_url(url)}: another process holds the lock {name!r}, and may be stopped: waiting"
    )
    teller = Timer(_PATIENCE_SECONDS, lambda: print(words, file=sys.stderr, flush=True))
    teller.daemon = True
    teller.start()
    try:
        return take(url, name)
    finally:
        teller.cancel()


def take(url: str, name: str) -> Held:
    """Takes a named lock, waiting for it.

    Args:
        url: The database that the lock belongs to.
        name: The lock's name.
    """
    lock = _take(url, name, wait=True)
    assert lock is not None
    return lock


def try_take(url: str, name: str) -> Held | None:
    """Takes a named lock if it is free, else returns None at once.

    Args:
        url: The database that the lock belongs to.
        name: The lock's name.
    """
    return _take(url, name, wait=False)


def _take(url: str, name: str, *, wait: bool) -> Held | None:
    if is_file(url):
        return file_locks.take(url, name, wait=wait)
    return advisory_locks.take(url, name, wait=wait)


def is_free(url: str, name: str) -> bool:
    """Tells whether nobody holds a named lock."""
    return file_locks.is_free(url, name) if is_file(url) else advisory_locks.is_free(url, name)
