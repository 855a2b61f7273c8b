"""Which of its changes made a search's winner better, as a table and in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from hpstudy.analysis.ablation import Effect, Steps, ablation_told, change_told
from hpstudy.analysis.search import SearchFindings
from hpstudy.metric import Quantity, Verdict
from hpstudy.views.tables.grid import POINTS
from hpstudy.views.tables.table import Spread, Table, table
from hpstudy.wording import counted, gap, within

_HOW_JUDGED = (
    "By itself: this change alone, beside the baseline. Added: after the changes above it, which "
    "gain more by themselves. Intervals cover 95 % for all together; the order is allowed for."
)


def ablation_table(found: SearchFindings) -> Table | None:
    """Returns what each of a winner's changes does; None where none was trained by itself."""
    steps = found.ablation
    if steps is None:
        return None
    rows = [
        {
            "change": change_told(step),
            "by itself": Spread(gap(step.alone.difference, steps.metric)),
            "verdict": _verdict(step.alone, steps),
            "added": Spread(gap(step.added.difference, steps.metric)),
            "verdict of that": _verdict(step.added, steps),
        }
        for step in steps.steps
    ]
    total = gap(Quantity(steps.total), steps.metric)
    rows.append({"change": "all of them", "by itself": total, "added": total})
    notes = [ablation_told(steps), *_about(steps)]
    text = ("change", "verdict", "verdict of that")
    return table("Which change made it better", rows, text=text, footnotes=notes)


def _about(steps: Steps) -> Iterator[str]:
    if steps.metric.in_per_cent:
        yield POINTS
    yield f"Each on the {counted(steps.seeds, 'fresh seed')} of winner and baseline. {_HOW_JUDGED}"


def _verdict(effect: Effect, steps: Steps) -> str:
    if effect.verdict == Verdict.EQUAL:
        return f"equal {within(steps.margin, steps.metric)}"
    return effect.verdict or ""
