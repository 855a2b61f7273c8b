from __future__ import annotations

import pytest

from hpstudy.analysis.wording import difference, interval, number
from hpstudy.report.wording import duration, elapsed, setting, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(0.98765, "test_accuracy"), "98.77 %"),
        (number(0.123456789, "loss"), "0.12346"),
        (number(None, "loss"), ""),
        (difference(-0.0012, "test_accuracy"), "-0.12"),
        (difference(None, "loss"), ""),
        (interval(0.98, 0.99, "test_accuracy"), "98.00 to 99.00"),
        (interval(-0.01, 0.02, "test_accuracy", signed=True), "-1.00 to +2.00"),
        (interval(None, None, "loss"), ""),
        (duration(41.2), "41 s"),
        (duration(725), "12 min"),
        (duration(11100), "3 h 05 min"),
        (duration(None), "unknown"),
        (elapsed(3671.4), "1:01:11"),
        (size(20_000_000), "20 MB"),
        (size(None), "unknown"),
        (setting({"lr": 0.00123456, "epochs": 7, "kind": "a"}), "lr 0.00123, epochs 7, kind a"),
    ],
)
def test_formats(text: str, expected: str):
    assert text == expected
