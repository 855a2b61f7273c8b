"""`hpstudy compare`: a setting, a study's answer, another study; its exit code and its document."""

from __future__ import annotations

import json
import re
import signal

import optuna
import pytest

# Values that lie where the hyperparameters say: `gain` is what width adds, `luck` what seeds do.
NOISE = """
import random


def score(params, *, seed, settings):
    if params["width"] == 13:
        raise RuntimeError("unlucky")
    if params["width"] == 14 and seed == 1:
        return {"accuracy": float("nan")}
    with open("calls.log", "a") as log:
        log.write(f"{params['lr']} {params['width']} {seed}\\n")
    luck = random.Random(f"{params} {seed}").gauss(0, 0.0001)
    shared = random.Random(seed).gauss(0, 0.002)
    return {"accuracy": 0.9 + shared + luck + (params["width"] - 8) / 400}
"""
NOISE_STUDY = """
title = "Noise"
objective = "noise:score"
baseline = { lr = 0.1, width = 8 }
[grid]
metric = "accuracy"
seeds = 3
[grid.factors]
width = [8, 9, 10]
"""


@pytest.fixture
def noise(folder):
    folder.write("noise.py", NOISE)
    folder.write("noise.toml", NOISE_STUDY)
    return folder


def calls(folder) -> list[str]:
    log = folder.path / "calls.log"
    return log.read_text().splitlines() if log.exists() else []


def test_better_is_exit_code_0_and_a_line_with_its_interval(noise):
    shown = noise.run("compare", "noise.toml", "width=11").stdout.splitlines()
    assert shown[0].startswith("B is better: +0.7")
    assert shown[0].endswith(" on 3 seeds.")
    assert " points (+0." in shown[0]
    assert any(line.startswith("A  baseline") for line in shown)
    assert any(line.startswith("B  width 11") for line in shown)
    assert "Looked after 3 seeds of at most 20, as announced." in " ".join(shown)
    assert "It took 6 trainings" in " ".join(shown)


def test_worse_equal_and_open_are_exit_code_1_and_the_document_says_which(noise):
    assert noise.json("compare", "noise.toml", "width=5", code=1)["verdict"] == "worse"
    found = noise.json("compare", "noise.toml", "lr=0.2", "--until", "0.5 points", code=1)
    assert found["verdict"] == "equal"
    assert found["margin"] == 0.005
    assert -0.005 < found["difference"] < 0.005
    found = noise.json("compare", "noise.toml", "lr=0.3", "--looks", "2,3", code=1)
    assert found["verdict"] == "no difference shown"
    assert [look["seeds"] for look in found["looks"]] == [2, 3]


def test_the_document_holds_both_sides_each_look_and_the_cost(noise):
    found = noise.json("compare", "noise.toml", "width=11")
    assert found["study"] == "noise/compare width=11"
    assert {"verdict", "difference", "low", "high", "p", "seeds", "looks", "margin"} <= found.keys()
    assert found["low"] < found["difference"] < found["high"]
    assert found["seeds"] == 3
    assert found["announced"] == [3, 5, 8, 12, 20]
    assert found["a"]["params"] == {"lr": 0.1, "width": 8}
    assert found["b"]["params"] == {"lr": 0.1, "width": 11}
    assert found["b"]["seeds"] == [0, 1, 2]
    assert len(found["b"]["values"]) == 3
    assert found["cost"]["trainings"] == 6
    assert found["answer"].startswith("B is better")


def test_the_plan_says_the_least_and_the_most_and_writes_nothing(noise):
    found = noise.json("compare", "noise.toml", "width=11", "--plan")
    assert (found["least"]["points"], found["plan"]["points"]) == (6, 40)
    assert found["looks"]["after"] == [3, 5, 8, 12, 20]
    noise.write("wide.toml", NOISE_STUDY.replace("width = 8", "width = 10"))
    shown = noise.run("compare", "noise.toml", "wide.toml", "--plan", "--until", "0.3").stdout
    assert "40, from 40 trainings" in shown
    assert "Announced: looks after 3, 5, 8, 12 and 20 seeds, within ±0.3 points." in shown
    assert not (noise.path / "runs").exists()


def test_nothing_is_trained_twice_be_it_by_grid_or_by_another_comparison(noise):
    noise.run("grid", "noise.toml")
    assert len(calls(noise)) == 9
    told = noise.run("compare", "noise.toml", "width=10").stderr
    assert len(calls(noise)) == 9
    assert "width 10 has values on seeds 0, 1 and 2 already" in told
    noise.run("compare", "noise.toml", "width=11")
    assert len(calls(noise)) == 12
    again = noise.run("compare", "noise.toml", "width=11")
    assert len(calls(noise)) == 12
    assert "has values on" not in again.stderr
    assert "B is better" in again.stdout


def test_it_is_a_study_of_its_own_that_goes_with_the_others(noise):
    noise.run("compare", "noise.toml", "width=11", "lr=0.2")
    assert optuna.get_all_study_names(noise.url) == ["noise/compare lr=0.2, width=11"]
    shown = noise.run("show", "noise.toml", code=2).stderr
    assert "holds no study 'noise', but noise/compare lr=0.2, width=11: `hpstudy compare`" in shown
    noise.run("compare", "noise.toml", "lr=0.2", "width=11", "--name", "other")
    assert optuna.get_all_study_names(noise.url)[1:] == ["other/compare lr=0.2, width=11"]
    noise.run("delete", "noise", "--yes")
    assert len(optuna.get_all_study_names(noise.url)) == 1


def test_what_was_announced_stays(noise):
    noise.run("compare", "noise.toml", "width=11", "--until", "0.2")
    for given in (("--until", "0.3"), ("--looks", "2,4"), ("--seeds", "5-24")):
        said = noise.run("compare", "noise.toml", "width=11", *given, code=2).stderr
        assert "has announced looks after" in said
        assert "--name" in said
    assert noise.json("compare", "noise.toml", "width=11")["margin"] == 0.002


def test_the_study_s_answer_is_compared_on_fresh_seeds(noise):
    noise.run("grid", "noise.toml")
    found = noise.json("compare", "noise.toml", "--from", "best")
    assert found["b"]["params"] == {"lr": 0.1, "width": 10}
    assert found["b"]["seeds"] == [300, 301, 302]
    assert found["verdict"] == "better"


def test_where_the_answer_is_the_baseline_that_is_said(noise):
    noise.write("noise.toml", NOISE_STUDY.replace("width = [8, 9, 10]", "width = [8, 7]"))
    noise.run("grid", "noise.toml")
    shown = noise.run("compare", "noise.toml", "--from", "best", code=1).stdout
    assert "That is the baseline" in shown
    assert noise.json("compare", "noise.toml", "--from", "best", code=1)["verdict"] == "equal"


def test_a_search_without_a_grid_says_metric_and_data(folder):
    text = (folder.path / "seek.toml").read_text()
    head, _, rest = text.partition("[grid]")
    folder.write("seek.toml", f"{head}[search]{rest.partition('[search]')[2]}")
    found = folder.json("compare", "seek.toml", "epochs=4", "--looks", "3", code=1)
    assert found["metric"] == "value"
    assert found["cost"]["epochs"] == 3 * 4  # the longer training holds the shorter
    assert folder.trained()


def test_two_studies_are_compared_by_one_metric_on_the_same_seeds(noise):
    noise.write("wide.py", NOISE.replace("0.9 +", "0.92 +"))
    wide = NOISE_STUDY.replace("noise:", "wide:")
    noise.write("wide.toml", wide)
    found = noise.json("compare", "noise.toml", "wide.toml", "--workers", "2")
    assert found["verdict"] == "better"
    assert (found["a"]["name"], found["b"]["name"]) == ("noise", "wide")
    assert found["a"]["seeds"] == found["b"]["seeds"] == [0, 1, 2]
    noise.write("wide.toml", wide.replace('"accuracy"', '"f1"'))
    assert "expected one metric of both" in noise.error("compare", "noise.toml", "wide.toml")
    names = optuna.get_all_study_names(noise.url)  # last: what it opens stays open for a while
    assert names == ["noise vs wide/A", "noise vs wide/B"]


def test_what_diverges_is_never_better_and_what_raises_is_trouble(noise):
    found = noise.json("compare", "noise.toml", "width=14", code=1)
    assert found["verdict"] == "unstable"
    assert found["b"]["diverged"] == [1]
    failed = noise.run("compare", "noise.toml", "width=13", code=2)
    assert "RuntimeError: unlucky" in failed.stderr
    assert len(calls(noise)) == 3 + 2  # of the baseline, and what did not diverge


@pytest.mark.slow
def test_of_eight_comparisons_of_the_same_at_most_two_differ(noise):
    noise.write("noise.py", NOISE.replace('(params["width"] - 8) / 400', "0.0"))
    differ = 0
    for width in range(20, 28):
        asked = ("compare", "noise.toml", f"width={width}", "--until", "0.01", "--json")
        process = noise.start(*asked, env={"HPSTUDY_WORKERS": "2"})
        found, _ = process.communicate(timeout=240)
        verdict = json.loads(found)["verdict"]
        assert process.returncode == (0 if verdict == "better" else 1)
        differ += verdict in ("better", "worse")
    assert differ <= 2


def test_killed_it_goes_on_with_what_it_had_announced(noise):
    noise.write(
        "noise.py",
        NOISE.replace("import random\n", "import random, time\n").replace(
            "    luck =", "    time.sleep(0.1)\n    luck ="
        ),
    )
    asked = ("compare", "noise.toml", "lr=0.2", "--looks", "2,4,6", "--until", "0.01")
    process = noise.start(*asked)
    noise.wait_for(lambda: len(calls(noise)) > 5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for worker in process.stdout, process.stderr:
        worker.close()
    found = noise.json("compare", "noise.toml", "lr=0.2", code=1)
    assert found["announced"] == [2, 4, 6]
    assert found["margin"] == pytest.approx(0.0001)
    assert len(set(calls(noise))) == 12
    assert len(calls(noise)) <= 13


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("noise.toml",), "missing: what B changes of the baseline"),
        (("noise.toml", "widht=9"), "did you mean 'width'?"),
        (("noise.toml", "width=x"), "width: expected a number, as the baseline's 8, found 'x'"),
        (("noise.toml", "width=8"), "expected something else than the baseline"),
        (("noise.toml", "width=9", "width=10"), "expected one value of width"),
        (("noise.toml", "width=9", "--from", "best"), "--from: expected best, and nothing else"),
        (("noise.toml", "--from", "best"), "Nothing run yet"),
        (("noise.toml", "--from", "worst"), "--from: expected best"),
        (("noise.toml", "width=9", "--looks", "5,3"), "--looks: expected numbers of seeds"),
        (("noise.toml", "width=9", "--looks", "1"), "--looks: expected numbers of seeds"),
        (("noise.toml", "width=9", "--seeds", "3"), "--seeds: expected 20 or more"),
        (("noise.toml", "width=9", "--until", "0"), "--until: expected a margin"),
        (("noise.toml", "width=9", "--metric", "f1"), "--metric: goes with a CSV file"),
        (("noise.toml", "noise.toml", "noise.toml"), "expected one study or two, found 3"),
        (("noise.toml", "noise.toml"), "expected two studies, found noise.toml twice"),
        (("noise.toml", "walk.toml", "width=9"), "width=9: goes with one study"),
    ],
)
def test_what_is_wrong_is_one_line(noise, args, message: str):
    assert message in noise.error("compare", *args)


def test_what_was_compared_stands_in_the_study_s_tables_page_and_document(noise):
    noise.run("grid", "noise.toml", "--seeds", "2", "--no-publish")
    noise.run("compare", "noise.toml", "width=11")
    noise.run("compare", "noise.toml", "lr=0.2", code=1)
    shown = noise.run("show", "noise.toml").stdout
    table = shown[shown.index("Compared with the baseline") :].splitlines()
    assert re.search(r"lr 0\.2 .* (open|no difference shown|worse)", table[3])
    assert re.search(r"width 11 .*better", table[4])
    found = {one["b"]["name"]: one for one in noise.json("show", "noise.toml")["comparisons"]}
    assert found["width 11"]["verdict"] == "better"
    assert found["width 11"]["b"]["params"]["width"] == 11
    noise.run("report", "noise.toml")
    assert "Compared with the baseline" in (noise.path / "runs/report/noise.html").read_text()
    assert "Compared" not in noise.run("grid", "noise.toml", "--no-publish").stdout
    noise.write(
        "noise.toml", (noise.path / "noise.toml").read_text().replace("lr = 0.1", "lr = 0.2")
    )
    assert not noise.json("show", "noise.toml")["comparisons"]  # they were of another baseline
