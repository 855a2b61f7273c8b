"""The metric that counts: which column, which direction is better, what its values are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.importing import names
from hpstudy.importing.levels import is_empty, numbers_of
from hpstudy.importing.roles import Asked, Role, Roles
from hpstudy.importing.table import Table
from hpstudy.metric import PER_CENT, SECONDS, SHARE, Direction, direction_of
from hpstudy.wording import enumerated

_NEGATED = re.compile(r"neg(?:ative)?_", re.I)
_DIRECTIONS: tuple[Direction, Direction] = (
    direction_of(minimize=False),
    direction_of(minimize=True),
)


@dataclass(frozen=True)
class Chosen:
    """The metric that counts.

    Attributes:
        name: Its name.
        direction: Which direction of it is better.
        unit: What its values are; None where nothing needs be said.
        values: The runs' values; None where a run has none.
        others: What else was measured, by name.
        said: What was guessed, a line each.
    """

    name: str
    direction: Direction
    unit: str | None
    values: Sequence[float | None]
    others: Mapping[str, Sequence[float | None]]
    said: tuple[str, ...]


def chosen_metric(table: Table, roles: Roles, asked: Asked) -> Chosen:
    """Chooses the metric, and says how.

    Args:
        table: The table.
        roles: What its columns are.
        asked: What is known of it.

    Raises:
        UserError: The column holds text, or its name doesn't say which direction is better.
    """
    found = roles.of(Role.METRIC)
    column = asked.metric or min(found, key=lambda name: names.metric_rank(name) or 0)
    values: Sequence[float | None] = numbers_of(table, column)
    rest = [name for name in found if name != column]
    said = f"Metric: {column}"
    if asked.metric is None and rest:
        said += f", not {enumerated(rest)} (--metric)"
    values, unit, notes = _in_one_unit(table, column, values, asked)
    name, direction, why = _directed(table, column, values, roles, asked)
    if name != column:
        values = [None if value is None else -value for value in values]
        said += f", with its sign turned: {name}"
    others = {n: numbers_of(table, n) for n in rest}
    if (time := roles.first(Role.TIME)) is not None:
        others[SECONDS] = numbers_of(table, time)
        notes = [*notes, f"Time: {time}, in seconds"]
    return Chosen(
        name, direction, unit, values, others, (f"{said}; {better(direction)}{why}", *notes)
    )


def _directed(
    table: Table, column: str, values: Sequence[float | None], roles: Roles, asked: Asked
) -> tuple[str, Direction, str]:
    """Returns a metric's name without what turns its sign, which direction is better, and why."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    is_turned = _NEGATED.match(column) is not None and all(value <= 0 for value in known)
    name = _NEGATED.sub("", column, 1) if is_turned else column
    if asked.direction is not None:
        asked_for, _ = direction_from(name, asked.direction)
        return name, _turned(asked_for) if is_turned else asked_for, ""
    if (told := names.direction_by(name)) is not None:
        return name, told, ", by its name"
    for fixed in roles.of(Role.FIXED):
        value = table.columns[fixed][0]
        if "metric" in names.words_of(fixed) and (told := names.direction_by(value)):
            return name, told, f", as {fixed} says {value}"
    return name, *direction_from(name, None)


def direction_from(name: str, asked: str | None) -> tuple[Direction, str]:
    """Returns which direction of a metric is better, and why if that is guessed.

    Args:
        name: The metric's name.
        asked: What was said of it; None to go by its name.

    Raises:
        UserError: That is no direction, or the name doesn't say.
    """
    wanted = " or ".join(_DIRECTIONS)
    if asked is not None:
        for direction in _DIRECTIONS:
            if asked.lower() in (direction, direction[:3]):
                return direction, ""
        raise UserError(f"--direction: expected {wanted}, found {shown(asked)}")
    if (told := names.direction_by(name)) is None:
        raise UserError(
            f"--direction: missing: the name {shown(name)} doesn't say whether more is better: "
            f"expected {wanted}"
        )
    return told, ", by its name"


def better(direction: Direction) -> str:
    """Says which direction is better: "more is better"."""
    return f"{'more' if direction == _DIRECTIONS[0] else 'less'} is better"


def _turned(direction: Direction) -> Direction:
    return _DIRECTIONS[1 if direction == _DIRECTIONS[0] else 0]


def _in_one_unit(
    table: Table, column: str, values: Sequence[float | None], asked: Asked
) -> tuple[Sequence[float | None], str | None, list[str]]:
    """Returns values in one unit, the unit, and what to say of it."""
    cells = table.columns[column]
    signed = [cell.endswith("%") for cell in cells]
    if any(signed):
        # A number without the sign is a share, if it is one beside numbers with it.
        beside = [row for row, cell in enumerate(cells) if not signed[row] and not is_empty(cell)]
        values = [
            value * 100 if value is not None and row in {*beside} and abs(value) <= 1 else value
            for row, value in enumerate(values)
        ]
        return values, asked.unit or PER_CENT, [f"Unit: per cent, as {column} is written"]
    if asked.unit is not None or not names.is_accuracy(column):
        return values, asked.unit, []
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known or min(known) < 0 or max(known) > 100:
        return values, None, []
    if max(known) <= 1:
        return values, SHARE, [f"Unit: {column} is a share of 1"]
    said = [f"Unit: {column} is in per cent"]
    if small := [row for row, v in enumerate(values) if v is not None and 0 < v <= 1]:
        said.append(
            f"Warning: {table.at(small[0])} has {column} {cells[small[0]]} beside "
            f"{max(known):g}: a share beside per cent? Taken as it is"
        )
    return values, PER_CENT, said
