"""The cells of a column as what they mean: numbers, levels of a hyperparameter, seeds, states."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hpstudy.expected import shown
from hpstudy.importing.table import Table
from hpstudy.sampler import Level
from hpstudy.seeds import LARGEST_WHOLE
from hpstudy.wording import enumerated, setting

NONE = "None"  # a value like any other

_EMPTY = frozenset({"", "nan", "NaN", "NA", "N/A", "<NA>", "null", "NULL", "NaT"})
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BOOLS = {"true": True, "false": False}
_BITS = {**_BOOLS, "1": True, "0": False}  # beside true and false


class State(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"
    RUNNING = "running"


_STATES = {
    State.COMPLETE: "complete completed finished done success successful succeeded ok",
    State.PRUNED: "pruned stopped early_stopped earlystopped terminated",
    State.FAILED: "fail failed failure crashed error errored killed oom diverged timeout",
    State.RUNNING: "running pending waiting queued preempted preempting created scheduled",
}
STATES = {word: state for state, words in _STATES.items() for word in words.split()}


def is_empty(cell: str) -> bool:
    """Tells whether a cell holds nothing."""
    return cell in _EMPTY


def is_number(cell: str, *, has_commas: bool = False) -> bool:
    """Tells whether a cell is a finite number."""
    return _NUMBER.fullmatch(_pointed(cell, has_commas)) is not None


def are_numbers(cells: Sequence[str], *, has_commas: bool = False) -> bool:
    """Tells whether a column holds numbers, be some NaN, infinite or per cent, and no text."""
    distinct = {*cells}
    known = [c for c in distinct if not is_empty(c) and c != NONE and c.lower() not in _INFINITE]
    return bool(known) and all(is_number(c.rstrip(" %"), has_commas=has_commas) for c in known)


_INFINITE = {"inf", "-inf", "+inf", "infinity", "-infinity"}


def numbers_of(table: Table, column: str) -> list[float | None]:
    """Returns a column's numbers, None where there is none; "95 %" is 95.

    Raises:
        UserError: A cell is something else.
    """
    found: dict[str, float | None] = {}
    for row, cell in enumerate(table.columns[column]):
        if cell in found:
            continue
        if cell.lower() in ("nan", *_INFINITE):
            found[cell] = float(cell)
        elif is_empty(cell) or cell == NONE:
            found[cell] = None
        elif is_number(text := cell.rstrip(" %"), has_commas=table.has_commas):
            found[cell] = float(_pointed(text, table.has_commas))
        else:
            raise table.wrong(row, f"{column}: expected a number, found {shown(cell)}")
    return [found[cell] for cell in table.columns[column]]


def levels_of(cells: Sequence[str], *, has_commas: bool = False) -> list[Level | None]:
    """Returns a column's values in one kind, None where there is none.

    Whole numbers that are written as floats are whole; where some are numbers and some are not,
    all are text.
    """
    distinct = [cell for cell in dict.fromkeys(cells) if not is_empty(cell)]
    kind = _kind(distinct, has_commas)
    found: dict[str, Level | None] = {cell: kind(cell) for cell in distinct}
    return [found.get(cell) for cell in cells]


def _kind(cells: Sequence[str], has_commas: bool) -> Callable[[str], Level]:
    """Returns what makes one kind of all these values."""
    words = {cell.lower() for cell in cells}
    if words & _BOOLS.keys() and words <= _BITS.keys():
        return lambda cell: _BITS[cell.lower()]
    if not all(is_number(cell, has_commas=has_commas) for cell in cells):
        return lambda cell: _plain(cell, has_commas)
    numbers = {cell: float(_pointed(cell, has_commas)) for cell in cells}
    if not all(math.isfinite(n) for n in numbers.values()):
        return str
    if not all(n.is_integer() for n in numbers.values()):
        return numbers.__getitem__
    if any(abs(n) >= LARGEST_WHOLE for n in numbers.values()):
        return str  # a database would round them
    return lambda cell: int(numbers[cell])


def _plain(cell: str, has_commas: bool) -> str:
    """Returns text; a whole number among it as one writes it."""
    if not is_number(cell, has_commas=has_commas):
        return cell
    number = float(_pointed(cell, has_commas))
    is_whole = number.is_integer() and abs(number) <= LARGEST_WHOLE
    return f"{int(number)}" if is_whole else cell


def seeds_of(cells: Sequence[str]) -> tuple[dict[str, int], bool]:
    """Returns a number for each seed, its own where all are whole; and whether they are."""
    distinct = [cell for cell in dict.fromkeys(cells) if not is_empty(cell)]
    values = {cell: float(cell) for cell in distinct if is_number(cell)}
    if len(values) == len(distinct) and all(
        n.is_integer() and 0 <= n <= LARGEST_WHOLE for n in values.values()
    ):
        return {cell: int(n) for cell, n in values.items()}, True
    return {cell: place for place, cell in enumerate(distinct)}, False


@dataclass(frozen=True)
class Condition:
    """Where a hyperparameter is one: beside some values of another."""

    other: str
    values: tuple[Level, ...]

    def __str__(self) -> str:
        """Returns it in words."""
        return enumerated([setting({self.other: value}) for value in self.values])


def condition(
    cells: Sequence[Level | None], others: Mapping[str, Sequence[Level | None]]
) -> Condition | None:
    """Returns where a column that is empty in places has values, if another one tells."""
    settings = len({*zip(cells, *others.values(), strict=True)})
    for name, values in sorted(others.items(), key=lambda other: len({*other[1]})):
        cases = len({*values})
        if cases > _MOST_CASES or _FEW_CASES < cases > settings / 2 or None in values:
            continue
        there = dict.fromkeys(v for v, cell in zip(values, cells, strict=True) if cell is not None)
        nowhere = {v for v, cell in zip(values, cells, strict=True) if cell is None}
        if there and nowhere and not there.keys() & nowhere:
            return Condition(name, tuple(value for value in there if value is not None))
    return None


# A column of more values, or of another one in almost each setting, says where another one is empty
# by chance.
_MOST_CASES = 20
_FEW_CASES = 3


def _pointed(cell: str, has_commas: bool) -> str:
    return cell.replace(",", ".") if has_commas else cell
