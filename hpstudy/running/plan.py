"""What a grid will run: its points, the trainings that they share, and the epochs these take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.objective import Objective, Runtime
from hpstudy.records import Identity
from hpstudy.sampler import SEED, Level, Point, one_factor_points
from hpstudy.study import PRECISION, Grid, StudyFile
from hpstudy.trials import grid_name


@dataclass(frozen=True)
class PlannedPoint:
    """One trial to be.

    Attributes:
        point: The hyperparameters and the seed, as the trial's parameters.
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


@dataclass(frozen=True)
class GridPlan:
    """A grid, ready to run; plain data that goes to the workers as it is.

    Attributes:
        name: The name of its Optuna study, `NAME/grid`.
        study: The study file.
        home: The folder of the study file, where its objective is looked for first.
        runtime: How the trainings run.
        factors: The factors to run; those of the study file or a part of them.
        seeds: The replicates.
        incremental: Whether trainings go on epoch by epoch; a plain function trains at once.
        points: All points, in the order in which they are handed out: points that share a
            training stand together, shortest first; trainings that take longest come first.
        fingerprint: What must be the same for all trials of one Optuna study.
    """

    name: str
    study: StudyFile
    home: Path
    runtime: Runtime
    factors: dict[str, list[Level]]
    seeds: tuple[int, ...]
    incremental: bool
    points: tuple[PlannedPoint, ...]
    fingerprint: dict[str, Any]

    @property
    def grid(self) -> Grid:
        """The study file's grid section."""
        return grid_of(self.study)

    @property
    def epochs_asked(self) -> int:
        """Epochs when every table row is counted by itself, from its first epoch."""
        fidelity = self.study.fidelity if self.incremental else None
        base = self.study.full_baseline()
        rows = (
            {**base, factor: level} for factor in self.factors for level in self.factors[factor]
        )
        return len(self.seeds) * sum(1 if fidelity is None else int(p[fidelity]) for p in rows)

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

    def extendable(self) -> set[str]:
        """Returns the keys of trainings that a further level of the fidelity would go on with."""
        if self.study.fidelity not in self.grid.factors:
            return set()
        base = self.study.full_baseline()
        return {
            p.key
            for p in self.points
            if all(p.point[k] == v for k, v in base.items() if k != self.study.fidelity)
        }


def parse_seeds(text: str) -> list[int]:
    """Reads replicates such as "0-4" or "0,1,7".

    Raises:
        UserError: The text is no such list.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if (
            not first.isdigit()
            or (dash and not last.isdigit())
            or (dash and int(first) > int(last))
        ):
            raise UserError(f"--seeds: expected numbers such as 0-4 or 0,1,2, found {text!r}")
        seeds += range(int(first), int(last or first) + 1)
    return list(dict.fromkeys(seeds))


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
    _check_fidelity(study, objective)
    chosen = chosen_factors(study, factors)
    settings = {**study.settings, "validation": grid.validation}
    if quick:
        if objective.quick is None:
            raise UserError(f"--quick: objective {objective.name!r} names no quick settings")
        settings |= objective.quick
    all_seeds = tuple(dict.fromkeys(grid.seeds if seeds is None else seeds))
    points = [
        plan_point(study, objective, point, settings, runtime)
        for point in one_factor_points(study.full_baseline(), chosen, all_seeds)
    ]
    for point in points:
        try:
            objective.check(point.identity.params, settings=point.identity.settings)
        except ValueError as error:
            raise UserError(f"study {name!r}: {error}") from error
    fingerprint = {
        "objective": objective.name,
        "version": objective.version,
        "settings": settings,
        "metric": grid.metric,
        "direction": grid.direction,
        "fidelity": study.fidelity,
        **{k: v for k, v in asdict(runtime).items() if k != "data"},
    }
    return GridPlan(
        name=grid_name(name),
        study=study,
        home=home,
        runtime=runtime,
        factors=chosen,
        seeds=all_seeds,
        incremental=not objective.is_function,
        points=tuple(_handed_out(points, objective)),
        fingerprint=json.loads(json.dumps(fingerprint)),
    )


def _check_fidelity(study: StudyFile, objective: Objective) -> None:
    if study.fidelity is None and not objective.is_function:
        raise UserError(
            f"fidelity: objective {objective.name!r} is a Training class, so the study file must "
            "name the hyperparameter that says how many epochs to train"
        )


def plan_point(
    study: StudyFile,
    objective: Objective,
    point: Point,
    settings: Mapping[str, Any],
    runtime: Runtime,
) -> PlannedPoint:
    """Sorts a point's values into hyperparameters, settings that it overrides, and the rest."""
    params: dict[str, Any] = {}
    overridden = dict(settings)
    precision, epochs = runtime.precision, 1
    for name, value in point.items():
        if name == SEED:
            continue
        if name == study.fidelity and not objective.is_function:
            epochs = int(value)
        elif name == PRECISION:
            precision = str(value)
        elif name in study.baseline:
            params[name] = value
        else:
            overridden[name] = value
    identity = Identity(
        objective=objective.name,
        version=objective.version,
        params=params,
        settings=overridden,
        seed=int(point[SEED]),
        precision=precision,
        device=runtime.device,
        threads=runtime.threads,
    )
    return PlannedPoint(point, identity, epochs)


def _handed_out(points: Iterable[PlannedPoint], objective: Objective) -> list[PlannedPoint]:
    groups: dict[str, list[PlannedPoint]] = {}
    for point in points:
        groups.setdefault(point.key, []).append(point)

    def work(group: list[PlannedPoint]) -> float:
        identity = group[0].identity
        estimate = objective.estimate(identity.params, settings=identity.settings)
        per_epoch = estimate.operations if estimate else 1.0
        return per_epoch * max(p.epochs for p in group)

    longest_first = sorted(groups.values(), key=work, reverse=True)
    return [p for group in longest_first for p in sorted(group, key=lambda p: p.epochs)]
