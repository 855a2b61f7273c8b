from __future__ import annotations

import pytest

from hpstudy.charts.axes import Window, bulk, identifier, places, window


def test_levels_that_are_multiples_stand_by_their_logarithm():
    rates = places([0.1, 0.01, 0.001, 0.0001])
    assert rates.logarithmic
    assert rates.at == pytest.approx((1, 2 / 3, 1 / 3, 0))
    assert places([64, 100, 256, 1024]).logarithmic
    assert places([1, 100]).logarithmic


def test_levels_that_are_steps_stand_by_their_value_and_words_in_turn():
    assert places([1, 2, 3, 4]) == places([1.0, 2.0, 3.0, 4.0]).__class__(
        (0.0, 1 / 3, 2 / 3, 1.0), ("1", "2", "3", "4"), False
    )
    assert places(["relu", "tanh", "gelu"]).at == (0, 0.5, 1)
    assert places([False, True]).at == (0, 1)
    assert places([7]).at == (0.5,)
    assert not places([0, 10]).logarithmic


def test_a_diverged_level_does_not_flatten_the_others():
    shown = window([0.1010, 0.1135, 0.9860, 0.9772, 0.9805, 0.1280], anchor=0.9860)
    assert (shown.low, shown.high) == (0.9772, 0.9860)
    assert not shown.holds(0.128)
    upwards = window([0.05, 0.06, 0.055, 900.0], anchor=0.05)
    assert upwards.high == 0.06


def test_without_a_gap_all_is_seen_and_intervals_stretch_it_within_measure():
    shown = window([0.97, 0.98, 0.99], 0.98, ends=[0.965, 0.995, 0.5])
    assert (shown.low, shown.high) == (0.965, 0.995)
    assert window([0.2, 0.9], 0.9) == Window(0.2, 0.9)
    alone = window([0.5], 0.5)
    assert alone.low < 0.5 < alone.high


def test_of_many_values_the_far_ones_are_left_out_but_never_the_best():
    values = [0.98 + 0.0001 * i for i in range(40)] + [0.1] * 5
    shown = bulk(values, best=max(values))
    assert shown.low == 0.98
    assert bulk([5.0, 5.0, 5.0, 5.0, 9.0], best=9.0).high == 9.0


def test_ids_have_no_spaces_and_nothing_that_html_minds():
    assert identifier("effect", 'batch_size "<b>') == "effect-batch-size-b"
