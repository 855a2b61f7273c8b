"""What the levels and trials cost: time, memory, and accuracy against training time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hpstudy.metric import IMAGES_PER_SECOND, PEAK_MEMORY, SECONDS, Metric
from hpstudy.numeric import deviation, finite, mean
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run
from hpstudy.results.search import SearchResults
from hpstudy.store.database import Database
from hpstudy.store.records import Epoch, Records
from hpstudy.store.trials import distinct_epochs, epoch_of, is_measured, training_of, value_of

_TELLING = 0.001  # seconds: what takes less is timed by the clock's luck
_ENOUGH = 2


@dataclass(frozen=True)
class Measured:
    """Something measured in several epochs.

    Attributes:
        mean: The mean.
        deviation: The standard deviation; None for one value.
        count: How many epochs it was measured in.
    """

    mean: float
    deviation: float | None
    count: int


@dataclass(frozen=True)
class Speed:
    """What the epochs of a level took, over all its seeds; None for what was not recorded.

    Attributes:
        seconds_per_epoch: Training time of an epoch.
        images_per_second: Examples trained on in a second.
        peak_memory_mb: Highest memory of an epoch, in MiB.
    """

    seconds_per_epoch: Measured | None
    images_per_second: Measured | None
    peak_memory_mb: float | None


@dataclass(frozen=True)
class Tradeoff:
    """A setting's value and the training time that it took.

    Attributes:
        label: The setting: "baseline", "lr 0.1", "trial 31".
        seconds: Training time of all its epochs; of several seeds the mean.
        value: Its value; of several seeds the mean.
        is_on_front: Whether no other setting is at least as good in both and better in one
            (the Pareto front).
    """

    label: str
    seconds: float
    value: float
    is_on_front: bool


def is_telling(seconds: Iterable[float]) -> bool:
    """Tells whether two times at least are long enough to say something about what took them."""
    return sum(time >= _TELLING for time in seconds) >= _ENOUGH


def go_by_epochs(*factors: FactorResult) -> bool:
    """Tells whether trainings of these factors go on epoch by epoch, or are one call each."""
    return any(run.epochs[1:] for f in factors for row in f.levels for run in row.runs)


def speed(row: LevelResult) -> Speed:
    """Returns what a level's epochs took."""
    return Speed(
        seconds_per_epoch=_measured(row.runs, SECONDS),
        images_per_second=_measured(row.runs, IMAGES_PER_SECOND),
        peak_memory_mb=max(_known(row.runs, PEAK_MEMORY), default=None),
    )


def grid_tradeoffs(grid: GridResults) -> tuple[Tradeoff, ...]:
    """Returns each setting's value against its training time, quickest first; the baseline once."""
    rows = {
        "baseline" if row.is_baseline else f"{f.name} {row.level}": row
        for f in grid.factors
        for row in f.levels
        if not row.diverged  # what is left of it is the luckier part
    }
    found = []
    for label, row in rows.items():
        seconds = training_seconds(row)
        if row.average is not None and seconds is not None:
            found.append(Tradeoff(label, seconds, row.average, is_on_front=False))
    return _with_front(found, grid.metric)


def training_seconds(row: LevelResult) -> float | None:
    """Returns what a training of a level took, on average; None where that was not recorded."""
    times = [t for run in row.runs if (t := _seconds(run.epochs)) is not None]
    return mean(times) if times else None


def search_tradeoffs(search: SearchResults, database: Database) -> tuple[Tradeoff, ...]:
    """Returns each complete trial's value against its training time, quickest first.

    Args:
        search: The search's results.
        database: The database that they were read from.
    """
    complete = [t for t in search.trials if is_measured(t)]
    epochs = Records(database.engine).epochs_of(distinct_epochs(complete))
    found = []
    for trial in complete:
        last = epoch_of(trial)
        behind = [e for e in epochs.get(training_of(trial) or "", []) if e.number <= last]
        if (seconds := _seconds(behind)) is not None:
            found.append(Tradeoff(f"trial {trial.number}", seconds, value_of(trial), False))
    return _with_front(found, search.metric)


def _measured(runs: Iterable[Run], metric: str) -> Measured | None:
    values = _known(runs, metric)
    if not values:
        return None
    return Measured(mean(values), deviation(values) if len(values) > 1 else None, len(values))


def _known(runs: Iterable[Run], metric: str) -> list[float]:
    epochs = [epoch for run in runs for epoch in run.epochs]
    return [value for epoch in epochs if (value := epoch.metrics.get(metric)) is not None]


def _seconds(epochs: Sequence[Epoch]) -> float | None:
    seconds = [s for epoch in epochs if (s := epoch.metrics.get(SECONDS)) is not None]
    return finite(sum(seconds)) if seconds and len(seconds) == len(epochs) else None


def _with_front(found: Iterable[Tradeoff], metric: Metric) -> tuple[Tradeoff, ...]:
    """Sorts by time; on the front is what is better than all that is quicker."""
    sign = metric.sign
    best, best_seconds = -math.inf, 0.0
    marked = []
    for one in sorted(found, key=lambda t: (t.seconds, -sign * t.value)):
        if sign * one.value > best:
            best, best_seconds = sign * one.value, one.seconds
        is_on_front = (sign * one.value, one.seconds) == (best, best_seconds)  # or its equal
        marked.append(replace(one, is_on_front=is_on_front))
    return tuple(marked)
