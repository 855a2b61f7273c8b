"""Learning curves: how each training of a grid came to its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.numeric import finite
from hpstudy.objective import Step
from hpstudy.results.grid import FactorResult, Run
from hpstudy.sampler import Level
from hpstudy.store.database import Database
from hpstudy.store.records import Records


@dataclass(frozen=True)
class CurvePoint:
    """A finished epoch of a curve.

    Attributes:
        number: The epoch, from 1.
        metrics: Its metrics by name, as recorded; None for one that was not a finite number.
        seconds: Training time from the first epoch to the end of this one; None if not known.
    """

    number: int
    metrics: Mapping[str, float | None]
    seconds: float | None


@dataclass(frozen=True)
class Curve:
    """The learning curve of one level and seed.

    Attributes:
        factor: The factor.
        level: Its value, everything else at the baseline.
        is_baseline: Whether it is the baseline's.
        seed: The replicate.
        epochs: The epochs, from the first to the level's last.
        steps: Points between the epochs, where the training recorded any.
    """

    factor: str
    level: Level
    is_baseline: bool
    seed: int
    epochs: tuple[CurvePoint, ...]
    steps: tuple[Step, ...]


def read_curves(factors: Sequence[FactorResult], database: Database) -> tuple[Curve, ...]:
    """Reads the curves of a grid, in the order of its factors, levels and seeds.

    The baseline has a curve in each factor, as it has a row in each table.

    Args:
        factors: A grid's factors with their levels' results.
        database: The database that they were read from; curves between epochs lie in it.
    """
    records = Records(database.engine)
    steps: dict[tuple[str, int], tuple[Step, ...]] = {}
    curves = []
    for factor in factors:
        for row in factor.levels:
            for run in row.runs:
                at = run.key, len(run.epochs)
                if at not in steps:
                    steps[at] = tuple(records.steps(*at))
                curves.append(
                    Curve(
                        factor=factor.name,
                        level=row.level,
                        is_baseline=row.is_baseline,
                        seed=run.seed,
                        epochs=_points(run),
                        steps=steps[at],
                    )
                )
    return tuple(curves)


def _points(run: Run) -> tuple[CurvePoint, ...]:
    points: list[CurvePoint] = []
    total: float | None = 0.0
    for epoch in run.epochs:
        seconds = epoch.metrics.get("seconds")
        total = None if total is None or seconds is None else finite(total + seconds)
        points.append(CurvePoint(epoch.number, epoch.metrics, total))
    return tuple(points)
