from __future__ import annotations

import math
import re

import pytest

from hpstudy.metric import Metric


@pytest.mark.parametrize(
    ("name", "said", "values", "unit", "bounds"),
    [
        ("test_accuracy", None, [], "share", (0, 1)),
        ("test_accuracy", None, [0.0, 0.98, 1.0], "share", (0, 1)),
        ("val_acc", None, [0.98], "share", (0, 1)),
        ("accuracy", None, [95.0, 0.3], "%", (0, 100)),
        ("accuracy", None, [95.0, 130.0], "", (-math.inf, math.inf)),
        ("accuracy", None, [-0.2, 0.9], "", (-math.inf, math.inf)),
        ("accuracy", None, [0.9, math.inf, math.nan], "share", (0, 1)),
        ("accuracy", "%", [0.5], "%", (0, 100)),
        ("accuracy", "%", [120.0], "%", (-math.inf, math.inf)),
        ("recall", "share", [0.5], "share", (0, 1)),
        ("seconds", "s", [5.0], "s", (-math.inf, math.inf)),
        ("value", None, [0.5], "", (-math.inf, math.inf)),
    ],
)
def test_the_unit_is_what_the_file_says_or_else_what_the_values_are(
    name: str, said: str | None, values: list[float], unit: str, bounds: tuple[float, float]
):
    metric = Metric.named(name, "maximize", said).seeing(values)
    assert (metric.unit, metric.bounds) == (unit, bounds)
    one_by_one = Metric.named(name, "maximize", said)
    for value in values:
        one_by_one = one_by_one.seeing([value])
    assert one_by_one == metric


def test_a_metric_says_which_direction_is_better():
    assert [Metric("m", direction).sign for direction in ("maximize", "minimize")] == [1, -1]


SCORE = """
def score(params, *, seed, settings):
    value = 95.0 + params["a"] + [0.0, 0.4, 0.1][seed] + 0.05 * ((seed * params["a"]) % 2)
    return {METRIC: value}
"""
STUDY = """
title = "T"
objective = "mine:score"
[baseline]
a = 0
[grid]
metric = "METRIC"
seeds = [0, 1, 2]
[grid.factors]
a = [0, 1, 2]
"""


@pytest.mark.parametrize(
    ("metric", "entry", "value", "gap", "unit"),
    [
        ("accuracy", "", "95.17 %", "points", "%"),  # its values tell
        ("score", '[metrics]\nscore = { unit = "%" }', "95.17 %", "points", "%"),
        ("took", '[metrics]\ntook = { unit = "s" }', "95.167 s", "s", "s"),
    ],
)
def test_tables_page_and_json_show_a_metric_in_its_unit(
    folder, metric: str, entry: str, value: str, gap: str, unit: str
):
    folder.write("mine.py", SCORE.replace("METRIC", repr(metric)))
    folder.write("mine.toml", STUDY.replace("METRIC", metric) + entry)
    document = folder.json("grid", "mine.toml", "--workers", "1")["grid"]
    assert (document["metric"], document["unit"]) == (metric, unit)
    base, *_ = document["factors"][0]["levels"]
    assert base["low"] < base["mean"] < base["high"] <= 100
    tables = folder.run("show", "mine.toml").stdout
    assert value in tables
    moved = rf"\na +2(\.\d+)? {gap}"  # how far the factor moves the metric
    assert re.search(moved, tables)
    assert ("percentage points" in tables) == (unit == "%")
    folder.run("report", "mine.toml")
    page = (folder.path / "runs" / "report" / "mine.html").read_text()
    assert value in page
    assert re.search(rf"a moves {metric} furthest, by 2(\.\d+)? {gap}", page)
    assert '"ticksuffix": " ' + unit + '"' in page
    assert not re.search(r"9[0-9]{3}\.\d+ %", page + tables)
