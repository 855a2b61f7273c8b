"""What is to run: a plan's settings, its points, and the trainings that these share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from optuna.distributions import BaseDistribution

from hpstudy.errors import UserError
from hpstudy.objective import Objective, Runtime
from hpstudy.records import Identity
from hpstudy.sampler import SEED, Point
from hpstudy.sections import Grid, Search
from hpstudy.study import PRECISION, StudyFile


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
class Plan:
    """What the workers of one Optuna study are to do; plain data that goes to them as it is.

    Attributes:
        name: The name of the Optuna study.
        study: The study file.
        home: The folder of the study file, where its objective is looked for first.
        runtime: How the trainings run.
        settings: What is passed to the objective, where a point doesn't override it.
        metric: The metric that counts.
        direction: "maximize" or "minimize".
        incremental: Whether trainings go on epoch by epoch; a plain function trains at once.
        fingerprint: What must be the same for all trials of the Optuna study.
        fixed: What all trials have in common and so is none of their parameters.
    """

    name: str
    study: StudyFile
    home: Path
    runtime: Runtime
    settings: dict[str, Any]
    metric: str
    direction: Literal["maximize", "minimize"]
    incremental: bool
    fingerprint: dict[str, Any]
    fixed: Point = field(default_factory=dict)

    def planned(self, point: Point) -> PlannedPoint:
        """Sorts a point's values into hyperparameters, settings that it overrides, and the rest."""
        params: dict[str, Any] = {}
        settings = dict(self.settings)
        seed, precision, epochs = 0, self.runtime.precision, 1
        for name, value in {**self.fixed, **point}.items():
            if name == SEED:
                seed = int(value)
            elif name == self.study.fidelity and self.incremental:
                epochs = int(value)
            elif name == PRECISION:
                precision = str(value)
            elif name in self.study.baseline:
                params[name] = value
            else:
                settings[name] = value
        identity = Identity(
            objective=self.study.objective,
            version=self.fingerprint["version"],
            params=params,
            settings=settings,
            seed=seed,
            precision=precision,
            device=self.runtime.device,
            threads=self.runtime.threads,
        )
        return PlannedPoint(point, identity, epochs)


@dataclass(frozen=True, kw_only=True)
class PointsPlan(Plan):
    """A plan whose points are known beforehand.

    Attributes:
        points: All points, in the order in which they are handed out: points that share a
            training stand together, shortest first; trainings that take longest come first.
        seeds: The replicates.
        space: The distributions of parameters that are known beforehand; others span the points.
    """

    points: tuple[PlannedPoint, ...]
    seeds: tuple[int, ...]
    space: dict[str, BaseDistribution] = field(default_factory=dict)

    def last_epochs(self) -> dict[str, int]:
        """Returns the last epoch that each training is needed for, by key, in order."""
        last: dict[str, int] = {}
        for point in self.points:
            last[point.key] = max(point.epochs, last.get(point.key, 0))
        return last

    def epochs_left(self, finished: Mapping[str, int]) -> dict[str, int]:
        """Returns the epochs still to train, by key, given how many of each are finished."""
        return {
            key: last - finished.get(key, 0)
            for key, last in self.last_epochs().items()
            if last > finished.get(key, 0)
        }

    @property
    def epochs_asked(self) -> int:
        """Epochs when every point is trained by itself, from its first epoch."""
        return sum(p.epochs for p in self.points)


def frame(
    study: StudyFile,
    objective: Objective,
    section: Grid | Search,
    *,
    home: Path,
    runtime: Runtime,
    quick: bool,
) -> dict[str, Any]:
    """Returns what every plan of a study file's section says, as the keyword arguments of `Plan`.

    Raises:
        UserError: The study file and the objective don't fit.
    """
    if study.fidelity is None and not objective.is_function:
        raise UserError(_add_fidelity(study, objective))
    if objective.is_function and PRECISION in study.full_baseline():
        raise UserError(
            f"{PRECISION}: the objective {objective.name!r} is a function, and none is told the "
            "precision of trainings, which this name stands for; give the hyperparameter another"
        )
    settings = {**study.settings, "validation": section.validation}
    if quick:
        if objective.quick is None:
            raise UserError(f"--quick: objective {objective.name!r} names no quick settings")
        settings |= objective.quick
    fingerprint = {
        "objective": objective.name,
        "version": objective.version,
        "settings": settings,
        "metric": section.metric,
        "direction": section.direction,
        "fidelity": study.fidelity,
        **{k: v for k, v in asdict(runtime).items() if k != "data"},
    }
    return {
        "study": study,
        "home": home,
        "runtime": runtime,
        "settings": settings,
        "metric": section.metric,
        "direction": section.direction,
        "incremental": not objective.is_function,
        "fingerprint": json.loads(json.dumps(fingerprint)),
    }


def _add_fidelity(study: StudyFile, objective: Objective) -> str:
    whole = [name for name, value in study.baseline.items() if type(value) is int]
    usual = next((name for name in whole if name.startswith("epoch")), None)
    also = "" if usual else ", and epochs = 5 to [baseline]"
    return (
        f"fidelity: the objective {objective.name!r} is a Training class; to say how many epochs "
        f'it trains, add the line fidelity = "{usual or "epochs"}" above [baseline]{also}'
    )


def check_points(points: Iterable[PlannedPoint], objective: Objective, name: str) -> None:
    """Asks the objective whether it can train all these points.

    Raises:
        UserError: It can't.
    """
    for point in points:
        try:
            objective.check(point.identity.params, settings=point.identity.settings)
        except ValueError as error:
            raise UserError(f"study {name!r}: {error}") from error


def handed_out(points: Iterable[PlannedPoint], objective: Objective) -> tuple[PlannedPoint, ...]:
    """Orders points: those that share a training together, what takes longest first."""
    groups: dict[str, list[PlannedPoint]] = {}
    for point in points:
        groups.setdefault(point.key, []).append(point)

    def work(group: list[PlannedPoint]) -> float:
        identity = group[0].identity
        estimate = objective.estimate(identity.params, settings=identity.settings)
        per_epoch = estimate.operations if estimate else 1.0
        return per_epoch * max(p.epochs for p in group)

    longest_first = sorted(groups.values(), key=work, reverse=True)
    return tuple(p for group in longest_first for p in sorted(group, key=lambda p: p.epochs))
