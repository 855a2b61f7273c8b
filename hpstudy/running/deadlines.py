"""Trials that don't end by themselves: the parent ends them, and says where they hung.

Between epochs a trial asks itself whether it is too late (`watcher.py`). One whose epoch never
returns can't, be it that it holds Python's lock in a C library: so the parent is told by when each
trial is to be over. Just before that, a thread that needs no lock writes down where it hangs.
"""

from __future__ import annotations

import faulthandler
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from traceback import FrameSummary

from hpstudy.objective.whole import TOO_LONG
from hpstudy.raised import innermost
from hpstudy.running.failures import Failure

# What a trial gets beyond its limit to end by itself; a program may take ten seconds for that.
_GRACE_SECONDS = 15.0
_GRACE_SHARE = 0.1
_TRACE_SECONDS = 0.5  # before its end
_MOST = 1 << 16  # bytes of a trace
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.+)$', re.MULTILINE)


def grace(limit: float | None) -> float:
    """Returns how many seconds longer than its limit a trial is waited for."""
    return max(_GRACE_SECONDS, _GRACE_SHARE * (limit or 0.0))


@dataclass(frozen=True)
class Due:
    """By when a trial is to be over.

    Attributes:
        trial: Its number.
        at: When it is ended, as `time.monotonic` counts.
    """

    trial: int
    at: float


class Clock:
    """In a worker: tells its parent by when each of its trials is to be over.

    Args:
        told: Where to tell it.
        trace: Where to write where it hangs.
        grace: How much longer than its limit a trial is waited for, in seconds.
    """

    def __init__(self, told: Connection, trace: Connection, grace: float) -> None:
        self._told = told
        self._trace = trace
        self._grace = grace

    def begin(self) -> None:
        """Tells that this process has begun."""
        self._tell(None)

    @contextmanager
    def running(self, trial: int, deadline: float | None) -> Iterator[None]:
        """Lets a trial run in the block, until its end comes from outside if need be.

        Args:
            trial: Its number.
            deadline: When it ought to have ended, as `time.monotonic` counts; None for never.
        """
        if deadline is None:
            yield
            return
        end = deadline + self._grace
        self._tell(Due(trial, end))
        seconds = max(end - _TRACE_SECONDS - time.monotonic(), 0.1)
        faulthandler.dump_traceback_later(seconds, file=self._trace.fileno())
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._tell(None)

    def _tell(self, due: Due | None) -> None:
        with suppress(OSError):  # the parent is gone, and this process is being asked to stop
            self._told.send(due)


def hung(trace: Connection, home: Path, *, epoch: int | None) -> Failure:
    """Says of a trial that was ended where it hung: in a line, and as Python tells it.

    Args:
        trace: What its worker has written.
        home: The folder of the study file, where the user's own code lies.
        epoch: The epoch that it was at; None where it has none.
    """
    text = os.read(trace.fileno(), _MOST).decode(errors="replace") if trace.poll() else ""
    text = text.partition("!\n")[2]  # the time that it took
    main = text.rpartition("\nThread ")[2]  # the first that began, and so the last that is told
    frames = [FrameSummary(file, int(line), name) for file, line, name in _FRAME.findall(main)]
    where = innermost(frames[::-1], home)
    during = "" if epoch is None else f" in epoch {epoch}"
    said = f"was killed{during}: {TOO_LONG}"
    return Failure(f"{where}: {said}" if where else said, text.strip())
