"""Comparing for the command line: what is asked for is run, and printed with its exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import typer

from hpstudy.analysis.compare import Comparison
from hpstudy.cli.app import tell
from hpstudy.cli.planned import print_plan
from hpstudy.cli.telling import Terminal
from hpstudy.errors import StoppedError, UserError
from hpstudy.metric import Verdict
from hpstudy.results.comparison import Cost
from hpstudy.running.crew import Crew
from hpstudy.store.connections import connections
from hpstudy.study.comparing import forecast_contest, read_contest, run_contest
from hpstudy.study.opened import Opened
from hpstudy.study.parties import Asked, SameError, contest_of
from hpstudy.study.planning import Machine
from hpstudy.study.sheets import Columns, compared_sheet
from hpstudy.views.comparison import answer_line, cost_line, looked_line, looks_told
from hpstudy.views.files.comparison import comparison_document
from hpstudy.views.states import alike_failures
from hpstudy.views.tables.comparison import comparison_table
from hpstudy.views.tables.plans import plan_table
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.render import with_notes

_SHOWN, _NOT_SHOWN, _TROUBLE = 0, 1, 2


def compare_sheet(
    files: Sequence[str], asked: Columns, until: str | None, *, as_json: bool
) -> NoReturn:
    """Compares the groups of a CSV file.

    Args:
        files: What was given as such; one is expected.
        asked: What is asked of it.
        until: The margin; None where every difference counts.
        as_json: Whether to print one JSON document.
    """
    if len(files) > 1:
        raise UserError(f"{files[1]}: expected one CSV file and nothing else to compare")
    found, notes = compared_sheet(Path(files[0]), asked, until)
    for note in notes:
        tell(f"Note: {note}.", err=True)
    _print(found, comparison_document(found, {}, None), as_json=as_json)
    raise typer.Exit(_exit_code(found))


def compare_studies(
    opened: Sequence[Opened],
    asked: Asked,
    machine: Machine,
    crew: Crew,
    *,
    plan: bool,
    as_json: bool,
) -> NoReturn:
    """Compares a study's baseline with another setting, or with another study's.

    Args:
        opened: The study, or both.
        asked: What is asked of the comparison.
        machine: What trainings are to run on.
        crew: Who does the work.
        plan: Whether to say what it would take, and train nothing.
        as_json: Whether to print one JSON document.
    """
    with connections(opened[0].runs) as database:
        try:
            contest = contest_of(opened, asked, database.reader, machine)
        except SameError as same:
            _print_same(f"{same}", as_json=as_json)
            raise typer.Exit(_NOT_SHOWN) from None
        if (quick := opened[0].quick_note()) is not None:
            tell(f"Note: {quick}.", err=True)
        if plan:
            expected = forecast_contest(contest, database.reader, crew.workers)
            facts = plan_table(contest.name, expected)
            told = f"Announced: {looks_told(expected.looks, expected.metric)}"
            print_plan(
                contest.baseline.opened,
                expected,
                *with_notes(replace(facts, footnotes=(told,))),
                as_json=as_json,
            )
            raise typer.Exit
        try:
            run_contest(contest, database, crew, Terminal())
        except StoppedError as error:
            raise UserError(f"{error}") from error  # without an answer it is trouble
        assert database.reader is not None  # what was run is there
        found = read_contest(contest, database.reader)
    settings = {party.name: party.setting for party in contest.parties}
    for line in alike_failures(found.failed):
        tell(f"Failed: {line}", err=True)
    document = comparison_document(found.comparison, settings, found.cost)
    _print(found.comparison, {"study": contest.name, **document}, found.cost, as_json=as_json)
    best = found.comparison.best
    if found.failed and best.found is None and not best.side.outcome.diverged:
        raise typer.Exit(_TROUBLE)
    raise typer.Exit(_exit_code(found.comparison))


def _exit_code(found: Comparison) -> int:
    return _SHOWN if found.best.verdict is Verdict.BETTER else _NOT_SHOWN


def _print_same(answer: str, *, as_json: bool) -> None:
    """Prints that what a study says to use is its baseline."""
    if as_json:
        found = {"verdict": Verdict.EQUAL, "difference": 0.0, "low": 0.0, "high": 0.0, "p": None}
        found |= {"seeds": 0, "looks": [], "margin": None, "a": None, "b": None, "cost": None}
        tell(json.dumps({"answer": answer, **found}, indent=2))
    else:
        tell(answer)


def _print(
    found: Comparison, document: Mapping[str, Any], cost: Cost | None = None, *, as_json: bool
) -> None:
    if as_json:
        tell(json.dumps(document, indent=2, allow_nan=False))
        return
    console = plain_console()
    console.print(answer_line(found), style="bold", highlight=False)
    console.print(*with_notes(comparison_table(found)), sep="\n")
    for line in (looked_line(found), cost_line(cost) if cost is not None else ""):
        if line:
            console.print(line, highlight=False)
