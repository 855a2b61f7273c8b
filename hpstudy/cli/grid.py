"""`hpstudy grid`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.console import RenderableType

from hpstudy.cli.opening import Opened
from hpstudy.cli.results import quick_note
from hpstudy.cli.telling import Terminal
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.forecast_points import forecast
from hpstudy.plans.grid import parse_seeds, plan_grid
from hpstudy.plans.points import PointsPlan
from hpstudy.running.course import Trained, run_points, workers_for
from hpstudy.running.fingerprint import check
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.summary import StudySummary
from hpstudy.views.tables.plans import plan_table
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.grid import grid_tables
from hpstudy.views.terminal.render import rich_table


def plan_of(
    opened: Opened,
    objective: Objective,
    runtime: Runtime,
    *,
    factors: Sequence[str] | None,
    seeds: str | None,
) -> PointsPlan:
    """Plans a grid as the options say."""
    return plan_grid(
        opened.study,
        objective,
        name=opened.name,
        home=opened.path.parent,
        runtime=runtime,
        factors=factors,
        seeds=parse_seeds(seeds) if seeds is not None else None,
        quick=opened.is_quick,
    )


def run(
    plan: PointsPlan,
    objective: Objective,
    opened: Opened,
    database: Connections,
    workers: int | None,
    factors: Sequence[str] | None,
) -> Trained:
    """Runs what is left of a grid, with live progress on stderr."""

    def tables() -> RenderableType:
        assert database.reader is not None  # the grid has begun
        summary = StudySummary.read(opened.study, opened.name, database.reader, factors)
        return "" if summary.grid is None else grid_tables(summary.grid, quick=quick_note(opened))

    return run_points(plan, objective, database, workers, Terminal(tables))


def print_plan(
    plan: PointsPlan,
    objective: Objective,
    opened: Opened,
    reader: Database | None,
    workers: int | None,
    *,
    as_json: bool,
) -> None:
    """Says what a grid would take; trains nothing and writes nothing."""
    check(plan, reader)
    expected = forecast(plan, objective, reader, opened.runs, workers_for(workers, plan))
    if as_json:
        typer.echo(json.dumps({"study": opened.name, "plan": asdict(expected)}, indent=2))
    else:
        plain_console().print(rich_table(plan_table(opened.study.title, expected)))
