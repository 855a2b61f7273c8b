"""The few points that a study's objective is checked by: the cheapest, and its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.objective import Objective
from hpstudy.plans.grid import settings_of
from hpstudy.plans.points import Plan
from hpstudy.plans.scenario import PlannedPoint, Scenario
from hpstudy.sampler import SEED, Level, Point
from hpstudy.studyfile.file import PRECISION, StudyFile
from hpstudy.studyfile.sections import Dimension
from hpstudy.studyfile.values import is_same
from hpstudy.wording import label


@dataclass(frozen=True)
class Samples:
    """Points to check an objective by.

    Attributes:
        scenario: What their trainings have in common.
        setting: The setting that all are at, but for one value.
        seeds: The seed that they are at, and another.
        others: Other values of what the study varies, cheapest first.
    """

    scenario: Scenario
    setting: Point
    seeds: tuple[int, int]
    others: Mapping[str, Sequence[Level]]

    @property
    def label(self) -> str:
        """What sets the setting apart from the baseline, in words."""
        return label(self.setting, self.scenario.study.full_baseline(), seeds=1)

    def at(self, changes: Point | None = None, *, other: bool = False) -> PlannedPoint:
        """Returns the point with some values changed, or at the other seed."""
        point = {**self.setting, **(changes or {}), SEED: self.seeds[other]}
        return self.scenario.planned(point)


def samples(plan: Plan, objective: Objective) -> Samples:
    """Chooses the points.

    Args:
        plan: The grid, or the search where there is no grid.
        objective: What it trains.
    """
    study, scenario = plan.study, plan.scenario
    seeds = [*plan.seeds, 0]

    def work(setting: Point) -> float:
        identity = scenario.planned({**setting, SEED: seeds[0]}).identity
        estimate = objective.estimate(identity.params, settings=identity.settings)
        return estimate.operations if estimate is not None else 0.0

    all_settings = settings_of(study).values() if study.grid is not None else [study.whole()]
    setting = min((_shortest(study, one) for one in all_settings), key=work)
    others: dict[str, Sequence[Level]] = {}
    for name, values in _others(study, setting).items():
        costs = {value: work({**setting, name: value}) for value in values}
        others[name] = sorted(costs, key=lambda value: costs[value])
    second = next((seed for seed in plan.seeds if seed != seeds[0]), seeds[0] + 1)
    return Samples(scenario, setting, (seeds[0], second), others)


def _shortest(study: StudyFile, setting: Point) -> Point:
    """Returns a setting that trains as short as the study ever does."""
    if study.fidelity is None:
        return setting
    levels = [*_values(study, study.fidelity), setting[study.fidelity]]
    return {**setting, study.fidelity: min(levels, key=float)}


def _others(study: StudyFile, setting: Point) -> dict[str, list[Level]]:
    """Returns the other values of what the grid or the search varies.

    That on which others depend is left out, and what counts elsewhere only.
    """
    factors = study.grid.factors if study.grid is not None else {}
    space = study.search.space if study.search is not None else {}
    found: dict[str, list[Level]] = {}
    skipped = {study.fidelity, PRECISION}.union(*(one.when or () for one in space.values()))
    for name in dict.fromkeys([*factors, *space]):
        if name in skipped or name not in setting:
            continue
        values = [v for v in _values(study, name) if not is_same(v, setting[name])]
        if values:
            found[name] = list(dict.fromkeys(values))
    return found


def _values(study: StudyFile, name: str) -> list[Level]:
    """Returns the levels of the grid, and the ends or choices of the search."""
    levels = study.grid.factors.get(name, []) if study.grid is not None else []
    tried = study.search.space.get(name) if study.search is not None else None
    return [*levels, *(_ends(tried) if tried is not None else [])]


def _ends(dimension: Dimension) -> list[Level]:
    if dimension.choices is not None:
        return dimension.choices
    return [end for end in (dimension.low, dimension.high) if end is not None]
