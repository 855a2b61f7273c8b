"""A table of runs, whatever it was read from: text in columns, each row with where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.expected import one_line, printable, shown
from hpstudy.importing.sheet import read_sheet
from hpstudy.studyfile.find import is_file

MOST_ROWS = 200_000  # a study of more takes minutes to show

_MOST_LINES = 5 * MOST_ROWS

_PICKLES = (".joblib", ".pkl", ".pickle")
_OTHERS = {".xlsx": "a workbook", ".xls": "a workbook", ".ods": "a workbook", ".npz": "arrays"}


@dataclass(frozen=True)
class Table:
    """Rows of text.

    Attributes:
        source: What they were read from, as it is shown.
        columns: The cells of each column.
        lines: Where each row stands.
        place: What such a place is called: "line" of a file, "row" of a table, "log".
        has_commas: Whether numbers may have a decimal comma.
    """

    source: str
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int | str]
    place: str = "line"
    has_commas: bool = False

    def with_columns(self, columns: Mapping[str, Sequence[str]]) -> Table:
        """Returns the same rows with other columns."""
        return replace(self, columns=columns)

    def at(self, row: int) -> str:
        """Returns where a row stands, in words: "line 7"."""
        return f"{self.place} {self.lines[row]}"

    def wrong(self, row: int, what: str) -> UserError:
        """Returns what to say of a row that is wrong."""
        return UserError(f"{self.source}: {self.at(row)}: {what}")


def read_table(path: Path) -> Table:
    """Reads a file of runs, by what its name ends in: CSV, TSV, JSON, JSON lines or Parquet.

    Raises:
        UserError: It can't be read, or is no table.
    """
    if not is_file(path):
        raise UserError(f"{one_line(f'{path}')}: no such file")
    ending = path.suffix.lower()
    if ending in _PICKLES:
        raise UserError(
            f"{path}: reading a pickle runs what is in it: write a CSV file where it was made, by "
            '`pandas.DataFrame(search.cv_results_).to_csv("results.csv")`, and import that'
        )
    if ending in _OTHERS:
        raise UserError(f"{path}: {_OTHERS[ending]}; expected CSV: save it as such")
    if ending in (".json", ".jsonl", ".ndjson"):
        return _checked(_json(path))
    if ending in (".parquet", ".pq"):
        return _checked(_parquet(path))
    _check_lines(path)
    sheet = read_sheet(path)
    twice = next((name for name in sheet.columns if sheet.columns.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{path}: expected each column once, found {shown(twice)} twice")
    if len(sheet.columns) < 2:
        raise UserError(
            f"{path}: expected two columns or more, parted by commas, semicolons or tabs, found "
            f"one: {shown(sheet.columns[0])} (logs: name their folder)"
        )
    columns = {name: [row.cells[name] for row in sheet.rows] for name in sheet.columns}
    lines = [row.line for row in sheet.rows]
    return _checked(Table(f"{path}", columns, lines, has_commas=sheet.has_commas))


def table_of(
    records: Iterable[Mapping[str, Any]], source: str, lines: Sequence[int | str]
) -> Table:
    """Returns rows of values as a table; what is inside an object is named as in "config.lr".

    Args:
        records: The rows; one may lack what another has.
        source: What they were read from.
        lines: Where each of them stands.
    """
    rows = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {printable(name): [row.get(name, "") for row in rows] for name in names}
    return Table(source, columns, lines)


def table_of_frame(
    frame: Any,  # noqa: ANN401 - pandas is no dependency
    source: str = "a DataFrame",
) -> Table:
    """Returns a DataFrame, or columns by name, as a table: NaN is an empty cell.

    Raises:
        UserError: It is neither.
    """
    if hasattr(frame, "to_dict"):
        try:
            frame = frame.to_dict("list")
        except (TypeError, ValueError):  # Polars
            frame = frame.to_dict(as_series=False)
    if not isinstance(frame, Mapping):
        raise UserError(f"expected a path, a DataFrame or columns by name, found {shown(frame)}")
    columns = {
        str(name): [_cell(value, nan="") for value in cells] for name, cells in frame.items()
    }
    sizes = {len(cells) for cells in columns.values()}
    if len(sizes) > 1:
        raise UserError(f"expected columns of one length, found {sorted(sizes)}")
    count = sizes.pop() if sizes else 0
    return _checked(Table(source, columns, range(1, count + 1), place="row"))


def _checked(table: Table) -> Table:
    if not (count := len(table.lines)):
        raise UserError(f"{table.source}: expected rows with results, found none")
    if count > MOST_ROWS:
        raise _too_long(table.source, f"{count:,}")
    return table


def _check_lines(path: Path) -> None:
    """Refuses what is far too long before it is read: a cell may span lines, but few do."""
    try:
        with path.open("rb") as file:
            count = sum(block.count(b"\n") for block in iter(lambda: file.read(2**20), b""))
    except OSError:
        return  # whoever reads it says what is wrong
    if count > _MOST_LINES:
        raise _too_long(f"{path}", f"{count:,} lines")


def _too_long(source: str, found: str) -> UserError:
    return UserError(
        f"{source}: expected {MOST_ROWS:,} rows at most, found {found}: keep the last of each run"
    )


def _json(path: Path) -> Table:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: can't be read: expected text in UTF-8") from error
    is_list = text.lstrip().startswith("[")
    parts = {1: text} if is_list else dict(enumerate(text.splitlines(), 1))
    records: list[Any] = []
    lines: list[int] = []
    for line, part in parts.items():
        if not part.strip():
            continue
        try:
            found = json.loads(part)
        except ValueError as error:
            raise UserError(f"{path}: line {line}: not JSON: {error}") from error
        records += found if is_list else [found]
        lines += range(1, len(found) + 1) if is_list else [line]
    for line, record in zip(lines, records, strict=True):
        if not isinstance(record, dict):
            raise UserError(f"{path}: line {line}: expected an object a row, found {shown(record)}")
    return table_of(records, f"{path}", lines)


def _parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise UserError(
            f"{path}: Parquet takes what `pip install 'hpstudy[parquet]'` installs"
        ) from error
    try:
        records = parquet.read_table(path).to_pylist()
    except (OSError, ArrowInvalid) as error:
        raise UserError(f"{path}: not Parquet: {one_line(f'{error}', 100)}") from error
    return table_of(records, f"{path}", range(1, len(records) + 1))


def _flat(record: Mapping[str, Any], inside: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{inside}{name}.")
        else:
            found[f"{inside}{name}"] = _cell(value)
    return found


def _cell(value: Any, nan: str = "nan") -> str:  # noqa: ANN401
    """Returns a value as a cell has it; None is a value like any other."""
    value = value.item() if hasattr(value, "item") and not getattr(value, "ndim", 0) else value
    if isinstance(value, float) and value != value:
        return nan
    text = value if isinstance(value, str) else f"{value}"
    text = text.strip()
    return text if text.isprintable() else printable(text)
