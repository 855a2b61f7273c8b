from __future__ import annotations

import io
import re
import threading
from dataclasses import replace

import pytest
from rich.console import Console
from rich.text import Text

from hpstudy.metric import Metric
from hpstudy.running.progress_points import FinishedEpoch, Progress, RunningTraining
from hpstudy.running.progress_search import SearchProgress, SearchTrial
from hpstudy.views import watch
from hpstudy.views.terminal.live import LiveProgress, PointsView, SearchView, View

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
BEST = SearchTrial(4, {"lr": 0.00123456, "depth": 3}, 7, 7, 0.9876, "complete")
PRUNED = SearchTrial(5, {"lr": 0.1, "depth": 2}, 1, 9, 0.25, "pruned")
FAILED = SearchTrial(6, {"lr": 0.2, "depth": 2}, 0, 9, None, "failed")
SEARCH = SearchProgress(
    finished=6,
    total=50,
    pruned=2,
    failed=1,
    running=(SearchTrial(7, {"lr": 0.01, "depth": 4}, 2, 5, 0.5, "running"),),
    latest=(FAILED, PRUNED, BEST),
    news=(BEST, PRUNED, FAILED),
    best=BEST,
    epochs=31,
    epochs_saved=12,
    seconds_left=125.0,
)
POINTS = Metric.named("test_accuracy", "maximize")
POINTS_VIEW = PointsView(lambda: PROGRESS, POINTS)
SEARCH_VIEW = SearchView(lambda: SEARCH, Metric.named("validation_accuracy", "maximize"))


def shown(view: View, *, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    with LiveProgress(view, console, lambda: Text("the tables")):
        pass
    return out.getvalue()


def test_without_a_terminal_each_epoch_is_a_plain_line():
    text = shown(POINTS_VIEW, terminal=False)
    assert "[3/8] lr 0.2 [x]: epoch 1/2, test_accuracy 50.00 %, 2 s\n" in text
    assert "\x1b" not in text


def test_on_a_terminal_it_shows_what_runs_how_far_and_the_tables():
    text = shown(POINTS_VIEW, terminal=True)
    for part in ("epoch 2 of 2", "3/8", "1 of 4 points", "1 failed", "2 min left", "the tables"):
        assert part in text
    assert "best so far 75.00 % at baseline" in text


def test_a_look_says_what_is_open():
    view = PointsView(lambda: PROGRESS, POINTS, "look 2 of 5", "2 open: lr 0.1 and lr [x]")
    text = shown(view, terminal=True)
    assert "look 2 of 5: epochs" in text
    assert "2 open: lr 0.1 and lr [x]" in text


def test_a_task_is_named():
    view = PointsView(lambda: PROGRESS, Metric.named("test_accuracy", "maximize"), "finalists")
    assert shown(view, terminal=False).startswith("finalists: [3/8] ")
    assert "finalists: epochs" in shown(view, terminal=True)


def test_without_a_terminal_each_trial_of_a_search_is_a_plain_line():
    lines = shown(SEARCH_VIEW, terminal=False).splitlines()
    assert lines[:3] == [
        "[5/50] trial 4: lr 0.00123456, depth 3: 98.76 %",
        "[6/50] trial 5: lr 0.1, depth 2: pruned after epoch 1 of 9, 25.00 %",
        "[6/50] trial 6: lr 0.2, depth 2: failed after epoch 0 of 9, no value",
    ]


def test_on_a_terminal_a_search_shows_what_runs_what_ran_and_the_best():
    text = shown(SEARCH_VIEW, terminal=True)
    for part in (
        "epoch 3 of 5, 50.00 %",
        "6/50",
        "2 pruned",
        "31 epochs trained",
        "12 saved by pruning",
        "1 failed",
        "2 min left",
        "best so far 98.76 %: trial 4, lr 0.00123456, depth 3",
    ):
        assert part in text


class Torn:
    """A view whose first looks meet a trial that is being written."""

    def __init__(self, failing: int) -> None:
        self.looks, self.failing, self.has_shown = 0, failing, threading.Event()

    def look(self) -> None:
        self.looks += 1
        if self.looks <= self.failing:
            raise KeyError("seed")

    def news(self) -> list[str]:
        return [self.shown_text().plain]

    def picture(self) -> Text:
        return self.shown_text()

    def shown_text(self) -> Text:
        self.has_shown.set()
        return Text(f"look {self.looks}")


@pytest.mark.parametrize("terminal", [False, True])
def test_a_look_that_fails_ends_nothing(monkeypatch, terminal: bool):
    monkeypatch.setattr(watch, "_LOOK_SECONDS", 0.001)
    view, out = Torn(failing=2), io.StringIO()
    with LiveProgress(view, Console(file=out, force_terminal=terminal, width=100)):
        assert view.has_shown.wait(60)
    assert "look 3" in out.getvalue()
    assert "KeyError" not in out.getvalue()


def test_a_last_look_that_fails_is_said(capsys):
    assert shown(Torn(failing=99), terminal=False) == (
        "The progress can't be shown: KeyError: 'seed'\n"
    )
    assert capsys.readouterr().err == ""


def test_a_search_names_each_hyperparameter_once_above_its_column():
    lines = shown(SEARCH_VIEW, terminal=True).splitlines()
    head = next(place for place, line in enumerate(lines) if "trial" in line)
    rows = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).split() for line in lines[head : head + 6]]
    del rows[1]  # the line below the names
    assert rows == [
        ["trial", "lr", "depth"],
        ["▸", "7", "0.01", "4", "epoch", "3", "of", "5,", "50.00", "%"],
        ["6", "0.2", "2", "failed", "after", "epoch", "0", "of", "9,", "no", "value"],
        ["5", "0.1", "2", "pruned", "after", "epoch", "1", "of", "9,", "25.00", "%"],
        ["4", "0.00123456", "3", "98.76", "%"],
    ]


def test_what_has_one_epoch_is_not_told_in_epochs():
    trial = SearchTrial(7, {"lr": 0.01}, 0, 1, None, "running")
    done = replace(BEST, epoch=1, last=1)
    search = replace(
        SEARCH, running=(trial,), latest=(done,), news=(replace(FAILED, last=1),), pruned=0,
        epochs=6, epochs_saved=0,
    )  # fmt: skip
    points = replace(
        PROGRESS, epochs=3, epochs_total=4, running=(RunningTraining("lr 0.2", 0, 1, None),),
        news=(FinishedEpoch("lr 0.2", 1, 1, 0.5, 2.0),),
    )  # fmt: skip
    for view in (
        SearchView(lambda: search, Metric.named("validation_accuracy", "maximize")),
        PointsView(lambda: points, Metric.named("test_accuracy", "maximize")),
    ):
        for terminal in (True, False):
            text = shown(view, terminal=terminal)
            assert "epoch" not in text
            assert "pruned" not in text
