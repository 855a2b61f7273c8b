"""What was found as Markdown, for the note that optuna-dashboard shows with a study."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hpstudy.analysis.answer import Answer
from hpstudy.analysis.findings import GridFindings
from hpstudy.analysis.search import SearchFindings
from hpstudy.analysis.telling import telling
from hpstudy.charts.figures import along_axes
from hpstudy.metric import Metric
from hpstudy.views.states import trials_done
from hpstudy.views.tables.ablation import ablation_table
from hpstudy.views.tables.combined import combined_table
from hpstudy.views.tables.grid import claims_table, levels_tables
from hpstudy.views.tables.importance import importance_table
from hpstudy.views.tables.looks import looks_told
from hpstudy.views.tables.search import finalists_table, trials_table, winner_table
from hpstudy.views.tables.table import Table, footnotes
from hpstudy.wording import setting, words

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|&~$:@=^])")


def grid_note(title: str, found: GridFindings, chosen: Answer | None) -> str:
    """Returns the answer, the factor tables with their verdicts, and the claims.

    Args:
        title: The study's title.
        found: What the grid shows.
        chosen: The answer, of grid and search together.
    """
    levels = levels_tables(along_axes(telling(found)), found)
    at = setting(found.results.baseline)
    parts = [
        f"# {escaped(title)}",
        *_answer(chosen),
        f"{escaped(_named(found.metric))}; the baseline is {escaped(at)}.",
    ]
    parts += map(escaped, looks_told(found))
    parts += _section(*levels.values())
    parts += _section(combined_table(found))
    parts += _section(claims_table(found.claims))
    return "\n\n".join(parts) + "\n"


def search_note(title: str, found: SearchFindings, chosen: Answer | None) -> str:
    """Returns the answer, the best trial, the winner on fresh seeds, and what matters.

    Args:
        title: The study's title.
        found: What the search shows.
        chosen: The answer, of grid and search together.
    """
    metric, importances = found.metric, found.importances
    parts = [
        f"# {escaped(title)}",
        *_answer(chosen),
        f"{escaped(_named(metric))}; {escaped(trials_done(found.results.counts))}.",
    ]
    parts += _section(trials_table(found, 1))
    for table in (finalists_table, winner_table, ablation_table):
        parts += _section(table(found))
    matters = importance_table(importances, metric)
    if matters is None and importances.warning is not None:
        parts.append(escaped(f"What matters: {importances.warning}."))
    parts += _section(matters)
    return "\n\n".join(parts) + "\n"


def _answer(chosen: Answer | None) -> list[str]:
    """Returns the answer's sentence, what it rests on, and what else to know."""
    if chosen is None:
        return []
    notes = "\n".join(f"- {escaped(note)}" for note in chosen.notes)
    return [f"**{escaped(chosen.headline)}**", escaped(chosen.why), *([notes] if notes else [])]


def _named(metric: Metric) -> str:
    name = words(metric.name)
    return name if metric.sign > 0 else f"{name}: less is better"


def escaped(text: object) -> str:
    """Returns text that Markdown shows as it is: neither mark-up, HTML nor links."""
    return _MARKUP.sub(r"\\\1", " ".join(f"{text}".split()))


def markdown_table(table: Table) -> str:
    """Returns a table, without its details, as Markdown."""
    told = table.without_details()
    lines = [_line(told.columns), "|" + " --- |" * len(told.columns)]
    return "\n".join([*lines, *map(_line, told.rows)])


def _section(*tables: Table | None) -> list[str]:
    """Returns tables, each below its title, and their footnotes below the last."""
    found = [table for table in tables if table is not None]
    parts = [part for t in found for part in (f"## {escaped(t.title)}", markdown_table(t))]
    return [*parts, *map(escaped, footnotes(found))]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"
