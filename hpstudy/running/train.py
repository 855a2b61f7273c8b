"""Training one setting, outside of any Optuna study, and saving what it has learned.

The training is a process of its own, as in a grid: what an objective does to the one that it runs
in is an answer like any other, and its numbers are those that a worker's would be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hpstudy.errors import StoppedError, UserError
from hpstudy.running.interrupts import check_interrupts, deferred_interrupts
from hpstudy.running.lesson import Done, Lesson, News, work
from hpstudy.running.memory import ended, killed_so_far
from hpstudy.running.output import Relay, Say, Warnings
from hpstudy.running.processes import GUARDED, guarded, prepare, starting

_LOOK_SECONDS = 0.5
_LINGER_SECONDS = 5.0  # what a process that has done its work gets to end by itself
_STOP_SECONDS = 30.0  # what one that was told to stop gets before it is killed
_REST_SECONDS = 2.0  # what a dead one wrote is read this long


class Trainee:
    """A process that trains, and then saves what it has learned, for the block.

    Args:
        lesson: What it trains.
        say: Shows a line of what the objective writes.

    Attributes:
        versions: The software that it trained with, by name; known after the last epoch.
    """

    def __init__(self, lesson: Lesson, say: Say) -> None:
        self.versions: Mapping[str, str] = {}
        self._lesson = lesson
        self._say = say

    def __enter__(self) -> Self:
        self._killed_before = killed_so_far()
        with deferred_interrupts(), guarded():  # a process that is half begun is nobody's
            context = prepare()
            lines, pipe = context.Pipe(duplex=False)
            self._talk, theirs = context.Pipe()
            with starting(self._lesson.scenario.runtime.threads) as environment:
                self._process: BaseProcess = context.Process(
                    target=work, args=(self._lesson, environment, pipe, theirs)
                )
                self._process.start()
            pipe.close()
            theirs.close()
            self._relay = Relay(lines, Warnings(), self._say)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._talk.send(None)
        if kind is not None:
            self._process.terminate()
        self._process.join(_LINGER_SECONDS if kind is None else _STOP_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self._talk.close()
        self._relay.join(_REST_SECONDS)

    def news(self) -> Iterator[News]:
        """Yields what happens, up to the last epoch; one without the metric has diverged.

        Raises:
            UserError: It can't be trained, or failed; epochs before that are kept.
            KeyboardInterrupt: It was interrupted; all finished epochs are kept.
        """
        self._answer(GUARDED)  # that it has begun
        while not isinstance(news := self._answer(), Done):
            yield news
        self.versions = news.versions

    def save(self, file: Path) -> None:
        """Saves what was learned.

        Args:
            file: The file; the objective may choose another one beside it.

        Raises:
            UserError: It can't be saved.
        """
        self._talk.send(file)
        self._answer()  # that it is saved

    def _answer(self, why: str = "") -> Any:  # noqa: ANN401 - what the process sends
        """Waits for what the process says next.

        Args:
            why: Why it is likely to have ended without a word; "" for its exit code.
        """
        while True:
            connection.wait([self._talk, self._process.sentinel], _LOOK_SECONDS)
            check_interrupts()
            with suppress(EOFError, ConnectionError):
                if self._talk.poll():
                    answer = self._talk.recv()
                    if isinstance(answer, UserError):
                        raise answer
                    return answer
                if self._process.exitcode is None:
                    continue
            self._process.join(_STOP_SECONDS)
            code = self._process.exitcode or 0
            without = f"ended without a word, {why or f'exit code {code}'}"
            how = ended(code, self._killed_before) if code < 0 else without
            raise StoppedError(f"the training's process {how}")
