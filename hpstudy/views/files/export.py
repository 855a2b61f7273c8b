"""Trials, epochs and steps as files that other tools read: CSV or Parquet.

Values stand there as they are, as pandas gives them back, text that begins with = too. Spreadsheets
take that for a formula: open a CSV file of somebody else's study as text.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.files import replacing
from hpstudy.results.rows import Rows

FORMATS = ("csv", "parquet")

# What stands first, and in an empty table too; parameters and metrics follow.
COLUMNS = {
    "trials": (
        "study", "number", "state", "value", "started", "finished", "training", "epochs",
        "error",
    ),
    "epochs": ("study", "training", "epoch"),
    "steps": ("study", "training", "seen", "loss", "accuracy"),
}  # fmt: skip


def check_format(name: str) -> None:
    """Checks that files of a format can be written.

    Raises:
        UserError: There is no such format, or it needs a package that is not installed.
    """
    if name not in FORMATS:
        raise UserError(f"--format: expected {' or '.join(FORMATS)}, found {name!r}")
    if name == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise UserError("--format parquet needs pyarrow: pip install 'hpstudy[parquet]'")


def write_rows(rows: Rows, name: str, file_format: str, folder: Path) -> list[Path]:
    """Writes three files, over those of an earlier export.

    Args:
        rows: The rows.
        name: The study's name; the files are NAME-trials, NAME-epochs and NAME-steps.
        file_format: "csv" or "parquet".
        folder: Where to; created if it is missing.

    Returns:
        The files.

    Raises:
        UserError: A file can't be written.
    """
    write = _write_parquet if file_format == "parquet" else _write_csv
    files = []
    for table in COLUMNS:
        file = folder / f"{name}-{table}.{file_format}"
        with replacing(file) as draft:
            write(columns_of(getattr(rows, table), table), draft)
        files.append(file)
    return files


def columns_of(rows: Sequence[Mapping[str, object]], table: str) -> dict[str, Sequence[object]]:
    """Returns rows column by column.

    Args:
        rows: The rows.
        table: Which they are of: "trials", "epochs" or "steps".
    """
    names = dict.fromkeys([*COLUMNS[table], *(name for row in rows for name in row)])
    return {name: [row.get(name) for row in rows] for name in names}


def _write_csv(columns: Mapping[str, Sequence[object]], file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _write_parquet(columns: Mapping[str, Sequence[object]], file: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    def array(values: Sequence[object]) -> Any:  # noqa: ANN401 - pyarrow has no types
        try:
            return pyarrow.array(values)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):  # choices of several types
            return pyarrow.array([None if value is None else str(value) for value in values])

    parquet.write_table(pyarrow.table({n: array(v) for n, v in columns.items()}), file)
