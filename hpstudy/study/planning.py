"""Planning a grid and a search as they are asked for: what is left out is as it has begun."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.grid import parse_seeds, plan_grid
from hpstudy.plans.points import PointsPlan
from hpstudy.plans.samplers import DEFAULT_PRUNER, DEFAULT_SAMPLER
from hpstudy.plans.search import Limits, SearchPlan, plan_search, search_of
from hpstudy.results.looks import Announcement
from hpstudy.running.fingerprint import begun_with
from hpstudy.sampler import Point
from hpstudy.store.database import Database
from hpstudy.store.studies import PRUNER, SAMPLER, grid_name, search_name
from hpstudy.study.opened import Opened
from hpstudy.studyfile.values import as_seconds

Seeds = str | int | Iterable[int]


@dataclass(frozen=True)
class Machine:
    """What trainings are to run on.

    Attributes:
        device: "auto", "cpu", "cuda" or "mps".
        precision: "auto", "fp32" or "bf16".
        threads: Threads of one training.
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int = 1


def runtime_of(
    opened: Opened,
    objective: Objective,
    reader: Database | None,
    machine: Machine,
    *studies: str,
) -> Runtime:
    """Returns how trainings beside a study's run: as these, its grid or its search have begun.

    Args:
        opened: The study.
        objective: What it trains.
        reader: The database; None where there is none yet.
        machine: What trainings are to run on.
        *studies: The names of the Optuna studies that they are in, if any.
    """
    names = [*studies, grid_name(opened.name), search_name(opened.name)]
    begun = next((name for name in names if begun_with(name, reader)), names[0])
    return opened.runtime(objective, begun, reader, **vars(machine))


def grid_plan(
    opened: Opened,
    objective: Objective,
    reader: Database | None,
    machine: Machine,
    *,
    factors: Sequence[str] | None = None,
    seeds: Seeds | None = None,
    looks: Announcement | None = None,
    points: Sequence[Point] | None = None,
) -> PointsPlan:
    """Plans a study's grid.

    Args:
        opened: The study.
        objective: What it trains.
        reader: The database; None where there is none yet.
        machine: What trainings are to run on.
        factors: The factors to run; all where None.
        seeds: How many seeds, or which; the study file's where None.
        looks: The looks that the points are of; None where the seeds are fixed.
        points: The points to run; each setting with each of the seeds where None.
    """
    return plan_grid(
        opened.file,
        objective,
        name=opened.name,
        home=opened.home,
        runtime=opened.runtime(objective, grid_name(opened.name), reader, **vars(machine)),
        factors=factors,
        seeds=None if seeds is None else parse_seeds(spelled(seeds)),
        quick=opened.is_quick,
        announced=looks,
        points=points,
    )


def search_plan(
    opened: Opened,
    objective: Objective,
    reader: Database | None,
    machine: Machine,
    *,
    trials: int | None = None,
    timeout: str | int | None = None,
    deadline: float | None = None,
    epochs: int | None = None,
    sampler: str | None = None,
    pruner: str | None = None,
    seed: int | None = None,
) -> SearchPlan:
    """Plans a study's search.

    Args:
        opened: The study.
        objective: What it trains.
        reader: The database; None where there is none yet.
        machine: What trainings are to run on.
        trials: Finished trials in all; the study file's where None.
        timeout: How long trials begin, in seconds or as "1h30m"; without end where None.
        deadline: Until when, in seconds since 1970, where there is no timeout.
        epochs: After how many epochs in all none begins; without end where None.
        sampler: The sampler's name; as begun where None.
        pruner: The pruner's name; as begun where None.
        seed: What the sampler draws from; as begun where None.
    """
    runtime = opened.runtime(objective, search_name(opened.name), reader, **vars(machine))
    begun = begun_with(search_name(opened.name), reader)
    limits = Limits(
        trials=search_of(opened.file).trials if trials is None else trials,
        epochs=epochs,
        deadline=deadline if timeout is None else time.time() + seconds_of(f"{timeout}"),
    )
    return plan_search(
        opened.file,
        objective,
        name=opened.name,
        home=opened.home,
        runtime=runtime,
        limits=limits,
        sampler=sampler or begun.get(SAMPLER, DEFAULT_SAMPLER),
        pruner=pruner or begun.get(PRUNER, DEFAULT_PRUNER),
        seed=begun.get("seed", 0) if seed is None else seed,
        quick=opened.is_quick,
    )


def seconds_of(text: str, option: str = "--timeout") -> float:
    """Reads a duration such as "90", "90s", "30m" or "1h30m" as seconds.

    Args:
        text: The duration.
        option: The option that gives it.

    Raises:
        UserError: The text is no duration.
    """
    try:
        return as_seconds(text)
    except ValueError as error:
        raise UserError(f"{option}: {error}, found {shown(text)}") from error


def spelled(seeds: Seeds) -> str:
    """Returns seeds as `--seeds` takes them."""
    if isinstance(seeds, (str, int)):
        return f"{seeds}"
    return ",".join(f"{seed}-{seed}" for seed in seeds)
