"""The worker: ask for a trial, train what is missing, report each epoch, tell."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import optuna
from optuna import Trial
from optuna.trial import FrozenTrial, TrialState

from hpstudy import storage
from hpstudy.checkpoints import Checkpoints
from hpstudy.objective import load_objective
from hpstudy.records import Records
from hpstudy.running.plan import GridPlan, PlannedPoint, plan_point
from hpstudy.running.session import TrainingSession, metric_value
from hpstudy.running.space import distributions, fixed_choices
from hpstudy.sampler import OneFactorSampler, Point, known_params, points_to_do
from hpstudy.storage import Held, Runs
from hpstudy.trials import (
    ERROR,
    INVOCATION,
    TRAINING,
    PointKey,
    is_alive,
    point_key,
    training_lock,
    trial_lock,
)

_POLL_SECONDS = 0.2
_DEATHS = 5  # a point whose process died this often at one epoch has failed


@dataclass(frozen=True)
class Job:
    """What the workers of one invocation share; plain data.

    Attributes:
        plan: What to run.
        runs: Where database and checkpoints are.
        invocation: Tells this invocation from others: a point that raised is tried once in each.
    """

    plan: GridPlan
    runs: Runs
    invocation: str


@dataclass(frozen=True)
class _Claim:
    trial: Trial
    planned: PlannedPoint
    lock: Held


class Worker:
    """Runs trials until nothing is left to do; any number of workers share a study.

    One worker at a time looks at what is free and asks, one trains a key at a time, and a
    running trial whose lock is free is dead: it is told FAIL, and its point is free again.

    Args:
        job: What to run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._plan = job.plan
        self._url = job.runs.url
        database = storage.open_database(self._url, write=True)
        self._storage = database.storage
        self._records = Records(database.engine)
        self._checkpoints = Checkpoints(job.runs.checkpoints)
        self._objective = load_objective(job.plan.study.objective, job.plan.home)
        self._study = optuna.load_study(study_name=job.plan.name, storage=database.storage)
        self._last_epochs = job.plan.last_epochs()
        self._extendable = job.plan.extendable()
        self._planned = {point_key(p.point): p for p in job.plan.points}
        self._fixed = fixed_choices(self._study.get_trials(deepcopy=False))
        self._session: TrainingSession | None = None
        self._session_lock: Held | None = None

    def run(self) -> None:
        """Works until no point is left that this invocation may still try."""
        try:
            while True:
                claim, wait = self._claim()
                if claim is not None:
                    self._run(claim)
                elif wait:
                    time.sleep(_POLL_SECONDS)
                else:
                    return
        finally:
            self._leave_training()

    def _claim(self) -> tuple[_Claim | None, bool]:
        """Takes the next point that is free; without one, tells whether to wait for others."""
        with storage.hold(self._url, f"ask/{self._plan.name}"):
            self._bury_the_dead()
            trials = self._study.get_trials(deepcopy=False)
            todo = self._enqueued(trials) or self._to_do(trials)
            planned = self._take_training(todo)
            if planned is None:
                # What is running may die, and a training may be busy in another study.
                return None, bool(todo) or any(t.state == TrialState.RUNNING for t in trials)
            trial = self._ask(planned)
            lock = storage.take(self._url, trial_lock(self._plan.name, trial.number))
        return _Claim(trial, planned, lock), True

    def _enqueued(self, trials: list[FrozenTrial]) -> list[PlannedPoint]:
        """Returns the point of the trial that somebody enqueued: Optuna hands it out first."""
        waiting = next((t for t in trials if t.state == TrialState.WAITING), None)
        if waiting is None:
            return []
        known = known_params(waiting)
        point = {**self._sampler([]).point_for(self._study, known), **known}
        return [
            plan_point(
                self._plan.study,
                self._objective,
                point,
                self._plan.fingerprint["settings"],
                self._plan.runtime,
            )
        ]

    def _bury_the_dead(self) -> None:
        """Tells FAIL for running trials whose worker is gone; the caller holds the ask lock."""
        trials = self._study.get_trials(deepcopy=False)
        for trial in trials:
            if trial.state != TrialState.RUNNING or is_alive(trial, self._plan.name, self._url):
                continue
            here = point_key(trial.params), len(trial.intermediate_values)
            if self._deaths(trials)[here] + 1 >= _DEATHS:
                self._set_error(trial.number, f"its process died {_DEATHS} times")
            self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    def _deaths(self, trials: list[FrozenTrial]) -> Counter[tuple[PointKey, int]]:
        """Counts how often this invocation lost a process, by point and the epoch it had reached.

        Processes that die for other reasons, now and then, die at other epochs too.
        """
        return Counter(
            (point_key(t.params), len(t.intermediate_values))
            for t in trials
            if t.state == TrialState.FAIL
            and ERROR not in t.user_attrs
            and t.user_attrs.get(INVOCATION) == self._job.invocation
        )

    def _set_error(self, number: int, error: str) -> None:
        study_id = self._storage.get_study_id_from_name(self._plan.name)
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(study_id, number)
        self._storage.set_trial_user_attr(trial_id, ERROR, error)

    def _take_training(self, todo: list[PlannedPoint]) -> PlannedPoint | None:
        """Takes the first point whose training nobody else is at, and that training's lock."""
        if self._session is not None:
            going_on = next((p for p in todo if p.key == self._session.key), None)
            if going_on is not None:
                return going_on
            self._leave_training()
        busy: set[str] = set()
        for planned in todo:
            if planned.key not in busy:
                lock = storage.try_take(self._url, training_lock(planned.key))
                if lock is not None:
                    self._session_lock = lock
                    self._session = TrainingSession(
                        self._objective,
                        planned.identity,
                        self._plan.runtime,
                        self._records,
                        self._checkpoints,
                    )
                    return planned
                busy.add(planned.key)
        return None

    def _to_do(self, trials: list[FrozenTrial]) -> list[PlannedPoint]:
        """Returns the points that are free and have not raised in this invocation.

        Those that lost a process come last: should they be the reason, the others are done first.
        """
        raised = {
            point_key(t.params)
            for t in trials
            if ERROR in t.user_attrs and t.user_attrs.get(INVOCATION) == self._job.invocation
        }
        free = points_to_do([p.point for p in self._plan.points], trials)
        lost = Counter(key for key, _ in self._deaths(trials).elements())
        todo = [key for p in free if (key := point_key(p)) not in raised]
        return [self._planned[key] for key in sorted(todo, key=lambda key: lost[key])]

    def _ask(self, planned: PlannedPoint) -> Trial:
        is_planned = point_key(planned.point) in self._planned
        self._study.sampler = self._sampler([planned.point] if is_planned else [])
        points = [*(p.point for p in self._plan.points), planned.point]
        trial = self._study.ask(distributions(points, self._fixed))
        if trial.params != planned.point:
            raise RuntimeError(f"asked for {planned.point}, got {trial.params}")
        trial.set_user_attr(INVOCATION, self._job.invocation)
        trial.set_user_attr(TRAINING, planned.key)
        return trial

    def _sampler(self, order: list[Point]) -> OneFactorSampler:
        return OneFactorSampler(
            self._plan.study.full_baseline(), self._plan.factors, self._plan.seeds, order=order
        )

    def _run(self, claim: _Claim) -> None:
        """Runs one trial. One that raises is told FAIL with its error, and the study goes on."""
        number = claim.trial.number
        try:
            value = self._value(claim)
        except Exception as error:
            claim.trial.set_user_attr(ERROR, _one_line(error))
            self._study.tell(number, state=TrialState.FAIL)
            self._leave_training()
        except BaseException:  # interrupted: the point is free again, its finished epochs are kept
            self._study.tell(number, state=TrialState.FAIL)
            raise
        else:
            self._study.tell(number, value)
        finally:
            claim.lock.release()

    def _value(self, claim: _Claim) -> float:
        assert self._session is not None
        planned = claim.planned
        last = self._last_epochs.get(planned.key, planned.epochs)
        goes_on = planned.key in self._extendable or planned.epochs < last
        value = 0.0
        for epoch in self._session.epochs(planned.epochs, keep_state=goes_on):
            value = metric_value(epoch, self._plan.grid.metric)
            claim.trial.report(value, step=epoch.number)
        if not goes_on:
            self._session.drop_state()
        return value

    def _leave_training(self) -> None:
        self._session = None
        if self._session_lock is not None:
            self._session_lock.release()
            self._session_lock = None


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
