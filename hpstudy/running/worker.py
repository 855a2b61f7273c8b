"""The worker: ask for a trial, train what is missing, report each epoch, tell."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import optuna
from optuna import Trial
from optuna.trial import TrialState

from hpstudy.errors import StoppedError, UserError
from hpstudy.metric import worst_value
from hpstudy.numeric import mean
from hpstudy.objective import load_objective
from hpstudy.objective.given import received
from hpstudy.plans.points import Plan
from hpstudy.plans.samplers import GivenSampler
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.running.cuts import check_held, free_trials, take_turns
from hpstudy.running.deadlines import Clock
from hpstudy.running.deaths import bury_the_dead
from hpstudy.running.failures import Failure, ObjectiveFailedError, failure_of
from hpstudy.running.interrupts import (
    Interrupted,
    check_interrupts,
    deferred_interrupts,
    is_asked_to_stop,
)
from hpstudy.running.ledger import Ledger
from hpstudy.running.paced import PacedSession, begun
from hpstudy.running.resume import TrainingSession
from hpstudy.running.schedulers import scheduler
from hpstudy.running.threads import limit_threads
from hpstudy.running.watcher import MisfitError, TooLongError, Watcher
from hpstudy.sampler import known_params
from hpstudy.store.addresses import shown_url
from hpstudy.store.artifacts import keep_artifact
from hpstudy.store.database import Runs, exists, open_database
from hpstudy.store.keeping import Keeper
from hpstudy.store.locks import Held, ask_lock, hold, take, training_lock, trial_lock, try_take
from hpstudy.store.places import checkpoints_of
from hpstudy.store.postgres import rely_on
from hpstudy.store.records import Records
from hpstudy.store.trials import (
    DIVERGED,
    ERROR,
    INVOCATION,
    TRACE,
    TRAINING,
)
from hpstudy.store.trouble import stop_if_full

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """What the workers of one invocation share; plain data.

    Attributes:
        plan: What to run.
        runs: Where database and checkpoints are.
        invocation: Tells this invocation from others: a point that raised is tried once in each.
        sent: The objective, where it is not loaded by its name.
        pool: Tells those who are launched from others of the invocation, wherever; a pool of
            processes adds a word of its own.
    """

    plan: Plan
    runs: Runs
    invocation: str
    sent: bytes | None = None
    pool: str = ""

    @property
    def owner(self) -> str:
        """What the trials of its pool name as theirs."""
        return f"{self.invocation}/{self.pool}"


@dataclass(frozen=True)
class _Claim:
    trial: Trial
    planned: PlannedPoint
    lock: Held


@dataclass(frozen=True)
class _Outcome:
    """What came of a trial: a value, an epoch at which it diverged, or a failure."""

    state: TrialState
    value: float | None = None
    diverged: int | None = None
    failure: Failure | None = None


class Worker:
    """Runs trials until nothing is left to do; any number of workers share a study.

    One worker at a time looks at what is free and asks, one trains a key at a time, and a
    running trial whose lock is free is dead: it is told FAIL, and its point is free again. Whatever
    an objective does is the outcome of its trial; what else goes wrong ends the run.

    An interruption takes effect while it trains or waits, never while it is at the database, where
    it would leave a transaction open.

    Args:
        job: What to run.
        mark: Is told the point that is at work; "" with none.
        clock: Is told by when each trial is to be over.
    """

    def __init__(self, job: Job, mark: Callable[[str], None], clock: Clock) -> None:
        self._plan = job.plan
        self._mark = mark
        self._clock = clock
        self._owner = job.owner
        self._name = f"{job.owner}/{os.getpid()}"
        self._runs = job.runs
        self._url = job.runs.url
        rely_on(self._url, unless=is_asked_to_stop)
        if not exists(self._url):  # opening it would make another
            raise StoppedError(f"{shown_url(self._url)} was deleted while it was in use")
        database = open_database(self._url, write=True)
        self._storage = database.storage
        self._records = Records(database.engine)
        self._checkpoints = checkpoints_of(job.runs, database)
        self._objective = (
            load_objective(job.plan.study.trained(), job.plan.scenario.home)
            if job.sent is None
            else received(job.sent)
        )
        self._study = optuna.load_study(study_name=job.plan.name, storage=database.storage)
        self._ledger = Ledger(self._study, job.invocation)
        self._scheduler = scheduler(job.plan, self._study, self._ledger)
        limit_threads(job.plan.scenario.runtime.threads)
        self._session: TrainingSession | PacedSession | None = None
        self._session_lock: Held | None = None
        self._keeper = Keeper(self._checkpoints, job.runs)

    def run(self) -> None:
        """Works until no point is left that this invocation may still try."""
        try:
            take_turns(self._work, self._let_go)
        finally:
            self._leave_training()

    def _work(self) -> bool:
        check_interrupts()
        claim: _Claim | None = None
        try:
            with deferred_interrupts():
                claim, is_over = self._claim()
            if claim is not None:
                self._run(claim)
        except Interrupted:  # the point is free again, its finished epochs are kept
            if claim is not None:
                with deferred_interrupts():
                    self._study.tell(
                        claim.trial.number, state=TrialState.FAIL, skip_if_finished=True
                    )
            raise
        finally:
            if claim is not None:
                claim.lock.release()
        if is_over:
            self._keeper.trim(self._scheduler.needed)
        elif claim is None:
            time.sleep(_POLL_SECONDS)
        return is_over

    def _let_go(self) -> None:
        self._leave_training()
        free_trials(self._study, self._ledger, self._name, self._url)

    def _claim(self) -> tuple[_Claim | None, bool]:
        """Takes the next point that is free; without one, tells whether all is over."""
        with hold(self._url, ask_lock(self._plan.name)):
            self._ledger.read()
            bury_the_dead(self._study, self._storage, self._ledger, self._url, but=self._owner)
            trial = self._ask()
            if trial is None:
                self._leave_training()  # another study may be waiting for it
                return None, self._scheduler.is_over()
            lock = take(self._url, trial_lock(self._plan.name, trial.number))
        return _Claim(trial, self._plan.planned(trial.params), lock), False

    def _ask(self) -> Trial | None:
        """Asks for a trial: what somebody enqueued, else a free point, else a new one."""
        waiting = self._ledger.waiting()
        if waiting is not None:
            self._study.sampler = self._scheduler.sampler()
            return self._marked(self._scheduler.ask(known_params(waiting)))
        planned = next((p for p in self._scheduler.candidates() if self._enter(p)), None)
        if planned is None:
            trial = self._scheduler.propose()
            return self._marked(trial) if trial is not None else None
        self._study.sampler = GivenSampler(planned.point)
        trial = self._scheduler.ask(planned.point)
        if trial.params != planned.point:  # it would never be found done
            raise UserError(f"asked for {planned.point}, Optuna gave {trial.params}")
        return self._marked(trial)

    def _marked(self, trial: Trial) -> Trial:
        trial.set_user_attr(INVOCATION, self._name)
        trial.set_user_attr(TRAINING, self._plan.planned(trial.params).key)
        return trial

    def _enter(self, planned: PlannedPoint, *, wait: bool = False) -> bool:
        """Takes up a point's training, unless somebody else is at it."""
        if self._session is not None and self._session.key == planned.key:
            return True
        name = training_lock(planned.key)
        if wait:
            self._leave_training()  # two workers, each waiting for the other's, would wait for ever
            is_known = not self._objective.suggests  # else others are likely to choose otherwise
            lock = take(self._url, name) if is_known else try_take(self._url, name)
        else:
            lock = try_take(self._url, name)
            if lock is None:
                return False
            self._leave_training()
        self._session_lock = lock
        self._session = begun(
            self._plan, planned, self._objective, self._records, self._checkpoints, self._runs
        )
        return True

    def _run(self, claim: _Claim) -> None:
        """Runs one trial and tells its outcome. One that fails is no reason to stop."""
        self._mark(self._scheduler.label(claim.trial, claim.planned))
        try:
            outcome = self._outcome(claim)
            with deferred_interrupts():
                self._tell(claim.trial, outcome)
        finally:
            self._mark("")
        if outcome.failure is not None or outcome.state is TrialState.PRUNED:
            self._leave_training()

    def _tell(self, trial: Trial, outcome: _Outcome) -> None:
        if self._session is not None and (printed := self._session.printed) is not None:
            keep_artifact(printed, trial, self._runs)
        if outcome.failure is not None:
            trial.set_user_attr(ERROR, outcome.failure.line)
            trial.set_user_attr(TRACE, outcome.failure.trace)
        if outcome.diverged is not None:
            trial.set_user_attr(DIVERGED, outcome.diverged)
        self._study.tell(trial.number, outcome.value, state=outcome.state)

    def _outcome(self, claim: _Claim) -> _Outcome:
        try:
            return self._trained(claim)
        except MisfitError as error:
            if not self._ledger.has_worked:  # the study file is wrong, and so all else will fail
                with deferred_interrupts():
                    self._tell(claim.trial, _Outcome(TrialState.FAIL))
                raise
            return _Outcome(TrialState.FAIL, failure=Failure(str(error), ""))
        except TooLongError as error:
            return _Outcome(TrialState.FAIL, failure=Failure(f"was ended: {error}", ""))
        except ObjectiveFailedError as error:
            stop_if_full(error.cause)
            if isinstance(error.cause, optuna.TrialPruned) and self._plan.may_prune:
                return _Outcome(TrialState.PRUNED)
            failure = failure_of(error.cause, self._plan.scenario.home.resolve())
            return _Outcome(TrialState.FAIL, failure=failure)
        except OSError as error:
            stop_if_full(error)
            raise

    def _trained(self, claim: _Claim) -> _Outcome:
        self._enter(claim.planned, wait=True)  # one not known beforehand may be another's
        watcher = Watcher(claim.trial, self._plan, has_worked=self._ledger.has_worked)
        with self._clock.running(claim.trial.number, watcher.deadline):
            return self._followed(claim, watcher)

    def _followed(self, claim: _Claim, watcher: Watcher) -> _Outcome:
        """Follows a training epoch by epoch, as far as is worth it."""
        assert self._session is not None
        planned, metric = claim.planned, self._plan.metric.name
        epochs = (
            iter([self._session.whole(metric, watcher)])
            if isinstance(self._session, TrainingSession) and not self._plan.scenario.incremental
            else self._session.epochs(planned.epochs, metric, watcher)
        )
        values: list[float] = []
        for epoch in epochs:
            check_interrupts()
            if metric not in epoch.metrics:  # a program may say it now and then
                continue
            watcher.check_confirming(epoch)
            value = epoch.metrics[metric]
            if value is None:
                self._session.drop_state()
                worst = worst_value(self._plan.direction)
                return _Outcome(TrialState.COMPLETE, worst, diverged=epoch.number)
            values.append(value)
            watcher.report(epoch)
            if epoch.number < planned.epochs:
                check_held(claim.lock, self._session_lock)
                if watcher.is_hopeless():
                    return _Outcome(TrialState.PRUNED)
        return _Outcome(TrialState.COMPLETE, mean(values[-self._plan.metric_epochs :]))

    def _leave_training(self) -> None:
        left, self._session = self._session, None
        if left is not None:
            left.stop()
        if self._session_lock is not None:
            self._session_lock.release()
            self._session_lock = None
        if left is not None:
            self._keeper.left(left.key, self._scheduler.needed)
