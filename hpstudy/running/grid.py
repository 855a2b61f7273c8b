"""The one-factor grid's plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.objective import Objective, Runtime
from hpstudy.running.plan import PointsPlan, check_points, frame, handed_out
from hpstudy.sampler import Level, one_factor_points
from hpstudy.sections import Grid
from hpstudy.seeds import seeds_of
from hpstudy.studies import grid_name
from hpstudy.study import StudyFile


@dataclass(frozen=True, kw_only=True)
class GridPlan(PointsPlan):
    """A one-factor grid.

    Attributes:
        factors: The factors to run; those of the study file or a part of them.
    """

    factors: dict[str, list[Level]]

    @property
    def epochs_asked(self) -> int:
        """Epochs when every table row is counted by itself, from its first epoch."""
        fidelity = self.study.fidelity if self.incremental else None
        base = self.study.full_baseline()
        rows = (
            {**base, factor: level} for factor in self.factors for level in self.factors[factor]
        )
        return len(self.seeds) * sum(1 if fidelity is None else int(p[fidelity]) for p in rows)


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
) -> GridPlan:
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

    Raises:
        UserError: A factor is not in the file, or the objective can't train one of the points.
    """
    grid = grid_of(study)
    common = frame(study, objective, grid, home=home, runtime=runtime, quick=quick)
    chosen = chosen_factors(study, factors)
    all_seeds = tuple(dict.fromkeys(grid.seeds if seeds is None else seeds))
    plan = GridPlan(**common, name=grid_name(name), seeds=all_seeds, factors=chosen, points=())
    design = one_factor_points(study.full_baseline(), chosen, all_seeds)
    points = [plan.planned(point) for point in design]
    check_points(points, objective, name)
    return dataclasses.replace(plan, points=handed_out(points, objective))
