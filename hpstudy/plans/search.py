"""The search's plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.distributions import fitted
from hpstudy.plans.points import Plan, check_points
from hpstudy.plans.samplers import PRUNERS, SAMPLERS
from hpstudy.plans.scenario import PlannedPoint, scenario_of
from hpstudy.results.fresh import FIRST_CONFIRMING_SEED
from hpstudy.sampler import SEED, Point
from hpstudy.store.studies import PRUNER, SAMPLER, search_name
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.sections import Dimension, Search

_EXAMPLES = 200  # random points that stand for the space when its cost is estimated


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a search ends; trials that run are finished.

    Attributes:
        trials: Finished trials in all, complete or pruned, whoever ran them.
        epochs: Epochs trained in all; None for no limit.
        deadline: The time, in seconds since the epoch, after which no trial begins; None for
            none.
    """

    trials: int
    epochs: int | None = None
    deadline: float | None = None


@dataclass(frozen=True, kw_only=True)
class SearchPlan(Plan):
    """A search.

    Attributes:
        space: The distribution of each hyperparameter.
        sampler: The sampler's name.
        pruner: The pruner's name.
        seed: Every trial is trained from it, and the sampler draws from it.
        limits: When it ends.
    """

    space: dict[str, BaseDistribution]
    sampler: str
    pruner: str
    seed: int
    limits: Limits

    def planned(self, point: Point) -> PlannedPoint:
        """Returns the training behind a trial's parameters, the others at the baseline."""
        return self.scenario.planned(point, {**self.study.whole(point), SEED: self.seed})

    @property
    def baseline(self) -> Point:
        """The baseline's values of what is searched: the first trial."""
        whole = self.study.whole()
        return fitted({name: whole[name] for name in self.space if name in whole}, self.space)

    @property
    def last_epoch(self) -> int | None:
        """The most epochs that a trial may take; None where these are the objective's affair."""
        fidelity = self.study.fidelity
        if fidelity is None or not self.scenario.incremental:
            return None
        dimension = self.space.get(fidelity)
        if isinstance(dimension, IntDistribution):
            return dimension.high
        if isinstance(dimension, CategoricalDistribution):
            return max(int(str(choice)) for choice in dimension.choices)
        return int(self.study.baseline[fidelity])

    def examples(self) -> list[PlannedPoint]:
        """Returns random points of the space, to estimate by."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        return [self.planned(self.ask(study).params) for _ in range(_EXAMPLES)]

    def ask(self, study: optuna.Study) -> optuna.Trial:
        """Asks a study for a trial of the space; what depends on others comes after them."""
        if all(one.when is None for one in search_of(self.study).space.values()):
            return study.ask(self.space)
        trial = study.ask()
        while left := [n for n in self.study.searched(trial.params) if n not in trial.params]:
            suggest(trial, left[0], self.space[left[0]])
        return trial


def search_of(study: StudyFile) -> Search:
    """Returns the search section of a study file that has one.

    Raises:
        UserError: It has none.
    """
    if study.search is None:
        raise UserError(f"study {study.title!r} has no [search] section")
    return study.search


def space_of(study: StudyFile) -> dict[str, BaseDistribution]:
    """Returns the distribution of each hyperparameter that a study file's search chooses."""
    return {
        key: distribution(dimension, study.baseline.get(key, dimension.low))
        for key, dimension in search_of(study).space.items()
    }


def plan_search(
    study: StudyFile,
    objective: Objective,
    *,
    name: str,
    home: Path,
    runtime: Runtime,
    limits: Limits,
    sampler: str,
    pruner: str,
    seed: int = 0,
    quick: bool = False,
) -> SearchPlan:
    """Plans a study file's search.

    Args:
        study: The study file.
        objective: What it trains.
        name: The study's name, without `/search`.
        home: The study file's folder.
        runtime: How the trainings run.
        limits: When it ends.
        sampler: The sampler's name.
        pruner: The pruner's name.
        seed: Every trial is trained from it, and the sampler draws from it.
        quick: Whether to take a quick look: with the objective's quick settings.

    Raises:
        UserError: The file has no search, an option is unknown, or the objective can't train
            what the space holds.
    """
    section = search_of(study)
    _check_choice("--sampler", sampler, SAMPLERS)
    _check_choice("--pruner", pruner, PRUNERS)
    if not isinstance(seed, int) or not 0 <= seed < FIRST_CONFIRMING_SEED:
        raise UserError(
            f"--seed: expected 0 to {FIRST_CONFIRMING_SEED - 1} (higher ones are kept fresh for "
            f"the confirmation), found {shown(seed)}"
        )
    scenario = scenario_of(study, objective, section, home=home, runtime=runtime, quick=quick)
    space = space_of(study)
    searched = {
        "seed": seed,
        "space": {k: optuna.distributions.distribution_to_json(d) for k, d in space.items()},
        "fixed": {k: v for k, v in study.baseline.items() if k not in space},
    }
    when = {name: one.when for name, one in section.space.items() if one.when is not None}
    if when:
        searched["when"] = when
    plan = SearchPlan(
        name=search_name(name),
        scenario=scenario,
        metric=study.measured(section.metric, section.direction),
        fingerprint={**scenario.fingerprint(section), **searched},
        space=space,
        sampler=sampler,
        pruner=pruner,
        seed=seed,
        limits=limits,
        options={SAMPLER: sampler, PRUNER: pruner},
        may_prune=True,
    )
    check_points([plan.planned(plan.baseline), *plan.examples()], objective, name)
    return plan


def _check_choice(option: str, found: str, known: Sequence[str]) -> None:
    if found not in known:
        raise UserError(f"{option}: expected {', '.join(known)}, found {found!r}")


def suggest(trial: optuna.Trial, name: str, of: BaseDistribution) -> None:
    """Lets a trial choose a value of a distribution."""
    if isinstance(of, CategoricalDistribution):
        trial.suggest_categorical(name, of.choices)
    elif isinstance(of, IntDistribution):
        trial.suggest_int(name, of.low, of.high, step=of.step, log=of.log)
    elif isinstance(of, FloatDistribution):
        trial.suggest_float(name, of.low, of.high, step=of.step, log=of.log)


def distribution(dimension: Dimension, baseline: Any) -> BaseDistribution:  # noqa: ANN401
    """Returns a dimension as Optuna's distribution: whole numbers where all its values are."""
    if dimension.choices is not None:
        return CategoricalDistribution(dimension.choices)
    low, high, step = dimension.low, dimension.high, dimension.step
    assert low is not None
    assert high is not None
    if dimension.is_whole(baseline):
        return IntDistribution(int(low), int(high), log=dimension.log, step=int(step or 1))
    return FloatDistribution(float(low), float(high), log=dimension.log, step=step)
