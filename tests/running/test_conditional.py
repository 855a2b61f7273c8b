"""A search in which hyperparameters depend on others, through the command line."""

from __future__ import annotations

import optuna
import pytest

optuna.logging.set_verbosity(optuna.logging.ERROR)

SCORE = """
def score(params, *, seed, settings):
    with open("called.log", "a") as log:
        print(sorted(params), file=log)
    noise = seed % 3 / 1000
    if params["model"] == "svm":
        return 1 - abs(params["C"] - 3) / 10 + noise
    return 0.2 + params["depth"] / 100 + noise
"""
STUDY = """
title = "Two models"
objective = "two:score"
[baseline]
model = "rf"
depth = 2
[search]
trials = 16
finalists = 2
confirm_looks = [2]
[search.space]
C = { low = 0.01, high = 10.0, when = { model = "svm" } }
depth = { low = 1, high = 9, when = { model = "rf" } }
model = { choices = ["rf", "svm"] }
"""


@pytest.fixture
def two(folder):
    folder.write("two.py", SCORE)
    folder.write("two.toml", STUDY)
    return folder


def trials(folder, part: str):
    return optuna.load_study(study_name=f"two/{part}", storage=folder.url).trials


def test_each_setting_has_what_it_depends_on_from_search_to_report(two):
    assert "model is svm" in two.run("search", "two.toml", "--plan").stdout
    found = two.json("search", "two.toml", "--seed", "3")["search"]
    kinds = {"rf": {"model", "depth"}, "svm": {"model", "C"}}
    assert trials(two, "search")[0].params == {"model": "rf", "depth": 2}
    for trial in trials(two, "search"):
        assert trial.params.keys() == kinds[trial.params["model"]]
    assert set((two.path / "called.log").read_text().splitlines()) == {
        "['C', 'model']",
        "['depth', 'model']",
    }
    won = found["confirmed"]
    assert won["params"].keys() == kinds["svm"]
    assert won["verdict"] == "better"
    assert {"model", "C", "depth"} == {
        row["param"] for row in found["importance"] if row["evaluator"] == "pedanova"
    }
    again, err = two.run("search", "two.toml", "--ablate")
    assert "Not ablated: winner and baseline have not the same hyperparameters." in err
    assert "model svm, C " in again
    page = (two.path / two.run("report", "two.toml").stdout.strip()).read_text()
    assert "search-slice-C" in page
    assert "search-parallel" not in page.split("<script")[0]
    line = two.error("compare", "two.toml", "--from", "best")
    assert line.startswith("--from best: it has C, which [baseline] lacks: add C = ")


def test_another_condition_is_another_search(two):
    two.run("search", "two.toml", "--trials", "2", "--confirm", "0")
    two.write("two.toml", STUDY.replace(', when = { model = "rf" }', ""))
    assert "when.depth was {'model': ['rf']}, is now None" in two.error("search", "two.toml")
