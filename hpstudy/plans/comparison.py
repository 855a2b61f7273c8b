"""Plans for a comparison: a setting or two, on the seeds of a look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hpstudy.objective import Objective, Runtime
from hpstudy.plans.grid import grid_of
from hpstudy.plans.points import PointsPlan, check_points, handed_out
from hpstudy.plans.scenario import scenario_of
from hpstudy.results.looks import Announcement
from hpstudy.sampler import SEED, Point
from hpstudy.studyfile.file import StudyFile


def plan_comparison(
    study: StudyFile,
    objective: Objective,
    settings: Sequence[tuple[Point, Sequence[int]]],
    *,
    name: str,
    home: Path,
    runtime: Runtime,
    announced: Announcement,
    quick: bool = False,
) -> PointsPlan:
    """Plans the trainings of settings, each on seeds of its own.

    Args:
        study: The study file, whose grid says metric and validation data.
        objective: What it trains.
        settings: The settings with their seeds.
        name: The Optuna study's name.
        home: The study file's folder.
        runtime: How the trainings run.
        announced: The looks that these seeds are of.
        quick: Whether to take a quick look: with the objective's quick settings.

    Raises:
        UserError: The objective can't train one of the points.
    """
    grid = grid_of(study)
    scenario = scenario_of(study, objective, grid, home=home, runtime=runtime, quick=quick)
    points = [
        scenario.planned({**setting, SEED: seed}) for setting, seeds in settings for seed in seeds
    ]
    check_points(points, objective, name)
    return PointsPlan(
        name=name,
        scenario=scenario,
        metric=study.measured(grid.metric, grid.direction),
        fingerprint=scenario.fingerprint(grid) | {"baseline": study.full_baseline()},
        points=handed_out(points, objective),
        seeds=tuple(sorted({seed for _, seeds in settings for seed in seeds})),
        epochs_asked=sum(point.epochs for point in points),
        announced=announced,
    )
