"""What a user's code raised: where, and in which words."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from pathlib import Path

from hpstudy.expected import one_line

# What code of a notebook, and what cloudpickle has sent, says of its file.
_CELLS = "ipykernel_"
_SENT = "<dynamic-code>"

_STANDARD = Path(os.__file__).parent


def place(error: BaseException, folder: Path) -> str:
    """Returns where in a user's files an error arose: "mine.py:7", or "mine.py:12 in score".

    Args:
        error: The error.
        folder: The folder of the user's files; where none of its lines had part in the error, the
            innermost line is named that lies elsewhere, in a notebook's cell, say, then any.
    """
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{_shown(error.filename, folder)}:{error.lineno}"
    return innermost(traceback.extract_tb(error.__traceback__), folder)


def innermost(stack: Iterable[traceback.FrameSummary], folder: Path) -> str:
    """Returns which line of a user's files something was at: "mine.py:12 in score".

    Args:
        stack: The lines that called one another, the innermost last.
        folder: The folder of the user's files, as `place` takes it.
    """
    frames = [
        frame
        for frame in stack
        if not frame.filename.startswith("<frozen") and not _is_ours(frame.filename, folder)
    ]
    own = [frame for frame in frames if _is_in(frame.filename, folder)]
    theirs = [frame for frame in frames if not _is_installed(Path(frame.filename))]
    if not frames:
        return ""
    last = (own or theirs or frames)[-1]
    function = "" if last.name == "<module>" else f" in {last.name}"
    if Path(last.filename).parent.name.startswith(_CELLS) or last.filename == _SENT:
        return f"line {last.lineno}{function}"
    return f"{_shown(last.filename, folder)}:{last.lineno}{function}"


def described(error: BaseException) -> str:
    """Returns an error's kind and message in one line, whatever it is."""
    try:
        text = one_line(error.msg if isinstance(error, SyntaxError) else str(error))
    except Exception as broken:  # a user's error may not even have a text
        text = f"(its text can't be had: {type(broken).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _shown(file: str, folder: Path) -> Path:
    path = Path(file)
    return path.relative_to(folder) if _is_in(file, folder) else path


def _is_installed(path: Path) -> bool:
    installed = not {"site-packages", "dist-packages"}.isdisjoint(path.parts)
    return installed or path.is_relative_to(_STANDARD)


def _is_in(file: str, folder: Path) -> bool:
    path = Path(file)
    return path.is_relative_to(folder) and "site-packages" not in path.parts


def _is_ours(file: str, folder: Path) -> bool:
    """Tells whether a file is hpstudy's own: what called the user's code says nothing of it."""
    return Path(file).is_relative_to(Path(__file__).parent) and not _is_in(file, folder)
