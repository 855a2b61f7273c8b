"""Printing what the database holds of a study."""

from __future__ import annotations

import json
from collections.abc import Sequence

import typer

from hpstudy.cli.opening import Opened, runs_at
from hpstudy.errors import UserError
from hpstudy.files import shown as shown_path
from hpstudy.results.grid import Failure
from hpstudy.store.addresses import shown_url
from hpstudy.store.database import Database, Runs, reading
from hpstudy.store.studies import (
    any_study,
    confirm_name,
    find_study,
    grid_name,
    is_ours,
    search_name,
)
from hpstudy.summary import StudySummary
from hpstudy.views.files.document import document
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.grid import grid_tables, search_tables
from hpstudy.wording import setting


def show(
    opened: Opened, factors: Sequence[str] | None = None, *, as_json: bool, errors: bool
) -> None:
    """Prints what the database holds, with the tracebacks of what failed where asked for."""
    with reading(opened.runs) as database:
        summary = _read(opened, database, factors)
        if as_json or not summary.is_empty:  # a program finds the keys that it looks for
            print_summary(opened, summary, as_json=as_json)
        if summary.is_empty:
            raise nothing_there(opened, database)
    if errors and not as_json:
        _print_errors(summary.failed)


def summary_of(
    opened: Opened, database: Database | None, factors: Sequence[str] | None = None
) -> StudySummary:
    """Reads what the database holds of a study.

    Args:
        opened: The study.
        database: The database; None where there is none yet.
        factors: The grid's factors to show; all where None.

    Raises:
        UserError: It holds nothing of the study.
    """
    summary = _read(opened, database, factors)
    if summary.is_empty:
        raise nothing_there(opened, database)
    return summary


def _read(opened: Opened, database: Database | None, factors: Sequence[str] | None) -> StudySummary:
    if database is None:
        return StudySummary(opened.name, opened.study.title, address=shown_url(opened.runs.url))
    return StudySummary.read(opened.study, opened.name, database, factors)


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
    quick = quick_note(opened)
    if summary.grid is not None and "grid" in sections:
        console.print(grid_tables(summary.grid, quick=quick))
    if (search := summary.search) is not None and "search" in sections:
        console.print(search_tables(search, quick=quick))
    if (chosen := summary.answer) is not None:
        console.print(chosen.headline, style="bold", highlight=False)
        console.print(chosen.why, highlight=False)
    console.print(f"Database: {summary.address}", highlight=False, soft_wrap=True)


def nothing_there(opened: Opened, database: Database | None) -> UserError:
    """Returns what to say of a database that holds nothing of a study, and where it may be."""
    here = opened.runs.url
    nothing = f"Nothing run yet: {shown_url(here)} holds no study {opened.name!r}"
    beside = opened.path.parent / "runs"
    there = runs_at(beside, None)
    if database is not None and (foreign := _foreign(opened.name, database)):
        return UserError(
            f"{foreign!r} in {shown_url(here)} is a plain Optuna study, which hpstudy did not "
            f"write: `hpstudy dashboard --storage {shown_url(here)}` shows it"
        )
    if there.url != here and _holds(opened.name, there):
        return UserError(
            f"{nothing}; {shown_url(there.url)} does: give --runs {shown_path(beside)}"
        )
    return UserError(nothing)


def _foreign(name: str, database: Database) -> str | None:
    """Returns a plain Optuna study's name that is ours or begins like one of ours."""
    names = [name, *(part(name) for part in (grid_name, search_name, confirm_name))]
    studies = [study for name in names if (study := any_study(name, database)) is not None]
    return next((study.study_name for study in studies if not is_ours(study)), None)


def _holds(name: str, runs: Runs) -> bool:
    with reading(runs) as database:
        return database is not None and any(
            find_study(part(name), database) for part in (grid_name, search_name)
        )


def _print_errors(failures: Sequence[Failure]) -> None:
    """Prints the traceback of each kind of failure, once."""
    for error, failure in {f.error: f for f in reversed(failures)}.items():
        at = f"{setting(failure.params)}, seed {failure.seed}"
        typer.echo(f"\n{at}: {error}\n{failure.trace or 'It left no traceback.'}".rstrip())


def quick_note(opened: Opened) -> str | None:
    """Says what makes this a quick look; None for the full study."""
    if not opened.is_quick:
        return None
    settings = opened.objective().quick or {}
    words = ", ".join(f"{name} = {value}" for name, value in settings.items())
    return f"a quick look ({words}): not comparable with the full study"
