from __future__ import annotations

import pytest

from hpstudy.metric import Metric, Quantity
from hpstudy.wording import (
    difference,
    duration,
    elapsed,
    gap,
    interval,
    label,
    level,
    number,
    quantity,
    setting,
    short_number,
    shortened,
    size,
    spelled,
)

SHARE = Metric("test_accuracy", unit="share")
PER_CENT = Metric("accuracy", unit="%")
SECONDS = Metric("time", unit="s")
LOSS = Metric("loss")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(0.98765, SHARE), "98.77 %"),
        (number(0.123456789, LOSS), "0.12346"),
        (number(None, LOSS), ""),
        (difference(-0.0012, SHARE), "-0.12"),
        (difference(None, LOSS), ""),
        (interval(0.98, 0.99, SHARE), "98.00 to 99.00"),
        (interval(-0.01, 0.02, SHARE, signed=True), "-1.00 to +2.00"),
        (spelled(-0.003, SHARE), "-0.30 points"),
        (short_number(0.98, SHARE), "98 %"),
        (number(98.765, PER_CENT), "98.77 %"),
        (difference(-0.12, PER_CENT), "-0.12"),
        (interval(98, 99, PER_CENT), "98.00 to 99.00"),
        (spelled(0.3, PER_CENT, signed=False), "0.30 points"),
        (short_number(98, PER_CENT), "98 %"),
        (number(12.3456789, SECONDS), "12.346 s"),
        (spelled(-0.5, SECONDS), "-0.5 s"),
        (interval(12, 13.5, SECONDS), "12 to 13.5"),
        (spelled(-0.5, LOSS), "-0.5"),
        (interval(None, None, LOSS), ""),
        (duration(41.2), "41 s"),
        (duration(725), "12 min"),
        (duration(11100), "3 h 05 min"),
        (duration(None), "unknown"),
        (elapsed(3671.4), "1:01:11"),
        (size(20_000_000), "20 MB"),
        (size(None), "unknown"),
        (setting({"lr": 0.00123456, "epochs": 7, "kind": "a"}), "lr 0.00123456, epochs 7, kind a"),
    ],
)
def test_formats(text: str, expected: str):
    assert text == expected


@pytest.mark.parametrize(
    "levels",
    [
        [0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999],
        [1000000.0, 1000100.0, 1000100.5],
        [0.12345, 0.12346, -0.12345],
        [1e-5, 1.00001e-5, 1e15],
        [0.00123456789, 1.0, 1.00001],
    ],
)
def test_a_level_that_was_written_is_read_as_it_was(levels):
    assert [float(level(value)) for value in levels] == levels
    assert all(len(level(value)) <= 14 for value in levels)
    names = [label({"x": value}, {"x": 3}, seeds=1) for value in levels]  # of a running point
    assert names == [f"x {level(value)}" for value in levels]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00123456789123456, "0.001235"),
        (12.3456789123456789, "12.35"),
        (1234567.89123456789, "1234568"),
        (1.23456789123456e200, "1.235e+200"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333"),
        (0.951234567891234, "0.951235"),
        (1 - 0.0000268765432198765, "0.999973123"),
        (1 + 0.0000268765432198765, "1.00002688"),
        (-0.999973123456789123, "-0.999973123"),
        (1 - 1e-5, "0.99999"),
        (2**0.5 * 1e-7, "1.414e-07"),
    ],
)
def test_a_sampled_value_is_short_and_never_another(value: float, text: str):
    assert level(value) == text


@pytest.mark.parametrize("gap", [10**-n * 1.2345678912345678 for n in range(2, 16)])
def test_no_value_that_is_not_1_reads_as_1(gap: float):
    for value in (1 - gap, 1 + gap):
        assert 0.999 < (float(level(value)) - 1) / (value - 1) < 1.001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(0.00012, SHARE), "0.012 %"),
        (number(0.999988, SHARE), "99.9988 %"),
        (number(0.9995, SHARE), "99.95 %"),
        (number(1.0, SHARE), "100.00 %"),
        (number(0.0, SHARE), "0.00 %"),
        (difference(-0.0000012, SHARE), "-0.00012"),
        (difference(-0.00003, SHARE), "-0.003"),
        (difference(0.0007, SHARE), "+0.07"),
        (difference(0.0, SHARE), "+0.00"),
        (difference(-0.0, SHARE), "+0.00"),
        (difference(-1e-17, SHARE), "+0.00"),
        (interval(-0.0000015, -0.0000009, SHARE, signed=True), "-0.000150 to -0.000090"),
        (interval(-0.0000001, 0.005, SHARE, signed=True), "-1e-05 to +0.50"),
        (interval(0.000118, 0.000122, SHARE), "0.01180 to 0.01220"),
        (interval(0.98, 0.98004, SHARE), "98.0000 to 98.0040"),
        (number(1234567.0, LOSS), "1234567"),
        (number(99999.7, LOSS), "99999.7"),
        (number(1e300, LOSS), "1e+300"),
        (difference(123456.7, LOSS), "+123457"),
        (difference(-20.38, LOSS), "-20.38"),
        (interval(1234560.2, 1234571.8, LOSS), "1234560.2 to 1234571.8"),
        (interval(12345.61, 12345.63, LOSS), "12345.61 to 12345.63"),
        (interval(0.5, 0.7, LOSS), "0.5 to 0.7"),
        (interval(-1.7e308, 1.7e308, LOSS), "-1.7e+308 to 1.7e+308"),
    ],
)
def test_small_shares_and_large_numbers_keep_the_digits_that_differ(text: str, expected: str):
    assert text == expected


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (quantity(Quantity(0.9841, 0.9750, 0.9932), SHARE), "98.41 % ±0.91"),
        (quantity(Quantity(0.9841, 0.9750, 0.9881), SHARE), "98.41 % (97.50…98.81)"),
        (quantity(Quantity(0.98002, 0.98, 0.98004), SHARE), "98.00 % (98.0000…98.0040)"),
        (quantity(Quantity(12.75, 12, 13.5), SECONDS), "12.75 s ±0.8"),
        (quantity(Quantity(0.9841, None, None), SHARE), "98.41 %"),
        (quantity(None, SHARE), ""),
        (quantity(Quantity(1e300, -1e300, 3e300), LOSS), "1e+300 (-1e+300…3e+300)"),
        (gap(Quantity(-0.0046, -0.0120, 0.0028), SHARE), "-0.46 ±0.74"),
        (gap(Quantity(-0.0046, -0.0121, 0.0028), SHARE), "-0.46 ±0.75"),
        (gap(Quantity(0.003, 0.001, 0.008), SHARE), "+0.30 (+0.10…+0.80)"),
        (gap(Quantity(0.1, 0.1, 0.1), LOSS), "+0.1 ±0.0"),
    ],
)
def test_an_interval_gets_short_where_it_says_no_less(text: str, short: str):
    assert shortened(text) == short
