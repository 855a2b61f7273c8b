"""Comparing levels of which some seeds diverged: no number, but the worst outcome there is."""

from __future__ import annotations

from hpstudy.results.grid import LevelResult

_EXACT = 16  # trainings of both levels together, up to which every split is looked at


def ranks_p(level: LevelResult, baseline: LevelResult, sign: int) -> float | None:
    """Returns the p of two levels' outcomes being alike, a diverged seed ranked worst.

    The seeds of two levels go up and down together, if anything, which makes this test, that takes
    them as independent, err towards no difference.

    Source: the rank-sum test, Mann and Whitney, "On a test of whether one of two random variables
    is stochastically larger than the other", 1947; exact by permutation for few seeds, else with
    the normal approximation and the correction for ties.

    Args:
        level: A level.
        baseline: The baseline.
        sign: +1 where more is better, -1 where less is.

    Returns:
        The two-sided p; None where one of the two has fewer than two outcomes.
    """
    from scipy import stats

    ours, theirs = _outcomes(level, sign), _outcomes(baseline, sign)
    if min(len(ours), len(theirs)) < 2:
        return None
    ranks = stats.rankdata([*ours, *theirs])
    first, second = ranks[: len(ours)], ranks[len(ours) :]
    if min(ranks) == max(ranks):
        return 1.0
    is_few = len(ranks) <= _EXACT
    method = stats.PermutationMethod(n_resamples=20_000) if is_few else "asymptotic"
    return float(stats.mannwhitneyu(first, second, method=method).pvalue)


def is_worse(level: LevelResult, baseline: LevelResult, sign: int) -> bool:
    """Tells whether a level's outcomes lie below the baseline's on average, by rank."""
    from scipy import stats

    ours, theirs = _outcomes(level, sign), _outcomes(baseline, sign)
    ranks = stats.rankdata([*ours, *theirs])
    return bool(ranks[: len(ours)].mean() < ranks[len(ours) :].mean())


def _outcomes(level: LevelResult, sign: int) -> list[float]:
    return [sign * value for value in level.values] + [float("-inf")] * len(level.diverged)
