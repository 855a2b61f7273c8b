"""The one-factor grid's plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.points import OneFactor, PointsPlan, check_points, handed_out
from hpstudy.plans.scenario import scenario_of
from hpstudy.results.looks import Announcement
from hpstudy.sampler import SEED, Level, Point, one_factor_points
from hpstudy.seeds import seeds_of
from hpstudy.store.studies import grid_name
from hpstudy.store.trials import point_key
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.sections import Grid


def parse_seeds(text: str) -> list[int]:
    """Reads `--seeds`: "3" are the first three, "0-4", "0,1,7" and "3-3" the ones named.

    Raises:
        UserError: The text says no seeds.
    """
    try:
        return seeds_of(text)
    except ValueError as error:
        raise UserError(f"--seeds: {error}") from error


def grid_of(study: StudyFile) -> Grid:
    """Returns the grid section of a study file that has one."""
    if study.grid is None:
        raise UserError(f"study {study.title!r} has no [grid] section")
    return study.grid


def chosen_factors(study: StudyFile, factors: Sequence[str] | None) -> dict[str, list[Level]]:
    """Returns the levels of some of a grid's factors, or of all.

    Raises:
        UserError: A factor is not in the file.
    """
    known = study.grid.factors if study.grid is not None else {}
    for factor in factors or ():
        if factor not in known:
            names = ", ".join(known) or "none, as there is no [grid]"
            raise UserError(f"--factor: expected one of {names}, found {factor!r}")
    return {name: levels for name, levels in known.items() if not factors or name in factors}


def settings_of(study: StudyFile) -> dict[tuple[str, Level] | None, Point]:
    """Returns a grid's settings: the baseline as None, each other level by factor and level."""
    base = study.full_baseline()
    settings: dict[tuple[str, Level] | None, Point] = {None: base}
    for factor, levels in grid_of(study).factors.items():
        settings |= {(factor, x): {**base, factor: x} for x in levels if x != base[factor]}
    return settings


def plan_grid(
    study: StudyFile,
    objective: Objective,
    *,
    name: str,
    home: Path,
    runtime: Runtime,
    factors: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    quick: bool = False,
    announced: Announcement | None = None,
    points: Sequence[Point] | None = None,
) -> PointsPlan:
    """Plans a study file's grid.

    Args:
        study: The study file.
        objective: What it trains.
        name: The study's name, without `/grid`.
        home: The study file's folder.
        runtime: How the trainings run.
        factors: The factors to run; all where None.
        seeds: The replicates; the study file's where None.
        quick: Whether to take a quick look: with the objective's quick settings.
        announced: The looks that the points are of; None where the seeds are fixed.
        points: The points to run; each setting with each of the seeds where None.

    Raises:
        UserError: A factor is not in the file, or the objective can't train one of the points.
    """
    grid = grid_of(study)
    scenario = scenario_of(study, objective, grid, home=home, runtime=runtime, quick=quick)
    chosen = chosen_factors(study, factors)
    base = study.full_baseline()
    if points is None:
        wanted = list(dict.fromkeys(grid.seeds if seeds is None else seeds))
        points = one_factor_points(base, chosen, wanted)
    planned = [scenario.planned(point) for point in points]
    all_seeds = tuple(dict.fromkeys(int(point[SEED]) for point in points))
    check_points(planned, objective, name)
    epochs = {point_key(point.point): point.epochs for point in planned}
    levels = [{**base, factor: level} for factor in chosen for level in chosen[factor]]
    rows = [point_key({**level, SEED: seed}) for seed in all_seeds for level in levels]
    return PointsPlan(
        name=grid_name(name),
        scenario=scenario,
        metric=study.measured(grid.metric, grid.direction),
        fingerprint=scenario.fingerprint(grid),
        points=handed_out(planned, objective),
        seeds=all_seeds,
        epochs_asked=sum(epochs.get(row, 0) for row in rows),
        design=OneFactor(base, chosen),
        announced=announced,
    )
