"""The plan of one training by itself: a setting and a seed, in no Optuna study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from optuna.distributions import BaseDistribution

from hpstudy.errors import UserError
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.distributions import fitted
from hpstudy.plans.points import check_points
from hpstudy.plans.scenario import PlannedPoint, Scenario, scenario_of
from hpstudy.plans.search import search_of, space_of
from hpstudy.sampler import SEED, Level, Point
from hpstudy.studyfile.changed import compared, parse_changes, with_changes
from hpstudy.studyfile.file import PRECISION, VALIDATION, StudyFile
from hpstudy.studyfile.sections import Grid, Search
from hpstudy.studyfile.values import is_same


@dataclass(frozen=True)
class Choice:
    """What is to be trained.

    Attributes:
        setting: The hyperparameters.
        section: The section of the study file that says on what data.
        seed: The replicate.
        fixed: What is otherwise than that section says.
    """

    setting: Point
    section: Grid | Search
    seed: int = 0
    fixed: Point = field(default_factory=dict)


def baseline_of(study: StudyFile, changes: Mapping[str, Level] | None = None) -> Choice:
    """Returns a study's baseline as its grid trains it, else as a search's confirmation does.

    Args:
        study: The study file.
        changes: What is changed of the baseline.

    Raises:
        UserError: The study file has neither.
    """
    if study.grid is not None:
        return Choice({**study.full_baseline(), **(changes or {})}, study.grid)
    if study.search is None:
        raise UserError(
            f"study {study.title!r} has neither [grid] nor [search]: expected one that names the "
            "metric"
        )
    return confirming(study, changes or {})


def confirming(study: StudyFile, params: Mapping[str, Level]) -> Choice:
    """Returns a setting as a search's confirmation trains it: on all training data.

    Args:
        study: The study file.
        params: The hyperparameters; what is left out is as at the baseline.
    """
    space = space_of(study)
    setting = {name: _fitted(v, space.get(name)) for name, v in study.whole(params).items()}
    return Choice(setting, search_of(study), fixed={VALIDATION: 0})


def _fitted(value: Level, within: BaseDistribution | None) -> Level:
    """Returns a value as trials have it: 2 is 2.0 in a range of such numbers."""
    try:
        found: Level = fitted({"": value}, {"": within} if within is not None else {})[""]
    except ValueError:  # none of the choices
        return value
    return found if is_same(found, value) else value


def changes_of(
    study: StudyFile, changes: tuple[str, ...], defaults: Mapping[str, Level] | None = None
) -> dict[str, Level]:
    """Reads changes such as "lr=0.003" of a study's baseline, or of another setting.

    Args:
        study: The study file.
        changes: The changes, as given.
        defaults: What hyperparameters are that the study leaves out, as the objective says.

    Raises:
        UserError: One names no hyperparameter or setting, or no such value.
    """
    known = {*study.baseline, *study.settings}
    more = {name: value for name, value in (defaults or {}).items() if name not in known}
    study = study.model_copy(update={"baseline": {**study.baseline, **more}})
    parsed = parse_changes(study, changes)
    other = {k: v for k, v in parsed.items() if not is_same(v, study.baseline_of(k))}
    if not other:
        return {name: study.baseline_of(name) for name in parsed}
    _, changed = compared(with_changes(study, other))
    return {name: changed.get(name, study.baseline_of(name)) for name in parsed}


def plan_training(
    study: StudyFile,
    objective: Objective,
    choice: Choice,
    *,
    name: str,
    home: Path,
    runtime: Runtime,
    quick: bool,
) -> tuple[Scenario, PlannedPoint]:
    """Plans one training.

    Args:
        study: The study file.
        objective: What it trains.
        choice: The setting, its seed, and on what data.
        name: The study's name.
        home: The study file's folder.
        runtime: How it runs.
        quick: Whether to take a quick look: with the objective's quick settings.

    Raises:
        UserError: The objective can't train it.
    """
    section = choice.section
    scenario = scenario_of(study, objective, section, home=home, runtime=runtime, quick=quick)
    planned = scenario.planned({**choice.setting, **choice.fixed, SEED: choice.seed})
    check_points([planned], objective, name)
    return scenario, planned


def hyperparameters(study: StudyFile, planned: PlannedPoint) -> Mapping[str, Level]:
    """Returns a training's hyperparameters, with how long it goes on, in the file's order."""
    point, params = planned.point, planned.identity.params
    names = [name for name in study.baseline if name in point and name != PRECISION]
    return {name: point[name] for name in dict.fromkeys([*names, *params])}
