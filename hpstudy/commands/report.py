"""`hpstudy report`: gathers what the database holds and writes the page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer

from hpstudy.addresses import shown_url
from hpstudy.analysis.curves import read_curves
from hpstudy.analysis.digits import Reading, best_of_grid, best_of_search, read_digits
from hpstudy.analysis.findings import read_findings
from hpstudy.analysis.importance import search_importances
from hpstudy.analysis.origin import Origin, read_origin
from hpstudy.analysis.results import GridResults
from hpstudy.analysis.search import SearchResults, read_search
from hpstudy.analysis.speed import search_tradeoffs
from hpstudy.analysis.telling import telling
from hpstudy.commands.opening import Opened, runs_at
from hpstudy.commands.results import nothing_there, quick_note
from hpstudy.errors import UserError
from hpstudy.files import absolute, replacing, shown
from hpstudy.objective import Runtime
from hpstudy.pictures import Layer, Pictures
from hpstudy.report.page import Content, page
from hpstudy.running.grid import chosen_factors
from hpstudy.storage import Database, reading
from hpstudy.studies import grid_name, search_name
from hpstudy.study_files import studies_that_come_along


def write_report(opened: Opened, factors: Sequence[str] | None, output: Path | None) -> str:
    """Writes the report of a study and returns its path.

    Args:
        opened: The study.
        factors: The factors to show; all where None.
        output: The file; `RUNS/report/NAME.html` where None.

    Raises:
        UserError: A factor is not in the file, nothing was run, or the report can't be written.
    """
    chosen_factors(opened.study, factors)
    home = opened.runs.folder / "report"
    path = absolute(output, "--output") if output else home / f"{opened.name}.html"
    with reading(opened.runs) as database:
        content = _gathered(opened, database, factors) if database is not None else None
        if content is None:
            raise nothing_there(opened, database)
    html = page(content)
    with replacing(path) as draft:
        draft.write_text(html, encoding="utf-8")
    return shown(path)


def _gathered(opened: Opened, database: Database, factors: Sequence[str] | None) -> Content | None:
    read = read_findings(opened.study, opened.name, database, factors)
    whole, found = read or (None, None)
    grid = None if found is None else found.results
    search = read_search(opened.study, opened.name, database)
    if grid is None and search is None:
        return None
    names = {"Grid": grid_name(opened.name), "Search": search_name(opened.name)}
    origins = {
        title: origin
        for title, name in names.items()
        if (origin := read_origin(name, database)) is not None
    }
    pictures, layers = _shown_by_objective(opened, grid, search)
    return Content(
        name=opened.name,
        title=opened.study.title,
        database=shown_url(opened.runs.url),
        quick=quick_note(opened),
        found=found,
        whole=whole,
        curves=() if found is None else read_curves(telling(found).factors, database),
        search=search,
        importances=None if search is None else search_importances(search),
        tradeoffs=() if search is None else search_tradeoffs(search, database),
        reading=_reading(grid, search, pictures, database),
        pictures=pictures,
        layers=layers,
        origins=origins,
        commands=_commands(opened, origins),
        written=datetime.now(),
    )


def _shown_by_objective(
    opened: Opened, grid: GridResults | None, search: SearchResults | None
) -> tuple[Pictures | None, Sequence[Layer]]:
    """Returns what the objective shows; a report is worth having without it."""
    results = grid or search
    if results is None:
        return None, ()
    params = {k: v for k, v in opened.study.baseline.items() if k != opened.study.fidelity}
    try:
        objective = opened.objective()
        layers = objective.layers(params, settings=results.settings)
        runtime = Runtime(data=str(opened.runs.data))
        return objective.pictures(settings=results.settings, runtime=runtime), layers
    except UserError as error:
        typer.echo(f"Note: the report goes without pictures: {error}", err=True)
        return None, ()


def _reading(
    grid: GridResults | None,
    search: SearchResults | None,
    pictures: Pictures | None,
    database: Database,
) -> Reading | None:
    network = best_of_grid(grid) if grid is not None else None
    if network is None and search is not None:
        network = best_of_search(search)
    if network is None or pictures is None:
        return None
    return read_digits(network, [int(label) for label in pictures.test_labels], database)


def _commands(opened: Opened, origins: dict[str, Origin]) -> list[str]:
    """Returns the commands that run the study and write its report."""
    home = opened.path.parent
    has_name = shown(home) == "studies" or home == studies_that_come_along()
    where = [opened.path.stem if has_name else shown(opened.path)]
    if opened.name != opened.path.stem and not opened.is_quick:
        where += ["--name", opened.name]
    if opened.is_quick:
        where.append("--quick")
    if shown(opened.runs.folder) != "runs":
        where += ["--runs", shown(opened.runs.folder)]
    if opened.runs.url != runs_at(opened.runs.folder, None).url:
        where += ["--storage", shown_url(opened.runs.url)]
    commands = []
    if opened.study.grid is not None and "Grid" in origins:
        seeds = origins["Grid"].seeds
        commands.append(["hpstudy", "grid", *where, *(["--seeds", _spans(seeds)] if seeds else [])])
    if "Search" in origins:
        commands.append(["hpstudy", "search", *where])
    commands.append(["hpstudy", "report", *where])
    return [shlex.join(command) for command in commands]


def _spans(seeds: Sequence[int]) -> str:
    """Returns seeds as `--seeds` takes them: "0-4", or "0,2,7" where there are gaps."""
    if len(seeds) == seeds[-1] - seeds[0] + 1:
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(f"{seed}" for seed in seeds)
