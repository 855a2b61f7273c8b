"""How often a comparison is wrong, and how often it finds a gain."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hpstudy.analysis.compare import compare
from hpstudy.analysis.sequential import Outcome
from hpstudy.metric import Metric, Verdict
from hpstudy.results.looks import Looks

METRIC = Metric.named("accuracy", "minimize")  # less is better, of whatever it is
LOOKS = (3, 5, 8, 12, 20)


def verdicts(
    count: int, gain: float, margin: float | None = None
) -> tuple[Counter[Verdict], float]:
    """Returns the verdicts of so many comparisons, and how many trainings each took.

    A seed does the same to both settings; what is left to luck has a spread of 1.
    """
    draw = np.random.default_rng(13)
    said: Counter[Verdict] = Counter()
    trainings = 0
    for _ in range(count):
        shared = draw.normal(0, 2, LOOKS[-1])
        a, b = (shared + draw.normal(0, 1, LOOKS[-1]) for _ in "ab")
        outcomes = {"a": Outcome(dict(enumerate(a))), "b": Outcome(dict(enumerate(b - gain)))}
        found = compare(outcomes, "a", Looks(LOOKS, tuple(range(LOOKS[-1])), margin), METRIC).best
        said[found.verdict] += 1
        trainings += 2 * found.seeds
    return said, trainings / count


@pytest.mark.parametrize("margin", [None, 1.5])
def test_of_a_hundred_comparisons_of_the_same_at_most_eight_differ(margin: float | None):
    said, _ = verdicts(100, 0.0, margin)
    assert said[Verdict.BETTER] + said[Verdict.WORSE] <= 8


def test_a_hundred_gains_of_one_and_a_half_spreads_are_found_in_eighty_or_more():
    said, trainings = verdicts(100, 1.5)
    assert said[Verdict.BETTER] >= 80
    assert trainings < 0.75 * 2 * LOOKS[-1]


def test_within_a_margin_of_two_spreads_nearly_all_is_decided():
    said, _ = verdicts(100, 0.0, 2.0)
    assert said[Verdict.EQUAL] + said[Verdict.NO_GAIN] >= 90
