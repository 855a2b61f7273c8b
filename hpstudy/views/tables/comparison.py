"""What settings come to beside a baseline, together or one by one, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.analysis.compare import Comparison, Side
from hpstudy.metric import Verdict
from hpstudy.views.tables.table import Spread, Table, table
from hpstudy.wording import counted, gap, over_epochs, quantity, words


def comparison_table(found: Comparison) -> Table | None:
    """Returns the settings, the baseline first."""
    is_pair = len(found.others) == 1
    letters = ["A", "B"] if is_pair else [""] * (len(found.others) + 1)
    value = f"{words(found.metric.name)}, 95 %"
    rows = [
        {
            "": letter,
            "setting": side.name,
            value: "" if side.mean is None else Spread(quantity(side.mean, found.metric)),
            "difference, 95 %": "" if difference is None else Spread(gap(difference, found.metric)),
            "verdict": verdict,
            "seeds": _seeds(side),
        }
        for letter, side, difference, verdict in zip(
            letters,
            [found.baseline, *(one.side for one in found.others)],
            [None, *(one.difference for one in found.others)],
            [Verdict.BASELINE, *(one.verdict for one in found.others)],
            strict=True,
        )
    ]
    return table(
        "",
        rows,
        text=("", "setting", "verdict", "seeds"),
        detail=("seeds",),
        footnotes=over_epochs(found.metric),
    )


def comparisons_table(found: Sequence[Comparison]) -> Table | None:
    """Returns what was compared with a study's baseline, each by itself; None where nothing was."""
    rows = [
        {
            "setting": one.best.side.name,
            "difference, 95 %": (
                "" if (gained := one.best.difference) is None else Spread(gap(gained, one.metric))
            ),
            "verdict": one.best.verdict,
            "seeds": f"{one.best.seeds or len(one.baseline.outcome.values)}",
        }
        for one in found
    ]
    if not rows:
        return None
    by_itself = "Each by itself: of twenty comparisons without any difference one is called so."
    return table(
        "Compared with the baseline",
        rows,
        text=("setting", "verdict"),
        footnotes=[by_itself] if len(rows) > 1 else [],
    )


def _seeds(side: Side) -> str:
    outcome = side.outcome
    states = {"diverged": outcome.diverged, "failed": outcome.failed - {*outcome.values}}
    lost = [f"{len(seeds)} {state}" for state, seeds in states.items() if seeds]
    return ", ".join([counted(len(outcome.values), "value"), *lost])
