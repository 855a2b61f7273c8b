"""What the page's templates ask of settings, tables and cells."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from textwrap import wrap

from markupsafe import Markup, escape

from hpstudy.views.tables.table import Table

_GAP = 2  # between columns, in characters
_LONG = 10  # letters of a word that is not broken
_LINE = 18  # letters of a row's name side by side
_AFTER_COMMA = re.compile(r"(?<=,) ")
_WORD = re.compile(r"[^\W\d_]{4}")
_BEFORE_BRACKET = re.compile(r" (?=\()")


def unbroken(cell: str) -> Markup:
    """Returns a cell that may break between words and before a bracket, but not within figures."""
    pieces = _BEFORE_BRACKET.split(cell)
    return Markup(" ").join(
        Markup("<span>{}</span>").format(piece) if _is_figures(piece) else escape(piece)
        for piece in pieces
    )


def folded(name: str) -> Markup:
    """Returns a row's name that breaks at its commas, or where a line is long enough."""
    return Markup(" ").join(Markup("<span>{}</span>").format(part) for part in _parts(name))


def breakable(name: str) -> Markup:
    """Returns a column's name that may break within its long words too."""
    return Markup(" ").join(Markup("<wbr>").join(_chunks(word)) for word in name.split())


def characters(table: Table) -> int:
    """Returns how many characters a table is wide at least, its columns' gaps included."""
    heads, *columns = zip(*table.rows, strict=True)
    widths = [max(len(part) for head in heads for part in _parts(head))]
    widths += [max(map(_narrowest, cells)) for cells in columns]
    names = [
        max(len(chunk) for word in name.split() for chunk in _chunks(word))
        for name in table.columns
    ]
    return sum(_GAP + max(pair) for pair in zip(widths, names, strict=True))


def told(settings: Mapping[str, object]) -> dict[str, object]:
    """Returns the settings that say something: not that no validation images are held out."""
    return {k: v for k, v in settings.items() if k != "validation" or v}


def _parts(name: str) -> list[str]:
    return _AFTER_COMMA.split(name) if "," in name else wrap(name, _LINE, break_long_words=False)


def _chunks(word: str) -> list[str]:
    """Returns a word in parts of like length, one where it is short."""
    size = math.ceil(len(word) / math.ceil(len(word) / _LONG))
    return [word[start : start + size] for start in range(0, len(word), size)]


def _is_figures(piece: str) -> bool:
    is_bracket = piece.startswith("(")
    return any(letter.isdigit() for letter in piece) and (is_bracket or not _WORD.search(piece))


def _narrowest(cell: str) -> int:
    """Returns the characters that a cell needs in a line."""
    parts = [
        part
        for piece in _BEFORE_BRACKET.split(cell)
        for part in ([piece] if _is_figures(piece) else piece.split())
    ]
    return max(map(len, parts), default=0)
