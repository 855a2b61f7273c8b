"""The terminal, the page and the note hold the same cells of the same tables."""

from __future__ import annotations

import io
import re
from datetime import datetime
from html.parser import HTMLParser

import pytest
from rich.console import Console, RenderableType

from hpstudy.analysis.answer import answer
from hpstudy.analysis.confirmed import Confirmed
from hpstudy.metric import Metric, Quantity
from hpstudy.studyfile.sections import Claim
from hpstudy.views.dashboard.note import grid_note, search_note
from hpstudy.views.page.page import Content, page
from hpstudy.views.terminal.grid import grid_tables, search_tables

BASE = [0.9862, 0.9881, 0.9898]
DETAILS = {"p", "published 95 %"}
Rows = list[tuple[str, ...]]


class _Tables(HTMLParser):
    """Collects a page's tables by their titles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, Rows] = {}
        self._row: list[str] = []
        self._inside = ""
        self._title = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        if tag in ("caption", "th", "td"):
            self._inside = tag
            self._row += [""] if tag != "caption" else []
            self._title = "" if tag == "caption" else self._title
        elif tag == "tr":
            self._row = []

    def handle_data(self, data) -> None:
        if self._inside == "caption":
            self._title += data
        elif self._inside:
            self._row[-1] += data

    def handle_endtag(self, tag) -> None:
        if tag == self._inside:
            self._inside = ""
        elif tag == "tr":
            self.found.setdefault(self._title, []).append(tuple(self._row))


def on_page(**parts) -> dict[str, Rows]:
    empty = {
        "name": "t", "title": "t", "database": "d", "quick": None, "found": None, "curves": (),
        "search": None, "tradeoffs": (), "reading": None, "pictures": None, "layers": (),
        "origins": {}, "commands": [], "written": datetime(2026, 1, 2),
    }  # fmt: skip
    return _Tables(page(Content(**(empty | parts)))).found


def in_terminal(shown: RenderableType) -> dict[str, Rows]:
    file = io.StringIO()
    Console(file=file, width=100_000, markup=False, emoji=False).print(shown)
    lines, found = file.getvalue().splitlines(), {}
    for place, line in enumerate(lines):
        if line.startswith("──"):
            end = next(n for n in range(place, len(lines) + 1) if lines[n : n + 1] in ([""], []))
            cells = [tuple(re.split(r" {2,}", one.strip())) for one in lines[place + 1 : end]]
            head = tuple(re.split(r" {2,}", lines[place - 1].strip()))
            found[lines[place - 2]] = [head, *(row for row in cells if len(row) == len(head))]
    return found


def in_note(note: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for line in note.splitlines():
        told = re.sub(r"\\(.)", r"\1", line)
        if line.startswith("## "):
            rows = found.setdefault(told.removeprefix("## "), [])
        elif line.startswith("| ") and "---" not in line:
            rows.append(tuple(told.strip("| ").split(" | ")))
    return found


def without_details(rows: Rows) -> Rows:
    kept = [place for place, name in enumerate(rows[0]) if name not in DETAILS]
    return [tuple(row[place] for place in kept) for row in rows]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_same_cells_of_a_grid(made_findings, direction: str):
    found = made_findings(
        lr={
            0.001: BASE,
            0.1234567890123456789: [0.91, 0.912, 0.909],
            10.0: [None, 0.5, None],
            20.0: [],
        },
        batch_size={32: BASE, 64: [0.9871, 0.9885, 0.9893]},
        published={"lr": {0.001: 0.5, 10.0: 0.7}},
        claims=[
            Claim(says="More is worse", factor="batch_size", level=64, expect={"lower_than": 32})
        ],
        direction=direction,
    )
    shown, told = in_terminal(grid_tables(found)), in_note(grid_note("t", found, None))
    paged = on_page(found=found, answer=answer(found, None))
    titles = [title for title in shown if "(at" in title]
    assert len(titles) == 2
    for title in titles:
        assert shown[title] == paged[title]
        assert without_details(shown[title]) == told[title]
        assert DETAILS & {*shown[title][0]}
        assert "test accuracy" in shown[title][0]
    assert told["Claims"] == shown["Claims"]
    costs = [title for title in shown if title.startswith("Cost of")]
    assert {title: shown[title] for title in costs} == {title: paged[title] for title in costs}
    cells = {cell for title in titles for row in shown[title] for cell in row}
    assert {"baseline", "no value yet", "0.1235", "50.00 % ≠"} <= cells


def test_same_cells_of_a_search(made_searched):
    won = Confirmed(
        metric=Metric.named("test_accuracy", "maximize"), params={"lr": 0.001, "batch_size": 3},
        seeds=(100, 101), values=(0.99, 0.992), mean=Quantity(0.991, 0.99, 0.992),
        baseline_values=(0.988, 0.989), baseline_mean=Quantity(0.9885, 0.987, 0.99),
        difference=Quantity(0.0025, 0.002, 0.003),
    )  # fmt: skip
    found = made_searched(confirmed=won)
    shown = in_terminal(search_tables(found))
    told = in_note(search_note("t", found, None))
    paged = on_page(search=found, answer=answer(None, found))
    best = next(title for title in shown if title.startswith("Search"))
    assert [len(tables[best]) - 1 for tables in (told, shown, paged)] == [1, 5, 10]
    assert told[best] == shown[best][:2]
    assert shown[best] == paged[best][:6]
    for title in shown.keys() & paged.keys() - {best}:
        assert shown[title] == paged[title] == told[title]
    assert "The winner, on fresh seeds" in shown.keys() & paged.keys()
    assert shown["What matters"] == told["What matters"]
