"""What an Optuna study's trials were, as runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, printable, shown
from hpstudy.importing.levels import NONE, Condition, State, condition
from hpstudy.importing.metrics import better, direction_from
from hpstudy.importing.roles import Asked
from hpstudy.importing.runs import Measured, Run, outcomes
from hpstudy.importing.settings import free_name
from hpstudy.metric import Direction
from hpstudy.sampler import SEED, Level
from hpstudy.store.addresses import shown_url
from hpstudy.store.foreign import ForeignStudy, ForeignTrial, study_at, study_in
from hpstudy.studyfile.compose import Range
from hpstudy.wording import enumerated

_STATES = {"COMPLETE": State.COMPLETE, "PRUNED": State.PRUNED, "FAIL": State.FAILED}


def measured_in(database: Path | str, study: str | None, asked: Asked) -> Measured:
    """Returns what a study in a database of Optuna's was.

    Args:
        database: The database: a file, or a server's address.
        study: The study's name; its only one where None.
        asked: What is known of it.

    Raises:
        UserError: There is no such study, or no such metric.
    """
    if isinstance(database, Path):
        found = study_in(database, study)
        return measured_study(found, asked, f"{database.name}, study {found.name}")
    found = study_at(database, study)
    where = shown_url(database).partition("?")[0]  # its end names the study file
    return measured_study(found, asked, f"study {found.name} of {where}")


def measured_study(found: ForeignStudy, asked: Asked, source: str) -> Measured:
    """Returns what an Optuna study was.

    Args:
        found: The study.
        asked: What is known of it.
        source: Where it comes from, as it is shown.

    Raises:
        UserError: It has no such metric.
    """
    metric, direction, said = _metric(found, asked, source)
    values = _values(found)
    params = [name for name in values if name != SEED]
    seeds = _seeds(found, asked, values)
    runs = list(_runs(found, metric, values, params, seeds, source))
    names = {name: free_name(name) for name in params}
    conditions = _conditions(runs, [*names.values()])
    told = [
        f"{name} is set only where {when or 'Optuna suggested it'}"
        for name, when in conditions.items()
    ]
    return Measured(
        source=source,
        metric=metric,
        direction=direction,
        unit=asked.unit,
        runs=runs,
        params=[*names.values()],
        conditions={name: when for name, when in conditions.items() if when is not None},
        ranges=_ranges(found, names, values),
        pairs=None if seeds is None else SEED,
        said=[
            said,
            "Seeds: of each trial" if seeds is not None else "Seeds: none, so nothing pairs trials",
            f"Hyperparameters: {', '.join(names.values())}",
            *told,
            *outcomes(runs),
        ],
    )


def _metric(found: ForeignStudy, asked: Asked, source: str) -> tuple[str, Direction, str]:
    """Returns the metric, which direction of it is better, and what to say of it."""
    names = [*found.metrics]
    known = [*names, *_numbers(found)]
    metric = asked.metric or names[0]
    if metric not in known:
        raise UserError(
            f"--metric: expected one of {', '.join(known)} of {source}, found {shown(metric)}"
            f"{did_you_mean(metric, known)}"
        )
    more = [name for name in names if name != metric]
    also = f", not {enumerated(more)} (--metric)" if more and asked.metric is None else ""
    if asked.direction is None and metric in found.metrics:
        direction = found.metrics[metric]
        return metric, direction, f"Metric: {metric}{also}; {better(direction)}, as the study says"
    direction, why = direction_from(metric, asked.direction)
    return metric, direction, f"Metric: {metric}{also}; {better(direction)}{why}"


def _numbers(found: ForeignStudy) -> list[str]:
    """Returns the user attributes that are numbers in all complete trials that have them."""
    attributes: dict[str, bool] = {}
    for trial in found.trials:
        for name, value in trial.attributes.items():
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            attributes[name] = attributes.get(name, True) and is_number
    taken = {SEED, *found.metrics}
    return [name for name, is_number in attributes.items() if is_number and name not in taken]


def _values(found: ForeignStudy) -> dict[str, dict[Any, Level]]:
    """Returns each hyperparameter's values by what Optuna has, all of one kind."""
    seen: dict[str, dict[tuple[type, Any], None]] = {}
    for trial in found.trials:
        for name, value in trial.params.items():
            seen.setdefault(name, {})[type(value), value] = None
    return {name: _of_one_kind([*known]) for name, known in seen.items()}


def _of_one_kind(known: Sequence[tuple[type, Any]]) -> dict[Any, Level]:
    kinds = {kind for kind, _ in known}
    if kinds == {int, float}:
        return {(kind, value): float(value) for kind, value in known}
    if kinds in ({int}, {float}, {bool}):
        return {(kind, value): value for kind, value in known}
    return {
        (kind, value): NONE if value is None else printable(f"{value}".strip())
        for kind, value in known
    }


def _seeds(
    found: ForeignStudy, asked: Asked, values: Mapping[str, object]
) -> dict[int, int] | None:
    """Returns each trial's seed; None where not all with a value have one."""
    name = asked.seed or SEED
    seeds: dict[int, int] = {}
    for trial in found.trials:
        seed = trial.params.get(name, trial.attributes.get(name))
        if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0:
            seeds[trial.number] = seed
        elif trial.values:
            if asked.seed is not None:
                raise UserError(
                    f"--seed: expected a parameter or a user attribute of whole numbers, found "
                    f"{shown(name)}, of which trial {trial.number} has {shown(seed)}"
                )
            return None
    return seeds or None


def _runs(
    found: ForeignStudy,
    metric: str,
    values: Mapping[str, Mapping[Any, Level]],
    params: Sequence[str],
    seeds: Mapping[int, int] | None,
    source: str,
) -> Iterator[Run]:
    place = [*found.metrics].index(metric) if metric in found.metrics else None
    others = [name for name in _numbers(found) if name != metric]
    for trial in found.trials:
        state = _STATES.get(trial.state, State.RUNNING)
        epochs = _epochs(trial, metric, place, others)
        last = epochs[max(epochs)].get(metric) if epochs else None
        value = _value(trial, metric, place) if state == State.COMPLETE else last
        if state == State.COMPLETE and value is None:
            state = State.FAILED
        yield Run(
            place=f"trial {trial.number}",
            setting={
                free_name(name): values[name][type(value_), value_]
                for name in params
                if (value_ := trial.params.get(name, trial)) is not trial
            },
            seed=None if seeds is None else seeds.get(trial.number),
            state=state,
            epochs=epochs,
            value=value,
            why=f"{source}, trial {trial.number}: failed" if state == State.FAILED else "",
            started=trial.started,
            finished=trial.finished,
        )


def _value(trial: ForeignTrial, metric: str, place: int | None) -> float | None:
    if place is None:
        found = trial.attributes.get(metric)
        return None if found is None else float(found)
    return trial.values[place] if trial.values else None


def _epochs(
    trial: ForeignTrial, metric: str, place: int | None, others: Sequence[str]
) -> dict[int, dict[str, float | None]]:
    """Returns a trial's metrics by epoch, counted from 1; a single call has one."""
    steps = trial.steps if place == 0 else {}
    shift = max(0, 1 - min(steps, default=1))
    epochs: dict[int, dict[str, float | None]] = {
        step + shift: {metric: value if math.isfinite(value) else None}
        for step, value in steps.items()
    }
    if not epochs and (value := _value(trial, metric, place)) is not None:
        epochs = {1: {metric: value if math.isfinite(value) else None}}
    if epochs:
        more = {name: float(trial.attributes[name]) for name in others if name in trial.attributes}
        epochs[max(epochs)] |= {name: v for name, v in more.items() if math.isfinite(v)}
    return epochs


def _conditions(runs: Sequence[Run], params: Sequence[str]) -> dict[str, Condition | None]:
    """Returns where a hyperparameter is one, of those that not all settings have, if it's told."""
    told = [run for run in runs if run.value is not None]
    columns = {name: [run.setting.get(name) for run in told] for name in params}
    return {
        name: condition(cells, {n: c for n, c in columns.items() if n != name})
        for name, cells in columns.items()
        if None in cells and {*cells} != {None}
    }


def _ranges(
    found: ForeignStudy, names: Mapping[str, str], values: Mapping[str, Mapping[Any, Level]]
) -> dict[str, Range]:
    """Returns what was searched, where it was one range for all trials and its numbers stayed."""
    ranges = {}
    for name, free in names.items():
        known = found.distributions[name]
        is_kept = all(type(level) is kind for (kind, _), level in values[name].items())
        if len(known) == 1 and is_kept and (one := _range(known[0])) is not None:
            ranges[free] = one
    return ranges


def _range(distribution: BaseDistribution) -> Range | None:
    if isinstance(distribution, CategoricalDistribution):
        kinds = {type(choice) for choice in distribution.choices}
        if len(kinds) > 1 or not kinds <= {bool, int, float, str}:
            return None
        return Range(choices=[c for c in distribution.choices if isinstance(c, (int, float, str))])
    assert isinstance(distribution, (IntDistribution, FloatDistribution))
    step = distribution.step
    if isinstance(distribution, IntDistribution) and step == 1:
        step = None
    return Range(low=distribution.low, high=distribution.high, log=distribution.log, step=step)
