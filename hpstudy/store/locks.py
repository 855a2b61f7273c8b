"""Named locks beside the database: what they are called, and who holds them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from hpstudy.errors import StoppedError
from hpstudy.files import shown
from hpstudy.store.addresses import file_of

SCHEMA = "schema"  # held by whoever makes tables, or an Optuna study

_LONGEST = 120  # characters of a lock's file name


def ask_lock(study: str) -> str:
    """Returns the name of the lock that a worker holds while it asks for a trial."""
    return f"ask/{study}"


def trial_lock(study: str, number: int) -> str:
    """Returns the name of the lock that a trial's worker holds while the trial is running."""
    return f"trial/{study}/{number}"


def training_lock(key: str) -> str:
    """Returns the name of the lock that a worker holds while it is at a training."""
    return f"training/{key}"


def has_place(url: str) -> bool:
    """Tells whether there is a place for a database's locks, and it can be written to."""
    folder = _lock_folder(url)
    return folder.is_dir() and os.access(folder, os.W_OK)


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
