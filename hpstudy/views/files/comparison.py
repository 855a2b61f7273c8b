"""A comparison as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hpstudy.analysis.compare import Beside, Comparison, Side
from hpstudy.analysis.family import Compared
from hpstudy.metric import Quantity
from hpstudy.results.comparison import Cost
from hpstudy.sampler import Point
from hpstudy.views.comparison import answer_line
from hpstudy.views.files.parts import metric_epochs, spreads_own


def comparison_document(
    found: Comparison, settings: Mapping[str, Point], cost: Cost | None
) -> dict[str, Any]:
    """Returns what a comparison came to, as JSON takes it; what is not known is None.

    Args:
        found: The comparison.
        settings: The settings by their names, where these are known.
        cost: What the trainings took; None where nobody counted.
    """
    best = found.best
    several = len(found.others) > 1
    return {
        "answer": answer_line(found),
        **_row(best),
        "margin": found.looks.margin,
        "metric": found.metric.name,
        **metric_epochs(found.metric),
        **spreads_own(found.looks.spreads),
        "direction": found.metric.direction,
        "unit": found.metric.unit,
        "announced": list(found.looks.counts),
        "a": _side(found.baseline, settings),
        "b": _side(best.side, settings),
        "cost": None if cost is None else asdict(cost),
        **({"comparisons": [_of(one, settings) for one in found.others]} if several else {}),
    }


def _of(one: Beside, settings: Mapping[str, Point]) -> dict[str, Any]:
    return {**_row(one), "b": _side(one.side, settings)}


def _row(one: Beside) -> dict[str, Any]:
    looks = [{"seeds": count, "alpha": alpha, **_found(at)} for count, alpha, at in one.looks]
    return {"verdict": one.verdict, **_found(one.found), "seeds": one.seeds, "looks": looks}


def _found(found: Compared | None) -> dict[str, Any]:
    difference = None if found is None else found.difference
    return {
        "difference": None if difference is None else difference.value,
        **_ends(difference),
        "p": None if found is None else found.p,
        "test": None if found is None else found.test,
    }


def _side(side: Side, settings: Mapping[str, Point]) -> dict[str, Any]:
    outcome = side.outcome
    return {
        "name": side.name,
        "params": settings.get(side.name),
        "seeds": [*outcome.values],
        "values": [*outcome.values.values()],
        "mean": None if side.mean is None else side.mean.value,
        **_ends(side.mean),
        "diverged": sorted(outcome.diverged),
        "failed": sorted(outcome.failed),
    }


def _ends(quantity: Quantity | None) -> dict[str, float | None]:
    low, high = (None, None) if quantity is None else (quantity.low, quantity.high)
    return {"low": low, "high": high}
