"""The setting of each row: hyperparameters that only some have, empty cells, other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from hpstudy.importing.levels import NONE, Condition, are_numbers, condition, is_empty, levels_of
from hpstudy.importing.table import Table
from hpstudy.sampler import SEED, Level
from hpstudy.studyfile.file import PRECISION, VALIDATION

RESERVED = (SEED, PRECISION, VALIDATION)  # they mean something to a study file


@dataclass(frozen=True)
class Settings:
    """Settings.

    Attributes:
        rows: Each row's.
        params: Their hyperparameters, in order.
        conditions: Where a hyperparameter is one, of those that not all have.
        said: What is to be known of them, a line each.
    """

    rows: Sequence[Mapping[str, Level]]
    params: Sequence[str]
    conditions: Mapping[str, Condition]
    said: Sequence[str]


def free_name(name: str) -> str:
    """Returns a name that means nothing else to a study file."""
    return f"{name}_" if name in RESERVED else name


def settings_of(table: Table, columns: Sequence[str], told: Sequence[int]) -> Settings:
    """Returns the settings of a table's rows.

    Args:
        table: The table.
        columns: Its columns of hyperparameters.
        told: The rows that have a value: what failed may have ended before it knew its setting.
    """
    cells = {free_name(name): table.columns[name] for name in columns}
    said = [
        f"{name} is {free_name(name)} here: {name} means something else"
        for name in columns
        if name in RESERVED
    ]
    said += _join_renamed(cells, told, table)
    levels = {n: levels_of(column, has_commas=table.has_commas) for n, column in cells.items()}
    seen = {name: [column[row] for row in told] for name, column in levels.items()}
    conditions: dict[str, Condition] = {}
    for name in cells:
        if None not in seen[name]:
            continue
        if {*seen[name]} == {None}:
            said.append(f"{name} is empty where there is a value: left aside")
            del levels[name]
        elif (found := _condition(name, seen)) is not None:
            conditions[name] = found
            said.append(f"{name} is set only where {found}")
        else:
            filled = [NONE if is_empty(cell) else cell for cell in cells[name]]
            levels[name] = levels_of(filled, has_commas=table.has_commas)
            said.append(f"{name}: an empty cell is a value like any other, {NONE}")
    rows = zip(*levels.values(), strict=True) if levels else iter([()] * len(table.lines))
    settings = [
        {name: value for name, value in zip(levels, row, strict=True) if value is not None}
        for row in rows
    ]
    return Settings(settings, [*levels], conditions, said)


def _condition(name: str, seen: Mapping[str, Sequence[Level | None]]) -> Condition | None:
    return condition(seen[name], {other: cells for other, cells in seen.items() if other != name})


def _join_renamed(cells: dict[str, Sequence[str]], told: Sequence[int], table: Table) -> list[str]:
    """Joins two columns of which each row has one or the other: it was renamed on the way."""
    said = []
    is_set = {n: [not is_empty(column[row]) for row in told] for n, column in cells.items()}
    partly = [name for name, known in is_set.items() if len({*known}) == 2]
    seen = {name: levels_of([column[row] for row in told]) for name, column in cells.items()}
    for one, other in combinations(partly, 2):
        if one not in cells or other not in cells or _condition(one, seen) is not None:
            continue
        is_alike = len({are_numbers(cells[n], has_commas=table.has_commas) for n in (one, other)})
        if is_alike == 1 and all(a != b for a, b in zip(is_set[one], is_set[other], strict=True)):
            both = zip(cells[one], cells[other], strict=True)
            cells[one] = [second if is_empty(first) else first for first, second in both]
            del cells[other]
            said.append(f"{one} is {other} where it is empty, as no run has both")
    return said
