"""What a trial is told of its training while that runs, and what it answers."""

from __future__ import annotations

from typing import Any

from optuna import Trial

from hpstudy.errors import UserError
from hpstudy.plans.points import Plan
from hpstudy.running.interrupts import check_interrupts, deferred_interrupts
from hpstudy.store.records import Epoch
from hpstudy.store.trials import TAKEN_UP


class MisfitError(UserError):
    """The objective and the study file don't fit: what is asked of one, the other lacks."""


class Watcher:
    """Stands between a trial and its training: reports epochs, and says whether to go on.

    Args:
        trial: The trial.
        plan: What it is of.
        has_worked: Whether a trial of the plan has come to its end before.
    """

    def __init__(self, trial: Trial, plan: Plan, *, has_worked: bool) -> None:
        self.trial = trial
        self._plan = plan
        self._has_worked = has_worked
        self._reported = 0

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
        """Tells whether it is of no use to go on, by what was reported."""
        with deferred_interrupts():
            return self._plan.may_prune and self.trial.should_prune()

    def suggest(self, method: str, name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Refuses: every hyperparameter is known."""
        raise MisfitError(f"the objective suggests {name!r}, which [baseline] lacks")

    def note(self, name: str, value: object) -> None:
        """Keeps what the objective has to say of its trial."""
        self.trial.set_user_attr(name, value)

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
