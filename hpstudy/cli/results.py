"""Printing what the database holds of a study."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import typer
from rich.console import RenderableType

from hpstudy.plans.forecast_looks import LooksForecast
from hpstudy.plans.forecast_points import Forecast
from hpstudy.plans.forecast_search import SearchForecast
from hpstudy.results.grid import Failure
from hpstudy.store.connections import Connections
from hpstudy.study.opened import Opened
from hpstudy.summary import StudySummary
from hpstudy.views.files.document import document, looks_document
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.grid import grid_tables, search_tables
from hpstudy.wording import setting


def print_plan(
    opened: Opened,
    expected: Forecast | LooksForecast | SearchForecast,
    *parts: RenderableType,
    combined: Forecast | None = None,
    as_json: bool,
) -> None:
    """Prints what a plan would take.

    Args:
        opened: The study.
        expected: What it would take.
        parts: The same as tables.
        combined: What a grid's better levels together would take at most, where that is asked for.
        as_json: Whether to print one JSON document instead.
    """
    if as_json:
        more = {} if combined is None else {"combined": asdict(combined)}
        typer.echo(json.dumps({"study": opened.name, **_planned(expected), **more}, indent=2))
    else:
        plain_console().print(*parts, sep="\n")


def _planned(expected: Forecast | LooksForecast | SearchForecast) -> dict[str, Any]:
    """Returns what a plan would take, as JSON holds it; of looks the most, and the least."""
    if not isinstance(expected, LooksForecast):
        return {"plan": asdict(expected)}
    least, most = asdict(expected.least), asdict(expected.most)
    return {"plan": most, "least": least, "looks": looks_document(expected.looks)}


def live_tables(
    opened: Opened, database: Connections, factors: Sequence[str] | None
) -> Callable[[], RenderableType]:
    """Returns what reads a grid's tables as they stand."""

    def read() -> RenderableType:
        assert database.reader is not None  # the grid has begun
        summary = StudySummary.read(opened.file, opened.name, database.reader, factors)
        if summary.grid is None:
            return ""
        return grid_tables(summary.grid, quick=opened.quick_note())

    return read


def print_summary(
    opened: Opened,
    summary: StudySummary,
    *,
    as_json: bool,
    sections: Sequence[str] = ("grid", "search"),
) -> None:
    """Prints what a study's results come to.

    Args:
        opened: The study.
        summary: What is printed.
        as_json: Whether to print one JSON document, which always holds both sections.
        sections: What to print else.
    """
    if as_json:
        typer.echo(json.dumps(document(summary), indent=2, allow_nan=False))
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
    if (chosen := summary.answer) is not None:
        console.print(chosen.headline, style="bold", highlight=False)
        console.print(chosen.why, highlight=False)
    console.print(f"Database: {summary.address}", highlight=False, soft_wrap=True)


def print_errors(failures: Sequence[Failure]) -> None:
    """Prints the traceback of each kind of failure, once."""
    for error, failure in {f.error: f for f in reversed(failures)}.items():
        at = f"{setting(failure.params)}, seed {failure.seed}"
        typer.echo(f"\n{at}: {error}\n{failure.trace or 'It left no traceback.'}".rstrip())
