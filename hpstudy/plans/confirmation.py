"""Plans for confirming what a search found: first the finalists, then the winner."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.metric import Metric
from hpstudy.objective import Objective
from hpstudy.plans.distributions import fitted, holding
from hpstudy.plans.points import PointsPlan, check_points, handed_out
from hpstudy.plans.search import SearchPlan, search_of
from hpstudy.results.confirmation import (
    Candidate,
    candidates,
    choosing_seeds,
    confirming_seeds,
    points,
    winner,
)
from hpstudy.sampler import Point
from hpstudy.store.database import Database
from hpstudy.store.studies import confirm_name, find_study, trials_of

_NOT_SHARED = (
    "seed",
    "space",
    "fixed",
    "metric",
)  # what sets a search apart, but not its confirmation


def plan_choice(
    search: SearchPlan, objective: Objective, database: Database, seeds: int
) -> PointsPlan:
    """Plans the finalists' trainings on fresh seeds, validation data held out as in the search."""
    finalists = [c.setting for c in find_finalists(search, database)]
    validation = int(search.scenario.settings["validation"])
    design = points(finalists, validation, choosing_seeds(seeds))
    return _plan(search, objective, design, choosing_seeds(seeds), search.metric)


def plan_confirmation(
    search: SearchPlan, objective: Objective, database: Database, seeds: int
) -> PointsPlan | None:
    """Plans the winner's and the baseline's trainings on all training data.

    Returns:
        The plan, or None if no finalist has a value.
    """
    chosen = winner(find_finalists(search, database), search.metric)
    if chosen is None:
        return None
    settings = [chosen.setting, fitted(search.study.baseline, search.space)]
    design = points(settings, 0, confirming_seeds(seeds))
    section = search_of(search.study)
    metric = search.study.measured(section.confirming_metric, section.confirming_direction)
    return _plan(search, objective, design, confirming_seeds(seeds), metric)


def find_finalists(search: SearchPlan, database: Database) -> list[Candidate]:
    """Returns the best settings of the search, with the values that they have on fresh seeds."""
    return candidates(
        search.study.baseline,
        trials_of(find_study(search.name, database)),
        search.metric,
        search_of(search.study).finalists,
        validation=int(search.scenario.settings["validation"]),
        trials=trials_of(find_study(_name(search), database)),
    )


def _name(search: SearchPlan) -> str:
    return confirm_name(search.name.rpartition("/")[0])


def _plan(
    search: SearchPlan,
    objective: Objective,
    design: Sequence[Point],
    seeds: range,
    metric: Metric,
) -> PointsPlan:
    planned = [search.scenario.planned(point) for point in design]
    check_points(planned, objective, _name(search))
    return PointsPlan(
        name=_name(search),
        scenario=search.scenario,
        metric=metric,
        fingerprint={k: v for k, v in search.fingerprint.items() if k not in _NOT_SHARED},
        points=handed_out(planned, objective),
        seeds=tuple(seeds),
        epochs_asked=sum(point.epochs for point in planned),
        space=holding(search.space, search.study.baseline),
    )
