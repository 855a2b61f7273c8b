"""The plan of a setting that combines levels of a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hpstudy.objective import Objective
from hpstudy.plans.points import PointsPlan, check_points, handed_out
from hpstudy.results.combined import Combination
from hpstudy.sampler import SEED, Level, Point


def plan_combined(
    grid: PointsPlan, objective: Objective, levels: Mapping[str, Level], seeds: Sequence[int]
) -> PointsPlan:
    """Plans the trainings of several levels at once, in the grid's own Optuna study.

    Args:
        grid: The grid's plan.
        objective: What it trains.
        levels: The levels, by factor; the rest is the baseline's.
        seeds: The replicates.

    Raises:
        UserError: The objective can't train them together.
    """
    combined = Combination({**grid.study.full_baseline(), **levels}, tuple(seeds))
    planned = [grid.scenario.planned(point) for point in combined.points]
    check_points(planned, objective, grid.name.rpartition("/")[0])
    return replace(
        grid,
        points=handed_out(planned, objective),
        seeds=combined.seeds,
        epochs_asked=sum(point.epochs for point in planned),
        announced=None,
        combined=combined,
    )


def dearest(grid: PointsPlan, objective: Objective) -> dict[str, Level]:
    """Returns the levels that cost most together, one of each factor, the baseline's left out.

    Args:
        grid: The grid's plan.
        objective: What it trains.
    """
    baseline = grid.study.full_baseline()
    found: dict[str, Level] = {}

    def work(point: Point) -> float:
        planned = grid.scenario.planned({**point, SEED: grid.seeds[0]})
        identity = planned.identity
        estimate = objective.estimate(identity.params, settings=identity.settings)
        return planned.epochs * (estimate.operations if estimate else 1.0)

    for factor, levels in grid.study.grid.factors.items() if grid.study.grid else ():
        others = [level for level in levels if level != baseline[factor]]
        if others:
            found[factor] = max(others, key=lambda x: work({**baseline, **found, factor: x}))
    return found
