"""What the looks of a grid have decided, in sentences."""

from __future__ import annotations

import math
from collections import Counter

from hpstudy.analysis.findings import GridFindings
from hpstudy.analysis.looks import LooksFinding
from hpstudy.metric import Metric, Verdict
from hpstudy.wording import counted, sized, spelled, within

_RATE = (
    "Over all looks and levels together at most 5 % of such studies call a difference where there "
    "is none."
)
_NARROW = 1.5  # of luck's deviation: a margin below takes very many seeds
_SEEDS_OF_ONE = 20  # where the margin is as large as luck's deviation


def looks_told(found: GridFindings) -> list[str]:
    """Says what a grid's looks have decided, a line each; nothing of a grid with fixed seeds."""
    looks = found.looks
    if looks is None:
        return []
    parts = [_looked(looks), _decided(looks, found.metric), _claimed(looks), _RATE]
    first = " ".join(filter(None, parts)) if looks.made else ""
    return [*filter(None, (first, _coming(looks), _narrow(looks, found.metric)))]


def _looked(looks: LooksFinding) -> str:
    after = ", ".join(f"{look.count}" for look in looks.made)
    return f"Looked after {after} seeds of at most {looks.looks.counts[-1]}, as announced."


def _decided(looks: LooksFinding, metric: Metric) -> str:
    """Says how many levels have which verdict."""
    margin = looks.looks.margin or 0.0  # without one, none is equal and none without a gain
    counts = Counter(verdict for cell, verdict in looks.verdicts.items() if cell is not None)
    said = {
        Verdict.WORSE: "worse",
        Verdict.BETTER: "better",
        Verdict.EQUAL: f"equal {within(margin, metric)}",
        Verdict.NO_GAIN: f"without a gain of {sized(margin, metric)}",
        Verdict.UNSTABLE: "unstable",
        Verdict.DIVERGES: "diverging",
        Verdict.OPEN: "open",
        Verdict.NOT_SHOWN: "undecided",
        Verdict.CANNOT_TELL: "without enough seeds",
        None: "without a value",
    }
    told = [
        f"{count} {_are(count)} {words}"
        for verdict, words in said.items()
        if (count := counts[verdict])
    ]
    return f"Of {counted(counts.total(), 'level')} {', '.join(told)}."


def _claimed(looks: LooksFinding) -> str:
    """Says how many of the pairs are open that claims compare beside the baseline."""
    count = sum(second is not None for _, second in looks.open)
    return f"Of what claims compare besides, {count} {_are(count)} open." if count else ""


def _coming(looks: LooksFinding) -> str:
    """Says how far the next look has come."""
    if looks.next is None:
        return ""
    which = "next" if looks.made else "first"
    told = f"The {which} look, after {looks.next} seeds, has {looks.done} of "
    return f"{told}{counted(looks.asked, 'training')} that it waits for."


def _narrow(looks: LooksFinding, metric: Metric) -> str:
    """Warns of a margin that is narrow beside luck."""
    margin, luck = looks.looks.margin, looks.deviation
    if luck is None or margin is None or margin >= _NARROW * luck:
        return ""
    seeds = math.ceil(_SEEDS_OF_ONE * (luck / margin) ** 2)
    size = spelled(luck, metric, signed=False)
    return (
        f"Luck moves a single training by {size} (its standard deviation): to show levels equal "
        f"{within(margin, metric)} takes about {seeds:,} seeds."
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
