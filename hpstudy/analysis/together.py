"""The sentences of an answer about levels that are better by themselves: are they together?"""

from __future__ import annotations

from hpstudy.analysis.combined import Combined, Sum
from hpstudy.analysis.evidence import Evidence, GridEvidence
from hpstudy.analysis.reasons import apart
from hpstudy.metric import Metric
from hpstudy.wording import counted, enumerated, setting, spelled


def used(found: Combined, metric: Metric) -> str:
    """Says what levels that are to be used do together, and whether they add up."""
    return f"Together {_ahead(found, metric)}."


def notes(e: Evidence, found: Combined, metric: Metric) -> list[str]:
    """Says why levels are to be used together, and which others are better by themselves."""
    best, beside = setting(dict([found.best])), found.beside_best
    told = f": {apart(beside, metric, 'beside it')}" if beside is not None else ""
    why = (
        "Used together, as that is shown to be better than the baseline, and not shown to be worse "
        f"than {best} by itself{told}."
    )
    listed = [j.told(metric) for j in e.better if found.levels.get(j.factor) != j.row.level]
    return [why, *([f"Also better, each by itself: {enumerated(listed)}."] if listed else [])]


def others(e: Evidence, grid: GridEvidence) -> list[str]:
    """Says which levels are better besides the best, and what is known of them together."""
    listed = enumerated([j.told(grid.metric) for j in e.better[1:]])
    notes = [f"Also better, each by itself: {listed}."] if listed else []
    if e.combined is not None:
        notes.append(_not_used(e, e.combined, grid.metric))
    elif len(e.best_of_each) > 1:
        notes[0] += " Together they were not trained: --combine trains them."
    return notes


def adds_up(one: Sum, metric: Metric) -> str:
    """Says whether levels add up: "additive within ±0.10 points"."""
    if one.is_unlike:
        less = "less" if metric.sign * one.interaction.value < 0 else "more"
        return f"together they gain {less} than apart ({apart(one.interaction, metric)})"
    if one.within is None or one.within >= abs(one.apart):
        return "so few seeds cannot tell whether they add up"
    return f"additive within ±{spelled(one.within, metric, signed=False)}"


def _ahead(found: Combined, metric: Metric) -> str:
    """Says how far levels together are from the baseline, and whether they add up."""
    if found.difference is None:
        return f"{found.verdict or 'not compared yet'}"
    told = apart(found.difference, metric, "against the baseline")
    if found.sum is None:
        return told
    total = spelled(found.sum.apart, metric)
    return f"{told}; their sum would be {total}: {adds_up(found.sum, metric)}"


def _not_used(e: Evidence, found: Combined, metric: Metric) -> str:
    """Says what is known of levels that were trained together and are not the answer."""
    named = setting(found.levels)
    if found.diverged:
        return f"Together they diverge: {named} on {found.losses}."
    if not found.is_whole or not found.runs:
        count = counted(len(found.wanted), "seed")
        return f"Together ({named}) they have a value on {len(found.runs)} of {count}."
    told = f"Together ({named}): {_ahead(found, metric)}."
    if (objection := e.objection_to(found.levels)) is not None:
        return f"{told} In the search this, or one of them by itself, {objection}."
    if found.is_below_best and found.beside_best is not None:
        gap = apart(found.beside_best, metric, "beside it")
        return f"{told} {setting(dict([found.best]))} by itself is better: together {gap}."
    return f"{told} That is not shown to be better than the baseline."
