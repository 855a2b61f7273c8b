"""What the user writes is printed as it is, square brackets included."""

from __future__ import annotations

import os
import pty
import re
import termios
from contextlib import suppress
from pathlib import Path

import pytest

import hpstudy
from hpstudy.analysis.search import search_findings
from hpstudy.metric import Metric
from hpstudy.running.progress_points import Progress, RunningTraining
from hpstudy.running.progress_search import SearchProgress, SearchTrial
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.grid import grid_tables, search_tables
from hpstudy.views.terminal.live import PointsView, SearchView

TEXTS = ["a [/x] b", "conv[bn]", "[red]", "[bold]x[/bold]", ":smile:", "[link=x]"]


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")


def test_levels_and_settings_are_printed_as_they_are(capsys, wide, made_findings, made_search):
    levels = {text: [0.1 * place, 0.2] for place, text in enumerate(TEXTS)}
    found = made_findings(**{"kind[x]": levels, "lr[/y]": {1: [0.0, 0.2], 2: [0.3, 0.4]}})
    search = made_search(25)
    for trial in search.trials:
        trial.params["kind"] = TEXTS[trial.number % len(TEXTS)]
    console = plain_console()
    console.print(grid_tables(found, quick="[dim]"))
    console.print(search_tables(search_findings(search)))
    out, _ = capsys.readouterr()
    for text in [*TEXTS, "kind[x]", "lr[/y]", "[dim]"]:
        assert out.count(text) >= 1, text
    best = out[out.index("the best of") :]
    assert any(text in best for text in TEXTS)


@pytest.mark.parametrize("text", TEXTS)
def test_progress_shows_settings_as_they_are(capsys, wide, text: str):
    metric = Metric.named("test_accuracy", "maximize")
    running = (RunningTraining(f"kind {text}", 1, 2, 0.5),)
    points = Progress(1, 8, 1, 4, running, (), 0, None, None)
    trial = SearchTrial(4, {"kind": text}, 1, 7, 0.5, "running")
    search = SearchProgress(1, 5, 0, 0, (trial,), (), (), None, 3, 0, None)
    for view in (PointsView(lambda: points, metric), SearchView(lambda: search, metric)):
        view.look()
        plain_console().print(view.picture())
        assert text in capsys.readouterr().out


@pytest.mark.parametrize("what", ["grid", "search"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_plan_s_title_and_choices_are_printed_as_they_are(command, what, text: str):
    (command.path / "toy.py").write_text(
        "def score(params, *, seed, settings):\n    return {'value': 1.0}\n"
    )
    (command.path / "toy.toml").write_text(
        f'title = "{text}"\nobjective = "toy:score"\n[baseline]\nkind = "{text}"\n'
        f'[grid]\nmetric = "value"\ndirection = "maximize"\n'
        f'[grid.factors]\nkind = ["{text}", "b"]\n'
        f'[search]\nmetric = "value"\ndirection = "maximize"\n'
        f'[search.space]\nkind = {{ choices = ["{text}", "b"] }}\n'
    )
    out = command.run(what, "toy.toml", "--plan", env={"COLUMNS": "300"}).stdout
    assert out.count(text) >= (1 if what == "grid" else 3)


def test_nothing_is_wrapped_where_no_terminal_says_how_wide_it_is(capsys, monkeypatch):
    text = "word " * 100
    for columns in (None, "", "0", "many"):
        monkeypatch.delenv("COLUMNS", raising=False)
        if columns is not None:
            monkeypatch.setenv("COLUMNS", columns)
        for stderr in (False, True):
            plain_console(stderr=stderr).print(text)
    out, err = capsys.readouterr()
    assert out.splitlines() == err.splitlines() == [text] * 4
    monkeypatch.setenv("COLUMNS", "60")
    plain_console().print(text)
    assert max(map(len, capsys.readouterr().out.splitlines())) == 60


@pytest.mark.parametrize("columns", [60, 80])
def test_a_terminal_s_width_is_kept_and_a_pipe_has_none(folder, columns: int):
    folder.run("grid", "walk.toml", "--seeds", "0,1,2")
    terminal, side = pty.openpty()
    termios.tcsetwinsize(side, (40, columns))
    show = folder.start("show", "walk.toml", stdout=side, stderr=side, env={"COLUMNS": ""})
    os.close(side)
    shown = b""
    with suppress(OSError):  # the end, on Linux
        while part := os.read(terminal, 4096):
            shown += part
    assert show.wait() == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    assert len(lines) > 30
    assert max(map(len, lines)) <= columns
    piped = folder.run("show", "walk.toml", env={"COLUMNS": ""}).stdout
    assert "(within ±" in piped
    values = re.findall(r"\d\.\d{3,} ±\d\.\d+", "\n".join(lines))
    assert values
    for value in {value.partition(" ")[0] for value in values}:
        assert f"{value} (" in piped


def test_no_other_part_makes_a_console():
    package = Path(hpstudy.__file__).parent
    made = [f.stem for f in package.rglob("*.py") if re.search(r"\b_?Console\(", f.read_text())]
    assert made == ["consoles"]


ORDERS = "\x1b[2J\x1b]8;;http://x.invalid\x07\x9b31m\u202etxt.exe\u2066\r\x08\ud800"


def test_what_a_terminal_would_obey_is_spelled_out(capsys, wide, made_findings):
    found = made_findings(**{f"kind {ORDERS}": {"a": [0.1, 0.2], ORDERS: [0.3, 0.4]}})
    console = plain_console()
    console.print(grid_tables(found, quick=ORDERS))
    console.print(ORDERS, "שלום ‍é")
    out, _ = capsys.readouterr()
    assert not {*"\x1b\x07\x9b\r\x08\u202e\u2066\ud800"} & {*out}
    assert out.count(r"\x1b[2J\x1b]8;;http://x.invalid\x9b31m\u202etxt.exe\u2066\ud800") >= 3
    assert "שלום ‍é" in out
