"""Parts of a JSON document that several of its sections have."""

from __future__ import annotations

from typing import Any

from hpstudy.metric import ALIKE, Metric, Quantity, Spreads
from hpstudy.results.grid import Failure
from hpstudy.results.looks import Looks


def failure_document(failure: Failure) -> dict[str, Any]:
    """Returns what raised, and where."""
    return {"params": dict(failure.params), "seed": failure.seed, "error": failure.error}


def flat(quantity: Quantity | None, name: str, prefix: str = "") -> dict[str, float | None]:
    """Returns a value under its name, and its interval's ends as `low` and `high`.

    Args:
        quantity: The value; None where it is not known, and then its ends are not either.
        name: What it is called.
        prefix: What stands before `low` and `high`.
    """
    value, low, high = (
        (None, None, None) if quantity is None else (quantity.value, quantity.low, quantity.high)
    )
    return {name: value, f"{prefix}low": low, f"{prefix}high": high}


def metric_epochs(metric: Metric) -> dict[str, int]:
    """Returns over how many last epochs values are means, where that is not the last alone."""
    return {"metric_epochs": metric.epochs} if metric.epochs > 1 else {}


def spreads_own(spreads: Spreads) -> dict[str, str]:
    """Returns that no setting's spread tells another's, where it is so."""
    return {} if spreads == ALIKE else {"spreads": spreads}


def looks_document(looks: Looks) -> dict[str, Any]:
    """Returns looks that were announced, as JSON holds them."""
    return {"after": list(looks.counts), "seeds": list(looks.seeds), "margin": looks.margin}
