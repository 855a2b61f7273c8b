"""What is said of a grid's looks, the same wherever it stands."""

from __future__ import annotations

import html
import os
import signal

import pytest

from hpstudy import Study
from hpstudy.views.dashboard.note import escaped, grid_note

SCORE = """
import signal
from random import Random

AT = {"base": 0.0, "same": 0.1, "worse": -30.0, "better": 20.0}


def score(params, *, seed, settings):
    kind = params["kind"]
    if kind == "lost":
        return float("nan")
    if settings["stops"] and (kind, seed) == ("same", 4):
        open("here", "w").close()
        signal.pause()
    return Random(seed).gauss(0, 4) + AT[kind] + Random(f"{kind} {seed}").gauss(0, 1)
"""
STUDY = """
title = "Kinds"
objective = "kinds:score"
settings = { stops = false }
baseline = { kind = "base" }
[metrics]
value = { unit = "s" }
[grid]
equal_within = 3.5
looks = [3, 6, 12]
[grid.factors]
kind = ["base", "same", "worse", "better", "lost"]
"""
RATE = (
    "Over all looks and levels together at most 5 % of such studies call a difference where there "
    "is none."
)


@pytest.fixture
def kinds(folder):
    folder.write("kinds.py", SCORE)
    folder.write("kinds.toml", STUDY)
    return folder


def test_terminal_page_note_and_notebook_say_it_alike(kinds):
    kinds.run("grid", "kinds.toml", "--until")
    shown = kinds.run("show", "kinds.toml", env={"COLUMNS": None}).stdout
    (line,) = [line for line in shown.splitlines() if line.startswith("Looked after")]
    assert line.startswith("Looked after 3, 6")
    assert "seeds of at most 12, as announced. Of 4 levels 1 is worse, 1 is better, 1 is " in line
    assert "equal within ±3.5 s, 1 is diverging." in line
    assert line.endswith(RATE)
    kinds.run("report", "kinds.toml")
    page = html.unescape((kinds.path / "runs" / "report" / "kinds.html").read_text())
    assert f"<p>{line}</p>" in page
    assert 'id="figure-looks-kind"' in page
    with kinds.inside():
        summary = Study("kinds.toml").summary()
        assert line in html.unescape(summary._repr_html_())
        assert "looks-kind" in summary.figures
    assert escaped(line) in grid_note("Kinds", summary.grid, None)


def test_json_says_what_each_look_found(kinds):
    kinds.run("grid", "kinds.toml", "--until")
    grid = kinds.json("show", "kinds.toml")["grid"]
    looks = grid["looks"]
    assert looks["after"] == [3, 6, 12]
    assert looks["margin"] == 3.5
    assert looks["next"] is None
    assert looks["trainings"] == {"asked": 0, "done": 0}
    assert looks["open"] == []
    first = {one["params"]["kind"]: one for one in looks["made"][0]["found"]}
    assert first["worse"]["against"] == {}
    assert first["worse"]["is_shown"]
    assert not first["same"]["is_shown"]
    assert first["same"]["low"] < first["same"]["difference"] < first["same"]["high"]
    rows = {row["level"]: row for row in grid["factors"][0]["levels"]}
    assert rows["worse"]["look"] == 3
    assert rows["same"]["verdict"] == "equal"
    assert rows["same"]["look"] == looks["made"][-1]["after"]
    assert rows["base"]["look"] is None


def test_fixed_seeds_have_no_looks(kinds):
    kinds.run("grid", "kinds.toml", "--seeds", "2")
    grid = kinds.json("show", "kinds.toml")["grid"]
    assert grid["looks"] is None
    assert "Looked after" not in kinds.run("show", "kinds.toml").stdout


def killed(kinds) -> None:
    """Runs the grid until it comes to "same" on seed 4, and kills it there."""
    process = kinds.start("grid", "kinds.toml", "--until", start_new_session=True)
    kinds.wait_for((kinds.path / "here").exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_an_incomplete_look_shows_the_verdicts_of_the_one_before(kinds):
    kinds.write("kinds.toml", STUDY.replace("false", "true"))
    killed(kinds)
    shown = kinds.run("show", "kinds.toml", env={"COLUMNS": None}).stdout.splitlines()
    assert shown[1].startswith("Looked after 3 seeds of at most 12, as announced. Of 4 levels")
    assert "1 is open" in shown[1]
    assert shown[2].startswith("The next look, after 6 seeds, has ")
    assert shown[2].endswith(" of 6 trainings that it waits for.")
    grid = kinds.json("show", "kinds.toml")["grid"]
    same = {row["level"]: row for row in grid["factors"][0]["levels"]}["same"]
    assert (same["verdict"], same["look"], same["seeds"]) == ("open", 3, [0, 1, 2])
    assert grid["looks"]["next"] == 6
    assert grid["looks"]["trainings"]["asked"] == 6
    assert grid["looks"]["open"] == [{"params": {"kind": "same"}, "against": {}}]


def test_before_the_first_look_it_says_how_far_that_has_come(kinds):
    kinds.write("kinds.toml", STUDY.replace("false", "true").replace("[3, 6", "[5, 6"))
    killed(kinds)
    shown = kinds.run("show", "kinds.toml", env={"COLUMNS": None}).stdout.splitlines()
    assert shown[1].startswith("The first look, after 5 seeds, has 2")
    assert shown[1].endswith(" of 25 trainings that it waits for.")


def test_a_margin_that_is_narrow_beside_luck_is_warned_of(kinds):
    kinds.run("grid", "kinds.toml", "--until", "0.5")
    shown = kinds.run("show", "kinds.toml", env={"COLUMNS": None}).stdout
    (line,) = [line for line in shown.splitlines() if line.startswith("Luck moves")]
    assert line.startswith("Luck moves a single training by ")
    assert "s (its standard deviation): to show levels equal within ±0.5 s takes about" in line
