"""What a worker of a search does next: take up what was interrupted, or try something new."""

from __future__ import annotations

import time
from collections.abc import Iterator

import optuna
from optuna import Trial
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler

from hpstudy.running.agenda import unfinished
from hpstudy.running.failures import alike
from hpstudy.running.ledger import Ledger
from hpstudy.running.plan import PlannedPoint
from hpstudy.running.samplers import pruner, sampler
from hpstudy.running.search import Limits, SearchPlan
from hpstudy.running.told import ToldSampler
from hpstudy.sampler import Point

_ALIKE_IN_A_ROW = 10  # a search whose trials all raise would go on for ever


def dead_end(ledger: Ledger, limits: Limits) -> str | None:
    """Says why a search goes on no more though it is not at its end; None where it does go on.

    It stops where one error came ten times in a row, numbers aside, or where as many trials in a
    row raised as there are to be in all.

    Args:
        ledger: What the search's trials come to.
        limits: When it ends.
    """
    errors = ledger.errors_in_a_row
    if not errors:
        return None
    latest = errors[-_ALIKE_IN_A_ROW:]
    if len(latest) == _ALIKE_IN_A_ROW and len({alike(error) for error in latest}) == 1:
        return f"{_ALIKE_IN_A_ROW} settings in a row raised the same error: {errors[-1]}"
    if len(errors) >= max(limits.trials, _ALIKE_IN_A_ROW):
        return f"{len(errors)} settings in a row raised, the last one: {errors[-1]}"
    return None


class SearchAgenda:
    """A search's trials, until its limits are reached.

    The baseline comes first, so that the search starts from what is known. A trial that was
    interrupted or killed is taken up again: its finished epochs are kept.

    Args:
        plan: The plan.
        study: Its Optuna study.
        ledger: What the study's trials come to.
    """

    def __init__(self, plan: SearchPlan, study: optuna.Study, ledger: Ledger) -> None:
        self._plan = plan
        self._study = study
        self._ledger = ledger
        study.pruner = pruner(plan.pruner, plan.last_epoch)

    def candidates(self) -> Iterator[PlannedPoint]:
        """Yields the points of interrupted trials, and the baseline if it had no trial yet."""
        if self._is_full() or self._has_to_stop():
            return
        for point in self._ledger.lost():
            if point.keys() == self._plan.space.keys():
                yield self._plan.planned(point)
        if not self._ledger.was_attempted(self._plan.baseline):
            yield self._plan.planned(self._plan.baseline)

    def propose(self) -> Trial | None:
        """Returns a trial with a point of the sampler's."""
        if self._is_full() or self._has_to_stop():
            return None
        self._study.sampler = self.sampler()
        return self._study.ask(self._plan.space)

    def is_over(self) -> bool:
        """Tells whether no running trial may leave work behind."""
        return self._has_to_stop() or not self._ledger.running()

    def distributions(self, point: Point) -> dict[str, BaseDistribution]:
        """Returns the search's space."""
        return self._plan.space

    def sampler(self) -> BaseSampler:
        """Returns the sampler for the next trial."""
        drawn = sampler(self._plan.sampler, self._plan.seed, self._ledger.next_number)
        return ToldSampler(drawn, self._study)

    def needed(self) -> set[str]:
        """Returns the trainings of what runs, and of what was interrupted."""
        return unfinished(self._plan, self._ledger)

    def _is_full(self) -> bool:
        ledger = self._ledger
        taken = ledger.complete + ledger.pruned + len(ledger.running())
        return taken >= self._plan.limits.trials

    def _has_to_stop(self) -> bool:
        limits = self._plan.limits
        return (
            dead_end(self._ledger, limits) is not None
            or (limits.deadline is not None and time.time() >= limits.deadline)
            or (limits.epochs is not None and self._ledger.epochs() >= limits.epochs)
        )
