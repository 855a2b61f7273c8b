"""Levels that are better by themselves, trained together: the answer, costs, kills, refusals."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from hpstudy import Study

# What each level adds to 0.9, in standard deviations of one training, 0.001; and both together.
NOISY = """
import os, random, time

RATE = {0.1: 0.0, 0.3: 12.0, 0.5: 6.0, 1.0: -30.0}
WIDTH = {8: 0.0, 16: 10.0}

def score(params, *, seed, settings):
    rate, width = params["rate"], params["width"]
    both = rate == 0.3 and width == 16
    if both and seed in settings.get("diverges", []):
        return {"accuracy": float("nan")}
    if both and settings.get("raises") and not os.path.exists("mended"):
        raise RuntimeError("not both")
    time.sleep(settings.get("sleep", 0))
    with open("trained.log", "a") as log:
        log.write(f"{rate} {width} {seed}\\n")
    alike, own = random.Random(seed), random.Random(f"{rate} {width} {seed}")
    gain = settings.get("gain", 1) * (RATE[rate] + WIDTH[width]) + both * settings.get("extra", 0)
    return {"accuracy": 0.9 + alike.gauss(0, 0.004) + (gain + own.gauss(0, 1)) / 1000}
"""

STUDY = """
title = "Noisy"
objective = "noisy:score"
[settings]
[baseline]
rate = 0.1
width = 8
[grid]
metric = "accuracy"
seeds = 4
[grid.factors]
rate = [0.1, 0.3, 0.5, 1.0]
width = [8, 16]
"""
COMBINE = ("grid", "noisy.toml", "--combine")
BOTH = {"rate": 0.3, "width": 16}


@pytest.fixture
def noisy(folder) -> Callable[..., None]:
    """Writes `noisy.toml`, with settings."""
    folder.write("noisy.py", NOISY)

    def write(*settings: str, **changes: str) -> None:
        text = STUDY.replace("[settings]", "\n".join(["[settings]", *settings]))
        for old, new in changes.items():
            text = text.replace(f"{old} = ", f"{new} = ")
        folder.write("noisy.toml", text)

    write()
    return write


def trained(folder) -> list[str]:
    log = folder.path / "trained.log"
    return log.read_text().splitlines() if log.exists() else []


def together(folder) -> list[int]:
    """The seeds of the combined setting, as often as they were trained."""
    rows = [line.split() for line in trained(folder)]
    return sorted(int(seed) for rate, width, seed in rows if (rate, width) == ("0.3", "16"))


def test_levels_that_add_up_are_recommended_together(folder, noisy):
    folder.run("grid", "noisy.toml")
    before = folder.json("show", "noisy.toml")
    assert before["grid"]["combined"] is None
    assert before["answer"]["params"] == {"rate": 0.3, "width": 8}
    assert before["answer"]["notes"][0].endswith(
        "Together they were not trained: --combine trains them."
    )
    told = folder.run(*COMBINE)
    assert together(folder) == [0, 1, 2, 3]
    assert "together: [4/4] rate 0.3, width 16 · seed 3" in told.stderr
    found = folder.json("show", "noisy.toml")
    one, chosen = found["grid"]["combined"], found["answer"]
    assert (one["params"], one["seeds"], one["verdict"]) == (BOTH, [0, 1, 2, 3], "better")
    assert one["effect"] == pytest.approx(one["sum"] + one["interaction"])
    assert one["interaction_low"] < 0 < one["interaction_high"]
    assert one["additive_within"] == max(-one["interaction_low"], one["interaction_high"])
    assert one["best"] == {"rate": 0.3}
    assert chosen["headline"] == "Use rate 0.3, width 16, and keep the rest of the baseline."
    assert chosen["why"].startswith("Together +2.")
    assert "points against the baseline (95 % +" in chosen["why"]
    assert "; their sum would be +2." in chosen["why"]
    assert ": additive within ±0." in chosen["why"]
    assert (chosen["params"], chosen["trainings"]) == (BOTH, 4)
    assert chosen["value"] == one["mean"]
    assert chosen["notes"][0].startswith(
        "Used together, as that is shown to be better than the baseline, and not shown to be worse "
        "than rate 0.3 by itself: +"
    )
    assert found["grid"]["trials"]["complete"] == 5 * 4 + 4
    assert found["grid"]["epochs"]["trained"] == 5 * 4 + 4
    assert found["grid"]["factors"] == before["grid"]["factors"]  # levels are judged as before
    assert "24 of 24 points done" in told.stdout


def test_the_levels_stand_in_a_table_everywhere(folder, noisy):
    told = folder.run(*COMBINE).stdout
    assert "Together: rate 0.3, width 16" in told
    assert "beyond the sum" in told
    page = Path(folder.run("report", "noisy.toml").stdout.strip().splitlines()[-1])
    assert "Together: rate 0.3, width 16" in (folder.path / page).read_text()
    with folder.inside():
        assert "Together: rate 0.3, width 16" in Study("noisy.toml")._repr_html_()
    shown = folder.run("show", "noisy.toml", "--factor", "rate").stdout
    assert "Together:" not in shown
    assert "Use rate 0.3, width 16" in shown


@pytest.mark.parametrize(
    ("extra", "sum_told", "params"),
    [
        (-8, "together they gain less than apart (-", BOTH),
        (30, "together they gain more than apart (+", BOTH),
        (-20, "together they gain less than apart (-", {"rate": 0.3, "width": 8}),
        (-60, "together they gain less than apart (-", {"rate": 0.3, "width": 8}),
    ],
)
def test_levels_that_do_not_add_up_are_told(folder, noisy, extra: int, sum_told: str, params):
    noisy(f"extra = {extra}")
    folder.run(*COMBINE)
    chosen = folder.json("show", "noisy.toml")["answer"]
    assert chosen["params"] == params
    said = [chosen["why"], *chosen["notes"]]
    assert any(sum_told in line for line in said)
    assert any("rate 0.3 by itself is better" in line for line in said) == (params != BOTH)
    assert not any("not trained" in line for line in said)


@pytest.mark.parametrize("seeds", ["[2]", "[0, 1, 2, 3]"])
def test_what_diverges_together_is_never_recommended(folder, noisy, seeds: str):
    noisy(f"diverges = {seeds}", "extra = 50")
    told = folder.run(*COMBINE).stdout
    lost = f"{len(seeds.split(','))} of 4 seeds"
    assert f"{lost} diverged" in told
    found = folder.json("show", "noisy.toml")
    assert found["grid"]["combined"]["verdict"] in ("unstable", "diverges")
    assert found["answer"]["params"] == {"rate": 0.3, "width": 8}
    assert f"Together they diverge: rate 0.3, width 16 on {lost}." in found["answer"]["notes"]
    assert found["grid"]["trials"]["diverged"] == len(seeds.split(","))


def test_without_better_levels_of_two_factors_nothing_is_trained(folder, noisy):
    noisy("gain = 0")
    told = folder.run(*COMBINE).stderr
    assert told.splitlines()[-1] == (
        "Not combined: fewer than two factors have a level that is shown to be better."
    )
    assert len(trained(folder)) == 5 * 4
    found = folder.json("show", "noisy.toml")
    assert found["grid"]["combined"] is None
    assert "combined" not in folder.json(*COMBINE, "--plan")


def test_what_raises_together_is_tried_again(folder, noisy):
    noisy("raises = true")
    folder.run(*COMBINE, code=1)
    found = folder.json("show", "noisy.toml")
    assert found["grid"]["trials"]["failed"] == 4
    assert found["grid"]["failed"][0]["params"] == BOTH
    assert found["answer"]["params"] == {"rate": 0.3, "width": 8}
    assert "they have a value on 0 of 4 seeds" in " ".join(found["answer"]["notes"])
    folder.write("mended", "")
    folder.run("grid", "noisy.toml")
    assert together(folder) == []  # only where it is asked for
    folder.run(*COMBINE)
    assert together(folder) == [0, 1, 2, 3]
    assert folder.json("show", "noisy.toml")["answer"]["params"] == BOTH


def test_killed_in_the_middle_it_goes_on(folder, noisy):
    noisy("sleep = 0.1")
    folder.run("grid", "noisy.toml")
    process = folder.start(*COMBINE, "--workers", "1", start_new_session=True)
    folder.wait_for(lambda: len(together(folder)) > 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    found = folder.json("show", "noisy.toml")
    assert found["grid"]["combined"]["verdict"] is None  # not judged before all seeds are there
    assert found["answer"]["params"] == {"rate": 0.3, "width": 8}
    assert "waiting" in folder.run("show", "noisy.toml").stdout
    planned = folder.json(*COMBINE, "--plan")
    left = planned["combined"]["epochs_left"]
    assert planned["plan"]["epochs_left"] == 0
    assert 0 < left < 4
    assert f"at most {left} training" in folder.run(*COMBINE, "--plan").stdout
    folder.run("clean", "noisy.toml")
    folder.run(*COMBINE)
    found = folder.json("show", "noisy.toml")
    assert found["grid"]["combined"]["seeds"] == [0, 1, 2, 3]
    assert found["grid"]["trials"]["complete"] == 24
    assert found["answer"]["params"] == BOTH
    log = len(trained(folder))
    folder.run(*COMBINE)
    assert len(trained(folder)) == log


def test_a_plan_says_the_most_that_it_takes(folder, noisy):
    planned = folder.json(*COMBINE, "--plan")
    assert planned["plan"]["points"] == 5 * 4
    assert planned["combined"]["points"] == planned["combined"]["epochs_left"] == 4
    text = folder.run(*COMBINE, "--plan").stdout
    assert "at most 4 trainings, if two factors have a better level" in text
    assert "combined" not in folder.json("grid", "noisy.toml", "--plan")
    until = folder.json(*COMBINE, "--plan", "--until", "0.3")
    assert until["combined"]["points"] == 20
    folder.run(*COMBINE)
    assert "together  nothing: all is recorded" in folder.run(*COMBINE, "--plan").stdout


def test_with_looks_it_has_the_seeds_of_the_baselines_last_look(folder, noisy):
    told = folder.run(*COMBINE, "--until", "0.3").stderr
    found = folder.json("show", "noisy.toml")["grid"]
    base = next(row for row in found["factors"][0]["levels"] if row["level"] == 0.1)
    assert found["combined"]["seeds"] == base["seeds"]
    assert found["combined"]["verdict"] == "better"
    assert told.splitlines()[-1].startswith(f"{len(base['seeds'])} points trained")
    assert found["trials"]["waiting"] == 0
    folder.run("grid", "noisy.toml")
    assert folder.json("show", "noisy.toml")["grid"] == found


def test_more_seeds_of_the_baseline_are_trained_together_too(folder, noisy):
    folder.run(*COMBINE)
    folder.run("grid", "noisy.toml", "--seeds", "6")
    assert folder.json("show", "noisy.toml")["grid"]["combined"]["seeds"] == [0, 1, 2, 3]
    folder.run(*COMBINE, "--seeds", "6")
    assert folder.json("show", "noisy.toml")["grid"]["combined"]["seeds"] == [0, 1, 2, 3, 4, 5]
    assert together(folder) == [0, 1, 2, 3, 4, 5]


def test_what_the_file_no_longer_names_is_no_combination(folder, noisy):
    folder.run(*COMBINE)
    text = (folder.path / "noisy.toml").read_text()
    for old, new in (("0.3, 0.5", "0.5"), ("rate = 0.1", "rate = 0.3"), ("8, 16", "8")):
        folder.write("noisy.toml", text.replace(old, new))
        assert folder.json("show", "noisy.toml")["grid"]["combined"] is None


def test_a_program_asks_for_it_too(folder, noisy):
    with folder.inside():
        study = Study("noisy.toml")
        assert study.run_grid(combine=True, quiet=True).epochs == 24
        found = study.summary().grid.combined
        assert found.levels == BOTH
        assert found.is_to_use
        assert found.sum.within is not None
