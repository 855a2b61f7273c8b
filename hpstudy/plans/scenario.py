"""What all trainings of a study file have in common, and the training behind a point."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.objective import Objective, Params, Runtime
from hpstudy.sampler import SEED, Point
from hpstudy.store.records import Identity
from hpstudy.store.studies import METRIC_EPOCHS
from hpstudy.studyfile.file import PRECISION, StudyFile
from hpstudy.studyfile.sections import Grid, Search
from hpstudy.studyfile.values import is_same


@dataclass(frozen=True)
class PlannedPoint:
    """One trial to be.

    Attributes:
        point: The trial's parameters: hyperparameters, and the seed where it is one of them.
        identity: The training that gives its value.
        epochs: The epoch of that training whose metrics count.
    """

    point: Point
    identity: Identity
    epochs: int

    @property
    def key(self) -> str:
        """The training's key."""
        return self.identity.key


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What all trainings of a study file's section have in common; plain data.

    Attributes:
        study: The study file.
        home: The folder of the study file, where its objective is looked for first.
        runtime: How the trainings run.
        settings: What is passed to the objective, where a point doesn't override it.
        version: The objective's version.
        incremental: Whether trainings go on epoch by epoch; a plain function trains at once.
        trial_timeout: After how many seconds a trial is ended; None for never.
        defaults: What hyperparameters are where they are left out, as far as the objective says.
    """

    study: StudyFile
    home: Path
    runtime: Runtime
    settings: Mapping[str, Any]
    version: int
    incremental: bool
    trial_timeout: float | None = None
    defaults: Params = field(default_factory=dict)

    def planned(self, point: Point, fixed: Point | None = None) -> PlannedPoint:
        """Sorts a point's values into hyperparameters, settings that it overrides, and the rest.

        Args:
            point: The trial's parameters.
            fixed: What all trials have in common and so is none of their parameters.
        """
        params: dict[str, Any] = {}
        settings = dict(self.settings)
        seed, precision, epochs = 0, self.runtime.precision, 1
        for name, value in {**(fixed or {}), **point}.items():
            if name == SEED:
                seed = int(value)
            elif name == self.study.fidelity and self.incremental:
                epochs = int(value)
            elif name == PRECISION:
                precision = str(value)
            elif name in self.settings and name not in self.study.baseline:
                settings[name] = value
            elif name not in self.defaults or not is_same(value, self.defaults[name]):
                params[name] = value
        identity = Identity(
            objective=f"{self.study.trained()}",
            version=self.version,
            params=params,
            settings=settings,
            seed=seed,
            precision=precision,
            device=self.runtime.device,
            threads=self.runtime.threads,
        )
        return PlannedPoint(point, identity, epochs)

    def fingerprint(self, section: Grid | Search) -> dict[str, Any]:
        """Returns what must be the same for all trials of a section's Optuna study."""
        found = {
            "objective": f"{self.study.trained()}",
            "version": self.version,
            "settings": self.settings,
            "metric": section.metric,
            "direction": section.direction,
            **({METRIC_EPOCHS: section.metric_epochs} if section.metric_epochs > 1 else {}),
            "fidelity": self.study.fidelity,
            **{k: v for k, v in asdict(self.runtime).items() if k != "data"},
        }
        plain: dict[str, Any] = json.loads(json.dumps(found))
        return plain


def scenario_of(
    study: StudyFile,
    objective: Objective,
    section: Grid | Search,
    *,
    home: Path,
    runtime: Runtime,
    quick: bool,
) -> Scenario:
    """Returns what the trainings of a study file's section have in common.

    Args:
        study: The study file.
        objective: What it trains.
        section: Its grid or its search.
        home: The study file's folder.
        runtime: How the trainings run.
        quick: Whether to take a quick look: with the objective's quick settings.

    Raises:
        UserError: The study file and the objective don't fit.
    """
    if study.fidelity is None and objective.keeps_state:
        raise UserError(_add_fidelity(study, objective))
    if not (objective.keeps_state or objective.is_program) and section.metric_epochs > 1:
        raise UserError(
            f"metric_epochs: the objective {objective.name!r} is a function, which has one epoch; "
            "leave it out"
        )
    if not objective.keeps_state and PRECISION in study.full_baseline():
        raise UserError(
            f"{PRECISION}: the objective {objective.name!r} is {objective.kind}, and none is told "
            "the precision of trainings, which this name stands for; give the hyperparameter "
            "another"
        )
    settings = {**study.settings, "validation": section.validation}
    if quick:
        if objective.quick is None:
            raise UserError(f"--quick: objective {objective.name!r} names no quick settings")
        settings |= objective.quick
    return Scenario(
        study=study,
        home=home,
        runtime=runtime,
        settings=settings,
        version=objective.version,
        incremental=objective.keeps_state or (objective.is_program and bool(study.fidelity)),
        trial_timeout=section.trial_timeout,
        defaults=objective.default_params,
    )


def _add_fidelity(study: StudyFile, objective: Objective) -> str:
    whole = [name for name, value in study.baseline.items() if type(value) is int]
    usual = next((name for name in whole if name.startswith("epoch")), None)
    also = "" if usual else ", and epochs = 5 to [baseline]"
    return (
        f"fidelity: the objective {objective.name!r} is a Training class; to say how many epochs "
        f'it trains, add the line fidelity = "{usual or "epochs"}" above [baseline]{also}'
    )
