"""Running a study's grid, with fixed seeds or until its levels are decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hpstudy.objective import Objective
from hpstudy.plans.forecast_looks import LooksForecast
from hpstudy.plans.forecast_points import Forecast, forecast
from hpstudy.plans.points import PointsPlan
from hpstudy.running.course import Teller, Trained, run_points
from hpstudy.running.crew import Crew, workers_for
from hpstudy.running.fingerprint import check
from hpstudy.running.leftover import not_imported
from hpstudy.store.connections import Connections
from hpstudy.study.announcing import Announced, announced
from hpstudy.study.looking import Looking
from hpstudy.study.noting import noted
from hpstudy.study.opened import Opened
from hpstudy.study.planning import Machine, Seeds, grid_plan, spelled


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for of a grid.

    Attributes:
        factors: The factors to run; all where None.
        seeds: How many seeds, or which; the study file's where None.
        until: The margin up to which levels count as equal, "" for the study file's: seeds are
            added until each level is decided. None: as begun, else with fixed seeds.
        combine: Whether to train the best level of each factor together, once they are known.
        machine: What trainings are to run on.
    """

    factors: Sequence[str] | None
    seeds: Seeds | None
    until: str | None
    combine: bool
    machine: Machine

    def options(self) -> dict[str, Any]:
        """Returns all but the machine, as plain data."""
        seeds = None if self.seeds is None else spelled(self.seeds)
        factors = None if self.factors is None else list(self.factors)
        return {"factors": factors, "seeds": seeds, "until": self.until, "combine": self.combine}


def run_grid(
    opened: Opened,
    objective: Objective,
    database: Connections,
    asked: Asked,
    crew: Crew,
    teller: Teller,
) -> Trained:
    """Trains what is missing of a study's grid, and then its better levels together if asked to.

    Args:
        opened: The study.
        objective: What it trains.
        database: The run's database.
        asked: What is asked for.
        crew: Who does the work.
        teller: Who tells how it goes.

    Raises:
        UserError: An option is wrong, or the grid can't be run here.
        KeyboardInterrupt: It was interrupted; all finished epochs are kept.
    """
    found = _announced(opened, database, asked)
    crew = crew.asked_for(noted("grid", [opened], **asked.options()))
    if found is None:
        plan = _plan(opened, objective, database, asked)
        done = run_points(plan, objective, database, crew, teller)
    else:
        looking = Looking(opened, objective, asked.machine, found.looks)
        done = looking.run(database, crew, teller, found.told)
    if asked.combine:
        from hpstudy.study.combining import Combining

        combining = Combining(opened, objective, asked.machine)
        done += combining.run(database, crew, teller)
    return done


def grid_forecast(
    opened: Opened,
    objective: Objective,
    database: Connections,
    asked: Asked,
    workers: int | None,
) -> Forecast | LooksForecast:
    """Says what a study's grid would take; trains nothing and writes nothing.

    Args:
        opened: The study.
        objective: What it trains.
        database: The run's database.
        asked: What is asked for.
        workers: How many processes; as many as are of use where None.

    Raises:
        UserError: An option is wrong, or the grid can't be run here.
    """
    reader = database.reader
    if (found := _announced(opened, database, asked)) is not None:
        looking = Looking(opened, objective, asked.machine, found.looks)
        return looking.forecast(reader, workers)
    plan = _plan(opened, objective, database, asked)
    check(plan, reader)
    plan = replace(plan, points=not_imported(plan, reader))
    return forecast(plan, objective, reader, opened.runs, workers_for(workers, plan))


def combined_forecast(
    opened: Opened,
    objective: Objective,
    database: Connections,
    asked: Asked,
    workers: int | None,
    grid: Forecast | LooksForecast,
) -> Forecast | None:
    """Says what training its better levels together would take at most, beside a study's grid.

    Args:
        opened: The study.
        objective: What it trains.
        database: The run's database.
        asked: What is asked for.
        workers: How many processes; as many as are of use where None.
        grid: What the grid would take.

    Returns:
        What it would take; None where it is not asked for, or there can't be one.
    """
    if not asked.combine:
        return None

    from hpstudy.study.combining import Combining

    most = grid.most if isinstance(grid, LooksForecast) else grid
    seeds = (
        grid.looks.seeds
        if isinstance(grid, LooksForecast)
        else _plan(opened, objective, database, asked).seeds
    )
    combining = Combining(opened, objective, asked.machine)
    return combining.forecast(database.reader, workers, seeds, is_done=not most.epochs_left)


def _announced(opened: Opened, database: Connections, asked: Asked) -> Announced | None:
    return announced(
        opened, database.reader, until=asked.until, factors=asked.factors, seeds=asked.seeds
    )


def _plan(opened: Opened, objective: Objective, database: Connections, asked: Asked) -> PointsPlan:
    return grid_plan(
        opened,
        objective,
        database.reader,
        asked.machine,
        factors=asked.factors,
        seeds=asked.seeds,
    )
