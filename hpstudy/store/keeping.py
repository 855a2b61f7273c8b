"""Keeping trainings' last states up to a budget; the least recently used go first."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from hpstudy.errors import UserError
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import Runs
from hpstudy.store.locks import training_lock, try_take

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(|[kmgt]i?)b?", re.IGNORECASE)
_UNITS = {
    f"{prefix}{binary}": base ** (power + 1)
    for binary, base in (("", 1000), ("i", 1024))
    for power, prefix in enumerate("kmgt")
} | {"": 1}
_SHARE = 32  # of the room that is left, a worker fills this part before it measures again


def bytes_of(text: str) -> int:
    """Reads a size such as "500MB", "4GB", "1.5 GiB" or "0" as bytes.

    Raises:
        UserError: The text is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UserError(f"--keep: expected a size such as 500MB, 4GB or 0, found {text[:40]!r}")
    return int(Decimal(match[1]) * _UNITS[match[2].lower()])


def drop(key: str, checkpoints: Checkpoints, url: str) -> int:
    """Drops a training's checkpoints, unless a worker is at it, and returns the bytes freed."""
    lock = try_take(url, training_lock(key))
    if lock is None:
        return 0
    try:
        return checkpoints.drop(key)
    finally:
        lock.release()


class Keeper:
    """Keeps a run's checkpoints within its budget; each worker has one, and all see one folder.

    The folder is measured when this worker has filled its share of the room that was left, so that
    thousands of small checkpoints are not looked at after each training.

    Args:
        checkpoints: The checkpoints.
        runs: How many bytes of them are kept, and whose locks tell who is at them.
    """

    def __init__(self, checkpoints: Checkpoints, runs: Runs) -> None:
        self._checkpoints = checkpoints
        self._budget = runs.keep
        self._url = runs.url
        self._room = 0

    def left(self, key: str, needed: Callable[[], set[str]]) -> None:
        """Makes room after a training was left.

        Args:
            key: The training.
            needed: Returns the trainings whose checkpoints are kept whatever the budget.
        """
        self._room -= self._checkpoints.size(key)
        if self._room < 0:
            self.trim(needed)

    def trim(self, needed: Callable[[], set[str]]) -> None:
        """Drops what is over the budget, but nothing that is needed or that a worker is at."""
        kept = self._checkpoints.kept()
        total = sum(one.size for one in kept)
        if total > self._budget:
            spared = needed()
            for one in sorted(kept, key=lambda one: one.used):
                if total > self._budget and one.key not in spared:
                    with suppress(OSError):  # what can't be dropped stays, and stops no training
                        total -= drop(one.key, self._checkpoints, self._url)
        self._room = max(self._budget - total, 0) // _SHARE
