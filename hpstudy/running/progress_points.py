"""What a running study has done so far, read from the database: whoever did it.

Workers write while this reads, so a running trial may be seen with a part of its parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from hpstudy.plans.forecast_points import Costs
from hpstudy.plans.points import PointsPlan
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.sampler import Point, known_params
from hpstudy.store.database import Database
from hpstudy.store.records import Epoch, Records
from hpstudy.store.studies import find_study, trials_of
from hpstudy.store.trials import (
    epoch_of,
    failed,
    is_complete,
    is_measured,
    is_running,
    last_value,
    point_key,
    training_of,
    value_of,
)
from hpstudy.wording import label


@dataclass(frozen=True)
class FinishedEpoch:
    """An epoch that was finished since the last look; its value is None where it diverged."""

    label: str
    epoch: int
    last: int
    value: float | None
    seconds: float | None


@dataclass(frozen=True)
class RunningTraining:
    """A training that a worker is at: the epochs finished, of how many, and the last value.

    Of one that runs by itself, only its end tells how many: `last` is 1.
    """

    label: str
    epoch: int
    last: int
    value: float | None


@dataclass(frozen=True)
class Progress:
    """Where a plan stands.

    Attributes:
        epochs: Finished epochs of the plan's trainings, whenever they were trained.
        epochs_total: Epochs that the whole plan needs.
        points: Points that have their value.
        points_total: All points of the plan.
        running: The trainings at work.
        news: Epochs finished since the last look.
        failed: Points that have failed: their latest attempt raised.
        best: The best value so far and its label.
        seconds_left: Estimated; None before there is anything to estimate from.
    """

    epochs: int
    epochs_total: int
    points: int
    points_total: int
    running: tuple[RunningTraining, ...]
    news: tuple[FinishedEpoch, ...]
    failed: int
    best: tuple[float, str] | None
    seconds_left: float | None


class Observer:
    """Looks at a plan's progress again and again.

    Args:
        plan: The plan.
        database: The database, opened for reading; the observer's own.
        costs: What epochs cost.
        workers: How many workers this invocation has.
    """

    def __init__(self, plan: PointsPlan, database: Database, costs: Costs, workers: int) -> None:
        self._plan = plan
        self._records = Records(database.engine)
        self._study = find_study(plan.name, database)
        self._costs = costs
        self._workers = workers
        self._last_epochs = plan.last_epochs()
        self._points: dict[str, list[PlannedPoint]] = {}
        for planned in plan.points:
            self._points.setdefault(planned.key, []).append(planned)
        self._epochs = self._records.epochs_of(self._last_epochs)
        self._baseline = plan.study.full_baseline()

    def look(self) -> Progress:
        """Reads where the plan stands now."""
        news = self._read_news()
        ends = self._plan.ends(self._epochs)
        finished = {key: min(end, len(self._epochs.get(key, []))) for key, end in ends.items()}
        trials = trials_of(self._study)
        wanted = {point_key(p.point) for p in self._plan.points}
        attempts = [t for t in trials if point_key(t.params) in wanted]
        complete = [t for t in attempts if is_complete(t)]
        return Progress(
            epochs=sum(finished.values()),
            epochs_total=sum(ends.values()),
            points=len({point_key(t.params) for t in complete}),
            points_total=len(self._plan.points),
            running=tuple(
                self._running(key, t)
                for t in trials
                if is_running(t) and (key := training_of(t)) is not None
            ),
            news=tuple(news),
            failed=len(failed(attempts)),
            best=self._best([(value_of(t), t.params) for t in complete if is_measured(t)]),
            seconds_left=self._costs.seconds_left(self._epochs, self._workers),
        )

    def _read_news(self) -> list[FinishedEpoch]:
        counts = self._records.counts()
        grown = [k for k in self._last_epochs if counts.get(k, 0) > len(self._epochs.get(k, []))]
        news: list[FinishedEpoch] = []
        for key in grown:
            before = len(self._epochs.get(key, []))
            self._epochs[key] = self._records.epochs(key)
            if self._plan.scenario.incremental:
                news += (self._finished(key, epoch) for epoch in self._epochs[key][before:])
            else:
                news.append(self._finished(key, _as_one(self._epochs[key])))
        return news

    def _finished(self, key: str, epoch: Epoch) -> FinishedEpoch:
        return FinishedEpoch(
            self._label(self._points[key][0].point),
            epoch.number,
            self._last_epochs[key],
            epoch.metrics.get(self._plan.metric.name),
            epoch.metrics.get("seconds"),
        )

    def _running(self, key: str, trial: FrozenTrial) -> RunningTraining:
        point = self._points[key][0].point if key in self._points else known_params(trial)
        if not self._plan.scenario.incremental:
            return RunningTraining(self._label(point), epoch_of(trial), 1, last_value(trial))
        done = self._epochs.get(key, [])
        last = self._last_epochs.get(key, len(done))
        value = done[-1].metrics.get(self._plan.metric.name) if done else None
        return RunningTraining(self._label(point), min(len(done), last), last, value)

    def _best(self, values: list[tuple[float, Point]]) -> tuple[float, str] | None:
        best = self._plan.metric.best(values, lambda pair: pair[0])
        if best is None:
            return None
        value, params = best
        return value, label(params, self._baseline, seeds=len(self._plan.seeds))

    def _label(self, point: Point) -> str:
        """Names a training: the fidelity is not part of it."""
        fidelity = self._plan.study.fidelity
        shown = {
            k: v for k, v in point.items() if k != fidelity or not self._plan.scenario.incremental
        }
        return label(shown, self._baseline, seeds=len(self._plan.seeds))


def _as_one(epochs: Sequence[Epoch]) -> Epoch:
    """Returns a training that ran by itself as one epoch."""
    metrics = epochs[-1].metrics
    seconds = [s for epoch in epochs if (s := epoch.metrics.get("seconds")) is not None]
    return Epoch(1, {**metrics, "seconds": sum(seconds)} if seconds else metrics)
