"""What objectives write: brought from the workers to the one who watches, marked with its point.

Stdout belongs to the result. So both of a worker's streams are a pipe, at the level where a C
library or a child process of an objective writes too, and the parent reads it: in the worker
itself, a full pipe would stop the code that has to empty it.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TextIO

from hpstudy.expected import printable

_MARK = "\x1e"  # the record separator: what follows, to the end of the line, is the point at work
_LONGEST = 1 << 16  # bytes of a line without an end
_WARNING = re.compile(r"\S+:\d+: \w*Warning: ")

Say = Callable[[str], None]


class Marks:
    """Sends all that this process and its children write to a pipe, and marks what wrote it.

    Args:
        pipe: The end to write to.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe  # kept open: an objective may close the streams
        for number, stream in ((1, sys.stdout), (2, sys.stderr)):
            stream.flush()
            os.dup2(pipe.fileno(), number)
        # New streams: one that was opened on a file would want to seek.
        sys.stdout = _stream(1)
        sys.stderr = _stream(2)

    def __call__(self, label: str) -> None:
        """Marks what is written from here on with the point that is at work; "" with none."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # an objective may have closed or replaced it
                stream.flush()
        with suppress(OSError):  # the parent is gone
            os.write(self._pipe.fileno(), f"{_MARK}{printable(label)}\n".encode())


def _stream(number: int) -> TextIO:
    return open(number, "w", 1, "utf-8", errors="backslashreplace", closefd=False)


class Warnings:
    """Tells which warnings were shown before: each worker meets the same ones."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._lock = threading.Lock()

    def is_new(self, line: str) -> bool:
        """Tells whether a line is no warning, or one that was not seen yet."""
        if not _WARNING.match(line):
            return True
        with self._lock:
            is_new = line not in self._shown
            self._shown.add(line)
        return is_new


class Relay:
    """Reads a worker's pipe to its end, in a thread, and says each line.

    Args:
        pipe: The end to read from.
        warnings: What other relays have shown.
        say: Shows a line.
    """

    def __init__(self, pipe: Connection, warnings: Warnings, say: Say) -> None:
        self._pipe = pipe
        self._warnings = warnings
        self._say = say
        self._label = ""
        self._is_repeated = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Waits for the rest; a child that outlives the worker may keep the pipe open."""
        self._thread.join(seconds)

    def _read(self) -> None:
        rest = b""
        with self._pipe:
            while chunk := self._chunk():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(rest) > _LONGEST:
                    self._take(rest)
                    rest = b""
        if rest:
            self._take(rest)

    def _chunk(self) -> bytes:
        try:
            return os.read(self._pipe.fileno(), _LONGEST)
        except OSError:
            return b""

    def _take(self, line: bytes) -> None:
        text, is_marked, label = line.decode(errors="replace").partition(_MARK)
        shown = text.rstrip("\r").rpartition("\r")[2]  # of a bar that was drawn over, the last
        if shown.strip():
            self._show(shown)
        if is_marked:
            self._label = label

    def _show(self, line: str) -> None:
        if not self._warnings.is_new(line):
            self._is_repeated = True
        elif self._is_repeated and line.startswith("  "):
            self._is_repeated = False  # the line of code that Python prints below a warning
        else:
            self._is_repeated = False
            self._say(f"[{self._label}] {line}" if self._label else line)
