from __future__ import annotations

import pytest

from hpstudy.analysis.wording import difference, interval, number, short_number, spelled
from hpstudy.metric import Metric
from hpstudy.report.wording import duration, elapsed, setting, size

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
        (setting({"lr": 0.00123456, "epochs": 7, "kind": "a"}), "lr 0.00123, epochs 7, kind a"),
    ],
)
def test_formats(text: str, expected: str):
    assert text == expected
