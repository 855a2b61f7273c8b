"""Differences judged together: verdicts and intervals agree, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest

from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.family import Rate, family
from hpstudy.metric import Metric

METRIC = Metric("score")


def study(seed: int, settings: int, seeds: int, **changes) -> Comparisons[object]:
    chance = np.random.default_rng(seed)
    block = chance.normal(0, 3, seeds)
    values = {
        key: dict(enumerate(10 + block + chance.normal(0, 1, seeds))) for key in range(settings)
    }
    for key, change in changes.items():
        place = int(key[1:])
        values[place] = {s: change(v) for s, v in values[place].items()}
    return Comparisons(values, METRIC)


def pairs(settings: int) -> list[tuple[int, int]]:
    return [(key, 0) for key in range(1, settings)]


@pytest.mark.parametrize("wild", [1.0, 6.0])
@pytest.mark.parametrize(("settings", "seeds"), [(2, 2), (3, 3), (6, 5), (12, 3)])
def test_a_verdict_and_its_interval_never_disagree(settings: int, seeds: int, wild: float):
    for number in range(40):
        gain = 2.0 * (number % 3)
        one = study(number, settings, seeds, k1=lambda v, g=gain: wild * (v - 10) + 10 + g)
        for found in family(one, pairs(settings), METRIC).values():
            assert found.is_shown == (found.p <= 0.05)
            if found.difference.ends is not None:
                low, high = found.difference.ends
                assert low <= found.difference.value <= high
                assert found.is_shown == (low >= 0 or high <= 0)


def test_the_clearest_is_one_of_all_and_the_last_stands_by_itself():
    one = study(1, 6, 5, k1=lambda v: v + 30, k2=lambda v: v + 20)
    found = family(one, pairs(6), METRIC)
    alone = {pair: one.between(*pair).p for pair in found}
    last = max(found, key=lambda pair: alone[pair])
    assert found[last].p >= alone[last]
    shown = [pair for pair in found if found[pair].is_shown]
    assert {(1, 0), (2, 0)} <= {*shown}
    ps = sorted(found.values(), key=lambda compared: compared.p)
    assert [compared.p for compared in ps] == sorted(compared.p for compared in found.values())


def test_what_is_equal_lies_within_the_margin_at_twice_the_rate():
    one = study(3, 4, 40, k1=lambda v: v + 5)
    wide = family(one, pairs(4), METRIC, margin=2.0)
    assert wide[2, 0].is_equal
    assert wide[2, 0].is_within(2.0)
    assert not wide[1, 0].is_equal
    assert not any(compared.is_equal for compared in family(one, pairs(4), METRIC).values())
    narrow = family(one, pairs(4), METRIC, margin=0.01)
    assert not any(compared.is_equal for compared in narrow.values())


@pytest.mark.parametrize(("direction", "turn"), [("maximize", 1), ("minimize", -1)])
def test_no_gain_is_a_better_end_short_of_the_margin(direction, turn):
    one = study(5, 4, 10, k1=lambda v: v - turn * 0.5)
    metric = Metric("score", direction)
    found = family(one, pairs(4), metric, margin=0.8)[1, 0]
    gain = max(turn * end for end in found.difference.ends)
    assert (gain, found.is_shown, found.is_equal) == (pytest.approx(gain), False, False)
    assert found.has_no_gain == (gain < 0.8)
    assert found.has_no_gain


def test_others_that_share_the_rate_widen_the_intervals():
    one = study(7, 3, 5)
    alone = family(one, pairs(3), METRIC)[1, 0].difference
    beside = family(one, pairs(3), METRIC, rate=Rate(0.05, decided=5, closed=4))[1, 0].difference
    assert beside.low < alone.low < alone.high < beside.high
