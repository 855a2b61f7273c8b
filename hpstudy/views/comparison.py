"""A comparison in words: the answer in a line, how it was looked at, and what it cost."""

from __future__ import annotations

from hpstudy.analysis.compare import Beside, Comparison, Side
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.results.comparison import Cost
from hpstudy.results.looks import Looks
from hpstudy.wording import counted, duration, ends, enumerated, spelled, within

_SAID = {
    Verdict.BETTER: "{name} is better",
    Verdict.WORSE: "{name} is worse",
    Verdict.EQUAL: "Equal {within}",
    Verdict.NO_GAIN: "{name} gains no {margin}",
    Verdict.OPEN: "Open",
    Verdict.NOT_SHOWN: "No difference shown",
    Verdict.CANNOT_TELL: "Not compared",
    Verdict.UNSTABLE: "{name} is unstable",
    Verdict.DIVERGES: "{name} diverges",
}


def answer_line(found: Comparison) -> str:
    """Returns the answer: "B is better: +0.41 points (+0.12 to +0.70) on 8 seeds."."""
    if len(found.others) == 1:
        return _line(found, found.best, "B", "A")
    counts = {said: [o for o in found.others if o.verdict is said] for said in Verdict}
    told = [f"{len(those)} {said}" for said, those in counts.items() if those]
    best = _line(found, found.best, found.best.side.name, found.baseline.name)
    if found.best.verdict is Verdict.CANNOT_TELL:
        return best
    return f"{best} Of {len(found.others)} beside {found.baseline.name}: {', '.join(told)}."


def _line(found: Comparison, one: Beside, name: str, baseline: str) -> str:
    margin = found.looks.margin
    size, both = spelled(margin, found.metric, signed=False), within(margin, found.metric)
    said = _SAID[one.verdict].format(name=name, margin=size, within=both)
    why = [*_figures(found, one), *_lost(one.side, name), *_lost(found.baseline, baseline)]
    return f"{said}: {'; '.join(why)}." if why else f"{said}."


def _figures(found: Comparison, one: Beside) -> list[str]:
    told = []
    if one.difference is not None:
        told = [f"{gap_told(one.difference, found.metric)} on {seeds_told(found.baseline, one)}"]
    if one.verdict is Verdict.OPEN:
        told.append(f"the next look is after {found.looks.counts[len(one.looks)]} seeds")
    if told:
        return told
    few = [s.name for s in (found.baseline, one.side) if len(s.outcome.values) < 2]
    is_lost = one.side.outcome.diverged or found.baseline.outcome.diverged
    return [f"fewer than two values of {enumerated(few)}"] if few and not is_lost else []


def gap_told(difference: Quantity, metric: Metric) -> str:
    """Returns a difference with unit and interval: "+0.41 points (+0.12 to +0.70)"."""
    both = ends(difference, metric, signed=True)
    return f"{spelled(difference, metric)}{f' ({both})' if both else ''}"


def seeds_told(baseline: Side, one: Beside) -> str:
    """Returns how many seeds a difference is of; where none is shared, how many runs each has."""
    ours, theirs = one.side.outcome.values, baseline.outcome.values
    if shared := len(ours.keys() & theirs.keys()):
        return counted(shared, "seed")
    return f"{len(theirs):,} and {counted(len(ours), 'run')}"


def _lost(side: Side, name: str) -> list[str]:
    lost = len(side.outcome.diverged)
    seeds = counted(lost + len(side.outcome.values), "seed")
    return [f"{name} diverged on {lost} of {seeds}"] if lost else []


def looked_line(found: Comparison) -> str:
    """Says when it was looked at, and how often that is wrong."""
    looks = [count for count, _, _ in found.best.looks]
    if len(found.looks.counts) == 1 or not looks:
        return ""
    told = enumerated([f"{count}" for count in looks])
    return (
        f"Looked after {told} seeds of at most {found.looks.counts[-1]}, as announced. Over all "
        "looks together at most 5 % of such comparisons call a difference where there is none."
    )


def looks_told(looks: Looks, metric: Metric) -> str:
    """Says after how many seeds it is looked, and what counts."""
    after = enumerated([f"{count}" for count in looks.counts])
    return f"looks after {after} seeds, {within(looks.margin, metric)}."


def cost_line(cost: Cost) -> str:
    """Says what the trainings took, whenever they were trained."""
    parts = [counted(cost.trainings, "training")]
    if cost.epochs != cost.trainings:
        parts.append(counted(cost.epochs, "epoch"))
    if cost.seconds is not None:
        parts.append(f"{duration(cost.seconds)} of training")
    return f"It took {', '.join(parts)}."
