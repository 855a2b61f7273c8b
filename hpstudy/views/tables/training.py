"""A training's epochs as a table."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.metric import IMAGES_PER_SECOND, PEAK_MEMORY, SECONDS, WALL_SECONDS, Metric
from hpstudy.numeric import finite
from hpstudy.store.records import Epoch
from hpstudy.views.tables.table import Table, table
from hpstudy.wording import headings, number

_COSTS = (SECONDS, WALL_SECONDS, IMAGES_PER_SECOND, PEAK_MEMORY)
_DETAILS = {"test_loss", "validation_loss"}


def epochs_table(epochs: Sequence[Epoch], metric: Metric) -> Table | None:
    """Returns what each epoch came to: its metrics, and how long it took.

    Args:
        epochs: The epochs of one training.
        metric: The metric that it is told by.
    """
    names = _names(epochs)
    heads = headings(names, ("epoch", "seconds"))
    kinds = {name: metric_of(name, epochs, metric) for name in names}
    rows = [
        {"epoch": f"{epoch.number}"}
        | {heads[n]: number(epoch.metrics.get(n), kinds[n]) for n in names}
        | {"seconds": seconds_told(epoch)}
        for epoch in epochs
    ]
    return table("Epoch by epoch", rows, detail=[heads[n] for n in names if n in _DETAILS])


def epoch_told(epoch: Epoch, metric: Metric) -> str:
    """Says what an epoch came to, in a line."""
    names = _names([epoch])
    told = [
        f"{headings(names, ())[n]} {number(epoch.metrics[n], metric_of(n, [epoch], metric))}"
        for n in names
        if epoch.metrics[n] is not None and n not in _DETAILS
    ]
    seconds = seconds_told(epoch)
    return ", ".join([*told, *([f"{seconds} s"] if seconds else [])])


def metric_of(name: str, epochs: Sequence[Epoch], metric: Metric) -> Metric:
    """Returns a metric with the unit that its values tell; that of the study has its own."""
    if name == metric.name:
        return metric
    values = [value for epoch in epochs if (value := epoch.metrics.get(name)) is not None]
    return Metric.named(name, metric.direction).seeing(values)


def seconds_told(epoch: Epoch) -> str:
    """Returns how long an epoch took, in seconds."""
    seconds = epoch.metrics.get(SECONDS)
    return "" if seconds is None else f"{seconds:.2f}" if seconds < 10 else f"{seconds:.1f}"


def seconds_of(epochs: Sequence[Epoch]) -> float | None:
    """Returns how long all epochs took; None where that is not known."""
    seconds = [epoch.metrics.get(SECONDS) for epoch in epochs]
    known = [value for value in seconds if value is not None]
    return finite(sum(known)) if len(known) == len(seconds) else None


def _names(epochs: Sequence[Epoch]) -> list[str]:
    names = dict.fromkeys(name for epoch in epochs for name in epoch.metrics)
    return [name for name in names if name not in _COSTS]
