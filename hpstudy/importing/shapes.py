"""Tables as other programs write them, brought into one shape: a run a row, a thing a column.

scikit-learn writes a setting a row, with the score of each fold in a column of its own; Optuna,
MLflow and W&B put a prefix before what was set; W&B's API gives what was set, and what came of it,
as the text of two dictionaries.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hpstudy.errors import UserError
from hpstudy.importing.table import Table, table_of

FOLD = "fold"

_SPLIT = re.compile(r"split(\d+)_test_(.+)")
_SUMMARY = re.compile(r"(?:mean|std|rank)_(?:test|train)_.+|split\d+_train_.+|std_.+_time")
# In this order: what W&B's API calls `config` may hold anything else.
_PREFIXES = (
    "params_",
    "param_",
    "params.",
    "params/",
    "hparams/",
    "hparams.",
    "config.",
    "config/",
)
_MARKS = {"params_": "Optuna's trials_dataframe()", "param_": "scikit-learn's cv_results_"}
_PLAIN = re.compile(r"(?:user_attrs_|metrics\.|summary\.)")


@dataclass(frozen=True)
class Shaped:
    """A table in one shape.

    Attributes:
        table: The table, a run a row.
        params: The columns that were marked as set; None where nothing marks them.
        folds: The folds of a cross-validation, where rows are such; 0 for none.
        left: What was left aside, with the reason.
        said: What is to be known of it, a line each.
    """

    table: Table
    params: tuple[str, ...] | None = None
    folds: int = 0
    left: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def shaped(table: Table) -> Shaped:
    """Brings a table into one shape.

    Raises:
        UserError: Two of its columns have one name then.
    """
    table = _opened(table)
    found = _unfolded(table) if any(map(_SPLIT.fullmatch, table.columns)) else Shaped(table)
    return _without_prefixes(found)


def _opened(table: Table) -> Table:
    """Opens dictionaries that stand in cells as text: W&B's `config` and `summary`."""
    inside = [name for name in ("config", "summary") if name in table.columns]
    if not inside or not all(_dictionary(table.columns[name][0]) for name in inside):
        return table
    records = []
    for row in range(len(table.lines)):
        record: dict[str, object] = {n: c[row] for n, c in table.columns.items()}
        for name in inside:
            record[name] = _dictionary(table.columns[name][row]) or {}
        records.append(record)
    return replace(table_of(records, table.source, table.lines), place=table.place)


def _dictionary(text: str) -> dict[str, object] | None:
    if not text.startswith("{"):
        return None
    try:
        found = ast.literal_eval(text)  # of literals alone: it runs nothing
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unfolded(table: Table) -> Shaped:
    """Returns a row a fold of what has a column a fold."""
    scores: dict[str, dict[int, Sequence[str]]] = {}
    left: dict[str, str] = {}
    rest: dict[str, Sequence[str]] = {}
    for name, cells in table.columns.items():
        if match := _SPLIT.fullmatch(name):
            scores.setdefault(match[2], {})[int(match[1])] = cells
        elif _SUMMARY.fullmatch(name):
            left[name] = "made of the folds"
        elif name != "params":
            rest[name] = cells
    folds = sorted({fold for cells in scores.values() for fold in cells})
    if any(len(cells) < len(folds) for cells in scores.values()):
        raise UserError(f"{table.source}: expected each score for all {len(folds)} folds")
    rest = _with_params(table, rest)
    columns = {name: [c for c in cells for _ in folds] for name, cells in rest.items()}
    columns[FOLD] = [f"{fold}" for _ in table.lines for fold in folds]
    for name, by_fold in scores.items():
        rows = zip(*(by_fold[fold] for fold in folds), strict=True)
        # What can't be fitted scores NaN: that is a failure, not a value.
        columns[name] = ["" if c.lower() == "nan" else c for row in rows for c in row]
    lines = [line for line in table.lines for _ in folds]
    return Shaped(
        replace(table, columns=columns, lines=lines),
        folds=len(folds),
        left=left,
        said=(f"Shape: scikit-learn's cv_results_, {len(folds)} folds of each setting",),
    )


def _with_params(table: Table, columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Tells a value None from a parameter that isn't there, where `params` says it."""
    cells = table.columns.get("params")
    told = [_dictionary(text) for text in cells] if cells is not None else []
    if not told or any(one is None for one in told):
        return dict(columns)
    found = dict(columns)
    for name in columns:
        key = re.sub("^params?_", "", name)
        if key != name and any(key in one for one in told if one):
            found[name] = [
                "None" if one is not None and key in one and one[key] is None else cell
                for one, cell in zip(told, columns[name], strict=True)
            ]
    return found


def _without_prefixes(found: Shaped) -> Shaped:
    """Takes the prefix of what was set, and of what came of it, off the columns' names."""
    columns = found.table.columns
    prefix = next((p for p in _PREFIXES if any(n.startswith(p) for n in columns)), None)
    if prefix is None:
        return found
    renamed = {
        name: name.removeprefix(prefix) if name.startswith(prefix) else _PLAIN.sub("", name, 1)
        for name in columns
    }
    names = [*renamed.values()]
    renamed = {
        old: new if (new and names.count(new) == 1) or old.startswith(prefix) else old
        for old, new in renamed.items()
    }
    table = found.table.with_columns({renamed[name]: cells for name, cells in columns.items()})
    params = tuple(renamed[name] for name in columns if name.startswith(prefix))
    said = found.said
    if not said:
        said = (f"Shape: {_MARKS.get(prefix, f'what begins with {prefix} was set')}",)
    return replace(found, table=table, params=params, said=said)
