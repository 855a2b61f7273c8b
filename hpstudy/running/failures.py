"""What an objective did wrong, in a line and with its trace; whatever it raised."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna

from hpstudy.errors import StoppedError, UserError
from hpstudy.expected import one_line, printable
from hpstudy.files import limit_met
from hpstudy.objective.command_training import ProgramFailedError
from hpstudy.raised import described, place
from hpstudy.running.interrupts import Interrupted, was_interrupted

_TRACE = 8_000  # characters of a traceback that are kept: the last ones


@dataclass(frozen=True)
class Failure:
    """Why a training failed.

    Attributes:
        line: Where and what, in one line: "mine.py:12 in score: KeyError: 'lr'".
        trace: The traceback, as Python prints it.
    """

    line: str
    trace: str


class ObjectiveFailedError(Exception):
    """The objective raised; `cause` is what."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


@contextmanager
def objectives_own_code() -> Iterator[None]:
    """Runs a block of the objective's: whatever it raises is `ObjectiveFailedError`.

    Raises:
        Interrupted: This process was asked to stop meanwhile, whatever the objective made of it.
    """
    process = os.getpid()
    try:
        yield
    except BaseException as error:
        if os.getpid() != process:  # a child that the objective forked: no worker
            os._exit(1)
        if was_interrupted():
            raise Interrupted from error
        raise ObjectiveFailedError(error) from error
    if os.getpid() != process:
        os._exit(0)


def failure_of(error: BaseException, home: Path) -> Failure:
    """Says where an objective failed and how.

    Args:
        error: What it raised.
        home: The folder of the study file, where the user's own code lies.
    """
    if isinstance(error, ProgramFailedError):
        return Failure(f"{error}", error.last)
    where = place(error, home)
    try:
        trace = "".join(traceback.format_exception(error))
    except Exception:  # an exception may be broken in itself
        trace = "".join(traceback.format_tb(error.__traceback__))
    return Failure(f"{where}: {_said(error)}" if where else _said(error), _cut(trace))


def stopped_by(error: Exception, who: str) -> UserError:
    """Returns what to say of an error that is no objective's: a limit of the system's, or ours.

    Args:
        error: The error.
        who: Who could not go on: "a worker".
    """
    limit = limit_met(error) if isinstance(error, OSError) else None
    if limit is not None:
        return StoppedError(f"{limit}; what was recorded is kept")
    return UserError(f"{who} could not go on: {described(error)}")


def alike(line: str) -> str:
    """Returns what the lines of failures of one kind have in common: all but their numbers."""
    return re.sub(r"0x[0-9a-f]+|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", "#", line, flags=re.IGNORECASE)


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        code = "" if error.code is None else one_line(repr(error.code))
        return f"the objective called sys.exit({code})"
    if isinstance(error, optuna.TrialPruned):
        return "the objective raised TrialPruned, which only a search can take"
    if not isinstance(error, Exception):
        return f"the objective raised {type(error).__name__}"
    return described(error)


def _cut(trace: str) -> str:
    """Returns the end of a traceback in printable lines."""
    lines = [printable(line) for line in trace[-_TRACE:].splitlines()]
    return "\n".join(lines if len(trace) <= _TRACE else ["…", *lines])
