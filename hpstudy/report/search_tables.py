"""A search's results, and what one would take, in the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hpstudy.analysis.confirmed import Confirmed, Finalist
from hpstudy.analysis.importance import Importances
from hpstudy.analysis.reasons import more_confirmation
from hpstudy.analysis.search import SearchResults, Tried, best_settings
from hpstudy.metric import Metric
from hpstudy.report.importance_table import importance_table
from hpstudy.report.render import with_notes
from hpstudy.report.wording import alike_failures
from hpstudy.wording import (
    bare_number,
    cannot_tell,
    counted,
    difference,
    ends,
    headings,
    how_trained,
    level,
    number,
    setting,
    words,
)

_BEST = 5
_MOST_FAILURES = 10
_ON_TEST_DATA = (
    "The search chose by a test metric: what is chosen by the test data scores better there than "
    "on data that nothing was chosen by. Search by a validation metric (search.metric, "
    "search.validation)."
)


def search_tables(
    search: SearchResults, importances: Importances, *, quick: str | None = None
) -> Group:
    """Returns the best settings, finalists, the winner beside the baseline, importances, counts.

    Args:
        search: The search's results.
        importances: What matters in it.
        quick: What makes this a quick look, to be said on the table.
    """
    parts: list[RenderableType] = []
    if best := best_settings(search, _BEST):
        parts += [_best_table(best, search, quick), Text()]
    if search.finalists:
        parts += [_finalists_table(search.finalists, search.metric), Text()]
    if search.confirmed is not None:
        parts += [
            *_winner(search.confirmed, held_out=bool(search.settings.get("validation"))),
            Text(),
        ]
    matters = importance_table(importances, search.metric)
    if matters is None and importances.warning is not None:
        parts += [Text(f"What matters: {importances.warning}."), Text()]
    parts += with_notes(matters)
    return Group(*parts, *_closing_lines(search))


def _best_table(best: list[Tried], search: SearchResults, quick: str | None) -> Table:
    count = search.counts.complete
    title = f"search: the best of {count} complete trial{'' if count == 1 else 's'}"
    table = Table(title=title, caption=quick, title_justify="left", caption_justify="left")
    names = list(best[0].trial.params)
    often = ["tried"] if any(one.times > 1 for one in best) else []
    compared = words(search.metric.name)
    heads = headings(names, ("trial", search.metric.name, compared, *often))
    for name in ["trial", *heads.values(), compared, *often]:
        table.add_column(name, justify="right")
    for one in best:
        values = [level(one.trial.params[name]) for name in names]
        value = number(one.trial.values[0], search.metric)
        times = [f"{one.times} times" if one.times > 1 else "once"] if often else []
        table.add_row(str(one.trial.number), *values, value, *times)
    return table


def _finalists_table(finalists: Iterable[Finalist], metric: Metric) -> Table:
    table = Table(title="finalists, trained again on fresh seeds", title_justify="left")
    table.add_column("setting")
    for name in ("in the search", "fresh seeds", "mean"):
        table.add_column(name, justify="right")
    for finalist in finalists:
        values = [bare_number(value, metric) for value in finalist.values]
        if finalist.diverged:
            values.append(f"{len(finalist.diverged)} diverged")
        table.add_row(
            setting(finalist.params) + (" (the baseline)" if finalist.is_baseline else ""),
            number(finalist.searched, metric),
            ", ".join(values),
            number(finalist.mean, metric),
        )
    return table


def _winner(confirmed: Confirmed, *, held_out: bool) -> list[RenderableType]:
    metric = confirmed.metric
    name = words(metric.name)
    sure = ends(confirmed.mean, metric)
    seeds = counted(len(confirmed.seeds), "fresh seed")
    mean = f"{number(confirmed.mean, metric)}{f' (95 % {sure})' if sure else ''}"
    options = " ".join(
        f"--{key.replace('_', '-')} {shlex.quote(f'{value}')}"
        for key, value in confirmed.params.items()
    )
    itself = ", the baseline itself: nothing to compare" if confirmed.is_baseline else ""
    lines = [Text(f"winner: {setting(confirmed.params)}{itself}", style="bold")]
    if confirmed.values:
        trained = ", trained on all training data" if held_out else ""
        lines.append(Text(f"{name} on {seeds}{trained}: {mean}"))
    if confirmed.diverged:
        lines.append(Text(f"the winner {_diverged(confirmed.diverged)}", style="red"))
    if confirmed.baseline_diverged and not confirmed.is_baseline:
        lines.append(Text(f"the baseline {_diverged(confirmed.baseline_diverged)}", style="red"))
    if confirmed.difference is not None:
        gap = difference(confirmed.difference, metric)
        both = ends(confirmed.difference, metric, signed=True)
        sure = f" (95 % {both}, paired)" if both else f" ({cannot_tell(len(confirmed.seeds))})"
        base = number(confirmed.baseline_mean, metric)
        theirs = ends(confirmed.baseline_mean, metric)
        base += f" (95 % {theirs})" if theirs else ""
        lines.append(Text(f"baseline on the same seeds: {base}; difference {gap}{sure}"))
    if more_seeds := more_confirmation(confirmed):
        lines.append(Text(more_seeds))
    if not confirmed.diverged:
        lines.append(Text(f"as options: {options}"))
    return [*lines]


def _diverged(seeds: tuple[int, ...]) -> str:
    listed = ", ".join(f"{seed}" for seed in seeds)
    return f"diverged on seed{'' if len(seeds) == 1 else 's'} {listed}"


def _closing_lines(search: SearchResults) -> list[Text]:
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
