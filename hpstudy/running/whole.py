"""One training that runs to its end by itself: it tells its epochs, and asks for what it lacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from hpstudy.objective.numbers import as_metrics
from hpstudy.objective.whole import WholeTraining
from hpstudy.running.failures import ObjectiveFailedError, objectives_own_code
from hpstudy.running.interrupts import check_interrupts
from hpstudy.running.watcher import Watcher
from hpstudy.store.records import Epoch

_T = TypeVar("_T")


def run_whole(training: WholeTraining, metric: str, watcher: Watcher) -> list[Epoch]:
    """Runs a training to its end.

    Args:
        training: The training.
        metric: The metric that is compared.
        watcher: Is told each epoch as soon as it is finished, and asked for what is missing.

    Returns:
        All of its epochs; the last one has the final metrics as well.

    Raises:
        ObjectiveFailedError: The objective raised.
    """
    runner = _Runner(metric, watcher)
    try:
        with objectives_own_code():
            final = as_metrics(training.run(runner))
    except ObjectiveFailedError as error:
        raise runner.trouble or error from error.cause
    if runner.trouble is not None:  # it was swallowed
        raise runner.trouble
    check_interrupts()  # as may have been an interruption
    return runner.ended(final)


class _Runner:
    """What a running training may tell and ask: see `hpstudy.objective.whole`."""

    last: int | None = None

    def __init__(self, metric: str, watcher: Watcher) -> None:
        self.metric = metric
        self.direction = watcher.direction
        self.number = watcher.trial.number
        self.trouble: BaseException | None = None  # of ours, not the objective's
        self._watcher = watcher
        self._told: list[tuple[dict[str, float | None], float]] = []
        self._since = time.perf_counter()

    def tell(self, metrics: Mapping[str, float]) -> bool:
        self._told.append((as_metrics(metrics), self._lap()))
        return self._ours(self._is_hopeless)

    def suggest(self, method: str, name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        return self._ours(partial(self._watcher.suggest, method, name, *args, **options))

    def note(self, name: str, value: object) -> None:
        self._ours(partial(self._watcher.note, name, value))

    def ended(self, final: Mapping[str, float | None]) -> list[Epoch]:
        """Returns all epochs, the last one with the final metrics."""
        last, seconds = self._told.pop() if self._told else ({}, 0.0)
        self._told.append(({**last, **final}, seconds + self._lap()))
        return [self._epoch(number) for number in range(1, len(self._told) + 1)]

    def _is_hopeless(self) -> bool:
        self._watcher.report(self._epoch(len(self._told)))
        return self._watcher.is_hopeless()

    def _epoch(self, number: int) -> Epoch:
        metrics, wall = self._told[number - 1]
        return Epoch(number, {"seconds": wall, **metrics, "wall_seconds": wall})

    def _lap(self) -> float:
        before, self._since = self._since, time.perf_counter()
        return self._since - before

    def _ours(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except (TypeError, ValueError):  # Optuna refuses what the objective asks for
            raise
        except BaseException as error:
            self.trouble = error
            raise
