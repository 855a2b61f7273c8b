"""What a worker does next when a plan's points are known beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, takewhile
from typing import Protocol

import optuna
from optuna import Trial
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler

from hpstudy.running.grid import GridPlan
from hpstudy.running.ledger import Ledger
from hpstudy.running.plan import PlannedPoint, PointsPlan
from hpstudy.running.space import distributions, fixed_choices
from hpstudy.sampler import OneFactorSampler, Point
from hpstudy.trials import PointKey, point_key


class Agenda(Protocol):
    """Says what is to be done next. All of it is asked under the lock on asking."""

    def candidates(self) -> Iterator[PlannedPoint]:
        """Yields the known points that are free, best first."""

    def propose(self) -> Trial | None:
        """Returns a new trial with a point of its own choice, if one is wanted."""

    def is_over(self) -> bool:
        """Tells whether there is nothing to wait for: no running trial may leave work behind."""

    def distributions(self, point: Point) -> dict[str, BaseDistribution]:
        """Returns the distributions of a trial with this point."""

    def sampler(self) -> BaseSampler:
        """Returns what fills in the parameters that an enqueued trial leaves open."""

    def goes_on(self, planned: PlannedPoint) -> bool:
        """Tells whether a training's state is kept after this point."""


class PointsAgenda:
    """The points of a plan, each of them once.

    Those that raised in this invocation are left to the next. Those that lost a process come
    last: should they be the reason, the others are done first.

    Args:
        plan: The plan.
        study: Its Optuna study.
        ledger: What the study's trials come to.
    """

    def __init__(self, plan: PointsPlan, study: optuna.Study, ledger: Ledger) -> None:
        self._plan = plan
        self._ledger = ledger
        self._left: dict[PointKey, PlannedPoint] = {point_key(p.point): p for p in plan.points}
        self._fixed = fixed_choices(study.get_trials(deepcopy=False))
        self._distributions = distributions((p.point for p in plan.points), self._fixed)
        self._last_epochs = plan.last_epochs()
        self._extendable = plan.extendable()

    def candidates(self) -> Iterator[PlannedPoint]:
        """Yields the points that are free."""
        done = self._ledger.done
        for key in list(takewhile(done.__contains__, self._left)):
            del self._left[key]  # or every look would pass all that is done
        lost = Counter(key for key, _ in self._ledger.deaths.elements())
        taken = self._ledger.held() | self._ledger.raised
        for key in chain(
            (k for k in self._left if k not in lost), sorted(lost, key=lost.__getitem__)
        ):
            if key in self._left and key not in done and key not in taken:
                yield self._left[key]

    def propose(self) -> None:
        """Returns nothing: all points are known."""

    def is_over(self) -> bool:
        """Tells whether no point is free and no trial, which may yet die, is running."""
        return not self._ledger.running() and next(self.candidates(), None) is None

    def distributions(self, point: Point) -> dict[str, BaseDistribution]:
        """Returns distributions that span the plan's points and this one."""
        if point_key(point) in self._left:
            return self._distributions
        return distributions([*(p.point for p in self._plan.points), point], self._fixed)

    def sampler(self) -> BaseSampler:
        """Returns the plan's own sampler, if it has one."""
        if isinstance(self._plan, GridPlan):
            baseline = self._plan.study.full_baseline()
            return OneFactorSampler(baseline, self._plan.factors, self._plan.seeds)
        return optuna.samplers.RandomSampler()

    def goes_on(self, planned: PlannedPoint) -> bool:
        """Tells whether a later point goes on from this one."""
        last = self._last_epochs.get(planned.key, planned.epochs)
        return planned.key in self._extendable or planned.epochs < last
