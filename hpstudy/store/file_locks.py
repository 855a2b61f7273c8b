"""Named locks beside a database that is a file: files, whose locks go with their process."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from hpstudy.errors import StoppedError
from hpstudy.files import identity, shown
from hpstudy.store.addresses import file_of

_LONGEST = 120  # characters of a lock's file name


def has_place(url: str) -> bool:
    """Tells whether there is a place for a database's locks, and it can be written to."""
    folder = _lock_folder(url)
    return folder.is_dir() and os.access(folder, os.W_OK)


class HeldFile:
    """A named lock that this process holds until `release` or its death."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock
        self._path = Path(lock.lock_file)
        self._there = identity(self._path)

    def release(self) -> bool:
        """Gives the lock back. Its file goes first: whoever had opened it opens a new one."""
        if self.is_held():
            with suppress(OSError):
                self._path.unlink()
        self._lock.release()
        return True

    def is_held(self) -> bool:
        """Tells whether others see it held: who deletes its file lets them have another."""
        return self._there is not None and identity(self._path) == self._there


def take(url: str, name: str, *, wait: bool) -> HeldFile | None:
    """Takes a named lock; None where another has it and this one doesn't wait.

    Raises:
        StoppedError: There is no place for it.
    """
    path = _lock_path(url, name)
    lock = FileLock(path, timeout=-1 if wait else 0)
    try:
        path.parent.mkdir(exist_ok=True)
        lock.acquire()
    except Timeout:
        return None
    except OSError as error:
        reason = error.strerror or f"{error}"
        raise StoppedError(f"{shown(path.parent)}: can't be locked: {reason}") from error
    return HeldFile(lock)


def is_free(url: str, name: str) -> bool:
    """Tells whether nobody holds a named lock."""
    if not _lock_path(url, name).exists():
        return True
    try:
        held = take(url, name, wait=False)
    except StoppedError:  # on a read-only medium nobody trains
        return True
    if held is not None:
        held.release()
    return held is not None


def _lock_path(url: str, name: str) -> Path:
    """Returns a lock's file, named by its beginning and a digest where it is long."""
    file = quote(name, safe="")
    if len(file) > _LONGEST:
        file = f"{file[: _LONGEST // 2]}.{hashlib.sha256(name.encode()).hexdigest()[:32]}"
    return _lock_folder(url) / file


def _lock_folder(url: str) -> Path:
    file = file_of(url)
    return file.with_name(f"{file.name}.locks")
