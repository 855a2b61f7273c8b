"""What the commands of `cli.py` do: call the floors below and print.

Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import typer
from rich.console import Console, RenderableType

from hpstudy.analysis.findings import findings
from hpstudy.analysis.results import GridResults, read_grid
from hpstudy.errors import UserError
from hpstudy.objective import Objective, Runtime, load_objective
from hpstudy.report.document import document
from hpstudy.report.terminal import LiveProgress, elapsed, grid_tables, plan_table
from hpstudy.running.begin import begin, check
from hpstudy.running.cost import Costs, forecast
from hpstudy.running.launch import default_workers, launch
from hpstudy.running.plan import GridPlan, parse_seeds, plan_grid
from hpstudy.running.progress import Observer
from hpstudy.running.worker import Job
from hpstudy.storage import Runs, check_url, exists, open_database, shown_url
from hpstudy.study import StudyFile
from hpstudy.study_files import find_study, load_study

_QUICK = "-quick"


@dataclass(frozen=True)
class Opened:
    """A study file with the names that the options give it."""

    path: Path
    study: StudyFile
    name: str
    runs: Runs

    @property
    def is_quick(self) -> bool:
        """Whether this is the study of a quick look."""
        return self.name.endswith(_QUICK)

    def objective(self) -> Objective:
        """Loads what the study trains."""
        return load_objective(self.study.objective, self.path.parent)


def runs_at(folder: Path, storage: str | None) -> Runs:
    """Returns where a run's files go."""
    url = storage or f"sqlite:///{folder / 'hpstudy.db'}"
    check_url(url)
    return Runs(folder, url)


def open_study(
    study: str, name: str | None, runs: Path, storage: str | None, *, quick: bool = False
) -> Opened:
    """Reads a study file and names its study in the database."""
    path = find_study(study)
    chosen = name or path.stem
    if "/" in chosen:
        raise UserError(f"--name: expected a name without '/', found {chosen!r}")
    suffix = _QUICK if quick else ""
    return Opened(path, load_study(path), f"{chosen}{suffix}", runs_at(runs, storage))


def plan_of(
    opened: Opened,
    objective: Objective,
    *,
    device: str,
    threads: int,
    factors: Sequence[str] | None,
    seeds: str | None,
) -> GridPlan:
    """Plans a grid as the options say."""
    return plan_grid(
        opened.study,
        objective,
        name=opened.name,
        home=opened.path.parent,
        runtime=Runtime(
            device=objective.device(device), threads=threads, data=str(opened.runs.data)
        ),
        factors=factors,
        seeds=parse_seeds(seeds) if seeds is not None else None,
        quick=opened.is_quick,
    )


def run(
    plan: GridPlan,
    objective: Objective,
    opened: Opened,
    workers: int | None,
    factors: Sequence[str] | None,
) -> None:
    """Runs what is left of a plan, with live progress on stderr.

    Raises:
        typer.Exit: With code 130, if it was interrupted.
    """
    check(plan, opened.runs)
    objective.prepare(settings=plan.fingerprint["settings"], runtime=plan.runtime)
    for note in begin(plan, objective, opened.runs):
        typer.echo(f"Note: {note}", err=True)
    size = _workers(workers, plan)
    reader = open_database(opened.runs.url, write=False)
    observer = Observer(plan, reader, Costs(plan, objective), size)
    before = observer.look().epochs

    def tables() -> RenderableType:
        results = read_grid(opened.study, opened.name, reader, factors)
        return _tables(results, opened, objective) if results is not None else ""

    progress = LiveProgress(observer.look, tables, plan.grid.metric, Console(stderr=True))
    start = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with progress:
            launch(Job(plan, opened.runs, uuid4().hex), size)
    except KeyboardInterrupt:
        again = shlex.join(["hpstudy", *sys.argv[1:]])
        typer.echo(f"Interrupted: all finished epochs are kept. To go on: {again}", err=True)
        raise typer.Exit(130) from None
    trained = observer.look().epochs - before
    reader.engine.dispose()
    wall = elapsed(time.monotonic() - start)
    typer.echo(f"{trained} epochs trained in {wall} with {size} worker(s).", err=True)


def _workers(wanted: int | None, plan: GridPlan) -> int:
    trainings = len(plan.last_epochs())
    return min(wanted, trainings) if wanted else default_workers(trainings, plan.runtime.device)


def _tables(grid: GridResults, opened: Opened, objective: Objective | None) -> RenderableType:
    quick = None
    if opened.is_quick:
        settings = (objective or opened.objective()).quick or {}
        words = ", ".join(f"{name} = {value}" for name, value in settings.items())
        quick = f"a quick look ({words}): not comparable with the full study"
    return grid_tables(findings(grid), quick=quick)


def print_plan(
    plan: GridPlan, objective: Objective, opened: Opened, workers: int | None, *, as_json: bool
) -> None:
    """Says what a plan would take; trains nothing and writes nothing."""
    check(plan, opened.runs)
    expected = forecast(plan, objective, opened.runs, _workers(workers, plan))
    if as_json:
        typer.echo(json.dumps({"study": opened.name, "plan": asdict(expected)}, indent=2))
    else:
        Console().print(plan_table(opened.study.title, expected))


def print_results(opened: Opened, factors: Sequence[str] | None, *, as_json: bool) -> int:
    """Prints what the database holds and returns how many points failed."""
    grid = None
    if exists(opened.runs.url):
        database = open_database(opened.runs.url, write=False)
        grid = read_grid(opened.study, opened.name, database, factors)
        database.engine.dispose()
    shown = shown_url(opened.runs.url)
    if as_json:
        found = findings(grid) if grid is not None else None
        whole = document(opened.name, opened.study.title, shown, found)
        typer.echo(json.dumps(whole, indent=2, allow_nan=False))
    elif grid is None:
        typer.echo(f"Nothing run yet: {shown} holds no grid of study {opened.name!r}.")
    else:
        console = Console()
        console.print(opened.study.title, style="bold", highlight=False)
        console.print(_tables(grid, opened, None))
        console.print(f"Database: {shown}", highlight=False, soft_wrap=True)
    return grid.trials.failed if grid is not None else 0
