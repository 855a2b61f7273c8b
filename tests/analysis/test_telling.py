from __future__ import annotations

import io
import re

from rich.console import Console

from hpstudy.analysis.telling import MOST, telling
from hpstudy.charts.figures import grid_figures
from hpstudy.views.terminal.grid import grid_tables


def many(made_findings):
    levels = {0: [0.900, 0.901, 0.902]}
    levels |= {n: [0.900 + n * 1e-6, 0.901, 0.902] for n in range(1, 300)}
    levels[77] = [0.95, 0.951, 0.952]
    levels |= {n: [0.800 + n * 1e-6, 0.801, 0.802] for n in range(100, 150)}
    return made_findings(a=levels, b={1: [0.900, 0.901, 0.902], 2: [0.903, 0.901, 0.9]})


def test_of_very_many_levels_those_stay_that_show_most(made_findings):
    found = many(made_findings)
    large, small = telling(found).factors
    kept = [row.level for row in large.levels]
    assert len(kept) == MOST
    assert kept == sorted(kept)
    assert {0, 77} <= set(kept)  # the baseline, and what is better
    assert sum(100 <= level < 150 for level in kept) == MOST - 2
    assert small == found.factors[1]


def test_figures_and_tables_say_that_they_show_a_part(made_findings):
    found = many(made_findings)
    title = grid_figures(found)["effect-a"].layout.title.text
    assert title.startswith("a: better at 77")
    assert " and 39 more; no difference shown at 1, " in title.replace("<br>", " ")
    assert title.replace("<br>", " ").endswith("(40 of 300 levels, those that show most)")
    console = Console(file=io.StringIO(), width=200)
    console.print(grid_tables(found))
    text = console.file.getvalue()
    assert "40 of 300 levels, those that show most; --json prints all of them." in text
    assert len(re.findall(r" worse +\d", text)) == MOST - 2
    assert " of 2 levels" not in text
