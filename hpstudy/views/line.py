"""Progress in one line on stderr, written over again and again: for scripts and notebooks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from hpstudy.metric import Metric
from hpstudy.running.output import Say
from hpstudy.running.progress_points import Progress
from hpstudy.running.progress_search import SearchProgress
from hpstudy.views.watch import Watch
from hpstudy.wording import duration


class Line:
    """A teller that shows one line meanwhile, where a terminal or a notebook can take it back."""

    def __init__(self) -> None:
        from hpstudy.views.terminal.consoles import plain_console

        console = plain_console(stderr=True)
        self._is_live = console.is_terminal or console.is_jupyter
        self._lock = threading.Lock()
        self._shown = ""

    def say(self, line: str) -> None:
        """Prints a line, above the one that is shown."""
        with self._lock:
            self._write("")
            print(line, file=sys.stderr, flush=True)

    def points(
        self, look: Callable[[], Progress], metric: Metric, task: str, note: str
    ) -> AbstractContextManager[Say]:
        """Shows how many points are done."""
        before = f"{task}: " if task else ""

        def told() -> str:
            seen = look()
            failed = f", {seen.failed} failed" if seen.failed else ""
            return (
                f"{before}{seen.points} of {seen.points_total} points{failed}, "
                f"{duration(seen.seconds_left)} left"
            )

        return self._live(told)

    def search(
        self, look: Callable[[], SearchProgress], metric: Metric
    ) -> AbstractContextManager[Say]:
        """Shows how many trials are finished."""

        def told() -> str:
            seen = look()
            failed = f", {seen.failed} failed" if seen.failed else ""
            return (
                f"{seen.finished} of {seen.total} trials{failed}, "
                f"{duration(seen.seconds_left)} left"
            )

        return self._live(told)

    @contextmanager
    def _live(self, told: Callable[[], str]) -> Iterator[Say]:
        if not self._is_live:
            yield self.say
            return

        def show(looks: int) -> None:
            line = told()
            with self._lock:
                self._write(line)

        try:
            with Watch(show, self.say):
                yield self.say
        finally:
            with self._lock:
                self._write("")

    def _write(self, line: str) -> None:
        """Writes a line over the one that is shown."""
        if line or self._shown:
            blank = " " * max(0, len(self._shown) - len(line))
            print(f"\r{line}{blank}", end="" if line else "\r", file=sys.stderr, flush=True)
            self._shown = line
