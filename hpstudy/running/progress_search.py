"""What a running search has done so far, read from the database: whoever did it.

Workers write while this reads, so a running trial may be seen with a part of its parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from optuna.trial import FrozenTrial

from hpstudy.numeric import mean
from hpstudy.plans.search import SearchPlan
from hpstudy.sampler import Point, known_params
from hpstudy.store.database import Database
from hpstudy.store.studies import find_study, trials_of
from hpstudy.store.trials import (
    epoch_of,
    failed,
    has_diverged,
    is_finished,
    is_measured,
    is_pruned,
    is_running,
    last_value,
    raised,
    trained_epochs,
    value_of,
)


@dataclass(frozen=True)
class SearchTrial:
    """A trial of a search.

    Attributes:
        number: Optuna's number.
        setting: What is searched.
        epoch: Epochs finished.
        last: Epochs that it would take if it is not pruned; 1 where only its end tells.
        value: The metric after the last finished epoch; None if it was no finite number.
        state: "complete", "diverged", "pruned", "failed" or "running".
    """

    number: int
    setting: Point
    epoch: int
    last: int
    value: float | None
    state: str


@dataclass(frozen=True)
class SearchProgress:
    """Where a search stands.

    Attributes:
        finished: Trials that are complete or pruned.
        total: Trials that it ends with.
        pruned: How many of these are pruned.
        failed: Settings that have failed: their latest attempt raised.
        running: The trials at work.
        latest: The trials finished last, newest first.
        news: The trials finished since the last look.
        best: The best trial that is complete and did not diverge.
        epochs: Epochs that its trials trained; what they found recorded is not among it.
        epochs_saved: Epochs that pruned trials did not take.
        seconds_left: Estimated; None before there is anything to estimate from.
    """

    finished: int
    total: int
    pruned: int
    failed: int
    running: tuple[SearchTrial, ...]
    latest: tuple[SearchTrial, ...]
    news: tuple[SearchTrial, ...]
    best: SearchTrial | None
    epochs: int
    epochs_saved: int
    seconds_left: float | None


class SearchObserver:
    """Looks at a search's progress again and again.

    Args:
        plan: The plan.
        database: The database, opened for reading; the observer's own.
        workers: How many workers this invocation has.
    """

    def __init__(self, plan: SearchPlan, database: Database, workers: int) -> None:
        self._plan = plan
        self._study = find_study(plan.name, database)
        self._workers = workers
        self._known = {t.number for t in trials_of(self._study) if t.state.is_finished()}

    def look(self) -> SearchProgress:
        """Reads where the search stands now."""
        trials = trials_of(self._study)
        finished = [t for t in trials if is_finished(t)]
        ended = [t for t in trials if is_finished(t) or raised(t)]
        ended.sort(key=lambda t: (t.datetime_complete is None, t.datetime_complete, t.number))
        news = [t for t in ended if t.number not in self._known]
        self._known |= {t.number for t in news}
        best = self._plan.metric.best(filter(is_measured, finished), value_of)
        running = [t for t in trials if is_running(t)]
        shown = [self._shown(t) for t in finished]
        return SearchProgress(
            finished=len(finished),
            total=max(self._plan.limits.trials, len(finished)),
            pruned=sum(map(is_pruned, finished)),
            failed=len(failed(trials)),
            running=tuple(self._shown(t) for t in running),
            latest=tuple(self._shown(t) for t in reversed(ended[-5:])),
            news=tuple(self._shown(t) for t in news),
            best=None if best is None else self._shown(best),
            epochs=trained_epochs(trials).count,
            epochs_saved=sum(max(t.last - t.epoch, 0) for t in shown if t.state == "pruned"),
            seconds_left=self._seconds_left(finished, running),
        )

    def _shown(self, trial: FrozenTrial) -> SearchTrial:
        point = known_params(trial)
        value = last_value(trial)
        return SearchTrial(
            number=trial.number,
            setting=point,
            epoch=epoch_of(trial),
            last=self._plan.planned(point).epochs,
            value=value if value is not None and isfinite(value) else None,
            state=_state(trial),
        )

    def _seconds_left(
        self, finished: Iterable[FrozenTrial], running: list[FrozenTrial]
    ) -> float | None:
        lasted = [t.duration for t in finished if t.duration is not None]
        seconds = [max(d.total_seconds(), 0.0) for d in lasted]  # the clock may have been set back
        if not seconds:
            return None
        left = max(self._plan.limits.trials - len(seconds) - len(running), 0)
        return mean(seconds) * (left + len(running) / 2) / self._workers  # half done on average


def _state(trial: FrozenTrial) -> str:
    if has_diverged(trial):
        return "diverged"
    return "failed" if raised(trial) else trial.state.name.lower()
