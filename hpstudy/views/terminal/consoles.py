"""The consoles that everything is printed on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from hpstudy.expected import harmless

_NO_LIMIT = 1_000_000  # columns


class _Console(Console):
    """Spells out what a terminal would obey: text may come from others' databases and programs."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yields what is drawn."""
        for segment in super().render(renderable, options):
            text = segment.text if segment.control else harmless(segment.text)
            yield segment if text == segment.text else Segment(text, segment.style)


def plain_console(*, stderr: bool = False) -> Console:
    """Returns a console that prints text as it is: names and titles are the user's, not markup.

    It is as wide as the terminal, or as the environment's `COLUMNS` says. Where there is neither,
    as in a pipe or a file, it is as wide as anything needs: no line is wrapped.

    Args:
        stderr: Whether it prints there rather than on stdout.
    """
    stream = sys.stderr if stderr else sys.stdout
    columns = os.environ.get("COLUMNS", "")
    is_limited = stream.isatty() or (columns.isdigit() and int(columns) > 0)
    width = None if is_limited else _NO_LIMIT
    return _Console(stderr=stderr, markup=False, emoji=False, width=width)
