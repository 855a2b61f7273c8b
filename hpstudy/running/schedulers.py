"""What a worker does next: of points that are known beforehand, and of a search."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain, takewhile
from typing import Protocol

import optuna
from optuna import Trial
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler

from hpstudy.plans.distributions import distributions, known_distributions
from hpstudy.plans.points import Plan, PointsPlan
from hpstudy.plans.samplers import pruner, sampler
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.plans.search import Limits, SearchPlan
from hpstudy.running.deaths import MOST_DEATHS
from hpstudy.running.failures import alike
from hpstudy.running.ledger import Ledger
from hpstudy.running.told import ToldSampler
from hpstudy.sampler import Point
from hpstudy.store.trials import PointKey, point_key, training_of
from hpstudy.wording import label

_ALIKE = 3  # failures of one kind, nothing else yet: the rest would only repeat them
_ALIKE_IN_A_ROW = 10  # a search whose trials all raise would go on for ever


class Scheduler(Protocol):
    """Says what is to be done next. All of it is asked under the lock on asking."""

    def candidates(self) -> Iterator[PlannedPoint]:
        """Yields the known points that are free, best first."""

    def propose(self) -> Trial | None:
        """Returns a new trial with a point of its own choice, if one is wanted."""

    def is_over(self) -> bool:
        """Tells whether there is nothing to wait for: no running trial may leave work behind."""

    def ask(self, point: Point) -> Trial:
        """Asks the study for a trial with this point, as its sampler or somebody else has set."""

    def sampler(self) -> BaseSampler:
        """Returns what fills in the parameters that an enqueued trial leaves open."""

    def needed(self) -> set[str]:
        """Returns the trainings whose last state something still waits for, or is at."""

    def label(self, trial: Trial, planned: PlannedPoint) -> str:
        """Returns what a trial is called where its output is shown."""


def unfinished(plan: Plan, ledger: Ledger) -> set[str]:
    """Returns the trainings of trials that run, or were interrupted and not taken up since."""
    lost = {plan.planned(point).key for point in ledger.lost()}
    return lost | {key for t in ledger.running() if (key := training_of(t)) is not None}


def is_hopeless(ledger: Ledger) -> bool:
    """Tells whether the first trials of an invocation failed alike and nothing ever worked."""
    first = ledger.errors_in_a_row[:_ALIKE]
    return not ledger.has_worked and len(first) == _ALIKE and len(set(map(alike, first))) == 1


class PointsScheduler:
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
        self._study = study
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

    def ask(self, point: Point) -> Trial:
        """Asks for a trial whose distributions span the plan's points and this one."""
        return self._study.ask(self._distributions_of(point))

    def _distributions_of(self, point: Point) -> dict[str, BaseDistribution]:
        if point_key(point) in self._left:
            return {name: self._distributions[name] for name in point}
        points = [*(p.point for p in self._plan.points), point]
        return distributions(points, self._known, self._plan.space)

    def sampler(self) -> BaseSampler:
        """Returns the plan's own sampler, if it has one."""
        design = self._plan.design
        return (
            optuna.samplers.RandomSampler() if design is None else design.sampler(self._plan.seeds)
        )

    def needed(self) -> set[str]:
        """Returns the trainings of the points that are left, and of what runs besides."""
        left = {p.key for key, p in self._left.items() if key not in self._ledger.done}
        return left | unfinished(self._plan, self._ledger)

    def label(self, trial: Trial, planned: PlannedPoint) -> str:
        """Returns the point in words."""
        return label(planned.point, self._plan.study.full_baseline(), seeds=2)


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


class SearchScheduler:
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
            if point.keys() == {*self._plan.study.searched(point)}:
                yield self._plan.planned(point)
        if not self._ledger.was_attempted(self._plan.baseline):
            yield self._plan.planned(self._plan.baseline)

    def propose(self) -> Trial | None:
        """Returns a trial with a point of the sampler's."""
        if self._is_full() or self._has_to_stop():
            return None
        self._study.sampler = self.sampler()
        return self._plan.ask(self._study)

    def is_over(self) -> bool:
        """Tells whether no running trial may leave work behind."""
        return self._has_to_stop() or not self._ledger.running()

    def ask(self, point: Point) -> Trial:
        """Asks for a trial of the search's space."""
        return self._plan.ask(self._study)

    def sampler(self) -> BaseSampler:
        """Returns the sampler for the next trial."""
        drawn = sampler(self._plan.sampler, self._plan.seed, self._ledger.next_number)
        return ToldSampler(drawn, self._study, self._plan.metric)

    def needed(self) -> set[str]:
        """Returns the trainings of what runs, and of what was interrupted."""
        return unfinished(self._plan, self._ledger)

    def label(self, trial: Trial, planned: PlannedPoint) -> str:
        """Returns the trial's number."""
        return f"trial {trial.number}"

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


def scheduler(plan: Plan, study: optuna.Study, ledger: Ledger) -> Scheduler:
    """Returns what says the next thing to do of a plan.

    Args:
        plan: The plan.
        study: Its Optuna study.
        ledger: What the study's trials come to.
    """
    match plan:
        case SearchPlan():
            return SearchScheduler(plan, study, ledger)
        case PointsPlan():
            study.pruner = optuna.pruners.NopPruner()
            return PointsScheduler(plan, study, ledger)
    raise TypeError(f"no plan of a known kind: {plan!r}")
