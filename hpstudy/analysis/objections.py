"""What a search has against a setting that the grid shows to be better."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.analysis.search import SearchFindings
from hpstudy.sampler import Level


def changes(params: Mapping[str, Level], baseline: Mapping[str, Level]) -> dict[str, Level]:
    """Returns a setting's values that are not the baseline's."""
    return {n: value for n, value in params.items() if n not in baseline or value != baseline[n]}


def objection(found: SearchFindings, levels: Mapping[str, Level], *, is_worse: bool) -> str | None:
    """Says what a search has against levels, the rest at the baseline; None where it has nothing.

    Args:
        found: What the search shows.
        levels: The levels.
        is_worse: Whether its winner is shown to be worse than the baseline.
    """
    won, baseline = found.confirmed, found.results.baseline
    fresh = [(f.params, f.diverged, f.seeds) for f in found.finalists]
    fresh += [] if won is None else [(won.params, won.diverged, won.seeds)]
    for params, diverged, seeds in fresh:
        if diverged and changes(params, baseline) == levels:
            return f"diverged on {len(diverged)} of {len(diverged) + len(seeds)} fresh seeds"
    if won is not None and is_worse and changes(won.params, baseline) == levels:
        return "is worse on fresh seeds"
    if any(changes(trial.params, baseline) == levels for trial in found.results.diverged):
        return "diverged"
    return None
