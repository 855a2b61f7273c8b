from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpstudy.charts.axes import (
    Window,
    along_axis,
    bulk,
    identifier,
    level_texts,
    log_axis,
    near,
    places,
    value_axis,
    window,
)
from hpstudy.metric import Metric


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


@pytest.mark.parametrize(
    "levels",
    [
        [-1.7e308, 1.7e308],
        [-1.7e308, 1.0, 1.7e308],
        [0.0, 1e308, 1.7e308],
        [1e308, 1.2e308, 1.5e308, 1.7e308],
        [1e-320, 1.0, 1.7e308],
    ],
)
def test_levels_as_large_as_numbers_can_be_stand_in_order(levels):
    found = places(levels).at
    assert found[0] == 0
    assert found[-1] == 1
    assert sorted(set(found)) == list(found)


@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308] * 4, [1.7e308] * 8, [0.0, 1.7e308] * 3])
def test_the_range_of_most_values_is_one_whatever_their_size(values):
    shown = bulk(values, best=max(values))
    assert (shown.low <= min(values), shown.high >= max(values)) == (True, True)
    assert all(math.isfinite(end) for end in shown.range)


@pytest.mark.parametrize(
    ("values", "seen", "spread", "out"),
    [
        ([0.9860, 0.9772, 0.1010, 0.0990], [0.9860], 0.0, [0.1010, 0.0990]),
        ([0.05, 0.06, 0.055, 900.0], [0.05], 0.0, [900.0]),
        ([1.30, 1.48, 1.50, 1.65], [1.30], 0.0, []),
        ([0.900, 0.9001, 0.95, 0.951], [0.900], 0.015, []),
        ([0.9000, 0.9001, 0.0002, 0.0003], [0.9, 0.0003], 0.0, []),
        ([0.98, 0.1], [0.98], 0.001, []),
        ([0.98, 0.981, 0.1, 0.2, 0.3], [0.98], 0.0, []),
        ([0.5, 0.5, 0.5, 0.5], [0.5], 0.0, []),
        ([0.5], [0.5], 0.0, []),
    ],
    ids=[
        "two of four collapsed", "one is far above", "all differ", "no further than luck",
        "the far one is named", "two levels", "most are far", "all alike", "one level",
    ],
)  # fmt: skip
def test_only_outliers_are_left_out(values, seen, spread: float, out):
    kept = near(values, seen, spread)
    assert sorted([*kept, *out]) == sorted(values)
    assert set(seen) <= set(kept)


def test_a_range_shows_all_and_intervals_stretch_it_within_measure_and_bounds():
    unbounded = (-math.inf, math.inf)
    shown = window([0.97, 0.98, 0.99], unbounded).stretched([0.965, 0.995, 0.5], unbounded)
    assert (shown.low, shown.high) == (0.965, 0.995)
    assert window([0.97, 0.99], (0, 1)).stretched([1.01], (0, 1)) == Window(0.97, 1)
    assert window([0.2, 0.9], (0, 1)) == Window(0.2, 0.9)
    alone = window([0.5], (0, 1))
    assert alone.low < 0.5 < alone.high
    assert window([1.0, 1.0], (0, 1)).high == 1


def test_of_many_values_the_far_ones_are_left_out_but_never_the_best():
    values = [0.98 + 0.0001 * i for i in range(40)] + [0.1] * 5
    shown = bulk(values, best=max(values))
    assert shown.low == 0.98
    assert bulk([5.0, 5.0, 5.0, 5.0, 9.0], best=9.0).high == 9.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_three_of_four_values_are_on_the_axis_whatever_they_are(values: list[float]):
    shown = bulk(values, best=max(values))
    assert shown.holds(max(values))
    assert 4 * sum(shown.holds(value) for value in values) >= 3 * len(values) - 3


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (1e-4, 1.0, ["0.0001", "0.001", "0.01", "0.1", "1"]),
        (0.002, 0.05, ["0.003", "0.01", "0.03"]),
        (64, 400, ["100", "200"]),
        (1e-9, 1e-6, ["1e-09", "1e-08", "1e-07", "1e-06"]),
    ],
)
def test_each_tick_of_a_logarithmic_axis_says_its_whole_number(low: float, high: float, texts):
    axis = log_axis(low, high)
    told = zip(axis["tickvals"], axis["ticktext"], strict=True)
    shown = {text: at for at, text in told if low * 0.999 <= at <= high * 1.001}
    assert list(shown) == texts
    assert all(float(text) == pytest.approx(at) for text, at in shown.items())


def test_levels_stand_in_the_order_of_their_axis_and_read_short():
    assert along_axis([0.1, 0.01, 0.001]) == [2, 1, 0]
    assert along_axis(["relu", "gelu"]) == [0, 1]
    assert along_axis([True, False]) == [0, 1]
    assert level_texts([1.0, 0.1]) == ("1", "0.1")
    assert level_texts([0.12345, 0.12346]) == ("0.12345", "0.12346")


def test_the_axis_of_a_metric_says_whether_less_is_better_and_spans_decades():
    loss, share = Metric.named("my_loss", "minimize"), Metric.named("accuracy", "maximize")
    assert value_axis(loss, Window(1.0, 2.0))["title"] == "my loss, less is better"
    assert value_axis(share, Window(0.1, 0.9))["title"] == "accuracy"
    decades = value_axis(loss, Window(0.01, 1000.0))
    assert decades["title"] == "my loss, less is better (log scale)"
    assert decades["range"] == pytest.approx([-2.4, 3.4])
    assert "type" not in value_axis(loss, Window(-1.0, 1000.0))


NAMES = ["lr", "lr_", "_lr", "l_r", "l__r", "l r", "lr<b>", "学习率", "λ", "β", "λβ", "-", "é", "e"]


def test_names_that_differ_have_ids_that_differ_of_letters_digits_and_hyphens():
    ids = {identifier("effect", name) for name in NAMES}
    assert len(ids) == len(NAMES)
    assert all(re.fullmatch(r"effect-[A-Za-z0-9-]+", one) for one in ids)


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_two_names_have_one_id(one: str, other: str):
    one, other = one.replace("-", "_"), other.replace("-", "_")  # within a name, they are alike
    assert (identifier(one) == identifier(other)) == (one == other)


@pytest.mark.parametrize("name", ["batch_size", "batch-size"])
def test_the_id_of_a_plain_name_is_the_name_with_hyphens(name: str):
    assert identifier("effect", name) == "effect-batch-size"
