"""Databases that others wrote to, or that are damaged: shown as far as they can be, or refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.fuzz.fuzzing import PARTS, fuzz, keeps_promises, names, scalars, values

_TABLES = {
    "studies": ["study_name"],
    "study_directions": ["direction", "objective", "study_id"],
    "study_user_attributes": ["key", "value_json", "study_id"],
    "study_system_attributes": ["key", "value_json"],
    "trials": ["number", "study_id", "state", "datetime_start", "datetime_complete"],
    "trial_user_attributes": ["key", "value_json", "trial_id"],
    "trial_system_attributes": ["key", "value_json", "trial_id"],
    "trial_params": ["param_name", "param_value", "distribution_json", "trial_id"],
    "trial_values": ["objective", "value", "value_type", "trial_id"],
    "trial_intermediate_values": ["step", "intermediate_value", "intermediate_value_type"],
    "hpstudy_version": ["version"],
    "hpstudy_trainings": [
        "key", "objective", "version", "params", "settings", "seed", "precision", "device",
        "threads", "versions", "created",
    ],
    "hpstudy_epochs": ["training_id", "epoch", "metrics", "predictions", "finished"],
}  # fmt: skip
_KEYS = {
    "study_user_attributes": [
        "fingerprint", "seeds", "looks", "combined", "pairing", "source", "sampler", "pruner",
    ],
    "study_system_attributes": ["artifacts:x", "dashboard:note_ver", "study:metric_names"],
    "trial_user_attributes": ["error", "trace", "diverged", "invocation", "training", "taken_up"],
    "trial_system_attributes": ["fixed_params", "artifacts:x", "constraints"],
}  # fmt: skip
_COLUMNS = [(table, column) for table, columns in _TABLES.items() for column in columns]

_looks = {"counts": [2, 3], "seeds": [0, 1, 2], "margin": None, "in_points": False}
_shapes = st.sampled_from(
    [
        {"setting": {"lr": 0.2, "width": 16, "epochs": 2}, "seeds": [0, 1]},
        {"setting": {"lr": 0.2, "width": 16, "epochs": 2}, "seeds": "0"},
        _looks, _looks | {"counts": [5, 2]}, _looks | {"margin": "x"}, _looks | {"seeds": [0, 0]},
        {"source": "x.csv", "by": "seed"}, {"source": "x", "by": None, "folds": 3}, {"by": 3},
        {"settings": {"validation": "x"}}, {"settings": [1]}, {"seed": "x"}, {"metric_epochs": 0},
        {"settings": {"validation": 10**30}}, {"precision": 3}, [1, 2], [0, 0], [-1], ["0"], [[0]],
        {"artifact_id": "../../x", "filename": "x"}, {"name": "FloatDistribution"},
    ]
)  # fmt: skip
_WHOLE = {"log": False, "step": 1, "low": 0, "high": 9}
_DISTRIBUTIONS = [
    {"name": "IntDistribution", "attributes": _WHOLE},
    {"name": "CategoricalDistribution", "attributes": {"choices": ["a", None, 1]}},
    {"name": "CategoricalDistribution", "attributes": {"choices": [[1], {"a": 1}]}},
    {"name": "FloatDistribution", "attributes": _WHOLE | {"step": None, "log": 0}},
    {"name": "X", "attributes": {}},
    {"value": 1},
]
_TEXTS = [
    None, "", "null", "{", "NaN", "[NaN]", "1e999", b"\xff\xfe", b"", "FAIL", "RUNNING", "WAITING",
    "PRUNED", "COMPLETE", "INF_POS", "INF_NEG", "NAN", "MAXIMIZE", "2020-01-01 00:00:00.000000",
    "yesterday", "9999-12-31 23:59:59", "0001-01-01 00:00:00.000000",
]  # fmt: skip
_stored = (
    scalars.filter(lambda v: not isinstance(v, int) or abs(v) < 2**63)
    | st.sampled_from(_TEXTS)
    | st.sampled_from(_DISTRIBUTIONS).map(json.dumps)
    | (values | _shapes).map(lambda value: json.dumps(value, default=str))
)


class Change(NamedTuple):
    """What is done to a row: its table, the column (or the key of an attribute), the new value."""

    kind: str
    table: str
    column: str
    row: int
    value: Any


_changes = st.one_of(
    st.builds(
        lambda at, row, value: Change("set", *at, row, value),
        st.sampled_from(_COLUMNS), st.integers(0, 40), _stored,
    ),
    st.builds(
        lambda at, row, value: Change("attribute", *at, row, value),
        st.sampled_from([(table, key) for table, keys in _KEYS.items() for key in keys]),
        st.integers(0, 40),
        (_shapes | values).map(json.dumps) | _stored,
    ),
    st.builds(
        lambda table, row, all_: Change("delete", table, "", row, all_),
        st.sampled_from(sorted(_TABLES)), st.integers(0, 40), st.sampled_from([False, False, True]),
    ),
    st.builds(
        lambda table, row, value: Change("copy", table, "", row, value),
        st.sampled_from(sorted(_TABLES)), st.integers(0, 40), names,
    ),
)  # fmt: skip


def change(connection: sqlite3.Connection, wanted: Change) -> None:
    """Changes a row; what the tables' own rules refuse is left as it is."""
    ids = [row for (row,) in connection.execute(f"SELECT rowid FROM {wanted.table}")]
    if not ids:
        return
    row = ids[wanted.row % len(ids)]
    with suppress(sqlite3.Error, OverflowError, UnicodeEncodeError):
        if wanted.kind == "set":
            statement = f"UPDATE {wanted.table} SET {wanted.column} = ? WHERE rowid = ?"
            connection.execute(statement, (wanted.value, row))
        elif wanted.kind == "delete":
            where = "" if wanted.value else f" WHERE rowid = {row}"
            connection.execute(f"DELETE FROM {wanted.table}{where}")
        elif wanted.kind == "copy":
            columns = ", ".join(_TABLES[wanted.table])
            insert = f"INSERT INTO {wanted.table} ({columns}) SELECT {columns} FROM {wanted.table}"
            connection.execute(f"{insert} WHERE rowid = {row}")
        else:
            owner = "study_id" if wanted.table.startswith("study") else "trial_id"
            of = connection.execute(f"SELECT {owner} FROM {wanted.table} WHERE rowid = {row}")
            at = (of.fetchone()[0], wanted.column)
            connection.execute(f"DELETE FROM {wanted.table} WHERE {owner} = ? AND key = ?", at)
            connection.execute(
                f"INSERT INTO {wanted.table} ({owner}, key, value_json) VALUES (?, ?, ?)",
                (*at, wanted.value),
            )


_COMMANDS = st.sampled_from(
    [
        *[("show", "seek.toml"), ("show", "seek.toml", "--json")] * 4,
        ("show", "seek.toml", "--errors"),
        ("report", "seek.toml"),
        ("export", "seek.toml"),
        ("grid", "seek.toml", "--plan"),
        ("grid", "seek.toml", "--plan", "--json", "--until", "1", "--combine"),
        ("search", "seek.toml", "--plan", "--json"),
        ("compare", "seek.toml", "lr=0.2", "--plan"),
        ("clean", "seek.toml"),
        ("delete", "seek", "--yes"),
    ]
)


def checked(begun: Any) -> tuple[Callable[[Any], object], st.SearchStrategy[Any]]:
    """The check of an example, and the examples."""
    folder = begun
    database = Path(folder.path, "runs", "hpstudy.db")
    whole = database.with_name("whole.db")
    if not whole.exists():
        shutil.copyfile(database, whole)
    study = Path(folder.path, "seek.toml").read_text()

    def check(example: tuple[list[Change], tuple[str, ...]]) -> None:
        changes, command = example
        folder.write("seek.toml", study)
        for beside in database.parent.glob("hpstudy.db-*"):
            beside.unlink()
        shutil.copyfile(whole, database)
        with closing(sqlite3.connect(database)) as connection, connection:
            for wanted in changes:
                change(connection, wanted)
        keeps_promises(folder, *command, traces="--errors" in command)

    return check, st.tuples(st.lists(_changes, min_size=1, max_size=3), _COMMANDS)


@PARTS
def test_a_database_is_shown_or_refused_in_a_line(begun: Any, part: int):
    fuzz(*checked(begun), 30, part)
