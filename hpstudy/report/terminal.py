"""What a grid and a search found, in the terminal."""

from __future__ import annotations

import shlex

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.findings import FactorFinding, GridFindings, LevelFinding
from hpstudy.analysis.importance import Importances
from hpstudy.analysis.planning import is_replicated
from hpstudy.analysis.search import SearchResults
from hpstudy.analysis.speed import go_by_epochs
from hpstudy.analysis.telling import telling
from hpstudy.metric import Metric
from hpstudy.report.grid_tables import claims_table, costs_table
from hpstudy.report.importance_table import importance_table
from hpstudy.report.render import with_notes
from hpstudy.report.search_tables import finalists_table, trials_table, winner_table
from hpstudy.report.wording import alike_failures, judged, missing_numbers
from hpstudy.wording import (
    apart,
    counted,
    difference,
    duration,
    ends,
    how_trained,
    number,
    words,
)

_HOW_JUDGED = (
    "Intervals cover 95 %. A verdict compares a level with the baseline, seeds as blocks, spread "
    "pooled over the levels (Welch's test where a level's spread is unlike the others'), by "
    "Holm's method over all levels: so an interval of one level may leave out 0 where no "
    "difference is shown. It holds at the baseline of the other hyperparameters."
)
_BY_RANK = "Where seeds diverged, outcomes are compared by rank, a diverged one being the worst."
_LEFT_OUT = (
    "Where an interval is left out, it would hold all that the metric can be: so few seeds cannot "
    "tell."
)
_SEEDS_NEEDED = (
    "Seeds: 3 of 9 means that 9 would show a difference of the size seen in four studies of five."
)
_BEST = 5
_MOST_FAILURES = 10
_ON_TEST_DATA = (
    "The search chose by a test metric: what is chosen by the test data scores better there than "
    "on data that nothing was chosen by. Search by a validation metric (search.metric, "
    "search.validation)."
)
_COLUMNS = ("level", "95 %", "verdict", "published", "seeds")
_DOUBTED = "≠ not consistent with ours: further apart than luck explains (at 5 %"


def grid_tables(found: GridFindings, *, quick: str | None = None) -> Group:
    """Returns a table a factor, the claims where they can be judged, and what else there is to say.

    Args:
        found: What the grid shows.
        quick: What makes this a quick look, to be said on every table.
    """
    parts: list[RenderableType] = []
    for factor, whole in zip(telling(found).factors, found.factors, strict=True):
        parts += [_factor_table(factor, found, quick), Text()]
        if (shown := len(factor.levels)) < (of := len(whole.levels)):
            text = f"{shown} of {of:,} levels, those that show most; --json prints all of them."
            parts[-1:] = [Text(text), Text()]
    if found.claims and is_replicated(*found.factors):
        parts += with_notes(claims_table(found.claims))
    if found.importances.rows and found.importances.warning is None:
        parts += with_notes(importance_table(found.importances, found.metric))
    for factor in telling(found).factors:
        parts += with_notes(costs_table(factor, found.metric))
    return Group(*parts, *_grid_lines(found))


def _quick(quick: str | None) -> list[RenderableType]:
    """Says what makes this a quick look."""
    return [Text(quick, style="yellow")] if quick else []


def _factor_table(factor: FactorFinding, found: GridFindings, quick: str | None) -> Table:
    grid = found.results
    at = ", ".join(f"{k} {v}" for k, v in grid.baseline.items() if k != factor.name)
    title = f"{factor.name}  (at {at})" if at else factor.name
    table = Table(title=title, caption=quick, title_justify="left", caption_justify="left")
    several = is_replicated(*found.factors)
    rows = [_cells(row, found, several=several) for row in factor.levels]
    # A column that is empty all the way down says nothing.
    shown = [name for name in rows[0] if any(row[name] for row in rows)]
    for name in shown:
        table.add_column(name, justify="right", overflow="fold")
    for row, level in zip(rows, factor.levels, strict=True):
        table.add_row(
            *(row[name] or "–" for name in shown), style="bold" if level.is_baseline else None
        )
    return table


def _cells(row: LevelFinding, found: GridFindings, *, several: bool) -> dict[str, str]:
    metric, mean = found.metric, row.average
    gap = None if mean is None or row.published is None else mean - row.published
    cells = {
        "level": f"{row.level}",
        apart(words(metric.name), _COLUMNS, "metric"): number(mean, metric),
        "95 %": ends(row.mean, metric),
        "Δ baseline": "baseline" if row.is_baseline else difference(row.difference, metric),
        "Δ 95 %": ends(row.difference, metric, signed=True),
        "verdict": _verdict(row, metric, several=several),
        "published": _published(row, metric),
        "Δ published": difference(gap, metric),
        "seeds": _seeds(row) if several else "",
    }
    if several:
        del cells["Δ published"]  # with intervals at hand, a bare difference would mislead
    return cells


def _verdict(row: LevelFinding, metric: Metric, *, several: bool) -> str:
    if not several and not row.diverged:
        return ""
    if row.within is None:
        return judged(row)
    bound = difference(row.within, metric).lstrip("+")
    return f"{judged(row)} (within ±{bound})"


def _seeds(row: LevelFinding) -> str:
    needed = row.seeds_needed
    return f"{len(row.seeds)}" if needed is None else f"{len(row.seeds)} of {needed}"


def _published(row: LevelFinding, metric: Metric) -> str:
    return f"{number(row.published, metric)}{' ≠' if row.is_doubted else ''}"


def _grid_lines(found: GridFindings) -> list[Text]:
    grid, more = found.results, found.more_seeds
    trials = grid.trials
    done = trials.complete + trials.diverged
    total = done + trials.failed + trials.running + trials.waiting
    others = {"failed": trials.failed, "running": trials.running, "waiting": trials.waiting}
    states = [f"{done} of {counted(total, 'point')} done"]
    states += [f"{trials.diverged} of them diverged"] if trials.diverged else []
    states += [f"{count} {state}" for state, count in others.items() if count]
    epochs = (
        f" The rows above take {counted(grid.epochs_asked, 'epoch')} one by one; "
        f"{grid.epochs_trained:,} were trained."
        if go_by_epochs(*grid.factors)
        else ""
    )
    lines = [Text(f"{', '.join(states)}.{epochs} {how_trained(grid.runtime)}")]
    if grid.metric.sign < 0:
        lines.append(Text(f"{words(grid.metric.name)}: less is better."))
    if grid.metric.in_per_cent:
        lines.append(Text("Δ in percentage points."))
    several = is_replicated(*found.factors)
    if any(row.is_doubted for row in found.levels):
        luck = "" if several else "; the luck of test images alone, that of seeds is unknown"
        lines.append(Text(f"{_DOUBTED}{luck})."))
    if several:
        lines.append(Text(_HOW_JUDGED))
        if found.has_ranks:
            lines.append(Text(_BY_RANK))
        if found.leaves_out_intervals:
            lines.append(Text(_LEFT_OUT))
        if any(row.seeds_needed is not None for row in found.levels):
            lines.append(Text(_SEEDS_NEEDED))
    elif more is not None:
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


def search_tables(
    search: SearchResults, importances: Importances, *, quick: str | None = None
) -> Group:
    """Returns the best settings, finalists, the winner beside the baseline, importances, counts.

    Args:
        search: The search's results.
        importances: What matters in it.
        quick: What makes this a quick look, to be said on the table.
    """
    best = with_notes(trials_table(search, _BEST))
    parts: list[RenderableType] = [*_quick(quick), *best] if best else []
    parts += with_notes(finalists_table(search))
    parts += with_notes(winner_table(search))
    if search.confirmed is not None and not search.confirmed.diverged:
        parts[-1:] = [Text(f"as options: {_options(search.confirmed)}"), Text()]
    matters = importance_table(importances, search.metric)
    if matters is None and importances.warning is not None:
        parts += [Text(f"What matters: {importances.warning}."), Text()]
    parts += with_notes(matters)
    return Group(*parts, *_search_lines(search))


def _options(won: Confirmed) -> str:
    """Returns a winner's setting as options of a command line."""
    options = {name.replace("_", "-"): f"{value}" for name, value in won.params.items()}
    return " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items())


def _search_lines(search: SearchResults) -> list[Text]:
    counts = search.counts
    finished = counts.complete + counts.pruned + counts.diverged
    states = [f"{counted(finished, 'trial')} finished"]
    others = {
        "pruned": counts.pruned,
        "diverged": counts.diverged,
        "running": counts.running,
        "failed": counts.failed,
    }
    states += [f"{count} {state}" for state, count in others.items() if count]
    epochs = (
        f" They ask for {counted(search.epochs_asked, 'epoch')}; "
        f"{search.epochs_trained:,} were trained."
        if search.goes_by_epochs
        else ""
    )
    lines = [Text(f"{', '.join(states)}.{epochs} {how_trained(search.runtime)}")]
    if search.metric.sign < 0:
        lines.append(Text(f"{words(search.metric.name)}: less is better."))
    if search.metric.name.startswith("test_"):
        lines.append(Text(_ON_TEST_DATA, style="yellow"))
    confirming = search.confirmation.failed if search.confirmation is not None else ()
    for what, failures in (("failed", search.failed), ("confirmation failed", confirming)):
        told = alike_failures(failures)[:_MOST_FAILURES]
        lines += [Text(f"{what}: {line}", style="red") for line in told]
    return lines
