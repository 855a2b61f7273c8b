from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from hpstudy.analysis.wording import difference, interval, number
from hpstudy.report.terminal import LiveProgress, duration, size
from hpstudy.running.progress import FinishedEpoch, Progress, RunningTraining

PROGRESS = Progress(
    epochs=3,
    epochs_total=8,
    points=1,
    points_total=4,
    running=(RunningTraining("lr 0.2 [x]", 1, 2, 0.5),),
    news=(FinishedEpoch("lr 0.2 [x]", 1, 2, 0.5, 2.0),),
    failed=1,
    best=(0.75, "baseline"),
    seconds_left=125.0,
)


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
        (size(20_000_000), "20 MB"),
        (size(None), "unknown"),
    ],
)
def test_formats(text: str, expected: str):
    assert text == expected


def shown(terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    with LiveProgress(lambda: PROGRESS, lambda: Text("the tables"), "test_accuracy", console):
        pass
    return out.getvalue()


def test_without_a_terminal_each_epoch_is_a_plain_line():
    assert "[3/8] lr 0.2 [x]: epoch 1/2, test_accuracy 50.00 %, 2 s\n" in shown(terminal=False)
    assert "\x1b" not in shown(terminal=False)


def test_on_a_terminal_it_shows_what_runs_how_far_and_the_tables():
    text = shown(terminal=True)
    for part in ("epoch 2 of 2", "3/8", "1 of 4 points", "1 failed", "2 min left", "the tables"):
        assert part in text
    assert "best so far 75.00 % at baseline" in text
