"""The process that trains one setting: what it is given, what it says, what it does."""

from __future__ import annotations

import inspect
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from hpstudy.errors import StoppedError, UserError
from hpstudy.files import started_here
from hpstudy.objective import Step, Training, load_objective
from hpstudy.objective.beside import entered
from hpstudy.objective.given import received
from hpstudy.objective.hooks import hook, last_step_of
from hpstudy.objective.numbers import as_number
from hpstudy.plans.scenario import PlannedPoint, Scenario
from hpstudy.running.failures import ObjectiveFailedError, failure_of, stopped_by
from hpstudy.running.interrupts import (
    Interrupted,
    check_interrupts,
    default_interrupts,
    heed_interrupts,
    unblock_signals,
)
from hpstudy.running.output import Marks
from hpstudy.running.processes import end, end_with_parent, take_over
from hpstudy.running.resume import TrainingSession
from hpstudy.running.threads import limit_threads
from hpstudy.running.versions import versions
from hpstudy.store.connections import connections
from hpstudy.store.database import Runs
from hpstudy.store.keeping import Keeper
from hpstudy.store.locks import take, training_lock, try_take
from hpstudy.store.places import checkpoints_of
from hpstudy.store.records import Epoch, Records
from hpstudy.store.trouble import stop_if_full
from hpstudy.store.weights import save_weights

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Lesson:
    """One training to be, plain data.

    Attributes:
        scenario: What it has in common with others of its study.
        planned: The training, and its last epoch.
        metric: The metric that each epoch must have.
        runs: Where its epochs and its state go.
        sent: The objective, where it is not loaded by its name.
    """

    scenario: Scenario
    planned: PlannedPoint
    metric: str
    runs: Runs
    sent: bytes | None = None


@dataclass(frozen=True)
class Waiting:
    """Somebody else is at this training: it is waited for."""


@dataclass(frozen=True)
class TakenUp:
    """What was there already.

    Attributes:
        found: How many epochs were recorded.
        again: How many of these had to be trained again so far, as their state is gone.
    """

    found: int
    again: int


News = Waiting | TakenUp | Step | Epoch  # a step is the running epoch's latest


class Begun:
    """The process has begun."""


@dataclass(frozen=True)
class Done:
    """All epochs are there.

    Attributes:
        versions: The software that trained, by name.
    """

    versions: Mapping[str, str]


class Saved:
    """What it has learned is saved."""


def work(
    lesson: Lesson, environment: Mapping[str, str], pipe: Connection, talk: Connection
) -> NoReturn:
    """The process: trains, saves what it is asked to, and stops when its parent is gone.

    Args:
        lesson: What it trains.
        environment: What it would have been started with.
        pipe: Where it writes to.
        talk: Where it says how it goes, and is told which files to save to, until None.
    """
    with suppress(EOFError, ConnectionError, Interrupted):
        try:
            take_over(environment)
            heed_interrupts(ignored=(signal.SIGINT,))  # Ctrl-C: the parent decides, says SIGTERM
            mark = Marks(pipe)
            end_with_parent()
            unblock_signals()
            talk.send(Begun())
            mark("")
            with started_here(), entered(lesson.scenario.home.resolve()):
                _train(lesson, talk)
        except UserError as error:
            talk.send(error)
        except Exception as error:  # ours: what an objective raises is its own failure
            talk.send(stopped_by(error, "the training"))
    default_interrupts()  # whoever ends it now ends it without a word
    end(0)


class _Told:
    """Tells the parent how a training goes, from any thread.

    Args:
        talk: Where to.
    """

    def __init__(self, talk: Connection) -> None:
        self._talk = talk
        self._lock = threading.Lock()

    def send(self, news: News | Done | Saved) -> None:
        with self._lock:
            self._talk.send(news)

    def taken_up(self, found: int, again: int) -> None:
        self.send(TakenUp(found, again))

    @contextmanager
    def steps_of(self, session: TrainingSession) -> Iterator[None]:
        """Tells each step of the running epochs meanwhile, as far as the training does."""
        is_over = threading.Event()
        thread = threading.Thread(target=self._tell_steps, args=(session, is_over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _tell_steps(self, session: TrainingSession, is_over: threading.Event) -> None:
        told = None
        while not is_over.wait(_LOOK_SECONDS):
            with suppress(Exception):  # it is asked in the midst of things
                step = None if session.training is None else last_step_of(session.training)
                if step is not None and step != told:
                    self.send(Step(int(step.seen), as_number(step.loss), as_number(step.accuracy)))
                    told = step


def _train(lesson: Lesson, talk: Connection) -> None:
    scenario, planned, runs = lesson.scenario, lesson.planned, lesson.runs
    objective = (
        load_objective(scenario.study.trained(), scenario.home)
        if lesson.sent is None
        else received(lesson.sent)
    )
    limit_threads(scenario.runtime.threads)
    told = _Told(talk)
    with connections(runs) as database:
        checkpoints = checkpoints_of(runs, database.writer)
        with _alone(lesson, talk), _failing(lesson):
            records = Records(database.writer.engine)
            session = TrainingSession(
                objective, planned.identity, scenario.runtime, records, checkpoints
            )
            with told.steps_of(session):
                for epoch in session.epochs(planned.epochs, lesson.metric, told):
                    check_interrupts()
                    told.send(epoch)
                    if epoch.metrics[lesson.metric] is None:
                        session.drop_state()
                        told.send(Done({}))
                        return
                training = session.taken_up(planned.epochs, told)
            told.send(Done(versions(planned.identity.objective)))
            while (file := talk.recv()) is not None:
                with session.own_code():
                    _save(training, file)
                told.send(Saved())
        Keeper(checkpoints, runs).left(planned.key, set)


@contextmanager
def _alone(lesson: Lesson, talk: Connection) -> Iterator[None]:
    """Holds the training's lock for the block, waiting for it."""
    url, name = lesson.runs.url, training_lock(lesson.planned.key)
    held = try_take(url, name)
    if held is None:
        talk.send(Waiting())
        held = take(url, name)
    try:
        yield
    finally:
        held.release()


@contextmanager
def _failing(lesson: Lesson) -> Iterator[None]:
    """Says in a line where the objective raised."""
    try:
        yield
    except ObjectiveFailedError as error:
        stop_if_full(error.cause)
        failure = failure_of(error.cause, lesson.scenario.home.resolve())
        raise StoppedError(failure.line) from error
    except OSError as error:
        stop_if_full(error)
        raise


def _save(training: Training, file: Path) -> None:
    own = hook(training, "save_model")
    if _takes_a_file(own):
        own(file)
    else:
        save_weights(training.state_dict(), file)


def _takes_a_file(method: object) -> bool:
    """Tells whether a method is the hook: a class may have one of that name for other uses."""
    if not callable(method):
        return False
    try:
        inspect.signature(method).bind(Path())
    except (TypeError, ValueError):
        return False
    return True
