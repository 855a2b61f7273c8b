"""A second place for checkpoints, from which another machine takes a training up.

What is there is a copy: it fails without harm, and a place that can't be reached costs no training.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hpstudy.errors import UserError
from hpstudy.raised import described
from hpstudy.wording import size

_KEY = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"([1-9][0-9]*)\.[0-9a-f]{16}\.(?:json|pt|tar)|draft-[0-9a-f]+")

_SOON_SECONDS = 1.0  # what fails sooner is tried each time
_REST = 10  # times as long as any other failure took


@dataclass(frozen=True)
class Stored:
    """A file of a training's at a place.

    Attributes:
        key: The training.
        name: The file's name, as in the folder of checkpoints.
        size: Its bytes.
        saved: When it was saved, in nanoseconds since 1970.
    """

    key: str
    name: str
    size: int
    saved: int

    @property
    def epoch(self) -> int:
        """The epoch that it is a state of; 0 for a draft that was never finished."""
        return int(self.name.partition(".")[0]) if self.name[0].isdigit() else 0


def is_ours(key: str, name: str) -> bool:
    """Tells whether a file at a place is a checkpoint: others' files are left alone."""
    return bool(_KEY.fullmatch(key) and _NAME.fullmatch(name))


class Place(Protocol):
    """Holds files, each whole or not at all, or else so that its digest tells."""

    most: int | None  # bytes of the largest file that it takes; None for any
    is_database: bool
    shown: str  # what messages call it

    def check(self) -> None:
        """Checks that it can be written to; whatever is wrong is raised."""

    def files(self, key: str | None = None) -> list[Stored]:
        """Lists the files of a training, or of all."""

    def put(self, key: str, file: Path) -> None:
        """Puts a file there, under its own name."""

    def get(self, stored: Stored, file: Path) -> None:
        """Writes what is there to a file."""

    def delete(self, files: Sequence[Stored]) -> None:
        """Deletes files; what is gone already is no error."""


class Away:
    """What is done at a place: what fails there is said once, until it works again.

    Where nobody answers, finding that out takes long: it is left alone for ten times that.

    Args:
        place: The place.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._said: set[str] = set()
        self._rests_until = 0.0

    def check(self, option: str) -> None:
        """Checks that the place can be written to.

        Args:
            option: What gave its address, for the message.

        Raises:
            UserError: It can't.
        """
        try:
            self.place.check()
        except Exception as error:
            raise UserError(f"{option}: can't be written to: {_reason(error)}") from error

    def files(self, key: str | None = None) -> list[Stored]:
        """Lists the files of a training, or of all."""
        if not self._is_resting():
            with self.trying("read"):
                return self.place.files(key)
        return []

    def send(self, key: str, file: Path) -> None:
        """Puts a training's checkpoint there; then those of other epochs go."""
        most, epoch = self.place.most, file.name.partition(".")[0]
        if most is not None and file.stat().st_size > most:
            self._say("size", f"of more than {size(most)} don't go to {self.place.shown}")
            return
        if not self._is_resting():
            with self.trying("written"):
                self.place.put(key, file)
                before = self.place.files(key)
                self.place.delete([one for one in before if one.name.partition(".")[0] != epoch])

    def fetch(self, stored: Stored, file: Path) -> bool:
        """Writes what is there to a file, and tells whether that worked."""
        if not self._is_resting():
            with self.trying("read"):
                self.place.get(stored, file)
                return True
        return False

    def drop(self, key: str) -> int:
        """Drops all that is there of a training, and returns the bytes freed."""
        if not self._is_resting():
            with self.trying("written"):
                files = self.place.files(key)
                self.place.delete(files)
                return sum(one.size for one in files)
        return 0

    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        """Ends the block where it fails, and says so; what comes after it is done anyway.

        Args:
            what: What was tried: "read" or "written".
        """
        begun = time.monotonic()
        try:
            yield
        except BaseException as error:  # whatever a network may do, or who waits no longer for it
            took = time.monotonic() - begun
            self._rests_until = begun + _REST * took if took > _SOON_SECONDS else 0.0
            if isinstance(error, UserError) or not isinstance(error, Exception):
                raise  # the database's own trouble, or an interruption
            self._say(what, f"at {self.place.shown} can't be {what}: {_reason(error)}")
        else:
            self._said.clear()

    def _is_resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def _say(self, what: str, line: str) -> None:
        if what not in self._said:
            print(f"Checkpoints {line}", file=sys.stderr)
        self._said.add(what)


def _reason(error: Exception) -> str:
    if isinstance(error, UserError):
        return f"{error}"
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or described(error)
