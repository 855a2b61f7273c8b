"""A grid's results as tables."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.analysis.claims import ClaimResult
from hpstudy.analysis.convergence import Reached
from hpstudy.analysis.findings import FactorFinding, LevelFinding
from hpstudy.analysis.speed import go_by_epochs
from hpstudy.metric import Metric, Quantity
from hpstudy.numeric import mean
from hpstudy.report.table import Table, table
from hpstudy.report.wording import judged
from hpstudy.wording import apart, gap, level, quantity, short_number, words

_CLAIMS = (
    "Supported: the data show it. Contradicted: they show the opposite. Not shown: they show "
    "neither."
)
_SMALLEST_P = 0.001  # what is smaller is not known to a digit
_LEVEL_COLUMNS = (
    "level", "difference", "p", "verdict", "seeds", "needed", "published", "with ours",
)  # fmt: skip


def levels_table(factor: FactorFinding, metric: Metric) -> Table | None:
    """Returns a factor's levels with their 95 % intervals and verdicts."""
    unequal = len({len(row.seeds) for row in factor.levels}) > 1
    rows = [_level_cells(row, metric, unequal=unequal) for row in factor.levels]
    strong = [place for place, row in enumerate(factor.levels) if row.is_baseline]
    return table(f"Levels of {factor.name}", rows, strong=strong)


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
    return table(
        f"Cost of {words(factor.name)}", rows, text=_words(factor), strong=_baseline(factor)
    )


def _baseline(factor: FactorFinding) -> list[int]:
    """Returns the place of the baseline's row."""
    return [place for place, row in enumerate(factor.levels) if row.is_baseline]


def _words(factor: FactorFinding) -> list[str]:
    """Returns the columns that hold words: the verdict, and levels that are no numbers."""
    is_named = any(isinstance(row.level, str) for row in factor.levels)
    return ["verdict", "level"] if is_named else ["verdict"]


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


def claims_table(claims: Sequence[ClaimResult]) -> Table | None:
    """Returns the published claims with their verdicts, and the figures that say so."""
    rows = [{"verdict": one.verdict, "claim": one.says, "why": one.why} for one in claims]
    return table("Claims", rows, text=("verdict", "claim", "why"), footnotes=[_CLAIMS])
