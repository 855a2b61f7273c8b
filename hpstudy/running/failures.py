"""What an objective did wrong, in a line and with its trace; whatever it raised."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna

from hpstudy.running.interrupts import Interrupted, was_interrupted

_LINE = 500  # characters of an error's line that are kept
_TRACE = 8_000  # characters of its trace: the last ones
# Terminals obey what follows an escape; other control characters have no business in a line.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


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
    try:
        yield
    except BaseException as error:
        if was_interrupted():
            raise Interrupted from error
        raise ObjectiveFailedError(error) from error


def failure_of(error: BaseException, home: Path) -> Failure:
    """Says where an objective failed and how.

    Args:
        error: What it raised.
        home: The folder of the study file, where the user's own code lies.
    """
    what = f"{_place(error, home)}{_said(error)}"
    try:
        trace = "".join(traceback.format_exception(error))
    except Exception:  # an exception may be broken in itself
        trace = "".join(traceback.format_tb(error.__traceback__))
    return Failure(one_line(what), several_lines(trace))


def alike(line: str) -> str:
    """Returns what the lines of failures of one kind have in common: all but their numbers."""
    return re.sub(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", "#", line)


def one_line(text: str) -> str:
    """Returns text as one printable line of bounded length, whatever it holds."""
    line = " ".join(_printable(text[: 4 * _LINE]).split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def several_lines(text: str) -> str:
    """Returns text as printable lines, the end of it where it is long."""
    lines = _printable(text[-_TRACE:])
    return lines if len(text) <= _TRACE else f"…{lines}"


def _printable(text: str) -> str:
    known = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no character
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", known.replace("\r", "\n")))


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        code = "" if error.code is None else repr(error.code)
        return f"the objective called sys.exit({code})"
    if isinstance(error, optuna.TrialPruned):
        return "the objective raised TrialPruned, which only a search can take"
    name = type(error).__name__
    if not isinstance(error, Exception):
        return f"the objective raised {name}"
    try:
        text = str(error)
    except Exception as broken:
        text = f"(its text can't be had: {type(broken).__name__})"
    return f"{name}: {text}" if text.strip() else name


def _place(error: BaseException, home: Path) -> str:
    """Names the innermost line of the user's own code; without any, the innermost line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = Path(__file__).parent.parent
    own = [f for f in frames if Path(f.filename).is_relative_to(home)]
    theirs = [f for f in frames if not Path(f.filename).is_relative_to(ours)]
    frame = next(iter([*own[::-1], *theirs[::-1]]), None)
    return "" if frame is None else f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}: "
