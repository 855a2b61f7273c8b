"""Running a plan's trials, with live progress on stderr."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import optuna
import typer
from rich.console import RenderableType

from hpstudy.cli.opening import Connections
from hpstudy.objective import Objective
from hpstudy.plans.forecast_points import Costs
from hpstudy.plans.points import Plan, PointsPlan
from hpstudy.running.fingerprint import begin, check
from hpstudy.running.ledger import Ledger
from hpstudy.running.leftover import leftover
from hpstudy.running.pool import default_workers, launch
from hpstudy.running.progress_points import Observer
from hpstudy.running.worker import Job
from hpstudy.store.database import Database, Runs
from hpstudy.store.studies import trials_of
from hpstudy.store.trials import trained_epochs
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.live import LiveProgress, PointsView, View
from hpstudy.wording import counted, elapsed


@dataclass(frozen=True)
class Trained:
    """What came of running a plan.

    Attributes:
        epochs: How many epochs were trained, each as often as it was.
        left: How many of its points are not done: they failed, or were not tried.
    """

    epochs: int
    left: int

    def __add__(self, other: Trained) -> Trained:
        """Returns what came of both."""
        return Trained(self.epochs + other.epochs, self.left + other.left)


def prepare(plan: Plan, objective: Objective, database: Connections) -> Database:
    """Makes ready what a plan's workers need: the dataset, the database, the Optuna study.

    Returns:
        The database, to read from.
    """
    check(plan, database.reader)
    objective.prepare(settings=plan.scenario.settings, runtime=plan.scenario.runtime)
    for note in begin(plan, objective, database.writer):
        typer.echo(f"Note: {note}", err=True)
    reader = database.reader
    assert reader is not None  # what was begun is there
    return reader


def workers_for(wanted: int | None, plan: Plan) -> int:
    """Returns how many workers run: what is wanted, else one a core; never more than trainings."""
    if wanted:
        return min(wanted, plan.most_workers)
    return default_workers(plan.most_workers, plan.scenario.runtime.device)


def train(
    plan: Plan,
    runs: Runs,
    workers: int,
    view: View,
    tables: Callable[[], RenderableType] | None = None,
) -> str:
    """Runs what is left of a plan and returns the name of this invocation.

    Args:
        plan: The plan; `prepare` was called for it.
        runs: Where database and checkpoints are.
        workers: How many processes.
        view: What is shown meanwhile.
        tables: Reads the tables as they stand, shown on a terminal.

    Raises:
        typer.Exit: With code 130, if it was interrupted.
    """
    invocation = uuid4().hex
    try:
        with LiveProgress(view, plain_console(stderr=True), tables) as live:
            launch(Job(plan, runs, invocation), workers, live.say)
    except KeyboardInterrupt:
        again = shlex.join(["hpstudy", *sys.argv[1:]])
        typer.echo(f"Interrupted: all finished epochs are kept. To go on: {again}", err=True)
        raise typer.Exit(130) from None
    return invocation


def train_points(
    plan: PointsPlan,
    objective: Objective,
    database: Connections,
    workers: int | None,
    *,
    task: str = "",
    tables: Callable[[Database], RenderableType] | None = None,
) -> Trained:
    """Runs what is left of a plan whose points are known, and says how long it took."""
    reader = prepare(plan, objective, database)
    size = workers_for(workers, plan)
    observer = Observer(plan, reader, Costs(plan, objective), size)
    start = time.monotonic()
    view = PointsView(observer.look, plan.metric, task)
    show = (lambda: tables(reader)) if tables is not None else None
    left = leftover(plan, "", reader)
    invocation = ""
    if left.points or left.is_asked_for:
        invocation = train(plan, database.runs, size, view, show)
        left = leftover(plan, invocation, reader)
    trained = say_trained(plan, invocation, reader, time.monotonic() - start, size)
    if left.points:
        typer.echo(f"{left}", err=True)
    if left.stopped_by is not None:
        typer.echo(
            f"Stopped: the first points failed alike, and none has worked: {left.stopped_by}",
            err=True,
        )
    return Trained(trained, left.points)


def say_trained(plan: Plan, invocation: str, reader: Database, seconds: float, workers: int) -> int:
    """Says on stderr what an invocation trained, in whatever process.

    Returns:
        How many epochs it trained, those included that it had to train again.
    """
    study = optuna.load_study(study_name=plan.name, storage=reader.storage)
    is_ours = Ledger(study, invocation).is_ours
    done = trained_epochs(filter(is_ours, trials_of(study)))
    again = f" ({done.again} of them again, as their last state was gone)" if done.again else ""
    what = "epoch" if plan.scenario.incremental else "point"  # a function's training is one call
    typer.echo(
        f"{counted(done.count, what)} trained{again} in {elapsed(seconds)} "
        f"with {counted(workers, 'worker')}.",
        err=True,
    )
    return done.count
