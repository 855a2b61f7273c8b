"""What better levels do together, beside what each does by itself, as a table."""

from __future__ import annotations

from hpstudy.analysis.combined import Combined
from hpstudy.analysis.findings import GridFindings, LevelFinding
from hpstudy.analysis.together import adds_up
from hpstudy.metric import Metric, Quantity
from hpstudy.views.tables.table import Spread, Table, table
from hpstudy.wording import counted, gap, quantity, setting, words

_HOW_JUDGED = (
    "Together: these levels at once, on the baseline's seeds. It is compared with the baseline and "
    "with the best of them by itself, and beyond the sum it says whether they add up: judged as if "
    "these were three more of all that the grid compares."
)


def combined_table(found: GridFindings) -> Table | None:
    """Returns levels apart, their sum, and what they do together; None where none were combined."""
    ours, metric = found.combined, found.metric
    if ours is None:
        return None
    levels = {(f.name, row.level): row for f in found.factors for row in f.levels}
    rows = [
        _cells(setting(dict([at])), levels[at], metric)
        for at in ours.levels.items()
        if at in levels
    ]
    if ours.sum is not None:
        rows.append({"setting": "their sum", "difference": gap(Quantity(ours.sum.apart), metric)})
    rows.append(_cells("together", ours, metric) | {"verdict": _verdict(ours)})
    if ours.sum is not None:
        less = Spread(gap(ours.sum.interaction, metric))
        told = adds_up(ours.sum, metric).partition(" (")[0]
        rows.append({"setting": "beyond the sum", "difference": less, "verdict": told})
    place = [at for at, row in enumerate(rows) if row["setting"] == "together"]
    title = f"Together: {setting(ours.levels)}"
    return table(title, rows, text=("setting", "verdict"), strong=place, footnotes=(_HOW_JUDGED,))


def _cells(name: str, row: LevelFinding | Combined, metric: Metric) -> dict[str, str]:
    return {
        "setting": name,
        words(metric.name): Spread(quantity(row.mean, metric)),
        "difference": Spread(gap(row.difference, metric)),
        "verdict": row.verdict or "",
        "seeds": f"{len(row.seeds)}",
    }


def _verdict(ours: Combined) -> str:
    """Says the combined setting's verdict, and of how many seeds there is no value."""
    gaps = []
    if ours.diverged:
        gaps.append(f"{ours.losses} diverged")
    if ours.failed:
        gaps.append(f"{len(ours.failed)} of {counted(len(ours.wanted), 'seed')} failed")
    if not ours.is_whole:
        done = len(ours.seeds) + len(ours.diverged)
        gaps.append(f"{done} of {counted(len(ours.wanted), 'seed')} done")
    return ": ".join(part for part in (ours.verdict or "", "; ".join(gaps)) if part)
