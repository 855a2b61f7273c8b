"""A program that runs: what it prints as it comes, and its end, whatever it does.

It has a session of its own: Ctrl-C in the terminal is not its affair, and all processes that it
starts are ended with it. A small watcher (`sh`) waits for this process to end: if that is killed,
nobody else could tell the program.
"""

from __future__ import annotations

import codecs
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_CHUNK = 1 << 16
_TICK_SECONDS = 0.1
_GRACE_SECONDS = 10.0  # between SIGTERM and SIGKILL
_KEPT = 1 << 17  # bytes that are kept of the first, and of the last, that it prints
_LAST = 1 << 13  # bytes of its last words
_LONGEST = 1 << 16  # characters of a line
_WATCH = 'read -r _; kill -s KILL -- "-$1"'


class Process:
    """A program that runs.

    Args:
        arguments: The program and its arguments.
        folder: Its working folder.
        log: The file that keeps what it prints: its first and its last part.

    Raises:
        OSError: It can't be started.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = _Log(log)
        self._popen = subprocess.Popen(
            arguments,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        try:
            self._watcher = subprocess.Popen(
                ["/bin/sh", "-c", _WATCH, "sh", f"{self._popen.pid}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            self._signal(signal.SIGKILL)
            raise
        self._is_ended = False
        self._streams = selectors.DefaultSelector()
        self._tails: list[bytes] = [b"", b""]
        for number, stream in enumerate((self._popen.stdout, self._popen.stderr)):
            assert stream is not None
            self._streams.register(stream, selectors.EVENT_READ, (number, Lines()))

    def lines(self, deadline: Callable[[], float | None]) -> Iterator[list[str]]:
        """Yields lines as it prints them, and an empty list every now and then, to its end.

        Args:
            deadline: Says when it is too late, as `time.monotonic` counts; None for never.

        Raises:
            TimeoutError: It ran longer.
        """
        while self._popen.poll() is None:
            yield from self._read(_TICK_SECONDS)
            if (end := deadline()) is not None and time.monotonic() > end:
                raise TimeoutError
            yield []
        self._signal(signal.SIGKILL)  # what it has started would print on
        yield from self._read(0)
        for key in list(self._streams.get_map().values()):
            yield key.data[1].rest()
        self._end()

    @property
    def exit_code(self) -> int:
        """Its exit code, once it has ended; negative for a signal."""
        return self._popen.wait()

    def last_lines(self, number: int) -> list[str]:
        """Returns what it printed last, on stderr if anything."""
        out, err = (_lines_of(tail)[-number:] for tail in self._tails)
        return err or out

    def stop(self) -> Iterator[list[str]]:
        """Ends it: it is asked to by SIGTERM, and killed if it does not.

        Yields:
            The lines that it prints meanwhile: who writes into a full pipe can't end.
        """
        if self._is_ended:
            return
        if self._popen.poll() is None:
            self._signal(signal.SIGTERM)
            end = time.monotonic() + _GRACE_SECONDS
            while self._popen.poll() is None and time.monotonic() < end:
                yield from self._read(_TICK_SECONDS)
        yield from self._read(0)
        self._end()

    def _read(self, seconds: float) -> Iterator[list[str]]:
        """Yields the lines that are there, for a while; waits so long for the first."""
        end = time.monotonic() + _TICK_SECONDS
        while self._streams.get_map() and time.monotonic() < end:
            if not (ready := self._streams.select(seconds)):
                return
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                if not chunk:
                    self._streams.unregister(key.fileobj)
                    yield key.data[1].rest()
                    continue
                self._log.write(chunk)
                number, lines = key.data
                self._tails[number] = (self._tails[number] + chunk)[-_LAST:]
                yield lines.feed(chunk)
        if not self._streams.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(seconds)

    def _end(self) -> None:
        """Ends all that is left of it."""
        if self._is_ended:
            return
        self._is_ended = True
        self._signal(signal.SIGKILL)
        self._popen.wait()
        self._watcher.kill()
        self._watcher.wait()
        streams: list[IO[bytes] | None] = [self._popen.stdout, self._popen.stderr]
        for stream in (*streams, self._watcher.stdin):
            if stream is not None:
                stream.close()
        self._streams.close()
        self._log.close()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)


class Lines:
    """Text that comes in pieces, as lines: a bar that is drawn over again is a line each time."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> list[str]:
        """Returns the lines that a piece completes; of a very long one, the first part."""
        text = self._rest + self._decoder.decode(chunk)
        *lines, rest = text.replace("\r", "\n").split("\n")
        self._rest = rest[:_LONGEST]
        return lines

    def rest(self) -> list[str]:
        """Returns the line that nothing has ended, if there is one."""
        rest, self._rest = self._rest, ""
        return [rest] if rest else []


class _Log:
    """A file with the first and the last of what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._room = _KEPT
        self._last = b""
        self._left_out = 0

    def write(self, chunk: bytes) -> None:
        now, later = chunk[: self._room], chunk[self._room :]
        if now:
            self._file.write(now)
            self._room -= len(now)
        if later:
            kept = self._last + later
            self._last = kept[-_KEPT:]
            self._left_out += len(kept) - len(self._last)

    def close(self) -> None:
        if self._file.closed:
            return
        if self._left_out:
            self._file.write(f"\n… {self._left_out:,} bytes are left out …\n".encode())
        self._file.write(self._last)
        self._file.close()


def _lines_of(tail: bytes) -> list[str]:
    text = tail.decode(errors="replace").replace("\r", "\n")
    return [line.rstrip() for line in text.split("\n") if line.strip()]
