"""The epochs of a program's run, as its lines make them.

An epoch begins with a line that says a higher one, and ends where the next one begins; the last
ends with the program, and has each metric's last value. So what comes before the first belongs to
it, and a program that says none has one epoch. They are numbered as the program counts, from 1
where it counts from 0; one that begins again at 0 or 1 (another fold) goes on.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hpstudy.objective.output import Output, Reader

_DIGITS = 3  # that count of an epoch's number: up to 999 each is kept


@dataclass(frozen=True)
class Finished:
    """An epoch that is finished.

    Attributes:
        number: Its number.
        metrics: What was said in it.
        seconds: What it took: from the last line of the one before to its own last line.
    """

    number: int
    metrics: Mapping[str, float]
    seconds: float


class Epochs:
    """Makes epochs of lines.

    Args:
        output: Where metrics stand.
        keeps_all: Whether each is kept; else, of a million, those with three digits that count.

    Attributes:
        number: The epoch that the program is in; 0 before the first.
        shift: How much more that is than what it says; None before the first.
        names: The metrics that it has said, with their last values.
        now: What it has said in this epoch.
    """

    def __init__(self, output: Output, *, keeps_all: bool) -> None:
        self.number = 0
        self.shift: int | None = None
        self.names: dict[str, float] = {}
        self.now: dict[str, float] = {}
        self._reader = Reader(output)
        self._keeps_all = keeps_all
        self._begun = self._latest = time.perf_counter()

    def take(self, line: str) -> Finished | None:
        """Takes a line, and returns the epoch that is finished by it, if one is.

        Raises:
            ValueError: What a pattern finds is no number.
        """
        said = self._reader.read(line)
        if said is None:
            return None
        finished, before = None, self.number
        if said.epoch is not None and self._begins(said.epoch) and self._keeps(before):
            finished = Finished(before, self.now, self._latest - self._begun)
            self._begun, self.now = self._latest, {}
        self._latest = time.perf_counter()
        self.now.update(said.metrics)
        self.names.update(said.metrics)
        return finished

    def last(self) -> Finished:
        """Returns the last epoch, as the program has ended."""
        seconds = time.perf_counter() - self._begun
        return Finished(max(self.number, 1), {**self.now, **self.names}, seconds)

    def broken_off(self) -> Finished:
        """Returns the epoch that the program is in, as far as it has come."""
        return Finished(self.number, self.now, self._latest - self._begun)

    def _begins(self, said: float) -> bool:
        """Tells whether an epoch begins, and counts it; 0.25 and 1.0 are within the first."""
        whole = math.ceil(said)
        if self.shift is None:
            self.shift = 1 if whole == 0 else 0
        number = whole + self.shift
        if self.number > number and whole <= 1:  # another fold
            self.shift += self.number + 1 - number
            number = self.number + 1
        begins = number > self.number
        self.number = max(self.number, number)
        return begins

    def _keeps(self, number: int) -> bool:
        every = 1 if self._keeps_all else 10 ** max(len(f"{number}") - _DIGITS, 0)
        return number > 0 and number % every == 0


class History:
    """The epochs of earlier runs: one that goes on from its checkpoint doesn't say them again.

    Args:
        path: The file that keeps them, a JSON line each.
        goes_on: Whether the program may go on; else there is nothing to keep.

    Attributes:
        before: The epochs, by number.
        shift: How the program counts, as of `Epochs`; None where that is not known.
    """

    def __init__(self, path: Path, *, goes_on: bool) -> None:
        self._path = path
        self._goes_on = goes_on
        self.before: dict[int, Finished] = {}
        self.shift: int | None = None
        for line in path.read_text("utf-8").splitlines() if goes_on and path.is_file() else ():
            try:
                said = json.loads(line)
            except ValueError:  # it was killed while it wrote
                continue
            self.shift = said.pop("shift")
            self.before[said["number"]] = Finished(**said)

    def begin(self, first: int) -> None:
        """Forgets what is said again: the first epoch, and those after it."""
        self.before = {number: e for number, e in self.before.items() if number < first}

    def add(self, finished: Finished, shift: int | None) -> None:
        """Keeps an epoch."""
        if self._goes_on:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**asdict(finished), "shift": shift}) + "\n")
