"""Printing what the database holds of a study."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from rich.console import RenderableType

from hpstudy.cli.app import tell
from hpstudy.results.grid import Failure
from hpstudy.results.reading import read_grid
from hpstudy.store.connections import Connections
from hpstudy.study.opened import Opened
from hpstudy.summary import StudySummary
from hpstudy.views.files.document import document
from hpstudy.views.tables.comparison import comparisons_table
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.grid import grid_tables, search_tables
from hpstudy.views.terminal.render import with_notes
from hpstudy.wording import setting


def live_tables(
    opened: Opened, database: Connections, factors: Sequence[str] | None
) -> Callable[[], RenderableType]:
    """Returns what reads a grid's tables as they stand, and nothing else: it is asked often."""

    def read() -> RenderableType:
        assert database.reader is not None  # the grid has begun
        file, name, reader = opened.file, opened.name, database.reader
        part = read_grid(file, name, reader, factors) if factors else None
        whole = read_grid(file, name, reader)
        summary = StudySummary(name, file.title, address=reader.shown, grid=whole, part=part)
        if summary.grid is None:
            return ""
        return grid_tables(summary.grid, quick=opened.quick_note())

    return read


def print_summary(
    opened: Opened,
    summary: StudySummary,
    *,
    as_json: bool,
    sections: Sequence[str] = ("grid", "search", "comparisons"),
) -> None:
    """Prints what a study's results come to.

    Args:
        opened: The study.
        summary: What is printed.
        as_json: Whether to print one JSON document, which always holds both sections.
        sections: What to print else.
    """
    if as_json:
        tell(json.dumps(document(summary), indent=2, allow_nan=False))
    else:
        _print(opened, summary, sections)


def _print(opened: Opened, summary: StudySummary, sections: Sequence[str]) -> None:
    console = plain_console()
    console.print(summary.title, style="bold", highlight=False)
    quick = opened.quick_note()
    if summary.grid is not None and "grid" in sections:
        console.print(grid_tables(summary.grid, quick=quick))
    if (search := summary.search) is not None and "search" in sections:
        console.print(search_tables(search, quick=quick))
    if "comparisons" in sections and summary.comparisons:
        console.print(*with_notes(comparisons_table(summary.comparisons)), sep="\n")
    if (chosen := summary.answer) is not None:
        console.print(chosen.headline, style="bold", highlight=False)
        console.print(chosen.why, highlight=False)
    console.print(f"Database: {summary.address}", highlight=False, soft_wrap=True)


def print_errors(failures: Sequence[Failure]) -> None:
    """Prints the traceback of each kind of failure, once."""
    for error, failure in {f.error: f for f in reversed(failures)}.items():
        at = f"{setting(failure.params)}, seed {failure.seed}"
        tell(f"\n{at}: {error}\n{failure.trace or 'It left no traceback.'}".rstrip())
