"""A few small trainings in a process of their own, before a study's are begun.

Their epochs and states go where they are told to, through the code that trains a study's. What the
objective does to its process (it exits, crashes, hangs) is an answer like any other.
"""

from __future__ import annotations

import copy
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import optuna

from hpstudy.errors import UserError
from hpstudy.files import started_here
from hpstudy.metric import WALL_SECONDS
from hpstudy.objective import Objective, load_objective
from hpstudy.objective.beside import entered
from hpstudy.plans.points import Plan
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.running.failures import ObjectiveFailedError, failure_of, stopped_by
from hpstudy.running.interrupts import (
    check_interrupts,
    deferred_interrupts,
    heed_interrupts,
    unblock_signals,
)
from hpstudy.running.memory import ended, killed_so_far
from hpstudy.running.output import Marks, Relay, Say, Warnings
from hpstudy.running.paced import PacedSession, begun
from hpstudy.running.processes import end, end_with_parent, spawning
from hpstudy.running.resume import TrainingSession
from hpstudy.running.threads import limit_threads
from hpstudy.running.watcher import MisfitError, Watcher
from hpstudy.store.connections import connections
from hpstudy.store.database import Runs
from hpstudy.store.places import checkpoints_of
from hpstudy.store.records import Epoch, Records
from hpstudy.studyfile.file import StudyFile

_LOOK_SECONDS = 0.5
_LINGER_SECONDS = 3.0  # what a process gets to end by itself


@dataclass(frozen=True)
class Probe:
    """A small training.

    Attributes:
        label: What it is called while it runs.
        plan: The plan that it is of.
        planned: The training.
        epochs: How many epochs; those that its folder holds are not trained again.
        folder: Where its epochs and its state go.
    """

    label: str
    plan: Plan
    planned: PlannedPoint
    epochs: int
    folder: Path


@dataclass(frozen=True)
class Probed:
    """What came of a small training.

    Attributes:
        epochs: The metrics of each epoch; of what runs to its end by itself, of the last.
        seconds: How long the last of them took, or all of what runs by itself.
        failure: Why it failed; "" where it didn't.
        missing: What to say of the metric that it doesn't return; "" where it does.
        again: How many epochs it had to train again, as its state could not be taken up.
        changed: Which of the objects that it was given it has changed.
    """

    epochs: tuple[Mapping[str, float | None], ...] = ()
    seconds: float = 0.0
    failure: str = ""
    missing: str = ""
    again: int = 0
    changed: tuple[str, ...] = ()

    @property
    def has_worked(self) -> bool:
        """Whether it came to its end."""
        return not self.failure and not self.missing


class OutOfTimeError(Exception):
    """What was asked for was not done in time; its process is gone."""


class Prober:
    """Runs small trainings one after the other, in a process that is replaced when it dies.

    Args:
        study: The study file.
        home: Its folder.
        threads: Threads of one training.
        until: When it must be done, on the monotonic clock.
        say: Shows a line of what the objective writes.
    """

    def __init__(
        self, study: StudyFile, home: Path, threads: int, *, until: float, say: Say
    ) -> None:
        self._study = study
        self._home = home
        self._threads = threads
        self._until = until
        self._say = say
        self._warnings = Warnings()
        self._process: BaseProcess | None = None
        self._talk: Connection | None = None
        self._relay: Relay | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.end(at_once=kind is not None)

    def load(self) -> None:
        """Imports the objective in a new process.

        Raises:
            UserError: It can't be imported, or ends the process that imports it.
            OutOfTimeError: It isn't done in time.
        """
        self.end()
        self._start()
        answer = self._answer()
        if isinstance(answer, UserError):
            raise answer
        if isinstance(answer, str):
            raise UserError(f"objective {self._study.trained()!r}: importing it: {answer}")

    def probe(self, probe: Probe) -> Probed:
        """Runs a small training.

        Raises:
            UserError: The objective's `prepare` raised, or its module can't be imported any more.
            OutOfTimeError: It isn't done in time.
        """
        if self._process is None:
            self.load()
        assert self._talk is not None
        with suppress(OSError):  # it is gone already, which the answer tells
            self._talk.send(probe)
        answer = self._answer()
        if isinstance(answer, UserError):
            raise answer
        return Probed(failure=answer) if isinstance(answer, str) else answer

    def end(self, *, at_once: bool = False) -> None:
        """Ends the process, if there is one: the next training gets a new one."""
        if self._process is None or self._talk is None or self._relay is None:
            return
        with suppress(OSError):
            self._talk.send(None)
        self._talk.close()
        if not at_once:
            self._process.join(_LINGER_SECONDS)
        for stop in (self._process.terminate, self._process.kill):
            if self._process.exitcode is None:
                stop()
                self._process.join(_LINGER_SECONDS)
        self._relay.join(_LINGER_SECONDS)
        self._process = self._talk = self._relay = None

    def _start(self) -> None:
        self._killed_before = killed_so_far()
        with deferred_interrupts(), spawning(self._threads) as context:
            lines, pipe = context.Pipe(duplex=False)
            self._talk, theirs = context.Pipe()
            given = self._study, self._home, self._threads, pipe, theirs
            self._process = context.Process(target=_work, args=given)
            self._process.start()
            pipe.close()
            theirs.close()
            self._relay = Relay(lines, self._warnings, self._say)

    def _answer(self) -> Any:  # noqa: ANN401 - what the process sends
        """Waits for what the process says; how it ended, in words, where it says nothing."""
        assert self._process is not None
        assert self._talk is not None
        while True:
            left = self._until - time.monotonic()
            connection.wait([self._talk, self._process.sentinel], min(max(left, 0), _LOOK_SECONDS))
            check_interrupts()
            with suppress(EOFError, ConnectionError):
                if self._talk.poll():
                    return self._talk.recv()
                if self._process.exitcode is None and left > 0:
                    continue
            self._process.join(_LINGER_SECONDS if left > 0 else 0)
            code = self._process.exitcode
            self.end(at_once=True)
            if code is None:
                raise OutOfTimeError
            if code < 0:
                return f"its process {ended(code, self._killed_before)}"
            return f"its process ended without a word, exit code {code}"


def _work(
    study: StudyFile, home: Path, threads: int, pipe: Connection, talk: Connection
) -> NoReturn:
    """The process: does what it is asked for until it is told to end, or its parent is gone."""
    heed_interrupts(ignored=(signal.SIGINT,))  # Ctrl-C: the parent decides, and says SIGTERM
    mark = Marks(pipe)
    end_with_parent()
    unblock_signals()
    with suppress(EOFError, KeyboardInterrupt):
        _serve(study, home, threads, mark, talk)
    end(0)  # multiprocessing's own end waits for joblib's processes, which wait for this one's end


def _serve(study: StudyFile, home: Path, threads: int, mark: Marks, talk: Connection) -> None:
    """Loads the objective, and trains what it is asked for."""
    with started_here():
        try:
            objective = load_objective(study.trained(), home)
        except UserError as error:
            talk.send(error)
            return
        talk.send(None)
        limit_threads(threads)
        prepared: list[Mapping[str, Any]] = []
        while (probe := talk.recv()) is not None:
            mark(probe.label)
            scenario = probe.plan.scenario
            try:
                if scenario.settings not in prepared:
                    objective.prepare(settings=scenario.settings, runtime=scenario.runtime)
                    prepared.append(scenario.settings)
                with entered(home.resolve()):
                    talk.send(_probed(probe, objective))
            except UserError as error:
                talk.send(error)
            except Exception as error:  # ours: what the objective raises is an outcome
                talk.send(stopped_by(error, "the check"))
            mark("")


class _Onlooker(Watcher):
    """Watches a training that is no trial of the study: it is never stopped."""

    def __init__(self, plan: Plan) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.RandomSampler(seed=0)  # for what an objective asks for itself
        super().__init__(optuna.create_study(sampler=sampler).ask(), plan, has_worked=True)
        self.again = 0

    def taken_up(self, found: int, again: int) -> None:
        """Notes how many epochs were trained again."""
        self.again = again

    def is_hopeless(self) -> bool:
        """Lets it go on."""
        return False


def _probed(probe: Probe, objective: Objective) -> Probed:
    """Trains, as a worker does, into a database of its own."""
    plan, identity, metric = probe.plan, probe.planned.identity, probe.plan.metric.name
    given = {"params": identity.params, "settings": identity.settings}
    before = copy.deepcopy(given)
    watcher = _Onlooker(plan)
    epochs: list[Epoch] = []
    failure = missing = ""
    runs = Runs(probe.folder, f"sqlite:///{probe.folder / 'hpstudy.db'}")
    with connections(runs) as database:
        records = Records(database.writer.engine)
        checkpoints = checkpoints_of(runs, database.writer)
        session = begun(plan, probe.planned, objective, records, checkpoints, runs)
        start = time.perf_counter()
        try:
            if isinstance(session, TrainingSession) and not plan.scenario.incremental:
                epochs.append(session.whole(metric, watcher))
            else:
                for epoch in session.epochs(probe.epochs, metric, watcher):
                    epochs.append(epoch)  # noqa: PERF402 - those before it raises count too
        except ObjectiveFailedError as error:
            failure = failure_of(error.cause, plan.scenario.home.resolve()).line
        except MisfitError as error:
            is_of_metric = f"{error}".startswith("metric ")
            failure, missing = ("", f"{error}") if is_of_metric else (f"{error}", "")
        finally:
            if isinstance(session, PacedSession):
                session.stop()
    seconds = time.perf_counter() - start
    if epochs and plan.scenario.incremental:
        seconds = epochs[-1].metrics[WALL_SECONDS] or 0.0
    epochs = [epoch for epoch in epochs if metric in epoch.metrics]  # some say it now and then
    changed = tuple(name for name, value in given.items() if value != before[name])
    metrics = tuple(epoch.metrics for epoch in epochs)
    return Probed(metrics, seconds, failure, missing, watcher.again, changed)
