"""Plans for confirming what a search found: first the finalists, then the winner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from hpstudy.metric import Metric
from hpstudy.objective import Objective
from hpstudy.plans.distributions import fitted, holding
from hpstudy.plans.points import PointsPlan, check_points, handed_out
from hpstudy.plans.search import SearchPlan, search_of
from hpstudy.results.ablation import Changes, setting_of
from hpstudy.results.confirmation import Candidate, Winner, candidates, winner
from hpstudy.results.fresh import Design, confirming_seeds, design_of, points
from hpstudy.results.looks import Announcement
from hpstudy.sampler import Point
from hpstudy.store.database import Database
from hpstudy.store.studies import confirm_name, find_study, trials_of
from hpstudy.store.trials import PointKey, point_key
from hpstudy.studyfile.sections import Search

_NOT_SHARED = (
    "seed",
    "space",
    "when",
    "fixed",
    "metric",
)  # what sets a search apart, but not its confirmation


def announcing(section: Search, seeds: int, begun: int = 0) -> Announcement:
    """Returns the looks at a winner.

    Args:
        section: The study file's search.
        seeds: How many fresh seeds it gets at most; from 1.
        begun: How many it has got already: from two on, these are the first look.
    """
    counts = [n for n in (begun, *section.confirm_looks) if max(begun, 2) <= n < seeds]
    return Announcement(
        tuple(sorted({*counts, seeds})),
        tuple(confirming_seeds(seeds)),
        section.equal_within,
        spreads=section.spreads,
    )


def begun_design(search: SearchPlan, database: Database | None) -> Design:
    """Returns how a search's confirmation has begun, or as the study file wants it."""
    study = find_study(_name(search), database) if database is not None else None
    return design_of(study, held_out=search_of(search.study).choose_held_out)


def design(search: SearchPlan, database: Database | None, seeds: int | None) -> Design:
    """Returns how a search's confirmation is to go, or goes on.

    One that has announced its looks keeps them, unless others are asked for, which are refused once
    a value is known. One of an earlier version, with a fixed number of seeds, stays as it is; where
    more are asked for, those that it has are the first look.

    Args:
        search: The search.
        database: The database; None where there is none yet.
        seeds: How many fresh seeds are asked for; as begun, else the study file's, where None.
    """
    section = search_of(search.study)
    found = begun_design(search, database)
    if found.looks is not None:
        found = replace(found, looks=replace(found.looks, spreads=section.spreads))
    begun = len(found.confirming)
    if seeds is None and found.looks is not None:
        return found
    if found.looks is None and begun and (seeds or section.confirm_seeds or begun) <= begun:
        return found
    wanted = seeds or section.confirm_seeds or section.confirm_looks[-1]
    if found.looks is not None:
        if found.looks.counts[-1] == wanted:
            return found
        begun = 0
    return replace(found, looks=announcing(section, wanted, begun))


def plan_choice(
    search: SearchPlan, objective: Objective, database: Database, way: Design
) -> PointsPlan:
    """Plans what the winner is chosen by.

    These are the finalists and the baseline on all training data; or the finalists alone,
    validation data held out as in the search.
    """
    finalists = [c.setting for c in find_finalists(search, database, way)]
    if way.is_apart:
        chosen = points(finalists, int(search.scenario.settings["validation"]), way.choosing)
    elif finalists:
        chosen = points([*finalists, _baseline(search)], 0, way.choosing)
    else:
        chosen = []
    return _plan(search, objective, chosen, way, way.choosing)


def plan_confirmation(
    search: SearchPlan,
    objective: Objective,
    database: Database,
    way: Design,
    seeds: Sequence[int],
    without: Collection[PointKey] = (),
) -> PointsPlan | None:
    """Plans the winner's and the baseline's trainings on all training data.

    Args:
        search: The search.
        objective: What it trains.
        database: The database.
        way: How the confirmation goes.
        seeds: The seeds of both.
        without: Points that are to be left out.

    Returns:
        The plan, or None if no finalist has a value.
    """
    chosen = winner(find_finalists(search, database, way), _chosen_by(search, way))
    if chosen is None:
        return None
    both = points([chosen.setting, _baseline(search)], 0, seeds)
    wanted = [point for point in both if point_key(point) not in without]
    return _plan(search, objective, wanted, way, seeds, is_choice=False)


def plan_between(
    search: SearchPlan, objective: Objective, way: Design, won: Winner, parts: Iterable[Changes]
) -> PointsPlan:
    """Plans settings between the baseline and the winner, on the seeds that the two share.

    Args:
        search: The search.
        objective: What it trains.
        way: How the confirmation goes.
        won: The winner.
        parts: Which of the winner's changes each has.
    """
    baseline = _baseline(search)
    seeds = sorted(won.values.keys() & won.baseline_values.keys())
    settings = [fitted(setting_of(one, baseline, won.setting), search.space) for one in parts]
    return _plan(search, objective, points(settings, 0, seeds), way, seeds, is_choice=False)


def find_finalists(search: SearchPlan, database: Database, way: Design) -> list[Candidate]:
    """Returns the best settings of the search, with the values that they have on fresh seeds."""
    return candidates(
        search.study.whole,
        trials_of(find_study(search.name, database)),
        search.metric,
        search_of(search.study).finalists,
        validation=int(search.scenario.settings["validation"]) if way.is_apart else 0,
        seeds=way.choosing,
        trials=trials_of(find_study(_name(search), database)),
    )


def _name(search: SearchPlan) -> str:
    return confirm_name(search.name.rpartition("/")[0])


def _baseline(search: SearchPlan) -> Point:
    return fitted(search.study.whole(), search.space)


def _confirmed_by(search: SearchPlan) -> Metric:
    section = search_of(search.study)
    return search.study.measured(section.confirming_metric, section.confirming_direction)


def _chosen_by(search: SearchPlan, way: Design) -> Metric:
    return search.metric if way.is_apart else _confirmed_by(search)


def _plan(
    search: SearchPlan,
    objective: Objective,
    design: Iterable[Point],
    way: Design,
    seeds: Sequence[int],
    *,
    is_choice: bool = True,
) -> PointsPlan:
    planned = [search.scenario.planned(point) for point in design]
    check_points(planned, objective, _name(search))
    return PointsPlan(
        name=_name(search),
        scenario=search.scenario,
        metric=_chosen_by(search, way) if is_choice else _confirmed_by(search),
        fingerprint={k: v for k, v in search.fingerprint.items() if k not in _NOT_SHARED},
        points=handed_out(planned, objective),
        seeds=tuple(seeds),
        epochs_asked=sum(point.epochs for point in planned),
        space=holding(search.space, search.study.baseline),
        announced=way.looks,
    )
