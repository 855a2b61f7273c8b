"""A grid that runs until its levels are decided: looks, kills, company, what raises or diverges."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

from hpstudy import Study

# Each level's distance from the baseline in standard deviations of one training, 0.001.
NOISY = """
import os, random, time

AT = {"base": 0.0, "same": 0.1, "worse": -30.0, "better": 20.0, "near": -1.5}

def score(params, *, seed, settings):
    kind = params["kind"]
    if kind == settings.get("raises") and not os.path.exists("mended"):
        raise RuntimeError("no such kind")
    if kind == settings.get("diverges"):
        return {"accuracy": float("nan")}
    time.sleep(settings.get("sleep", 0))
    with open("trained.log", "a") as log:
        log.write(f"{kind} {seed}\\n")
    alike, own = random.Random(seed), random.Random(f"{kind} {seed}")
    return {"accuracy": 0.9 + alike.gauss(0, 0.004) + (AT[kind] + own.gauss(0, 1)) / 1000}
"""

STUDY = """
title = "Noisy"
objective = "noisy:score"
[settings]
[baseline]
kind = "base"
[grid]
metric = "accuracy"
seeds = 2
looks = [3, 5, 8, 12]
[grid.factors]
kind = ["base", "same", "worse", "better"]
"""
UNTIL = ("grid", "noisy.toml", "--until", "0.35")
ALL = "base", "same", "worse", "better"


@pytest.fixture
def noisy(folder) -> Callable[..., None]:
    """Writes `noisy.toml`, each argument replacing one text by another."""
    folder.write("noisy.py", NOISY)

    def write(*changes: tuple[str, str]) -> None:
        text = STUDY
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        folder.write("noisy.toml", text)

    write()
    return write


def trained(folder) -> dict[str, list[int]]:
    """Each kind's seeds, as often as they were trained."""
    seeds: dict[str, list[int]] = {}
    for line in (folder.path / "trained.log").read_text().splitlines():
        kind, seed = line.split()
        seeds.setdefault(kind, []).append(int(seed))
    return {kind: sorted(found) for kind, found in seeds.items()}


def levels(document: dict) -> dict[str, dict]:
    return {row["level"]: row for row in document["grid"]["factors"][0]["levels"]}


def values(document: dict) -> dict[str, dict[int, float]]:
    rows = levels(document).items()
    return {kind: dict(zip(row["seeds"], row["values"], strict=True)) for kind, row in rows}


def test_seeds_are_added_only_where_a_level_is_open(folder, noisy):
    told = folder.run(*UNTIL)
    seeds = trained(folder)
    assert seeds["worse"] == seeds["better"] == [0, 1, 2]
    assert seeds["same"] == seeds["base"] == [*range(len(seeds["same"]))]
    assert len(seeds["same"]) in (5, 8, 12)
    said = told.stderr.splitlines()
    assert said[0] == (
        "Announced: looks after 3, 5, 8 and 12 seeds, until each level is better, worse or equal "
        "within ±0.35 points."
    )
    assert "Looked after 3 seeds: 2 of 3 comparisons decided, 1 open: kind same." in said
    assert any(line.startswith("look 2 of 4: [") for line in said)
    assert folder.run(*UNTIL).stderr.splitlines()[0].startswith("Goes on as announced: looks after")
    assert trained(folder) == seeds


def test_a_plain_grid_goes_on_as_announced_and_takes_no_seeds_or_factors(folder, noisy):
    noisy(("[settings]", '[settings]\nraises = "same"'))
    folder.run(*UNTIL, code=1)
    folder.write("mended", "")
    told = folder.run("grid", "noisy.toml").stderr
    assert told.startswith("Goes on as announced: looks after 3, 5, 8 and 12 seeds")
    assert len(trained(folder)["same"]) >= 5
    for option in (("--seeds", "9"), ("--factor", "kind")):
        error = folder.error("grid", "noisy.toml", *option)
        assert error.startswith(f"{option[0]}: study 'noisy' has announced looks, which say what")


@pytest.mark.parametrize("margin", ["0.3", "0.3%", "0.3 points", ".3"])
def test_a_margin_is_in_points(folder, noisy, margin: str):
    told = folder.run("grid", "noisy.toml", "--plan", "--until", margin)
    assert "within ±0.3 points" in told.stdout


@pytest.mark.parametrize("margin", ["0", "-1", "0.3 s", "1.2.3", "100", "1e999", "3x"])
def test_what_is_no_margin_is_refused(folder, noisy, margin: str):
    error = folder.error("grid", "noisy.toml", "--until", margin)
    assert error == f"--until: expected a margin such as 0.3 (points), found {margin!r}"


def test_without_a_number_the_files_margin_counts(folder, noisy):
    error = folder.error("grid", "noisy.toml", "--until")
    assert error == ("--until: expected a margin such as 0.3 (points), or equal_within in [grid]")
    noisy(("seeds = 2", "equal_within = 0.003"))
    for asked in (("--until", "noisy.toml"), ("noisy.toml", "--until"), ("--until=", "noisy.toml")):
        assert "within ±0.3 points" in folder.run("grid", "--plan", *asked).stdout
    folder.run("grid", "noisy.toml", "--until")
    told = folder.run("grid", "noisy.toml", "--until", "0.3").stderr  # the same margin
    assert told.startswith("Goes on as announced")


def test_a_files_margin_as_wide_as_the_metric_is_refused(folder, noisy):
    noisy(("seeds = 2", "equal_within = 5"))
    error = folder.error("grid", "noisy.toml", "--plan", "--until")
    assert error == (
        "noisy.toml: grid.equal_within: expected less than 1, as it is in the metric's own unit, "
        "found 5"
    )


def test_looks_and_margin_stay_once_a_value_is_known(folder, noisy):
    folder.run(*UNTIL)
    before = folder.json("show", "noisy.toml")
    error = folder.error("grid", "noisy.toml", "--until", "0.5")
    assert (
        "has announced looks after 3, 5, 8 and 12 seeds within ±0.35 points, not after 3, 5, 8 "
        "and 12 seeds within ±0.5 points: who chooses looks or margin by values" in error
    )
    assert "has announced looks" in folder.error(*UNTIL[:2], "--until", "0.5", "--plan")
    noisy(("12]", "12, 30]"))
    assert "not after 3, 5, 8, 12 and 30 seeds within ±0.35" in folder.error(*UNTIL)
    assert folder.run("grid", "noisy.toml").stderr.startswith("Goes on as announced")
    assert folder.json("show", "noisy.toml") == before


def test_by_whose_values_luck_is_judged_stays_once_a_value_is_known(folder, noisy):
    own = ("[grid]", '[grid]\nspreads = "own"')
    noisy(own, ("8, 12]", "6]"))
    said = folder.run(*UNTIL).stderr.splitlines()[0]
    assert said.endswith("better, worse or equal within ±0.35 points, by its own seeds alone.")
    before = folder.json("show", "noisy.toml")
    assert before["grid"]["spreads"] == "own"
    assert {row["test"] for row in levels(before).values() if row["test"]} == {"paired"}
    shown = " ".join(folder.run("show", "noisy.toml").stdout.split())
    assert 'by its own differences on each seed alone (spreads = "own"' in shown
    assert "So few seeds of its own hardly tell" in shown
    noisy(("8, 12]", "6]"))
    error = folder.error("grid", "noisy.toml")
    assert "has announced its looks with spreads = 'own', not 'alike': who chooses" in error
    assert "spreads = 'own'" in folder.error(*UNTIL, "--plan")
    assert folder.json("show", "noisy.toml") == before  # as it was announced
    noisy(own, ("8, 12]", "6]"))
    assert folder.run("grid", "noisy.toml").stderr.startswith("Goes on as announced")


def test_the_baseline_stays_once_a_value_is_known(folder, noisy):
    folder.run(*UNTIL)
    noisy(('kind = "base"', 'kind = "same"'))
    error = folder.error("grid", "noisy.toml")
    assert "announced its looks at the baseline kind base, not at kind same" in error
    assert "announced its looks at" in folder.error("grid", "noisy.toml", "--plan")


def test_looks_may_change_as_long_as_nothing_is_known(folder, noisy):
    noisy(("[settings]", '[settings]\nraises = "base"'), (', "same", "worse", "better"', ""))
    folder.run(*UNTIL, code=1)
    folder.write("mended", "")
    assert folder.run("grid", "noisy.toml", "--until", "9").stderr.startswith("Announced: ")
    assert "±9 points" in folder.run("grid", "noisy.toml", "--plan").stdout


def test_fixed_seeds_are_the_first_look(folder, noisy):
    folder.run("grid", "noisy.toml", "--seeds", "7,1,4,5")
    told = folder.run(*UNTIL[:2], "--until", "0.12").stderr.splitlines()
    assert told[0].startswith("Announced: looks after 4, 5, 8 and 12 seeds, until")
    assert told[1] == "The 4 seeds that this grid has begun with are its first look."
    seeds = trained(folder)
    assert seeds["worse"] == [1, 4, 5, 7]
    assert {1, 4, 5, 7, 0} <= {*seeds["same"]}  # then those of the file, then unused ones
    assert "begun with" not in folder.run("grid", "noisy.toml").stderr
    assert trained(folder) == seeds


def test_one_fixed_seed_is_no_look(folder, noisy):
    folder.run("grid", "noisy.toml", "--seeds", "6-6")
    told = folder.run(*UNTIL).stderr
    assert told.startswith("Announced: looks after 3, 5, 8 and 12 seeds")
    assert "begun with" not in told
    assert trained(folder)["worse"] == [0, 1, 6]


def test_where_the_first_look_decides_all_none_follows(folder, noisy):
    noisy((', "same"', ""))
    told = folder.run(*UNTIL).stderr
    assert "Looked after 3 seeds: 2 of 2 comparisons decided." in told
    assert trained(folder) == {kind: [0, 1, 2] for kind in ("base", "worse", "better")}


def test_what_raises_stops_no_look_and_is_tried_once_a_run(folder, noisy):
    noisy(("[settings]", '[settings]\nraises = "worse"'))
    told = folder.run(*UNTIL, code=1)
    found = folder.json("show", "noisy.toml")
    assert levels(found)["better"]["verdict"] == "better"
    assert trained(folder)["better"] == [0, 1, 2]
    failed = len(levels(found)["worse"]["failed"])
    attempts = optuna.load_study(study_name="noisy/grid", storage=folder.url).get_trials()
    assert sum(t.params["kind"] == "worse" for t in attempts) == failed
    folder.write("mended", "")
    folder.run("grid", "noisy.toml")
    mended = levels(folder.json("show", "noisy.toml"))["worse"]
    assert mended["verdict"] == "worse"
    assert mended["failed"] == []
    assert told.stdout


def test_a_level_that_diverges_is_closed_at_the_first_look(folder, noisy):
    noisy(("[settings]", '[settings]\ndiverges = "worse"'))
    folder.run(*UNTIL)
    worse = levels(folder.json("show", "noisy.toml"))["worse"]
    assert worse["verdict"] == "diverges"
    assert worse["diverged"] == [0, 1, 2]


def test_what_a_claim_compares_gets_seeds_too(folder, noisy):
    with (folder.path / "noisy.toml").open("a") as file:
        file.write(
            """
[[claims]]
says = "better is better than the same"
factor = "kind"
level = "better"
expect = { higher_than = "same" }
"""
        )
    told = folder.run(*UNTIL).stderr
    assert "Looked after 3 seeds: 3 of 4 comparisons decided, 1 open: kind same." in told
    assert folder.json("show", "noisy.toml")["grid"]["claims"][0]["verdict"] == "supported"


def test_a_level_that_is_added_is_looked_at_from_the_first(folder):
    folder.write(
        "steps.py",
        """
from random import Random

def score(params, *, seed, settings):
    step = params["step"]
    return Random(seed).gauss(0, 4) + 9 * step + Random(f"{step} {seed}").gauss(0, 1)
""",
    )
    text = """
title = "Steps"
objective = "steps:score"
baseline = { step = 0 }
[grid.factors]
step = [0, 3]
"""
    folder.write("steps.toml", text)
    folder.run("grid", "steps.toml", "--until", "4")
    folder.write("steps.toml", text.replace("3]", "3, 5]"))
    told = folder.run("grid", "steps.toml").stderr
    assert "3 settings, 2 when that was announced" in told
    assert "Looked after 3 seeds: 2 of 2 comparisons decided." in told
    assert "when that was announced" not in folder.run("grid", "steps.toml").stderr
    rows = folder.json("show", "steps.toml")["grid"]["factors"][0]["levels"]
    assert [row["seeds"] for row in rows] == [[0, 1, 2]] * 3


def test_a_plan_says_the_least_and_the_most(folder, noisy):
    planned = folder.json(*UNTIL, "--plan")
    assert planned["least"]["points"] == planned["least"]["epochs_left"] == 4 * 3
    assert planned["plan"]["points"] == planned["plan"]["epochs_left"] == 4 * 12
    assert planned["looks"]["after"] == [3, 5, 8, 12]
    assert planned["looks"]["seeds"] == [*range(12)]
    assert planned["looks"]["margin"] == pytest.approx(0.0035)
    text = folder.run(*UNTIL, "--plan").stdout
    assert "at least" in text
    assert "12 trainings" in text
    assert "48 trainings" in text
    assert not (folder.path / "runs").exists()
    folder.run(*UNTIL)
    again = folder.json("grid", "noisy.toml", "--plan")
    assert again["plan"]["epochs_left"] == again["least"]["epochs_left"] == 0


def lines(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def undisturbed(folder) -> dict:
    """What comes of the study without any trouble, run in a folder of its own."""
    folder.run(*UNTIL, "--runs", "calm")
    (folder.path / "trained.log").unlink()
    return folder.json("show", "noisy.toml", "--runs", "calm")


def test_killed_again_and_again_it_comes_to_the_same(folder, noisy):
    calm = undisturbed(folder)
    noisy(("[settings]", "[settings]\nsleep = 0.05"))
    log = folder.path / "trained.log"
    for kill in range(4):
        process = folder.start(*UNTIL, start_new_session=True)
        folder.wait_for(lambda after=3 + 4 * kill: lines(log) >= after)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    folder.run(*UNTIL)
    found = folder.json("show", "noisy.toml")
    assert values(found) == values(calm)
    assert [row["verdict"] for row in levels(found).values()] == [
        row["verdict"] for row in levels(calm).values()
    ]


def test_two_at_once_share_the_work(folder, noisy):
    calm = undisturbed(folder)
    noisy(("[settings]", "[settings]\nsleep = 0.1"))
    both = [folder.start(*UNTIL, "--workers", "2") for _ in range(2)]
    for process in both:
        err = process.communicate(timeout=120)[1]
        assert process.returncode == 0, err
    found = folder.json("show", "noisy.toml")
    assert values(found) == values(calm)
    assert trained(folder) == {kind: sorted(of) for kind, of in values(found).items()}


def test_a_program_asks_for_it_too(folder, noisy):
    with folder.inside():
        study = Study("noisy.toml")
        assert study.run_grid(until=0.35, quiet=True).left == 0
        assert study.summary().grid.results.looks.margin == pytest.approx(0.0035)
        assert study.run_grid(until="0.35 points", quiet=True).epochs == 0
        noisy(("seeds = 2", "equal_within = 0.0035"))
        assert Study("noisy.toml").run_grid(until=True, quiet=True).epochs == 0
