"""What a trial is told of its training while that runs, and what it answers."""

from __future__ import annotations

import json
import time
from typing import Any, Protocol

from optuna import Trial

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.objective.whole import TOO_LONG
from hpstudy.plans.points import Plan
from hpstudy.plans.search import SearchPlan
from hpstudy.running.interrupts import check_interrupts, deferred_interrupts
from hpstudy.store.records import Epoch
from hpstudy.store.trials import OURS, TAKEN_UP, TRAINING


class MisfitError(UserError):
    """The objective and the study file don't fit: what is asked of one, the other lacks."""


class TooLongError(Exception):
    """A trial runs longer than it may."""

    def __init__(self) -> None:
        super().__init__(TOO_LONG)


class Onlooker(Protocol):
    """Who is told of a training that is taken up."""

    def taken_up(self, found: int, again: int) -> None:
        """Is told how many epochs were found recorded, and how many were trained again."""


class Watcher:
    """Stands between a trial and its training: reports epochs, and says whether to go on.

    Args:
        trial: The trial.
        plan: What it is of.
        has_worked: Whether a trial of the plan has come to its end before.

    Attributes:
        trial: The trial.
        direction: Which direction of the compared metric is better.
        chosen: What the search chose because the objective asked for it.
        deadline: When the trial has failed, as `time.monotonic` counts; None for never.
    """

    def __init__(self, trial: Trial, plan: Plan, *, has_worked: bool) -> None:
        self.trial = trial
        self.direction = plan.metric.direction
        self._plan = plan
        self._has_worked = has_worked
        self._reported = 0
        self._is_baseline = isinstance(plan, SearchPlan) and trial.params == plan.baseline
        self.chosen: dict[str, Any] = {}
        limit = plan.scenario.trial_timeout
        self.deadline = None if limit is None else time.monotonic() + limit

    def taken_up(self, found: int, again: int) -> None:
        """Notes how many epochs were found recorded, and how many were trained again."""
        self.trial.set_user_attr(TAKEN_UP, [found, again])

    def report(self, epoch: Epoch) -> None:
        """Reports a finished epoch, unless it was; one without a number is none to report."""
        check_interrupts()
        value = epoch.metrics.get(self._plan.metric.name)
        if value is not None and epoch.number > self._reported:
            with deferred_interrupts():
                self.trial.report(value, step=epoch.number)
            self._reported = epoch.number

    def is_hopeless(self) -> bool:
        """Tells whether it is of no use to go on, by what was reported.

        Raises:
            TooLongError: It has gone on too long.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TooLongError
        with deferred_interrupts():
            return self._plan.may_prune and self.trial.should_prune()

    def suggest(self, method: str, name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Lets the search choose a hyperparameter that the study file doesn't know.

        Raises:
            MisfitError: This is no search, or the setting is the baseline, which the winner is to
                be compared with.
        """
        example = shown(args[0][0] if method == "suggest_categorical" else args[0])
        line = f"[baseline] lacks {name!r}, which the objective suggests: add {name} = {example}"
        if not isinstance(self._plan, SearchPlan):
            raise MisfitError(line)
        if self._plan.confirmed_by is not None and self._is_baseline:
            raise MisfitError(f"{line}, or leave the confirmation out (--confirm 0)")
        self.chosen[name] = value = getattr(self.trial, method)(name, *args, **options)
        self.trial.set_user_attr(TRAINING, self._plan.planned(self.trial.params).key)
        return value

    def note(self, name: str, value: object) -> None:
        """Keeps what the objective has to say of its trial, if the database can."""
        try:
            json.dumps(value)
        except (TypeError, ValueError):  # a model, say: the trial at work has it
            return
        self.trial.set_user_attr(f"{name} of the objective" if name in OURS else name, value)

    def check_confirming(self, epoch: Epoch) -> None:
        """Finds out at the first epoch, not after the search, that its winner can't be confirmed.

        Raises:
            MisfitError: The objective doesn't return what the winner is confirmed by.
        """
        wanted = self._plan.confirmed_by
        if wanted is None or wanted in epoch.metrics or self._has_worked:
            return
        raise MisfitError(
            f"search.confirm_metric: the winner is confirmed by {wanted!r}, which is not among "
            "what the objective returns; say "
            f'confirm_metric = "{self._plan.metric.name}", or --confirm 0'
        )
