"""A table's text, the same whoever shows it and in however little room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hpstudy.wording import shortened

NOTHING = "–"  # in a cell that says nothing


class Spread(str):
    """A cell with a number and its interval, which has a shorter form too."""

    __slots__ = ()

    @property
    def short(self) -> str:
        """The text where there is little room: "98.41 % ±0.91"."""
        return shortened(self)


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        title: What it holds.
        columns: The columns' names.
        rows: The cells, row by row.
        text: The columns of words, which may wrap; those of figures never do.
        detail: The columns that are left out where there is little room.
        strong: The rows that stand out.
        footnotes: What is to be known to read it; tables that stand together tell it once.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: frozenset[str] = frozenset()
    detail: frozenset[str] = frozenset()
    strong: frozenset[int] = frozenset()
    footnotes: tuple[str, ...] = ()

    def without_details(self) -> Table:
        """Returns the table without its columns of details."""
        kept = [place for place, name in enumerate(self.columns) if name not in self.detail]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in self.rows),
        )

    def shortened(self) -> Table:
        """Returns the table with each quantity in its short form."""
        rows = tuple(tuple(shortest(cell) for cell in row) for row in self.rows)
        return replace(self, rows=rows)


def shortest(cell: str) -> str:
    """Returns a cell's shortest form."""
    return cell.short if isinstance(cell, Spread) else cell


def table(
    title: str,
    rows: Sequence[Mapping[str, str]],
    *,
    text: Iterable[str] = (),
    detail: Iterable[str] = (),
    strong: Iterable[int] = (),
    footnotes: Iterable[str] = (),
) -> Table | None:
    """Returns a table of the columns that have a cell; None if there is none.

    Args:
        title: What it holds.
        rows: Each row's cells by column; an empty one says nothing.
        text: The columns of words.
        detail: The columns that are left out where there is little room.
        strong: The rows that stand out.
        footnotes: What is to be known to read it.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = [name for name in names if any(row.get(name) for row in rows)]
    if not shown:
        return None
    cells = tuple(tuple(row.get(name) or NOTHING for name in shown) for row in rows)
    return Table(
        title,
        tuple(shown),
        cells,
        frozenset(text),
        frozenset(detail),
        frozenset(strong),
        tuple(footnotes),
    )


def footnotes(tables: Iterable[Table | None]) -> tuple[str, ...]:
    """Returns the footnotes of tables that stand together, each once."""
    return tuple(dict.fromkeys(note for one in tables if one for note in one.footnotes))
