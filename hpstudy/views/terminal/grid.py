"""What a grid and a search found, in the terminal."""

from __future__ import annotations

import shlex

from rich.console import Group, RenderableType
from rich.text import Text

from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.findings import GridFindings
from hpstudy.analysis.search import SearchFindings
from hpstudy.analysis.seeds import is_replicated
from hpstudy.analysis.speed import go_by_epochs
from hpstudy.analysis.telling import telling
from hpstudy.results.search import SearchResults
from hpstudy.views.states import alike_failures, missing_numbers, points_done, trials_done
from hpstudy.views.tables.ablation import ablation_table
from hpstudy.views.tables.combined import combined_table
from hpstudy.views.tables.grid import claims_table, costs_table, levels_tables
from hpstudy.views.tables.importance import importance_table
from hpstudy.views.tables.looks import looks_told
from hpstudy.views.tables.search import finalists_table, trials_table, winner_table
from hpstudy.views.terminal.render import with_notes
from hpstudy.wording import (
    counted,
    duration,
    how_trained,
    words,
)

_BEST = 5
_MOST_FAILURES = 10
_ON_TEST_DATA = (
    "The search chose by a test metric: what is chosen by the test data scores better there than "
    "on data that nothing was chosen by. Search by a validation metric (search.metric, "
    "search.validation)."
)


def grid_tables(found: GridFindings, *, quick: str | None = None) -> Group:
    """Returns a table a factor, the claims where they can be judged, and what else there is to say.

    Args:
        found: What the grid shows.
        quick: What makes this a quick look, to be said.
    """
    shown = telling(found)
    levels = levels_tables(shown, found)
    parts = [*_quick(quick), *_looks(found), *with_notes(*levels.values())]
    parts += with_notes(combined_table(found))
    if found.claims and is_replicated(*found.factors):
        parts += with_notes(claims_table(found.claims))
    if found.importances.rows and found.importances.warning is None:
        parts += with_notes(importance_table(found.importances, found.metric))
    for factor in shown.factors:
        parts += with_notes(costs_table(factor, found.metric))
    return Group(*parts, *_grid_lines(found))


def _quick(quick: str | None) -> list[RenderableType]:
    """Says what makes this a quick look."""
    return [Text(quick, style="yellow")] if quick else []


def _looks(found: GridFindings) -> list[RenderableType]:
    """Says what the looks decided, with an empty line below."""
    lines = [Text(line) for line in looks_told(found)]
    return [*lines, Text()] if lines else []


def _grid_lines(found: GridFindings) -> list[Text]:
    grid, more = found.results, found.more_seeds
    epochs = (
        f" The rows above take {counted(grid.epochs_asked, 'epoch')} one by one; "
        f"{grid.epochs_trained:,} were trained."
        if go_by_epochs(*grid.factors)
        else ""
    )
    lines = [Text(f"{points_done(grid.trials)}.{epochs} {how_trained(grid.runtime)}")]
    if grid.metric.sign < 0:
        lines.append(Text(f"{words(grid.metric.name)}: less is better."))
    if more is not None:
        more_of = "more epoch" if epochs else "more point"
        time = "" if more.seconds is None else f", {duration(more.seconds)} of training"
        lines.append(
            Text(
                f"One seed cannot tell a difference from luck: --seeds {more.seeds} would train "
                f"every point three times ({counted(more.epochs, more_of)}{time})."
            )
        )
    lines += [Text(line) for line in missing_numbers(grid)]
    lines += [Text(f"failed: {line}", style="red") for line in alike_failures(grid.failed)]
    if any(failure.trace for failure in grid.failed):
        lines.append(Text("Their tracebacks: `hpstudy show` with --errors."))
    return lines


def search_tables(found: SearchFindings, *, quick: str | None = None) -> Group:
    """Returns the best settings, finalists, the winner beside the baseline, importances, counts.

    Args:
        found: What the search shows.
        quick: What makes this a quick look, to be said on the table.
    """
    best = with_notes(trials_table(found, _BEST))
    parts: list[RenderableType] = [*_quick(quick), *best] if best else []
    parts += with_notes(finalists_table(found))
    parts += with_notes(winner_table(found))
    if found.confirmed is not None and not found.confirmed.diverged:
        parts[-1:] = [Text(f"as options: {_options(found.confirmed)}"), Text()]
    parts += with_notes(ablation_table(found))
    importances = found.importances
    matters = importance_table(importances, found.metric)
    if matters is None and importances.warning is not None:
        parts += [Text(f"What matters: {importances.warning}."), Text()]
    parts += with_notes(matters)
    return Group(*parts, *_search_lines(found.results))


def _options(won: Confirmed) -> str:
    """Returns a winner's setting as options of a command line."""
    options = {name.replace("_", "-"): f"{value}" for name, value in won.params.items()}
    return " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items())


def _search_lines(search: SearchResults) -> list[Text]:
    epochs = (
        f" They ask for {counted(search.epochs_asked, 'epoch')}; "
        f"{search.epochs_trained:,} were trained."
        if search.goes_by_epochs
        else ""
    )
    lines = [Text(f"{trials_done(search.counts)}.{epochs} {how_trained(search.runtime)}")]
    if search.metric.sign < 0:
        lines.append(Text(f"{words(search.metric.name)}: less is better."))
    if search.metric.name.startswith("test_"):
        lines.append(Text(_ON_TEST_DATA, style="yellow"))
    confirming = search.confirmation.failed if search.confirmation is not None else ()
    for what, failures in (("failed", search.failed), ("confirmation failed", confirming)):
        told = alike_failures(failures)[:_MOST_FAILURES]
        lines += [Text(f"{what}: {line}", style="red") for line in told]
    return lines
