"""How soon each level's trainings reach the targets that a study file names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hpstudy.results.grid import GridResults
from hpstudy.sampler import Level
from hpstudy.store.records import Epoch


@dataclass(frozen=True)
class Reached:
    """How soon a level's trainings reached a target.

    Attributes:
        target: The value of the grid's metric.
        epochs: For each seed, the first epoch after which the metric was there or better; None
            where it never was.
    """

    target: float
    epochs: tuple[int | None, ...]


# By factor and level, the targets in the study file's order.
Convergence = Mapping[tuple[str, Level], tuple[Reached, ...]]


def convergence(grid: GridResults) -> Convergence:
    """Returns how soon each level's trainings reached each target."""
    return {
        (f.name, row.level): tuple(
            Reached(target, tuple(_first(run.epochs, target, grid) for run in row.runs))
            for target in grid.targets
        )
        for f in grid.factors
        for row in f.levels
    }


def _first(epochs: Iterable[Epoch], target: float, grid: GridResults) -> int | None:
    sign = grid.metric.sign
    for epoch in epochs:
        value = epoch.metrics.get(grid.metric.name)
        if value is not None and sign * value >= sign * target:
            return epoch.number
    return None
