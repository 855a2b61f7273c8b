"""The course of a plan: prepare, run, and say what was trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import optuna
from optuna.trial import FrozenTrial

from hpstudy.errors import StoppedError
from hpstudy.metric import Metric
from hpstudy.objective import Objective
from hpstudy.plans.forecast_points import Costs
from hpstudy.plans.points import Plan, PointsPlan
from hpstudy.plans.search import SearchPlan
from hpstudy.running.crew import Crew
from hpstudy.running.fingerprint import begin, check
from hpstudy.running.ledger import Ledger
from hpstudy.running.leftover import leftover
from hpstudy.running.output import Say
from hpstudy.running.progress_points import Observer, Progress
from hpstudy.running.progress_search import SearchObserver, SearchProgress
from hpstudy.running.schedulers import dead_end
from hpstudy.running.worker import Job
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.store.places import check_place, note_place
from hpstudy.store.studies import find_study, trials_of
from hpstudy.store.trials import epoch_of, trained_epochs
from hpstudy.wording import counted, elapsed


class Teller(Protocol):
    """Tells whoever watches how a course goes."""

    def say(self, line: str) -> None:
        """Tells what is to be known before and after the work, a line at a time."""

    def points(
        self, look: Callable[[], Progress], metric: Metric, task: str, note: str
    ) -> AbstractContextManager[Say]:
        """Shows the progress through known points for the block.

        Args:
            look: Reads where it stands.
            metric: The metric that is compared.
            task: What is being done; "" for a grid.
            note: What else to show meanwhile.

        Returns:
            What gives, for the block, who says the lines that objectives write.
        """

    def search(
        self, look: Callable[[], SearchProgress], metric: Metric
    ) -> AbstractContextManager[Say]:
        """Shows the progress of a search for the block, likewise."""


class Silent:
    """A teller that tells nothing."""

    def say(self, line: str) -> None:
        """Says nothing."""

    def points(
        self, look: Callable[[], Progress], metric: Metric, task: str, note: str
    ) -> AbstractContextManager[Say]:
        """Shows nothing."""
        return nullcontext(self.say)

    def search(
        self, look: Callable[[], SearchProgress], metric: Metric
    ) -> AbstractContextManager[Say]:
        """Shows nothing."""
        return nullcontext(self.say)


@dataclass(frozen=True)
class Trained:
    """What came of running a plan.

    Attributes:
        epochs: How many epochs were trained, each as often as it was.
        left: How many points of a grid, or of a search's confirmation, are not done: they failed,
            or were not tried.
    """

    epochs: int
    left: int

    def __add__(self, other: Trained) -> Trained:
        """Returns what came of both."""
        return Trained(self.epochs + other.epochs, self.left + other.left)


def run_points(
    plan: PointsPlan,
    objective: Objective,
    database: Connections,
    crew: Crew,
    teller: Teller,
    *,
    task: str = "",
    note: str = "",
) -> Trained:
    """Runs what is left of a plan whose points are known.

    Args:
        plan: The plan.
        objective: What it trains.
        database: The run's database.
        crew: Who does the work.
        teller: Who tells how it goes.
        task: What is being done; "" for a grid.
        note: What else to show meanwhile.

    Raises:
        UserError: The plan doesn't go with what was begun, or can't be run here.
        KeyboardInterrupt: It was interrupted; all finished epochs are kept.
    """
    reader = _prepare(plan, objective, database, crew, teller)
    size = crew.size(plan)
    observer = Observer(plan, reader, Costs(plan, objective), size)
    start = time.monotonic()
    left = leftover(plan, crew.invocation, reader)
    pool = crew.new_pool()
    if left.untried or left.is_asked_for:
        with teller.points(observer.look, plan.metric, task, note) as say:
            crew.launch(_job(plan, objective, database, crew, pool), size, say)
        left = leftover(plan, crew.invocation, reader)
    ours = [trial for trial in trials_of(find_study(plan.name, reader)) if crew.ran(trial, pool)]
    trained = _say_trained(plan, ours, time.monotonic() - start, size, teller)
    if left.points:
        teller.say(f"{left}")
    if left.stopped_by is not None:
        why = f"the first points failed alike, and none has worked: {left.stopped_by}"
        teller.say(f"Stopped: {why}")
    return Trained(trained, left.points)


def run_trials(
    plan: SearchPlan,
    objective: Objective,
    database: Connections,
    crew: Crew,
    teller: Teller,
) -> tuple[Trained, bool]:
    """Runs what is left of a search without its confirmation.

    Args:
        plan: The plan.
        objective: What it trains.
        database: The run's database.
        crew: Who does the work.
        teller: Who tells how it goes.

    Returns:
        What came of it, and whether the search is at its end.

    Raises:
        UserError: The plan doesn't go with what was begun, or can't be run here.
        StoppedError: Trial after trial raised, or nobody is at the trials that are left.
        KeyboardInterrupt: It was interrupted; all finished epochs are kept.
    """
    if plan.metric.name.startswith("test_"):
        teller.say(
            f"Warning: search.metric is {plan.metric.name}: what is chosen by the test data scores "
            "better there than elsewhere; search by a validation metric"
        )
    reader = _prepare(plan, objective, database, crew, teller)
    size = crew.size(plan)
    observer = SearchObserver(plan, reader, size)
    start = time.monotonic()
    study = optuna.load_study(study_name=plan.name, storage=reader.storage)
    ledger = Ledger(study, crew.invocation)
    ledger.read()
    pool = crew.new_pool()
    if ledger.complete + ledger.pruned < plan.limits.trials or ledger.waiting() is not None:
        with teller.search(observer.look, plan.metric) as say:
            crew.launch(_job(plan, objective, database, crew, pool), size, say)
        ledger.read()
    ours = [trial for trial in trials_of(study) if crew.ran(trial, pool)]
    epochs = _say_trained(plan, ours, time.monotonic() - start, size, teller)
    if (why := dead_end(ledger, plan.limits)) is not None:
        raise StoppedError(why)
    limits, finished = plan.limits, ledger.complete + ledger.pruned
    spent = limits.epochs is not None and ledger.epochs() >= limits.epochs
    is_whole = spent or finished >= limits.trials
    if not is_whole and (limits.deadline is None or time.time() < limits.deadline):
        left = f"{finished} of {limits.trials} trials are finished, and nobody is at the others"
        raise StoppedError(left)
    return Trained(epochs, left=0), is_whole


def _prepare(
    plan: Plan, objective: Objective, database: Connections, crew: Crew, teller: Teller
) -> Database:
    """Makes ready what a plan's workers need: the dataset, the database, the Optuna study.

    Returns:
        The database, to read from.
    """
    check(plan, database.reader)
    check_place(database.runs, database.reader)
    objective.prepare(settings=plan.scenario.settings, runtime=plan.scenario.runtime)
    if not crew.joins:  # who joins is told, and tells nobody
        note_place(database.runs, database.writer)
    for note in begin(plan, objective, database.writer, crew.asked):
        teller.say(f"Note: {note}")
    reader = database.reader
    assert reader is not None  # what was begun is there
    return reader


def _job(plan: Plan, objective: Objective, database: Connections, crew: Crew, pool: str) -> Job:
    return Job(plan, database.runs, crew.invocation, objective.sent(), pool)


def _say_trained(
    plan: Plan, trials: Sequence[FrozenTrial], seconds: float, workers: int, teller: Teller
) -> int:
    """Says what was trained for some trials, in whatever process.

    Returns:
        How many epochs were, those included that had to be trained again.
    """
    done = trained_epochs(trials)
    again = f" ({done.again} of them again, as their last state was gone)" if done.again else ""
    goes_by_epochs = plan.scenario.incremental or any(epoch_of(trial) > 1 for trial in trials)
    what = "epoch" if goes_by_epochs else "point"  # a function's training is one call
    teller.say(
        f"{counted(done.count, what)} trained{again} in {elapsed(seconds)} "
        f"with {counted(workers, 'worker')}."
    )
    return done.count
