"""Comparing settings of which some seeds diverged: no number, but the worst outcome there is."""

from __future__ import annotations

from collections.abc import Sequence

_EXACT = 16  # trainings of both settings together, up to which every split is looked at


def ranks_p(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Returns the p of two settings' outcomes being alike.

    The seeds of two settings go up and down together, if anything, which makes this test, that
    takes them as independent, err towards no difference.

    Source: the rank-sum test, Mann and Whitney, "On a test of whether one of two random variables
    is stochastically larger than the other", 1947; exact by permutation for few seeds, else with
    the normal approximation and the correction for ties.

    Args:
        ours: A setting's outcomes, as of `ranked_outcomes`.
        theirs: The baseline's.

    Returns:
        The two-sided p; None where one of the two has fewer than two outcomes.
    """
    from scipy import stats

    if min(len(ours), len(theirs)) < 2:
        return None
    ranks = stats.rankdata([*ours, *theirs])
    first, second = ranks[: len(ours)], ranks[len(ours) :]
    if min(ranks) == max(ranks):
        return 1.0
    is_few = len(ranks) <= _EXACT
    method = stats.PermutationMethod(n_resamples=20_000) if is_few else "asymptotic"
    return float(stats.mannwhitneyu(first, second, method=method).pvalue)


def is_worse(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Tells whether a setting's outcomes lie below the baseline's on average, by rank."""
    from scipy import stats

    ranks = stats.rankdata([*ours, *theirs])
    return bool(ranks[: len(ours)].mean() < ranks[len(ours) :].mean())


def ranked_outcomes(values: Sequence[float], diverged: int, sign: int) -> list[float]:
    """Returns a setting's outcomes, more being better; a diverged seed is the worst.

    Args:
        values: Its values.
        diverged: How many of its seeds diverged.
        sign: +1 where more is better, -1 where less is.
    """
    return [sign * value for value in values] + [float("-inf")] * diverged
