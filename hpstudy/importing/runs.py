"""What others have run: each run with its setting, its seed, its metrics and how it ended."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.importing import names
from hpstudy.importing.levels import (
    STATES,
    Condition,
    State,
    is_empty,
    seeds_of,
)
from hpstudy.importing.metrics import Chosen, chosen_metric
from hpstudy.importing.roles import Asked, Role, Roles, roles_of
from hpstudy.importing.settings import settings_of
from hpstudy.importing.shapes import FOLD, Shaped, shaped
from hpstudy.importing.table import Table
from hpstudy.metric import Direction
from hpstudy.sampler import Level
from hpstudy.studyfile.compose import Range
from hpstudy.wording import counted, setting


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes:
        place: Where it stands: "line 7".
        setting: The values of its hyperparameters, but those that it doesn't have.
        seed: Its seed; None where nothing pairs runs.
        state: How it ended.
        epochs: Its metrics by epoch; a single call has one.
        value: Its value of the metric; None where it has none, NaN or infinite where it diverged.
        why: Why it failed.
        started: When it began, if that is known.
        finished: When it ended, if that is known.
    """

    place: str
    setting: Mapping[str, Level]
    seed: int | None
    state: State
    epochs: Mapping[int, Mapping[str, float | None]]
    value: float | None
    why: str = ""
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What others have run.

    Attributes:
        source: Where it comes from, as it is shown.
        metric: The metric's name.
        direction: Which direction of it is better.
        unit: What its values are; None where they tell it.
        runs: The runs.
        params: The hyperparameters, in order.
        fixed: What is the same for all runs.
        conditions: Where a hyperparameter is one, of those that not all settings have.
        ranges: What was searched, where that is known.
        pairs: What pairs runs of different settings: "seed"; None where nothing does.
        folds: How many folds of a cross-validation pair them; 0 where none do.
        said: What was guessed, a line each.
    """

    source: str
    metric: str
    direction: Direction
    unit: str | None = None
    runs: Sequence[Run]
    params: Sequence[str]
    fixed: Mapping[str, Level] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    pairs: str | None = None
    folds: int = 0
    said: Sequence[str] = ()


def measured(table: Table, asked: Asked) -> Measured:
    """Returns what a table says was run.

    Args:
        table: The table.
        asked: What is known of it; the rest is guessed.

    Raises:
        UserError: The table, or what is asked, is wrong.
    """
    shape = shaped(table)
    roles = roles_of(shape, asked)
    metric = chosen_metric(shape.table, roles, asked)
    states = _states(shape.table, roles, metric)
    told = [row for row, state in enumerate(states) if state in (State.COMPLETE, State.PRUNED)]
    settings = settings_of(shape.table, roles.of(Role.PARAM), told)
    pairing = _pairing(shape, roles, states)
    runs = list(_runs(shape.table, metric, settings.rows, pairing.seeds, states))
    constant = settings_of(shape.table, roles.of(Role.FIXED), [0])
    fixed = constant.rows[0]
    return Measured(
        source=table.source,
        metric=metric.name,
        direction=metric.direction,
        unit=metric.unit,
        runs=runs,
        params=settings.params,
        fixed=fixed,
        conditions=settings.conditions,
        pairs=pairing.column,
        folds=pairing.folds,
        said=[
            *shape.said,
            *metric.said,
            pairing.said,
            f"Hyperparameters: {', '.join(settings.params) or 'none'}",
            *settings.said,
            *([f"The same in all rows: {setting(fixed)}: in [settings]"] if fixed else []),
            *constant.said,
            *roles.said(),
            *outcomes(runs),
        ],
    )


@dataclass(frozen=True)
class _Pairing:
    """What pairs runs: a column, each run's seed in it, and how many of them are folds."""

    column: str | None
    seeds: Sequence[int | None]
    folds: int
    said: str


def _states(table: Table, roles: Roles, metric: Chosen) -> list[State]:
    """Returns how each run ended: as its state says, else as its value does."""
    column = roles.first(Role.STATE)
    said = table.columns[column] if column is not None else [""] * len(table.lines)
    states = [STATES.get(cell.lower(), State.COMPLETE) for cell in said]
    return [
        State.FAILED if state == State.COMPLETE and value is None else state
        for state, value in zip(states, metric.values, strict=True)
    ]


def _pairing(shape: Shaped, roles: Roles, states: Sequence[State]) -> _Pairing:
    table, column = shape.table, roles.first(Role.SEED)
    if column is None:
        said = (
            "Seeds: no column has such a name, so nothing pairs runs: repeats of a setting are "
            "compared as they are (--seed)"
        )
        return _Pairing(None, [None] * len(table.lines), 0, said)
    cells = table.columns[column]
    for row, (cell, state) in enumerate(zip(cells, states, strict=True)):
        if is_empty(cell) and state in (State.COMPLETE, State.PRUNED):
            raise table.wrong(row, f"{column}: expected a seed, found an empty cell")
    numbers, are_whole = seeds_of(cells)
    seeds = [numbers.get(cell) for cell in cells]
    if (column == FOLD and shape.folds) or names.is_fold(column):
        said = (
            f"Seeds: {len(numbers)} folds, which share data to train on: variances are corrected "
            "for that (Nadeau and Bengio)"
        )
        return _Pairing(column, seeds, len(numbers), said)
    known = [seed for seed, state in zip(seeds, states, strict=True) if state == State.COMPLETE]
    if 1 < len(known) == len({*known}):
        said = f"Seeds: {column}, another one in each run, so that nothing pairs runs"
        return _Pairing(None, [None] * len(seeds), 0, said)
    said = f"Seeds: {column}, {counted(len(numbers), 'seed')}"
    if not are_whole:
        said += ", numbered from 0, as not all are whole numbers"
    return _Pairing(column, seeds, 0, said)


def _runs(
    table: Table,
    metric: Chosen,
    settings: Sequence[Mapping[str, Level]],
    seeds: Sequence[int | None],
    states: Sequence[State],
) -> Iterator[Run]:
    columns = [[_finite(v) for v in values] for values in metric.others.values()]
    others = [
        {n: v for n, v in zip(metric.others, row, strict=True) if v is not None}
        for row in (zip(*columns, strict=True) if columns else [()] * len(table.lines))
    ]
    rows = zip(settings, seeds, states, metric.values, others, strict=True)
    for place, (found, seed, state, value, more) in enumerate(rows):
        has_value = value is not None and state in (State.COMPLETE, State.PRUNED)
        yield Run(
            place=table.at(place),
            setting=found,
            seed=seed,
            state=state,
            epochs={1: {metric.name: _finite(value), **more}} if has_value else {},
            value=value if has_value else None,
            why=""
            if has_value
            else f"{table.source}, {table.at(place)}: {_why(state, value, metric)}",
        )


def _why(state: State, value: float | None, metric: Chosen) -> str:
    return f"no {metric.name}" if value is None else f"{state}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def outcomes(runs: Sequence[Run]) -> Iterator[str]:
    """Says how runs ended, where not all are complete."""
    counts = Counter(run.state for run in runs)
    diverged = sum(run.value is not None and not math.isfinite(run.value) for run in runs)
    told = [
        f"{counts[State.PRUNED]} pruned (with the value that they had)",
        f"{counts[State.FAILED]} failed or without a value",
        f"{counts[State.RUNNING]} still running (left out)",
        f"{diverged} diverged (NaN or infinite)",
    ]
    told = [text for text in told if not text.startswith("0 ")]
    if told:
        yield f"{counted(len(runs), 'run')}, of these {', '.join(told)}"


def check_enough(found: Measured) -> None:
    """Checks that there is something to compare.

    Raises:
        UserError: There is not.
    """
    known = [run for run in found.runs if run.value is not None]
    if len(known) < 2:
        raise UserError(
            f"{found.source}: expected two runs or more with a value of {found.metric}, found "
            f"{len(known)}"
        )
    if not found.params:
        raise UserError(
            f"{found.source}: no column tells settings apart: name the hyperparameters' by --column"
        )
    first = known[0].setting
    if all(run.setting == first for run in known):
        raise UserError(
            f"{found.source}: all runs have one setting ({shown(setting(first))}): expected two or "
            "more"
        )
