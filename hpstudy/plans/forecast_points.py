"""How long a plan takes, and how much disk: from epochs recorded here, or from an estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.numeric import mean
from hpstudy.objective import Estimate, Objective
from hpstudy.plans.points import PointsPlan
from hpstudy.store.database import Database, Runs
from hpstudy.store.places import checkpoints_of
from hpstudy.store.records import Epoch, Records


@dataclass(frozen=True)
class Measured:
    """What an objective took just now.

    Attributes:
        seconds: How long an epoch took, by the training's key.
        rate: Operations per second; None if the objective can't tell operations.
    """

    seconds: Mapping[str, float]
    rate: float | None


class Costs:
    """What the epochs of a plan's trainings cost.

    Args:
        plan: The plan.
        objective: What it trains.
    """

    def __init__(self, plan: PointsPlan, objective: Objective) -> None:
        self._plan = plan
        self._keeps_state = objective.keeps_state
        self._estimates: dict[str, Estimate] = {}
        for planned in plan.points:
            identity = planned.identity
            estimate = objective.estimate(identity.params, settings=identity.settings)
            if estimate is not None:
                self._estimates[planned.key] = estimate

    def seconds_left(
        self,
        recorded: Mapping[str, Sequence[Epoch]],
        workers: int,
        rate: float | None = None,
        again: Mapping[str, int] | None = None,
        measured: Mapping[str, float] | None = None,
    ) -> float | None:
        """Returns the seconds until the plan is done, or None if there is nothing to go by.

        Args:
            recorded: The finished epochs, by key.
            workers: How many trainings run at once.
            rate: Operations per second, for when no epoch of this plan is recorded yet.
            again: Recorded epochs that have to be trained again, by key.
            measured: Seconds of an epoch, by key, where none is recorded.
        """
        repeated = again or {}
        left = self._plan.epochs_left(recorded)
        left = {key: epochs + repeated.get(key, 0) for key, epochs in left.items()}
        if not left:
            return 0.0
        last = self._plan.last_epochs()
        own = {key: s for key, s in (measured or {}).items() if key in last}
        own |= {k: s for k in last if (s := self._seconds(recorded.get(k, ()))) is not None}
        known = [k for k in own if k in self._estimates]
        if known:
            rate = sum(self._estimates[k].operations for k in known) / sum(own[k] for k in known)
        seconds: list[float] = []
        for key, epochs in left.items():
            if key in own:
                per_epoch = own[key]
            elif rate is not None and key in self._estimates:
                per_epoch = self._estimates[key].operations / rate
            elif own:
                per_epoch = mean(own.values())
            else:
                return None
            seconds.append(epochs * per_epoch)
        # No split over the workers ends before the longest training does.
        return max(sum(seconds) / workers, max(seconds))

    def _seconds(self, epochs: Sequence[Epoch]) -> float | None:
        """Returns what an epoch took on average; a training that runs by itself counts as one."""
        seconds = [s for e in epochs if (s := e.metrics.get("wall_seconds")) is not None]
        if not seconds:
            return None
        return mean(seconds) if self._plan.scenario.incremental else sum(seconds)

    def disk_bytes(self, workers: int, keep: int) -> int | None:
        """Returns the checkpoints' largest size at once, or None if the objective can't tell.

        What is left stays up to a budget. Besides, each worker has at most two checkpoints of the
        training that it is at: one is being written while the one before is still there.

        Args:
            workers: How many trainings run at once.
            keep: The budget, in bytes.
        """
        if not self._keeps_state:
            return 0
        if len(self._estimates) < self._plan.most_workers:
            return None
        largest = sorted((e.checkpoint_bytes for e in self._estimates.values()), reverse=True)
        return min(sum(largest[workers:]), keep) + 2 * sum(largest[:workers])


@dataclass(frozen=True)
class Forecast:
    """What a plan would take.

    Attributes:
        points: Points in all.
        trainings: Trainings that give their values.
        epochs_asked: Epochs when every table row is trained by itself.
        epochs_shared: Epochs when rows share what they can.
        epochs_left: Epochs to train: those of these that are not recorded yet, and those before
            them that have to be trained again, as the training's last state is gone.
        workers: How many trainings would run at once.
        seconds_left: Estimated time; None if there is nothing to estimate from.
        checkpoint_bytes: Estimated disk for checkpoints; None if the objective can't tell.
        checkpoints_at: Where they take as much again; None for nowhere.
    """

    points: int
    trainings: int
    epochs_asked: int
    epochs_shared: int
    epochs_left: int
    workers: int
    seconds_left: float | None
    checkpoint_bytes: int | None
    checkpoints_at: str | None = None


def forecast(
    plan: PointsPlan,
    objective: Objective,
    database: Database | None,
    runs: Runs,
    workers: int,
    measured: Measured | None = None,
) -> Forecast:
    """Says what a plan would take; trains nothing and writes nothing.

    Args:
        plan: The plan.
        objective: What it trains.
        database: The database; None where there is none yet.
        runs: Where the checkpoints are.
        workers: How many trainings would run at once.
        measured: What the objective took just now; None where it is to be estimated.
    """
    last = plan.last_epochs()
    recorded: dict[str, list[Epoch]] = {}
    if database is not None and (records := Records(database.engine)).exist():
        recorded = records.epochs_of(last)
    left = plan.epochs_left(recorded)
    checkpoints = checkpoints_of(runs, database)
    known = {key: len(epochs) for key, epochs in recorded.items() if key in left}
    states = checkpoints.latest_of(known)
    again = {key: count - states[key] for key, count in known.items()}
    rate = measured.rate if measured is not None else None
    if left and not recorded and measured is None:
        rate = objective.measure_rate(runtime=plan.scenario.runtime)
    costs = Costs(plan, objective)
    return Forecast(
        points=len(plan.points),
        trainings=len(last),
        epochs_asked=plan.epochs_asked,
        epochs_shared=sum(last.values()),
        epochs_left=sum(left.values()) + sum(again.values()),
        workers=workers,
        seconds_left=costs.seconds_left(
            recorded, workers, rate, again, measured.seconds if measured is not None else None
        ),
        checkpoint_bytes=costs.disk_bytes(workers, runs.keep) if left else 0,
        checkpoints_at=checkpoints.place,
    )


def together(parts: Sequence[Forecast]) -> Forecast:
    """Returns what several plans would take, one after the other."""

    def total(name: str) -> int:
        return sum(getattr(part, name) for part in parts)

    seconds = [part.seconds_left for part in parts if part.seconds_left is not None]
    sizes = [part.checkpoint_bytes for part in parts if part.checkpoint_bytes is not None]
    return Forecast(
        points=total("points"),
        trainings=total("trainings"),
        epochs_asked=total("epochs_asked"),
        epochs_shared=total("epochs_shared"),
        epochs_left=total("epochs_left"),
        workers=max((part.workers for part in parts), default=0),
        seconds_left=sum(seconds) if len(seconds) == len(parts) else None,
        checkpoint_bytes=sum(sizes) if len(sizes) == len(parts) else None,
        checkpoints_at=next((part.checkpoints_at for part in parts), None),
    )
