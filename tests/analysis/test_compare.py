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


@pytest.mark.slow
@pytest.mark.parametrize("margin", [None, 1.0, 2.0])
def test_of_thousands_at_most_one_in_twenty_is_wrong(margin: float | None):
    same, _ = verdicts(2000, 0.0, margin)
    gained, trainings = verdicts(2000, 1.5, margin)
    for what, said in {"the same": same, "a gain of 1.5": gained}.items():
        told = ", ".join(f"{count} {verdict}" for verdict, count in said.items())
        print(f"\nmargin {margin}, {what}: {told}")
    print(f"A gain took {trainings:.0f} trainings of at most {2 * LOOKS[-1]}.")
    assert same[Verdict.BETTER] + same[Verdict.WORSE] <= 0.055 * 2000
    assert gained[Verdict.WORSE] == 0
    assert gained[Verdict.BETTER] >= 0.9 * 2000


def test_a_baseline_that_always_diverges_is_beaten():
    diverged = Outcome({}, frozenset(range(20)))
    steady = Outcome({seed: 0.5 + seed / 100 for seed in range(20)})
    looks = Looks(LOOKS, tuple(range(20)), None)
    found = compare({"a": diverged, "b": steady}, "a", looks, METRIC).best
    assert (found.verdict, found.seeds, found.difference) == (Verdict.BETTER, 8, None)
    found = compare({"a": steady, "b": diverged}, "a", looks, METRIC).best
    assert (found.verdict, found.seeds) == (Verdict.DIVERGES, 3)


def test_within_a_margin_of_two_spreads_nearly_all_is_decided():
    said, _ = verdicts(100, 0.0, 2.0)
    assert said[Verdict.EQUAL] + said[Verdict.NO_GAIN] >= 90
