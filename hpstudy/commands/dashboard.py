"""`hpstudy dashboard`, and what a finished grid leaves there."""

from __future__ import annotations

import signal

import typer

from hpstudy.analysis.curves import read_curves
from hpstudy.analysis.findings import findings
from hpstudy.analysis.results import read_grid
from hpstudy.charts.figures import grid_figures
from hpstudy.commands.opening import Opened
from hpstudy.report.dashboard import publish, serve
from hpstudy.report.document import document
from hpstudy.report.note import grid_note
from hpstudy.storage import Database, Runs, open_database, shown_url
from hpstudy.trials import grid_name


def serve_dashboard(runs: Runs, host: str, port: int) -> None:
    """Serves optuna-dashboard on a run's database until Ctrl-C.

    Args:
        runs: Where the run's files are.
        host: The address to listen on.
        port: The port.

    Raises:
        UserError: There is no database yet, or it can't listen there.
    """
    database = open_database(runs.url, write=False)

    def announce(address: str) -> None:
        typer.echo(f"{address} shows {shown_url(runs.url)}; Ctrl-C ends it.")

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serve(database, runs.artifacts, host=host, port=port, announce=announce)


def publish_grid(opened: Opened) -> None:
    """Shows a grid's findings in optuna-dashboard: a note, figures, and the results as JSON."""
    try:
        database = open_database(opened.runs.url, write=True)
        _publish(opened, database)
        database.engine.dispose()
    except Exception as error:  # whatever is wrong there, the grid itself is done
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        typer.echo(f"Note: optuna-dashboard will not show the findings: {reason}", err=True)


def _publish(opened: Opened, database: Database) -> None:
    grid = read_grid(opened.study, opened.name, database)
    if grid is None:
        return
    found = findings(grid)
    title = opened.study.title
    publish(
        grid_name(opened.name),
        database,
        note=grid_note(title, found),
        figures=grid_figures(found, curves=read_curves(grid, database)),
        results=document(opened.name, title, shown_url(opened.runs.url), found),
        artifacts=opened.runs.artifacts,
    )
