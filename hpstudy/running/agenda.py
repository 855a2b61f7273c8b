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

from hpstudy.running.deaths import MOST_DEATHS
from hpstudy.running.failures import alike
from hpstudy.running.grid import GridPlan
from hpstudy.running.ledger import Ledger
from hpstudy.running.plan import Plan, PlannedPoint, PointsPlan
from hpstudy.running.space import distributions, known_distributions
from hpstudy.sampler import OneFactorSampler, Point
from hpstudy.trials import PointKey, point_key, training_of

_ALIKE = 3  # failures of one kind, nothing else yet: the rest would only repeat them


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

    def needed(self) -> set[str]:
        """Returns the trainings whose last state something still waits for, or is at."""


def unfinished(plan: Plan, ledger: Ledger) -> set[str]:
    """Returns the trainings of trials that run, or were interrupted and not taken up since."""
    lost = {plan.planned(point).key for point in ledger.lost()}
    return lost | {key for t in ledger.running() if (key := training_of(t)) is not None}


def is_hopeless(ledger: Ledger) -> bool:
    """Tells whether the first trials of an invocation failed alike and nothing ever worked."""
    first = ledger.errors_in_a_row[:_ALIKE]
    return not ledger.has_worked and len(first) == _ALIKE and len(set(map(alike, first))) == 1


class PointsAgenda:
    """The points of a plan, each of them once.

    Those that raised in this invocation are left to the next, and so are all others where the
    first three raised alike and nothing has ever worked. Those that lost a process come last:
    should they be the reason, the others are done first.

    Args:
        plan: The plan.
        study: Its Optuna study.
        ledger: What the study's trials come to.
    """

    def __init__(self, plan: PointsPlan, study: optuna.Study, ledger: Ledger) -> None:
        self._plan = plan
        self._ledger = ledger
        self._left: dict[PointKey, PlannedPoint] = {point_key(p.point): p for p in plan.points}
        self._known = known_distributions(study.get_trials(deepcopy=False))
        self._distributions = distributions((p.point for p in plan.points), self._known, plan.space)

    def candidates(self) -> Iterator[PlannedPoint]:
        """Yields the points that are free."""
        if is_hopeless(self._ledger):
            return
        done = self._ledger.done
        for key in list(takewhile(done.__contains__, self._left)):
            del self._left[key]  # or every look would pass all that is done
        lost = Counter(key for key, _ in self._ledger.deaths.elements())
        given_up = {k for (k, _), deaths in self._ledger.deaths.items() if deaths >= MOST_DEATHS}
        taken = self._ledger.held() | self._ledger.raised | given_up
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
        points = [*(p.point for p in self._plan.points), point]
        return distributions(points, self._known, self._plan.space)

    def sampler(self) -> BaseSampler:
        """Returns the plan's own sampler, if it has one."""
        if isinstance(self._plan, GridPlan):
            baseline = self._plan.study.full_baseline()
            return OneFactorSampler(baseline, self._plan.factors, self._plan.seeds)
        return optuna.samplers.RandomSampler()

    def needed(self) -> set[str]:
        """Returns the trainings of the points that are left, and of what runs besides."""
        left = {p.key for key, p in self._left.items() if key not in self._ledger.done}
        return left | unfinished(self._plan, self._ledger)
