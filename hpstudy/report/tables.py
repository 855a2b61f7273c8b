"""Tables of the page: cells as text, columns that say nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hpstudy.analysis.convergence import Reached
from hpstudy.analysis.findings import FactorFinding, LevelFinding
from hpstudy.analysis.search import SearchResults, best_settings
from hpstudy.analysis.speed import go_by_epochs
from hpstudy.metric import Metric, Quantity
from hpstudy.numeric import mean
from hpstudy.report.wording import judged
from hpstudy.wording import apart, gap, headings, level, number, quantity, short_number, words

_SHOWN_TRIALS = 10
_SMALLEST_P = 0.001  # what is smaller is not known to a digit
_LEVEL_COLUMNS = (
    "level", "difference", "p", "verdict", "seeds", "needed", "published", "with ours",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        caption: What it holds.
        columns: The columns' names.
        rows: The cells, row by row.
        strong: The rows that stand out.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: frozenset[int] = frozenset()


def _table(
    caption: str, rows: Sequence[Mapping[str, str]], strong: Iterable[int] = ()
) -> Table | None:
    """Returns a table of the columns that have a cell; None if there is none."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = [name for name in names if any(row.get(name) for row in rows)]
    if not shown:
        return None
    cells = tuple(tuple(row.get(name) or "–" for name in shown) for row in rows)
    return Table(caption, tuple(shown), cells, frozenset(strong))


def levels_table(factor: FactorFinding, metric: Metric) -> Table | None:
    """Returns a factor's levels with their 95 % intervals and verdicts."""
    unequal = len({len(row.seeds) for row in factor.levels}) > 1
    rows = [_level_cells(row, metric, unequal=unequal) for row in factor.levels]
    strong = [place for place, row in enumerate(factor.levels) if row.is_baseline]
    return _table(f"Levels of {factor.name}", rows, strong)


def _level_cells(row: LevelFinding, metric: Metric, *, unequal: bool) -> dict[str, str]:
    needed, agreement = row.seeds_needed, row.agreement
    theirs = None if row.published is None else Quantity(row.published)
    return {
        "level": level(row.level),
        apart(words(metric.name), _LEVEL_COLUMNS, "metric"): quantity(row.mean, metric),
        "difference": "baseline" if row.is_baseline else gap(row.difference, metric),
        "p": "" if row.p is None else _probability(row.p),
        "verdict": judged(row) or ("" if row.is_baseline else "no value yet"),
        "seeds": f"{len(row.seeds)}" if unequal else "",
        "needed": "" if needed is None else f"{needed}",
        "published": quantity(agreement.figure if agreement is not None else theirs, metric),
        "with ours": "" if agreement is None else agreement.verdict,
    }


def _probability(p: float) -> str:
    return f"{p:.2g}" if p >= _SMALLEST_P else f"< {_SMALLEST_P}"


def costs_table(factor: FactorFinding, metric: Metric) -> Table | None:
    """Returns what a factor's levels cost, and how soon they reach the targets."""
    once = not go_by_epochs(factor)
    rows = [_cost_cells(row, metric, once=once) for row in factor.levels]
    if not any(cell for row in rows for name, cell in row.items() if name != "level"):
        return None
    strong = [place for place, row in enumerate(factor.levels) if row.is_baseline]
    return _table(f"Cost of the levels of {factor.name}", rows, strong)


def _cost_cells(row: LevelFinding, metric: Metric, *, once: bool) -> dict[str, str]:
    seconds, images = row.speed.seconds_per_epoch, row.speed.images_per_second
    memory = row.speed.peak_memory_mb
    cells = {
        "level": level(row.level),
        "seconds" if once else "s an epoch": f"{seconds.mean:.3g}"
        if seconds and seconds.mean
        else "",
        "images/s": f"{images.mean:,.0f}" if images is not None else "",
        "peak MiB": f"{memory:.0f}" if memory else "",
    }
    longest = max((len(run.epochs) for run in row.runs), default=0)
    for reached in row.reached:
        target = short_number(reached.target, metric)
        name = "seeds that reach" if once else "epochs to"
        cell = _how_many(reached) if once else _soon(reached, longest)
        cells[f"{name} {target}"] = cell if row.runs else ""
    return cells


def _soon(reached: Reached, longest: int) -> str:
    """Returns the mean epoch of a target, with its range, and how many seeds reached it."""
    known = [epoch for epoch in reached.epochs if epoch is not None]
    if not known:
        return f"not in {longest}"
    text = f"{mean(known):.3g}"
    if max(known) > min(known):
        text += f" ({min(known)} to {max(known)})"
    if len(known) < len(reached.epochs):
        text += f", {len(known)} of {len(reached.epochs)} seeds"
    return text


def _how_many(reached: Reached) -> str:
    """Returns how many seeds reached a target."""
    return f"{sum(epoch is not None for epoch in reached.epochs)} of {len(reached.epochs)}"


def trials_table(search: SearchResults) -> Table | None:
    """Returns the best settings of a search, each once, with how often it was tried."""
    best = best_settings(search, _SHOWN_TRIALS)
    is_repeated = any(one.times > 1 for one in best)
    names = dict.fromkeys(name for one in best for name in one.trial.params)
    heads = headings(names, ("trial", search.metric.name, words(search.metric.name), "tried"))
    rows = [
        {
            "trial": f"{one.trial.number}",
            words(search.metric.name): number(one.trial.values[0], search.metric),
            **{words(heads[name]): level(value) for name, value in one.trial.params.items()},
            "tried": f"{one.times}" if is_repeated else "",
        }
        for one in best
    ]
    return _table("The best settings", rows)


def finalists_table(search: SearchResults) -> Table | None:
    """Returns the finalists on fresh seeds, and beside them what the search had promised."""
    metric = search.confirmed.metric if search.confirmed is not None else search.metric
    rows = [
        {
            "setting": ", ".join(f"{name} {level(value)}" for name, value in one.params.items())
            + (" (the baseline)" if one.is_baseline else ""),
            "in the search": number(one.searched, search.metric),
            "on fresh seeds": number(one.mean, search.metric),
            "seeds": f"{len(one.seeds)}",
            "diverged": f"{len(one.diverged)}" if one.diverged else "",
        }
        for one in search.finalists
    ]
    won = search.confirmed
    if won is not None:
        named = words(metric.name)
        ours = _fresh(won.values, won.mean, metric, won.diverged)
        lost = won.baseline_diverged
        theirs = _fresh(won.baseline_values, won.baseline_mean, metric, lost)
        if won.is_baseline:
            rows.append({"setting": f"winner, the baseline itself, {named}", **ours})
        else:
            rows.append({"setting": f"winner, {named}", **ours})
            rows.append({"setting": f"baseline, {named}", **theirs})
    return _table("On fresh seeds", rows)


def _fresh(
    values: Sequence[float],
    mean: Quantity | None,
    metric: Metric,
    diverged: Sequence[int],
) -> dict[str, str]:
    shown = quantity(mean, metric)
    lost = f"{len(diverged)}" if diverged else ""
    return {"on fresh seeds": shown, "seeds": f"{len(values)}", "diverged": lost}
