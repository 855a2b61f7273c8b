"""Printing what the database holds of a study."""

from __future__ import annotations

import json
from collections.abc import Sequence

import typer
from rich.console import RenderableType

from hpstudy.addresses import shown_url
from hpstudy.analysis.answer import Answer, answer
from hpstudy.analysis.findings import GridFindings, read_findings
from hpstudy.analysis.importance import search_importances
from hpstudy.analysis.results import Failure
from hpstudy.analysis.search import SearchResults, read_search
from hpstudy.commands.opening import Opened, runs_at
from hpstudy.errors import UserError
from hpstudy.files import shown as shown_path
from hpstudy.report.consoles import plain_console
from hpstudy.report.document import document
from hpstudy.report.search_tables import search_tables
from hpstudy.report.terminal import grid_tables
from hpstudy.storage import Database, Runs, reading
from hpstudy.studies import any_study, confirm_name, find_study, grid_name, is_ours, search_name
from hpstudy.wording import setting


def grid_picture(found: GridFindings, opened: Opened) -> RenderableType:
    """Returns a grid's tables."""
    return grid_tables(found, quick=quick_note(opened))


def show(
    opened: Opened, factors: Sequence[str] | None = None, *, as_json: bool, errors: bool
) -> None:
    """Prints what the database holds; the arguments are those of `print_results`."""
    with reading(opened.runs) as database:
        print_results(opened, database, factors, as_json=as_json, errors=errors)


def print_results(
    opened: Opened,
    database: Database | None,
    factors: Sequence[str] | None = None,
    *,
    as_json: bool,
    sections: Sequence[str] = ("grid", "search"),
    errors: bool = False,
) -> int:
    """Prints what the database holds and returns how many trials failed.

    Args:
        opened: The study.
        database: The database; None where there is none yet.
        factors: The grid's factors to show; all where None.
        as_json: Whether to print one JSON document, which always holds both sections.
        sections: What to print else.
        errors: Whether the tracebacks of what failed are printed too.

    Raises:
        UserError: The database holds nothing of the study.
    """
    whole, found, search = _read(opened, database, factors)
    chosen = answer(whole, search)
    grid = None if found is None else found.results
    is_there = grid is not None or search is not None
    if as_json:
        importances = search_importances(search) if search is not None else None
        shown = shown_url(opened.runs.url)
        told = document(opened.name, opened.study.title, shown, found, search, importances, chosen)
        typer.echo(json.dumps(told, indent=2, allow_nan=False))
    elif is_there:
        _print(
            opened,
            found if "grid" in sections else None,
            search if "search" in sections else None,
            chosen,
        )
        if errors:
            _print_errors([*(grid.failed if grid else ()), *(_failures(search) if search else ())])
    if not is_there:
        raise nothing_there(opened, database)
    failed = {
        "grid": grid.trials.failed if grid is not None else 0,
        "search": len(_failures(search)) if search is not None else 0,
    }
    return sum(failed[section] for section in sections)


def _failures(search: SearchResults) -> list[Failure]:
    confirming = search.confirmation.failed if search.confirmation is not None else ()
    return [*search.failed, *confirming]


def _read(
    opened: Opened, database: Database | None, factors: Sequence[str] | None
) -> tuple[GridFindings | None, GridFindings | None, SearchResults | None]:
    if database is None:
        return None, None, None
    found = read_findings(opened.study, opened.name, database, factors)
    search = read_search(opened.study, opened.name, database)
    return *(found or (None, None)), search


def _print(
    opened: Opened, found: GridFindings | None, search: SearchResults | None, chosen: Answer | None
) -> None:
    console = plain_console()
    console.print(opened.study.title, style="bold", highlight=False)
    if found is not None:
        console.print(grid_picture(found, opened))
    if search is not None:
        tables = search_tables(search, search_importances(search), quick=quick_note(opened))
        console.print(tables)
    if chosen is not None:
        console.print(chosen.headline, style="bold", highlight=False)
        console.print(chosen.why, highlight=False)
    console.print(f"Database: {shown_url(opened.runs.url)}", highlight=False, soft_wrap=True)


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
