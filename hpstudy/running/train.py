"""Training one setting, outside of any Optuna study, and saving what it has learned.

The training is a process of its own, as in a grid: what an objective does to the one that it runs
in is an answer like any other, and its numbers are those that a worker's would be.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from hpstudy.errors import StoppedError, UserError
from hpstudy.files import started_here
from hpstudy.objective import Training, load_objective
from hpstudy.objective.beside import entered
from hpstudy.objective.given import received
from hpstudy.objective.hooks import hook
from hpstudy.plans.scenario import PlannedPoint, Scenario
from hpstudy.raised import described
from hpstudy.running.failures import ObjectiveFailedError, failure_of
from hpstudy.running.interrupts import (
    Interrupted,
    check_interrupts,
    default_interrupts,
    deferred_interrupts,
    heed_interrupts,
    unblock_signals,
)
from hpstudy.running.output import Marks, Relay, Say, Warnings
from hpstudy.running.processes import (
    GUARDED,
    end,
    end_with_parent,
    guarded,
    prepare,
    starting,
    take_over,
)
from hpstudy.running.resume import TrainingSession
from hpstudy.running.threads import limit_threads
from hpstudy.running.versions import versions
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.connections import connections
from hpstudy.store.database import Runs
from hpstudy.store.keeping import Keeper
from hpstudy.store.locks import take, training_lock, try_take
from hpstudy.store.records import Epoch, Records
from hpstudy.store.trouble import stop_if_full
from hpstudy.store.weights import save_weights

_LOOK_SECONDS = 0.5
_STOP_SECONDS = 30.0  # what a process that was told to stop gets before it is killed
_REST_SECONDS = 2.0  # what a dead one wrote is read this long


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


News = Waiting | TakenUp | Epoch


class _Begun:
    """The process has begun."""


@dataclass(frozen=True)
class _Done:
    """All epochs are there.

    Attributes:
        versions: The software that trained, by name.
    """

    versions: Mapping[str, str]


class _Saved:
    """What it has learned is saved."""


class Trainee:
    """A process that trains, and then saves what it has learned, for the block.

    Args:
        lesson: What it trains.
        say: Shows a line of what the objective writes.

    Attributes:
        versions: The software that it trained with, by name; known after the last epoch.
    """

    def __init__(self, lesson: Lesson, say: Say) -> None:
        self.versions: Mapping[str, str] = {}
        self._lesson = lesson
        self._say = say

    def __enter__(self) -> Self:
        with deferred_interrupts(), guarded():  # a process that is half begun is nobody's
            context = prepare()
            lines, pipe = context.Pipe(duplex=False)
            self._talk, theirs = context.Pipe()
            with starting(self._lesson.scenario.runtime.threads) as environment:
                self._process: BaseProcess = context.Process(
                    target=_work, args=(self._lesson, environment, pipe, theirs)
                )
                self._process.start()
            pipe.close()
            theirs.close()
            self._relay = Relay(lines, Warnings(), self._say)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._talk.send(None)
        if kind is not None:
            self._process.terminate()
        self._process.join(_STOP_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self._talk.close()
        self._relay.join(_REST_SECONDS)

    def news(self) -> Iterator[News]:
        """Yields what happens, up to the last epoch; one without the metric has diverged.

        Raises:
            UserError: It can't be trained, or failed; epochs before that are kept.
            KeyboardInterrupt: It was interrupted; all finished epochs are kept.
        """
        self._answer(GUARDED)  # that it has begun
        while not isinstance(news := self._answer(), _Done):
            yield news
        self.versions = news.versions

    def save(self, file: Path) -> None:
        """Saves what was learned.

        Args:
            file: The file; the objective may choose another one beside it.

        Raises:
            UserError: It can't be saved.
        """
        self._talk.send(file)
        self._answer()  # that it is saved

    def _answer(self, why: str = "") -> Any:  # noqa: ANN401 - what the process sends
        """Waits for what the process says next.

        Args:
            why: Why it is likely to have ended without a word; "" for its exit code.
        """
        while True:
            connection.wait([self._talk, self._process.sentinel], _LOOK_SECONDS)
            check_interrupts()
            with suppress(EOFError, ConnectionError):
                if self._talk.poll():
                    answer = self._talk.recv()
                    if isinstance(answer, UserError):
                        raise answer
                    return answer
                if self._process.exitcode is None:
                    continue
            self._process.join(_STOP_SECONDS)
            raise StoppedError(_ended(self._process.exitcode or 0, why))


def _ended(code: int, why: str) -> str:
    if code < 0:
        return f"the training's process was ended by {signal.Signals(-code).name}"
    return f"the training's process ended without a word, {why or f'exit code {code}'}"


def _work(
    lesson: Lesson, environment: Mapping[str, str], pipe: Connection, talk: Connection
) -> NoReturn:
    """The process: trains, saves what it is asked to, and stops when its parent is gone."""
    with suppress(EOFError, ConnectionError, Interrupted):
        try:
            take_over(environment)
            heed_interrupts(ignored=(signal.SIGINT,))  # Ctrl-C: the parent decides, says SIGTERM
            mark = Marks(pipe)
            end_with_parent()
            unblock_signals()
            talk.send(_Begun())
            mark("")
            with started_here(), entered(lesson.scenario.home.resolve()):
                _train(lesson, talk)
        except UserError as error:
            talk.send(error)
        except Exception as error:  # ours: what an objective raises is its own failure
            talk.send(UserError(f"the training could not go on: {described(error)}"))
    default_interrupts()  # whoever ends it now ends it without a word
    end(0)


class _Told:
    """Tells the parent what a session finds."""

    def __init__(self, talk: Connection) -> None:
        self._talk = talk

    def taken_up(self, found: int, again: int) -> None:
        self._talk.send(TakenUp(found, again))


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
        with _alone(lesson, talk), _failing(lesson):
            records, checkpoints = Records(database.writer.engine), Checkpoints(runs.checkpoints)
            session = TrainingSession(
                objective, planned.identity, scenario.runtime, records, checkpoints
            )
            for epoch in session.epochs(planned.epochs, lesson.metric, told):
                check_interrupts()
                talk.send(epoch)
                if epoch.metrics[lesson.metric] is None:
                    session.drop_state()
                    talk.send(_Done({}))
                    return
            training = session.taken_up(planned.epochs, told)
            talk.send(_Done(versions(planned.identity.objective)))
            while (file := talk.recv()) is not None:
                with session.own_code():
                    _save(training, file)
                talk.send(_Saved())
        Keeper(runs).left(planned.key, set)


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
    if own is not None:
        own(file)
    else:
        save_weights(training.state_dict(), file)
