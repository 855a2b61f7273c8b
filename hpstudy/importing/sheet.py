"""A CSV file as its writer meant it: rows with their lines; what is wrong with one is one line."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, one_line, printable, shown

_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Row:
    """A row: the line on which it begins, from 1, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """What a CSV file holds.

    Attributes:
        path: The file.
        columns: The columns' names.
        rows: The rows below; empty ones are left out.
        has_commas: Whether numbers may have a decimal comma, as something else parts the cells.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    has_commas: bool = False

    def check_column(self, name: str, option: str) -> None:
        """Checks that there is one column of a name.

        Args:
            name: The name.
            option: Where it was given.

        Raises:
            UserError: There is none, or more than one.
        """
        if (count := self.columns.count(name)) != 1:
            found = f"expected a column of {self.path} ({', '.join(self.columns)})"
            near = did_you_mean(name, self.columns)
            why = f"{found}, found {shown(name)}{near}" if not count else f"there are {count} such"
            raise UserError(f"{option}: {one_line(why, 600)}")

    def number(self, row: Row, column: str) -> float | None:
        """Returns a cell's number, be it NaN or infinite; None where it is empty.

        Raises:
            UserError: It is something else.
        """
        text = row.cells[column]
        if not text:
            return None
        try:
            return float(text.replace(",", ".") if self.has_commas else text)
        except ValueError:
            raise self.wrong(row, f"{column}: expected a number, found {shown(text)}") from None

    def wrong(self, row: Row, what: str) -> UserError:
        """Returns what to say of a row that is wrong."""
        return UserError(f"{self.path}: line {row.line}: {what}")


def read_sheet(path: Path) -> Sheet:
    """Reads a CSV file whose first line names the columns; commas, semicolons or tabs part them.

    Raises:
        UserError: It can't be read, or is no CSV.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # Excel begins with a mark
            lines = file.read()
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: can't be read: expected text in UTF-8") from error
    head, _, _ = lines.lstrip().partition("\n")
    delimiter = max(_DELIMITERS, key=head.count)
    rows = list(_rows(path, lines, delimiter))
    if not rows:
        raise UserError(f"{path}: expected a line that names the columns, found none")
    (at, columns), *rest = rows
    for line, cells in rest:
        if len(cells) != len(columns) and columns[0].startswith("#"):
            found = shown(one_line(columns[0], 60))
            raise UserError(
                f"{path}: line {at}: expected a line that names the columns, found a comment: "
                f"{found}"
            )
        if len(cells) != len(columns):
            raise UserError(
                f"{path}: line {line}: expected {len(columns)} cells, as line {at} names so many "
                f"columns, found {len(cells)}"
            )
    named = [Row(line, dict(zip(columns, cells, strict=True))) for line, cells in rest]
    return Sheet(path, tuple(columns), tuple(named), has_commas=delimiter in ";\t")


def _rows(path: Path, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Returns each row that is not empty, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, begins = [], 1
    try:
        for cells in reader:
            stripped = [_plain(cell.strip()) for cell in cells]
            if any(stripped):
                rows.append((begins, stripped))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}: line {begins}: not CSV: {error}") from error
    return rows


def _plain(cell: str) -> str:
    """Returns a cell that no terminal obeys."""
    return cell if cell.isprintable() else printable(cell)
