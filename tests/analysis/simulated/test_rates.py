"""How often verdicts are wrong, and how far intervals can be trusted, on studies that were made.

Rates are those of fixed draws: 5 % and three standard errors of so many studies is what a method
that promises 5 % stays below.
"""

from __future__ import annotations

import pytest

from hpstudy.metric import OWN, ClaimVerdict
from tests.analysis.simulated.claims import CLAIMS, ranges
from tests.analysis.simulated.rates import rates
from tests.analysis.simulated.seeds_until import Course, ended
from tests.analysis.simulated.studies import SCENARIOS, Scenario

COUNT = 150
MOST_WRONG = 5 + 300 * (0.05 * 0.95 / COUNT) ** 0.5


@pytest.mark.parametrize(
    ("name", "settings", "seeds", "found"),
    [
        ("equal spreads", 12, 5, 85),
        ("one level × 5", 12, 5, 80),
        ("baseline × 2.5", 12, 10, 0),  # such a baseline hides what there is
        ("baseline × 5", 12, 5, 0),
        ("graded, × 0.5 to 2", 12, 10, 40),
        ("heavy tails (t₃)", 12, 3, 60),
        ("skewed (exponential)", 12, 3, 60),
        ("rounded to 3 s", 4, 5, 60),
        ("two collapsed", 12, 3, 50),
        ("30 % missing", 12, 5, 55),
        ("two halves, no seed in common", 4, 5, 80),
        ("a third without the seed's effect", 12, 10, 45),
    ],
)
def test_verdicts_are_seldom_wrong_and_intervals_hold_together(
    name: str, settings: int, seeds: int, found: float
):
    counted = rates(SCENARIOS[name], COUNT, settings, seeds)
    assert counted.wrong.value < MOST_WRONG
    assert counted.together.value > 100 - MOST_WRONG
    assert counted.apart.value > 95
    assert counted.means.value > 90
    assert counted.disagreeing.count == 0
    assert counted.found.value >= found


@pytest.mark.parametrize(
    ("name", "settings", "seeds", "found"),
    [
        ("equal spreads", 12, 3, 0),  # so few of their own tell next to nothing
        ("equal spreads", 12, 10, 30),
        ("one level × 5", 12, 5, 30),
        ("baseline × 2.5", 12, 3, 0),
        ("baseline × 2.5", 12, 5, 0),
        ("baseline × 5", 4, 3, 0),
        ("a third without the seed's effect", 12, 3, 0),
        ("a third without the seed's effect", 4, 5, 60),
        ("skewed (exponential)", 12, 5, 35),
        ("rounded to 3 s", 12, 3, 0),
        ("30 % missing", 4, 10, 10),
        ("two halves, no seed in common", 12, 5, 30),
    ],
)
def test_of_its_own_seeds_no_difference_is_called_more_often_however_unlike_the_spreads(
    name: str, settings: int, seeds: int, found: float
):
    counted = rates(SCENARIOS[name], COUNT, settings, seeds, spreads=OWN)
    assert counted.wrong.value < MOST_WRONG
    assert counted.together.value > 100 - MOST_WRONG
    assert counted.means.value > 90
    assert counted.disagreeing.count == 0
    assert counted.found.value >= found


@pytest.mark.parametrize(
    "name",
    [
        "best of 15, all alike",
        "rising over 8 levels, all alike",
        "above X at 8 levels, all at X",
        "equal within 2 s, just 2 s apart",
        "matters most, +3 s against −3 s",
    ],
)
def test_claims_are_seldom_judged_wrongly(name: str):
    assert CLAIMS[name].wrong(COUNT, 3).value < MOST_WRONG


def test_what_matters_twice_as_much_is_found_to():
    said = CLAIMS["matters most, −6 s against −3 s"].verdicts(COUNT, 3)
    assert said[ClaimVerdict.SUPPORTED] > 0.5 * COUNT
    assert not said[ClaimVerdict.CONTRADICTED]


def test_the_range_of_a_factor_that_does_nothing_leaves_out_0_as_seldom():
    assert ranges(8, COUNT, 3).value < MOST_WRONG


def test_seeds_until_decided_are_fewer_and_not_more_often_wrong():
    odd = Scenario(odd={1: 2.5}, collapsed=1)
    found = ended(Course(scenario=odd, margin=2.0, diverging=0.2, failing=0.05), 20)
    assert found.wrong.count <= 2
    assert found.decided.value > 90
    assert found.trained.value < 60


@pytest.mark.parametrize("name", ["one level × 5", "baseline × 2.5"])
def test_seeds_until_decided_by_their_own_are_not_more_often_wrong(name: str):
    course = Course(scenario=SCENARIOS[name], effects=0.0, margin=2.0, spreads=OWN)
    assert ended(course, 50).wrong.count <= 5
