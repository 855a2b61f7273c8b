"""Announced looks: what is decided closes, and all follows from values and announcement."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hpstudy.analysis.family import Compared
from hpstudy.analysis.sequential import Outcome, looked, next_seeds, spent
from hpstudy.analysis.statements import NOTHING, Statement, claim_verdict
from hpstudy.metric import ClaimVerdict, Metric, Quantity
from hpstudy.results.looks import Looks

METRIC = Metric("score")
LOOKS = Looks((3, 5, 8, 12, 20), tuple(range(20)), margin=2.0)
PAIRS = [("up", "base"), ("down", "base"), ("same", "base"), ("little", "base")]
SHIFTS = {"base": 0.0, "up": 9.0, "down": -9.0, "same": 0.0, "little": 1.0}


def study(seeds: int = 20, number: int = 0) -> dict[str, Outcome]:
    chance = np.random.default_rng(number)
    block = chance.normal(0, 3, 20)
    return {
        key: Outcome(dict(enumerate((10 + shift + block + chance.normal(0, 1, 20))[:seeds])))
        for key, shift in SHIFTS.items()
    }


def test_the_parts_of_the_rate_add_up_to_five_per_cent():
    parts = [spent(LOOKS, number) for number in range(5)]
    assert sum(parts) == pytest.approx(0.05)
    assert parts == sorted(parts)
    assert parts[0] == pytest.approx(0.05 * (3 / 20) ** 2)


def test_a_level_closes_at_the_look_that_decides_it_and_is_judged_no_more():
    looks = looked(study(), PAIRS, LOOKS, METRIC)
    closed = [pair[0] for pair in PAIRS if pair not in looks[0].open]
    assert {"up", "down"} <= {*closed}
    assert [look.count for look in looks] == [3, 5, 8, 12, 20][: len(looks)]
    for before, after in pairwise(looks):
        assert after.open < before.open or after.open == before.open
        assert set(after.found) == before.open
    assert not looks[-1].open  # two spreads of luck are enough for a margin of two
    latest = {pair: one for look in looks for pair, one in look.found.items()}
    assert latest["up", "base"].is_shown
    assert latest["same", "base"].is_equal or latest["same", "base"].has_no_gain


def test_what_a_claim_speaks_of_is_open_until_the_claim_is_answered():
    for number in range(5):
        outcomes = study(number=number)
        claims = [[Statement(pair, 1)] for pair in PAIRS] + [[Statement(("up", "down"), 0, 1.0)]]
        found = looked(outcomes, PAIRS, LOOKS, METRIC, claims=claims)
        latest = {pair: one for look in found for pair, one in look.found.items()}
        assert not found[-1].open
        for (part,) in claims:
            answer = part.answer(latest[part.pair], LOOKS.margin)
            assert answer != NOTHING
            assert answer.is_opposed or part.pair[0] != "down"


def gain(value: float, half: float, margin: float = 2.0) -> Compared:
    is_shown, ends = abs(value) > half, (value - half, value + half)
    is_equal = abs(value) + half < margin
    has_no_gain = not is_equal and not is_shown and value + half < margin
    return Compared(Quantity(value, *ends), 0.5, "t", is_shown, ends, is_equal, has_no_gain)


@pytest.mark.parametrize(
    ("sign", "found", "expected"),
    [
        (1, gain(-1.0, 2.9), ClaimVerdict.TOO_SMALL),  # at most 1.9 higher, so no gain of 2
        (1, gain(-1.0, 3.1), ClaimVerdict.NOT_SHOWN),
        (-1, gain(-1.0, 2.9), ClaimVerdict.NOT_SHOWN),  # up to 3.9 lower
        (-1, gain(0.5, 1.0), ClaimVerdict.TOO_SMALL),
        (1, gain(3.0, 1.0), ClaimVerdict.SUPPORTED),
        (-1, gain(3.0, 1.0), ClaimVerdict.CONTRADICTED),
        (1, gain(0.5, 0.2), ClaimVerdict.SUPPORTED),  # less than counts, but it is so
        (1, None, ClaimVerdict.NOT_SHOWN),
    ],
)
def test_a_claim_of_two_settings_is_answered_by_their_interval(sign: int, found, expected):
    part = Statement(("a", "b"), sign)
    assert claim_verdict([part.answer(found, 2.0)]) == expected
    if found is not None:
        other = gain(-found.difference.value, found.difference.high - found.difference.value)
        assert part.turned.answer(other, 2.0) == part.answer(found, 2.0)


def test_one_part_that_is_too_small_answers_a_claim_and_closes_all_that_it_asks():
    """Its others would be trained on for nothing: it can't be supported any more."""
    noise = np.random.default_rng(9).normal(0, 30, 20)
    outcomes = study() | {"noisy": Outcome(dict(enumerate(noise)))}
    falling = [Statement(("same", "base"), -1), Statement(("noisy", "same"), -1)]
    looks = looked(outcomes, PAIRS[2:3], LOOKS, METRIC, claims=[falling])
    assert len(looks) < 5
    assert not looks[-1].open
    rising = [Statement(("up", "base"), 1), Statement(("noisy", "up"), 1)]
    looks = looked(outcomes, PAIRS[:1], LOOKS, METRIC, claims=[rising])
    assert ("up", "base") not in looks[0].open  # it is shown; the other is asked on
    assert looks[-2].open == {("noisy", "up")}
    opposed = [Statement(("up", "base"), -1), Statement(("noisy", "up"), 1)]
    (look,) = looked(outcomes, PAIRS[:1], LOOKS, METRIC, claims=[opposed])
    assert not look.open


@pytest.mark.parametrize("missing", ["same", "base"])
def test_a_look_waits_for_all_that_is_open_and_for_nothing_else(missing: str):
    outcomes = study(5)
    del outcomes[missing].values[4]
    assert [look.count for look in looked(outcomes, PAIRS, LOOKS, METRIC)] == [3]
    outcomes = study(5)
    del outcomes["up"].values[4]  # it is closed
    assert [look.count for look in looked(outcomes, PAIRS, LOOKS, METRIC)] == [3, 5]


def test_what_is_there_beyond_the_look_changes_nothing():
    some = looked(study(5), PAIRS, LOOKS, METRIC)
    more = looked(study(7), PAIRS, LOOKS, METRIC)
    assert some == more


def test_the_next_seeds_are_those_of_what_is_open():
    begun = next_seeds({key: Outcome({}) for key in SHIFTS}, PAIRS, LOOKS, METRIC)
    assert begun == dict.fromkeys(SHIFTS, (0, 1, 2))
    outcomes = study(3)
    after = next_seeds(outcomes, PAIRS, LOOKS, METRIC)
    (look,) = looked(outcomes, PAIRS, LOOKS, METRIC)
    assert set(after) == {key for pair in look.open for key in pair}
    assert "up" not in after
    assert set(after.values()) == {(0, 1, 2, 3, 4)}
    assert next_seeds(study(), PAIRS, LOOKS, METRIC) == {}


def test_what_failed_is_not_waited_for_and_what_diverged_is_closed():
    outcomes = study(3)
    outcomes["same"] = Outcome({0: 10.0}, failed=frozenset({1, 2}))
    outcomes["little"] = Outcome({0: 11.0, 1: 12.0}, diverged=frozenset({2}))
    (look,) = looked(outcomes, PAIRS, LOOKS, METRIC)
    assert ("same", "base") in look.open
    assert ("same", "base") not in look.found
    assert ("little", "base") not in look.open
    assert look.found["little", "base"].test == "ranks"
    assert look.found["little", "base"].difference is None


@pytest.mark.parametrize("lost", ["same", "base"])
def test_what_raises_on_all_seeds_of_a_look_gets_no_more(lost: str):
    outcomes = study(3)
    outcomes[lost] = Outcome({}, failed=frozenset({0, 1, 2}))
    (look,) = looked(outcomes, PAIRS, LOOKS, METRIC)
    assert not any(lost in pair for pair in look.open)
    assert lost not in next_seeds(outcomes, PAIRS, LOOKS, METRIC)


def test_what_raises_on_all_seeds_makes_nothing_else_harder_to_show():
    alone = looked(study(), PAIRS, LOOKS, METRIC)
    lost = {name: Outcome({}, failed=frozenset(range(20))) for name in ("x", "y", "z")}
    beside = looked(
        {**study(), **lost}, [*PAIRS, *((name, "base") for name in lost)], LOOKS, METRIC
    )
    assert [look.found for look in beside] == [look.found for look in alone]


def test_without_a_margin_only_a_difference_decides():
    looks = looked(study(), PAIRS, Looks(LOOKS.counts, LOOKS.seeds, 0.0), METRIC)
    assert len(looks) == 5
    assert ("same", "base") in looks[-1].open
    assert not any(one.is_equal for look in looks for one in look.found.values())


def test_looking_five_times_is_wrong_in_no_more_than_five_of_a_hundred_studies():
    wrong, number = 0, 150
    without_margin = Looks(LOOKS.counts, LOOKS.seeds, 0.0)
    for n in range(number):
        chance = np.random.default_rng(1000 + n)
        values = chance.normal(0, 3, 20) + chance.normal(0, 1, (4, 20))
        outcomes = {key: Outcome(dict(enumerate(row))) for key, row in enumerate(values)}
        looks = looked(outcomes, [(1, 0), (2, 0), (3, 0)], without_margin, METRIC)
        wrong += any(one.is_shown for look in looks for one in look.found.values())
    assert wrong / number <= 0.05 + 3 * (0.05 * 0.95 / number) ** 0.5
