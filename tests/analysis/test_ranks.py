from __future__ import annotations

import random

import pytest

from hpstudy.analysis.ranks import ranked_outcomes, ranks_p
from hpstudy.metric import Verdict

BETTER, WORSE, NOT_SHOWN = Verdict.BETTER, Verdict.WORSE, Verdict.NOT_SHOWN
UNSTABLE, DIVERGES = Verdict.UNSTABLE, Verdict.DIVERGES
FINE = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95]
GOOD = [value + 0.2 for value in FINE]
POOR = [value - 0.2 for value in FINE]
GONE = None


def outcomes(values) -> list[float]:
    return ranked_outcomes([v for v in values if v is not None], values.count(None), 1)


CASES = {
    "half of them gone, the others better": (FINE, [*GOOD[:3], *[GONE] * 3], UNSTABLE),
    "half of them gone, the others worse": (FINE, [*POOR[:3], *[GONE] * 3], WORSE),
    "one gone, the others much better": (FINE, [*GOOD[:5], GONE], UNSTABLE),
    "all gone": (FINE, [GONE] * 6, DIVERGES),
    "the baseline's half gone, the level fine": ([*FINE[:3], *[GONE] * 3], GOOD, BETTER),
    "the baseline's one gone, the level alike": ([*FINE[:5], GONE], FINE, NOT_SHOWN),
    "the baseline all gone, the level fine": ([GONE] * 6, FINE, BETTER),
    "both half gone": ([*FINE[:3], *[GONE] * 3], [*FINE[:3], *[GONE] * 3], UNSTABLE),
    "both all gone": ([GONE] * 6, [GONE] * 6, DIVERGES),
    "the level all gone, the baseline half": ([*FINE[:3], *[GONE] * 3], [GONE] * 6, DIVERGES),
    "two seeds, one of them gone": (FINE[:2], [GOOD[0], GONE], UNSTABLE),
    "one seed, gone": (FINE[:1], [GONE], DIVERGES),
}


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("case", CASES)
def test_a_diverged_seed_counts_against_its_level(made_findings, case: str, direction: str):
    base, values, verdict = CASES[case]
    turned = 1 if direction == "maximize" else -1

    def told(found):
        return [None if v is None else turned * v for v in found]

    found = made_findings(x={"a": told(base), "b": told(values)}, direction=direction)
    effect = found.factor("x").level("b")
    assert effect.verdict == verdict
    assert effect.test == (None if verdict == DIVERGES or len(base) < 2 else "ranks")
    if GONE in values:
        assert effect.mean is None or effect.mean.ends is None


def test_ranks_are_wrong_in_no_more_than_five_of_a_hundred_studies():
    """Both levels diverge as often, and go up and down with their seeds."""
    drawn = random.Random(0)

    def values(seeds):
        return outcomes([None if drawn.random() < 0.4 else s + drawn.gauss(0, 1) for s in seeds])

    wrong = 0
    for _ in range(400):
        seeds = [drawn.gauss(0, 2) for _ in range(6)]
        wrong += ranks_p(values(seeds), values(seeds)) < 0.05
    assert wrong / 400 <= 0.05


def test_a_level_that_loses_every_second_seed_is_shown_to_be_worse_with_enough_of_them():
    found = ranks_p(outcomes([0.9, None] * 20), outcomes([0.9 + s / 1000 for s in range(40)]))
    assert found is not None
    assert found < 0.001
