"""`hpstudy dashboard`, and what a finished grid or search leaves there."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer

from hpstudy.addresses import shown_url
from hpstudy.analysis.answer import Answer, answer
from hpstudy.analysis.curves import read_curves
from hpstudy.analysis.digits import Network, best_of_grid, best_of_search, read_digits
from hpstudy.analysis.findings import GridFindings, findings
from hpstudy.analysis.importance import search_importances
from hpstudy.analysis.reading import read_grid
from hpstudy.analysis.search import SearchResults, read_search
from hpstudy.analysis.speed import search_tradeoffs
from hpstudy.analysis.telling import telling
from hpstudy.charts.figures import grid_figures, search_figures
from hpstudy.commands.opening import Connections, Opened
from hpstudy.errors import UserError
from hpstudy.objective import Runtime
from hpstudy.report.dashboard import Published, publish, publish_note, serve
from hpstudy.report.document import document
from hpstudy.report.note import grid_note, search_note
from hpstudy.report.pictures import COLUMNS, MISTAKES, captioned
from hpstudy.storage import Database, Runs, nothing_at, reading
from hpstudy.studies import grid_name, search_name


@dataclass(frozen=True)
class _Read:
    """What the database holds of a study, and which setting all of it says to use."""

    found: GridFindings | None
    search: SearchResults | None
    chosen: Answer | None


def serve_dashboard(runs: Runs, host: str, port: int) -> None:
    """Serves optuna-dashboard on a run's database until Ctrl-C.

    Args:
        runs: Where the run's files are.
        host: The address to listen on.
        port: The port.

    Raises:
        UserError: There is no database yet, or it can't listen there.
    """

    def announce(address: str) -> None:
        typer.echo(f"{address} shows {shown_url(runs.url)}; Ctrl-C ends it.")

    with reading(runs) as database:
        if database is None:
            raise nothing_at(runs.url)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        serve(database, runs.artifacts, host=host, port=port, announce=announce)


def publish_grid(opened: Opened, database: Connections) -> None:
    """Shows a grid's findings in optuna-dashboard: a note, figures, results and mistakes."""
    _publish(opened, database, _grid_findings, _renew_search_note)


def publish_search(opened: Opened, database: Connections) -> None:
    """Shows what a search found in optuna-dashboard: a note, figures, results and mistakes."""
    _publish(opened, database, _search_findings, _renew_grid_note)


def _publish(
    opened: Opened,
    database: Connections,
    find: Callable[[Opened, _Read, Database], Published | None],
    renew: Callable[[Opened, _Read, Database], None],
) -> None:
    try:
        reader = database.reader
        assert reader is not None  # something was trained
        both = _read(opened, reader)
        found = find(opened, both, reader)
        if found is not None:
            publish(found, database.writer, opened.runs.artifacts)
            renew(opened, both, database.writer)  # the answer is of grid and search together
    except Exception as error:  # whatever is wrong there, the trials are done
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        typer.echo(f"Note: optuna-dashboard will not show the findings: {reason}", err=True)


def _read(opened: Opened, database: Database) -> _Read:
    grid = read_grid(opened.study, opened.name, database)
    found = findings(grid) if grid is not None else None
    search = read_search(opened.study, opened.name, database)
    return _Read(found, search, answer(found, search))


def _grid_findings(opened: Opened, both: _Read, database: Database) -> Published | None:
    found = both.found
    if found is None:
        return None
    title, grid = opened.study.title, found.results
    return Published(
        study=grid_name(opened.name),
        note=grid_note(title, found, both.chosen),
        figures=grid_figures(found, curves=read_curves(telling(found).factors, database)),
        results=document(opened.name, title, shown_url(opened.runs.url), found, chosen=both.chosen),
        pictures=_mistakes(opened, best_of_grid(grid), grid.settings, database),
    )


def _search_findings(opened: Opened, both: _Read, database: Database) -> Published | None:
    search = both.search
    if search is None:
        return None
    importances = search_importances(search)
    tradeoffs = search_tradeoffs(search, database)
    title, shown = opened.study.title, shown_url(opened.runs.url)
    return Published(
        study=search_name(opened.name),
        note=search_note(title, search, importances, both.chosen),
        figures=search_figures(search, importances=importances, tradeoffs=tradeoffs),
        results=document(opened.name, title, shown, None, search, importances, both.chosen),
        pictures=_mistakes(opened, best_of_search(search), search.settings, database),
    )


def _renew_grid_note(opened: Opened, both: _Read, database: Database) -> None:
    if both.found is not None:
        note = grid_note(opened.study.title, both.found, both.chosen)
        publish_note(grid_name(opened.name), note, database)


def _renew_search_note(opened: Opened, both: _Read, database: Database) -> None:
    if both.search is not None:
        importances = search_importances(both.search)
        note = search_note(opened.study.title, both.search, importances, both.chosen)
        publish_note(search_name(opened.name), note, database)


def _mistakes(
    opened: Opened,
    network: Network | None,
    settings: Mapping[str, object],
    database: Database,
) -> dict[str, bytes]:
    """Returns a picture of the images that a network misreads; none where nothing is known."""
    if network is None:
        return {}
    runtime = Runtime(data=str(opened.runs.data))
    try:
        pictures = opened.objective().pictures(settings=settings, runtime=runtime)
    except UserError:  # without its images the rest is still worth showing
        return {}
    if pictures is None:
        return {}
    reading = read_digits(network, [int(label) for label in pictures.test_labels], database)
    if reading is None or not reading.mistakes:
        return {}
    wrong = reading.mistakes[:MISTAKES]
    captions = [f"{reading.labels[i]} as {reading.predicted[i]}" for i in wrong]
    return {"mistakes.png": captioned(pictures.test[list(wrong)], captions, COLUMNS)}
