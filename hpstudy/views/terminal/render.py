"""Tables in a terminal: no number is ever cut, nor broken over lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import repeat

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from hpstudy.views.tables.table import NOTHING, Table, footnotes

_GAP = 2  # between columns
_NARROWEST = 19  # of a column of words, where these are longer
_UNBROKEN = 32  # letters of a word that stays whole
_FIGURE = re.compile(r"\d")


def rich_table(table: Table) -> RenderableType:
    """Returns a table that fits into as little room as it is given.

    First its details go, then cells become short, then those of a row stand under each other.
    Words wrap meanwhile, figures don't.

    Args:
        table: The table.
    """
    return _Fitting(table)


def with_notes(*tables: Table | None) -> list[RenderableType]:
    """Returns tables with an empty line below each, their footnotes below the last."""
    found = [table for table in tables if table is not None]
    parts = [part for table in found for part in (rich_table(table), Text())]
    if notes := footnotes(found):
        parts[-1 if len(found) == 1 else len(parts) :] = [*map(Text, notes), Text()]
    return parts


class _Fitting:
    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._table.title:
            yield Text(self._table.title, style="table.title")
        if not self._table.rows:
            return
        spare = self._table.without_details()
        short = spare.shortened()
        for form in (self._table, spare, short):
            if (widths := _widths(form, options.max_width)) is not None:
                yield _grid(form, widths)
                return
        for place, row in enumerate(short.rows):
            lines = _block(short, row, options.max_width)
            yield from (Text("") for _ in range(place > 0))
            yield from lines


def _grid(table: Table, widths: list[int]) -> Grid:
    """Returns columns side by side, each as wide as is said."""
    grid = Grid(
        box=box.SIMPLE_HEAD,
        show_header=any(table.columns),
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
        leading=int(any(map(_is_long, table.rows, repeat(widths)))),
    )
    for name, width in zip(table.columns, widths, strict=True):
        is_text = name in table.text
        grid.add_column(
            Text(name),
            width=width,
            justify="left" if is_text else "right",
            vertical="top",
            overflow="fold",
        )
    for place, row in enumerate(table.rows):
        style = "bold" if place in table.strong else None
        grid.add_row(*(Text(cell) for cell in row), style=style)
    return grid


def _is_long(row: tuple[str, ...], widths: list[int]) -> bool:
    """Tells whether a row has so many lines that a gap sets it apart."""
    return any(cell_len(cell) > 2 * width for cell, width in zip(row, widths, strict=True))


def _widths(table: Table, room: int) -> list[int] | None:
    """Returns how wide the columns are; None where there is too little room for them."""
    columns = list(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    wanted = [max(map(cell_len, (name, *cells))) for name, cells in columns]
    widths = [
        max(_longest([name]), _least(cells) if name in table.text else max(map(cell_len, cells)))
        for name, cells in columns
    ]
    left = room - sum(widths) - _GAP * (len(widths) - 1)
    if left < 0:
        return None
    if left >= sum(wanted) - sum(widths):
        return wanted
    for _ in range(left):  # to the column that would have the most lines
        place = max(range(len(widths)), key=lambda n: wanted[n] / widths[n])
        widths[place] += 1
    return widths


def _least(cells: Iterable[str]) -> int:
    """Returns the width that cells of words need."""
    texts = list(cells)
    return max(_longest(texts), min(_NARROWEST, max(map(cell_len, texts))))


def _longest(texts: Iterable[str]) -> int:
    """Returns the width of the longest word; without figures, a very long one may break."""
    return max(
        cell_len(word) if _FIGURE.search(word) else min(cell_len(word), _UNBROKEN)
        for text in texts
        for word in text.split() or [""]
    )


def _block(table: Table, row: tuple[str, ...], room: int) -> Iterable[RenderableType]:
    """Returns a row's cells under each other; the first one leads."""
    for place, (name, cell) in enumerate(zip(table.columns, row, strict=True)):
        indent = 2 if place else 0
        style = "" if place else "bold"
        head = f"{name}: " if name else ""
        if place and cell == NOTHING:
            continue
        if name in table.text or indent + cell_len(head + cell) <= room:
            yield Padding.indent(Text(head + cell, style=style), indent)
        else:  # a figure has a line of its own
            yield Padding.indent(Text(head.rstrip(), style=style), indent)
            yield Text(" " * 2 * indent + cell, no_wrap=True, overflow="ignore")
