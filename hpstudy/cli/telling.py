"""Telling how a course goes: on stderr, live on a terminal."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import typer
from rich.console import RenderableType

from hpstudy.cli.app import tell
from hpstudy.metric import Metric
from hpstudy.running.output import Say
from hpstudy.running.progress_points import Progress
from hpstudy.running.progress_search import SearchProgress
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.live import LiveProgress, PointsView, SearchView, View


class Terminal:
    """Tells a course on stderr; once interrupted it says how to go on, and exits with code 130.

    Args:
        tables: Reads the tables as they stand, shown on a terminal below the progress.
        note: What to say, once, when trainings begin; "" for nothing.
    """

    def __init__(self, tables: Callable[[], RenderableType] | None = None, note: str = "") -> None:
        self._tables = tables
        self._note = note

    def say(self, line: str) -> None:
        """Prints a line."""
        tell(line, err=True)

    def points(
        self, look: Callable[[], Progress], metric: Metric, task: str, note: str
    ) -> AbstractContextManager[Say]:
        """Shows the progress through known points."""
        return self._live(PointsView(look, metric, task, note))

    def search(
        self, look: Callable[[], SearchProgress], metric: Metric
    ) -> AbstractContextManager[Say]:
        """Shows the progress of a search."""
        return self._live(SearchView(look, metric))

    @contextmanager
    def _live(self, view: View) -> Iterator[Say]:
        if self._note:
            self.say(self._note)
            self._note = ""
        try:
            with LiveProgress(view, plain_console(stderr=True), self._tables) as live:
                yield live.say
        except KeyboardInterrupt:
            again = shlex.join(["hpstudy", *sys.argv[1:]])
            self.say(f"Interrupted: all finished epochs are kept. To go on: {again}")
            raise typer.Exit(130) from None
