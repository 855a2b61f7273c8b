"""Which points an objective is checked by."""

from __future__ import annotations

import pytest

from hpstudy.objective import Estimate, load_objective
from hpstudy.plans.samples import samples
from hpstudy.study.opened import open_study
from hpstudy.study.planning import Machine, grid_plan, search_plan

COSTS = """
from hpstudy.objective import Estimate

def score(params, *, seed, settings):
    return 0.5

score.estimate = lambda params, settings: Estimate(params["width"] / params["batch"], 0)
"""

STUDY = """
title = "T"
objective = "mine:score"
fidelity = "epochs"
baseline = { width = 64, batch = 8, kind = "a", epochs = 9 }
settings = { head = "x" }
[grid]
seeds = [4, 7]
[grid.factors]
width = [64, 32, 128]
batch = [8, 16]
head = ["x", "y"]
epochs = [9, 3]
[search.space]
kind = { choices = ["a", "b", "c"] }
only_b = { low = 1, high = 2, when = { kind = "b" } }
batch = { low = 2, high = 16 }
"""


@pytest.fixture
def opened(tmp_path):
    (tmp_path / "mine.py").write_text(COSTS)
    (tmp_path / "s.toml").write_text(STUDY)
    return open_study(f"{tmp_path / 's.toml'}", runs=tmp_path / "runs")


def test_the_cheapest_setting_and_its_neighbours(opened):
    objective = load_objective("mine:score", opened.path.parent)
    assert isinstance(objective.estimate({"width": 1, "batch": 1}, settings={}), Estimate)
    chosen = samples(grid_plan(opened, objective, None, Machine()), objective)
    assert chosen.seeds == (4, 7)
    assert chosen.setting == {"width": 32, "batch": 8, "kind": "a", "epochs": 3, "head": "x"}
    assert chosen.label == "width 32, epochs 3"
    assert chosen.others == {"width": [64, 128], "batch": [16, 2], "head": ["y"]}
    assert chosen.at({"head": "y"}, other=True).identity.settings["head"] == "y"
    assert chosen.at(other=True).identity.seed == 7


def test_a_search_alone_is_checked_at_its_baseline(opened):
    objective = load_objective("mine:score", opened.path.parent)
    chosen = samples(search_plan(opened, objective, None, Machine()), objective)
    assert chosen.seeds == (0, 1)
    assert "only_b" not in chosen.others
    assert "kind" not in chosen.others  # others depend on it
