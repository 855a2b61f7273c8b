"""What is to run: a plan's points, in the order in which they are handed out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.distributions import BaseDistribution

from hpstudy.errors import UserError
from hpstudy.metric import Direction, Metric
from hpstudy.objective import Objective
from hpstudy.plans.scenario import PlannedPoint, Scenario
from hpstudy.results.combined import Combination
from hpstudy.results.looks import Announcement
from hpstudy.sampler import Level, OneFactorSampler, Point
from hpstudy.store.records import Epoch
from hpstudy.store.studies import metric_epochs_of
from hpstudy.studyfile.file import StudyFile


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the workers of one Optuna study are to do; plain data that goes to them as it is.

    Attributes:
        name: The name of the Optuna study.
        scenario: What all of its trainings have in common.
        metric: The metric that counts.
        fingerprint: What must be the same for all trials of the Optuna study.
        seeds: The replicates; none in a search.
        options: What was chosen for the Optuna study and may be chosen otherwise later, by name.
        may_prune: Whether a trial may be stopped before its end.
        confirmed_by: The metric that a winner is to be confirmed by; None without a confirmation.
    """

    name: str
    scenario: Scenario
    metric: Metric
    fingerprint: Mapping[str, Any]
    seeds: tuple[int, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    may_prune: bool = False
    confirmed_by: str | None = None

    @property
    def study(self) -> StudyFile:
        """The study file."""
        return self.scenario.study

    @property
    def direction(self) -> Direction:
        """The Optuna study's direction: that of the search where a winner is confirmed."""
        direction: Direction = self.fingerprint["direction"]
        return direction

    @property
    def metric_epochs(self) -> int:
        """Over how many last epochs a trial's value is the mean."""
        return metric_epochs_of(self.fingerprint)

    @property
    def most_workers(self) -> int:
        """How many workers find something to do at once."""
        return sys.maxsize

    def planned(self, point: Point) -> PlannedPoint:
        """Returns the training behind a trial's parameters."""
        return self.scenario.planned(point)

    def longest(self, planned: PlannedPoint) -> int:
        """Returns the last epoch that any trial that is known of needs of a point's training."""
        return planned.epochs


@dataclass(frozen=True)
class OneFactor:
    """The one-factor design behind a plan's points: what fills in a trial that a user enqueued.

    Attributes:
        baseline: The baseline.
        factors: Each factor's levels.
    """

    baseline: Point
    factors: Mapping[str, Sequence[Level]]

    def sampler(self, seeds: Sequence[int]) -> OneFactorSampler:
        """Returns the sampler of the design."""
        return OneFactorSampler(self.baseline, self.factors, seeds)


@dataclass(frozen=True, kw_only=True)
class PointsPlan(Plan):
    """A plan whose points are known beforehand.

    Attributes:
        points: All points, in the order in which they are handed out: points that share a
            training stand together, shortest first; trainings that take longest come first.
        epochs_asked: Epochs when every table row is counted by itself, from its first epoch.
        space: The distributions of parameters that are known beforehand; others span the points.
        design: The one-factor design that they are of; None for others.
        announced: The looks that they are of; None for seeds that are fixed.
        combined: The setting that they are of, where it combines levels of a grid.
    """

    points: tuple[PlannedPoint, ...]
    epochs_asked: int
    space: Mapping[str, BaseDistribution] = field(default_factory=dict)
    design: OneFactor | None = None
    announced: Announcement | None = None
    combined: Combination | None = None

    @property
    def most_workers(self) -> int:
        """How many workers find something to do at once."""
        return len(self.last_epochs())

    def longest(self, planned: PlannedPoint) -> int:
        """Returns the last epoch that any point of the plan needs of a point's training."""
        return max(self.last_epochs().get(planned.key, 0), planned.epochs)

    def last_epochs(self) -> dict[str, int]:
        """Returns the last epoch that each training is needed for, by key, in order."""
        last: dict[str, int] = {}
        for point in self.points:
            last[point.key] = max(point.epochs, last.get(point.key, 0))
        return last

    def ends(self, recorded: Mapping[str, Sequence[Epoch]]) -> dict[str, int]:
        """Returns the last epoch that each training comes to: one that diverged ends there.

        Args:
            recorded: The finished epochs of trainings, by key.
        """
        ends = self.last_epochs()
        for key, last in ends.items():
            for epoch in recorded.get(key, ())[:last]:
                if epoch.metrics.get(self.metric.name, 0.0) is None:
                    ends[key] = epoch.number
                    break
        return ends

    def epochs_left(self, recorded: Mapping[str, Sequence[Epoch]]) -> dict[str, int]:
        """Returns the epochs still to train, by key, where there are any."""
        left = {key: end - len(recorded.get(key, ())) for key, end in self.ends(recorded).items()}
        return {key: epochs for key, epochs in left.items() if epochs > 0}


def check_points(points: Iterable[PlannedPoint], objective: Objective, name: str) -> None:
    """Asks the objective whether it can train all these points.

    Raises:
        UserError: It can't.
    """
    for point in points:
        try:
            objective.check(point.identity.params, settings=point.identity.settings)
        except ValueError as error:
            raise UserError(f"study {name!r}: {error}") from error


def handed_out(points: Iterable[PlannedPoint], objective: Objective) -> tuple[PlannedPoint, ...]:
    """Orders points: those that share a training together, what takes longest first."""
    groups: dict[str, list[PlannedPoint]] = {}
    for point in points:
        groups.setdefault(point.key, []).append(point)

    def work(group: list[PlannedPoint]) -> float:
        identity = group[0].identity
        estimate = objective.estimate(identity.params, settings=identity.settings)
        per_epoch = estimate.operations if estimate else 1.0
        return per_epoch * max(p.epochs for p in group)

    longest_first = sorted(groups.values(), key=work, reverse=True)
    return tuple(p for group in longest_first for p in sorted(group, key=lambda p: p.epochs))
