"""A worker process as its pool sees it: what it tells, and whether it must be ended."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from hpstudy.errors import UserError
from hpstudy.running.deadlines import Due
from hpstudy.running.memory import taken
from hpstudy.running.output import Relay
from hpstudy.running.processes import kill_all

_LINGER_SECONDS = 5.0  # what a worker that said its last word gets to end by itself


@dataclass
class Member:
    """A worker process.

    Attributes:
        process: The process.
        told: Brings by when its trial is to be over; None as it begins, and after each trial.
        trace: Brings where it hangs.
        news: Brings its last word: None when nothing is left to do, else why it can't go on.
        relay: Shows what it writes.
        killed_before: How many processes had been killed for want of memory when it began.
        has_begun: Whether it was heard of.
        due: By when its trial is to be over, if that is limited.
        is_overdue: Whether it was killed for that.
        had: The most memory that it had when it was last looked at, in bytes.
    """

    process: BaseProcess
    told: Connection
    trace: Connection
    news: Connection
    relay: Relay
    killed_before: int
    has_begun: bool = False
    due: Due | None = None
    is_overdue: bool = False
    had: int | None = None
    _at_its_end: float | None = None

    def hear(self) -> None:
        """Takes in what it has told."""
        with suppress(EOFError, ConnectionError):  # it has ended
            while self.told.poll():
                self.due, self.has_begun = self.told.recv(), True

    def look(self) -> None:
        """Kills it if its trial does not end, or if it is at its end and something keeps it.

        A thread or a child of the objective may.
        """
        self.hear()
        if self.process.exitcode is not None:
            return
        now = time.monotonic()
        self.had = taken(self.process.pid) or self.had
        if self.due is not None and now > self.due.at:
            self.is_overdue = True
            kill_all(self.process)
        elif self.news.poll():
            self._at_its_end = self._at_its_end or now
            if now - self._at_its_end > _LINGER_SECONDS:
                kill_all(self.process)

    def was_too_slow(self, trial: int) -> bool:
        """Tells whether it was killed because a trial did not end."""
        return self.is_overdue and self.due is not None and self.due.trial == trial

    def last_words(self) -> list[UserError | None]:
        """Returns what it said at its end; nothing if it died without a word."""
        self.hear()
        with self.told, self.news:
            try:
                return [self.news.recv()] if self.news.poll() else []
            except EOFError:
                return []
