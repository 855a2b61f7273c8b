"""Tables in a terminal of any width, as they are printed."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from hpstudy.views.tables.table import Spread, Table, footnotes, shortest, table
from hpstudy.views.terminal.render import rich_table

WIDTHS = (60, 80, 120, 200)
VALUE = Spread("98.41 % (97.50 to 99.32)")
SKEW = Spread("-0.46 (-1.20 to +0.31)")
LONG = Spread("1234560.25 (1234550.125 to 1234571.875)")
NOT_SHOWN = "no difference shown (within ±1.26)"
WHY = "width 80 against 8: +0.75 points (95 % +0.46 to +1.04); " * 4

LEVELS = {
    "short": ["0.01", "0.1"],
    "digits": ["0.000831271234", "123456789012"],
    "words": ["an adaptive optimizer with a long name", "b"],
    "wide letters": ["学习率很长的名字学习率很长的名字学习率很长的名字", "ж" * 50],
    "one word": ["x" * 70, "resnet50-" + "y" * 20],
}


def levels(names: list[str], metric: str = "validation accuracy", value: Spread = VALUE) -> Table:
    rows = [
        {
            "level": name,
            metric: value,
            "difference": SKEW if place else "baseline",
            "p": "0.031",
            "verdict": NOT_SHOWN if place else "",
            "seeds": "3 of 622",
            "published": "98.78 % ≠",
            "published 95 %": "98.52 to 99.01",
        }
        for place, name in enumerate(names)
    ]
    details = ["p", "published 95 %"]
    made = table("lr", rows, text=["level", "verdict"], detail=details, strong=[0])
    assert made is not None
    return made


def printed(found: Table, width: int) -> str:
    file = io.StringIO()
    Console(file=file, width=width, markup=False, emoji=False).print(rich_table(found))
    return file.getvalue()


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("metric", ["loss", "validation accuracy", "学习率很长的名字 " * 4])
@pytest.mark.parametrize("value", [VALUE, LONG], ids=["usual", "many digits"])
@pytest.mark.parametrize("names", LEVELS.values(), ids=LEVELS)
def test_no_figure_is_cut_or_broken(width: int, metric: str, value: Spread, names: list[str]):
    found = levels(names, metric.strip(), value)
    out = printed(found, width)
    assert "…" not in out.replace(SKEW.short, "").replace(LONG.short, "")
    assert max(map(cell_len, out.splitlines())) <= width
    for row in found.rows:
        for name, cell in zip(found.columns, row, strict=True):
            if name not in found.text | found.detail:
                assert cell in out or shortest(cell) in out, name
    for word in (word for name in names for word in name.split() if re.search(r"\d", word)):
        assert word in out
    assert "±1.26)" in out


@pytest.mark.parametrize("width", WIDTHS)
def test_words_wrap_and_none_is_lost(width: int):
    claims = [{"verdict": "supported", "claim": "Wider is better " * 5, "why": WHY}] * 2
    found = table("Claims", claims, text=["verdict", "claim", "why"])
    assert found is not None
    out = printed(found, width)
    assert max(map(cell_len, out.splitlines())) <= width
    for number in ("+0.75", "+0.46", "+1.04);"):
        assert squeezed(out).count(number) == 8
        assert number in out.split()


def test_details_go_first_then_intervals_get_short_then_cells_stand_below_each_other():
    found = levels(["0.01", "0.1"])
    whole, spare, short, below = (printed(found, width) for width in (200, 110, 90, 60))
    assert "0.031" in whole
    assert NOT_SHOWN in whole
    assert "0.031" not in spare
    assert VALUE in spare
    assert VALUE.short in short
    assert VALUE not in short
    head = next(line for line in short.splitlines() if line.startswith("level"))
    assert head.split() == ["level", "accuracy", "difference", "verdict", "seeds", "published"]
    assert below.splitlines()[:3] == ["lr", "level: 0.01", f"  validation accuracy: {VALUE.short}"]
    assert f"  verdict: {NOT_SHOWN}" in below.splitlines()


def test_with_room_for_all_a_row_is_a_line():
    text = printed(levels(LEVELS["wide letters"], value=LONG), 1_000_000)
    assert len(text.splitlines()) == 5
    assert LONG in text


def test_empty_columns_are_left_out_and_a_table_of_nothing_is_none():
    assert table("t", []) is None
    assert table("t", [{"a": ""}, {"a": "", "b": ""}]) is None
    found = table("t", [{"a": "1", "b": ""}, {"a": "", "c": "2"}])
    assert found is not None
    assert found.columns == ("a", "c")
    assert found.rows == (("1", "–"), ("–", "2"))


def test_tables_that_stand_together_tell_each_footnote_once():
    one = table("a", [{"x": "1"}], footnotes=["p", "q"])
    other = table("b", [{"x": "1"}], footnotes=["q", "r"])
    assert footnotes([one, None, other]) == ("p", "q", "r")
