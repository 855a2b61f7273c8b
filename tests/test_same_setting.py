"""An A/A study: one setting under several names, so that whatever differs is luck."""

from __future__ import annotations

import pytest

TWIN = """
from hpstudy.mnist import CnnTraining

NAMES = "abcdefghijkl"


class Twin(CnnTraining):
    \"\"\"The report's network. Its name changes nothing but its luck.\"\"\"

    def __init__(self, params, *, seed, settings, runtime):
        luck = seed * len(NAMES) + NAMES.index(params["name"])
        super().__init__(_named(params), seed=luck, settings=settings, runtime=runtime)

    @classmethod
    def check(cls, params, *, settings):
        super().check(_named(params), settings=settings)


def _named(params):
    return {name: value for name, value in params.items() if name != "name"}
"""

STUDY = """
title = "The same setting under several names"
objective = "twin:Twin"
fidelity = "epochs"
[settings]
head = "logits"
train_images = 400
test_images = 500
[baseline]
lr = 0.003
epochs = 1
hidden = 64
batch_size = 10
name = "a"
[grid]
metric = "test_accuracy"
seeds = [0, 1, 2, 3, 4]
[grid.factors]
name = {names}
"""


@pytest.mark.parametrize("names", ["abc", pytest.param("abcdefghijkl", marks=pytest.mark.slow)])
def test_the_same_setting_under_several_names_shows_nothing(mnist_folder, names: str):
    mnist_folder.write("twin.py", TWIN)
    mnist_folder.write("twin.toml", STUDY.replace("{names}", str(list(names))))
    grid = mnist_folder.json("grid", "twin.toml", "--workers", "2")["grid"]
    (factor,) = grid["factors"]
    base, *others = factor["levels"]
    assert base["verdict"] == "baseline"
    assert min(base["values"]) > 0.4  # it learns
    for level in others:
        assert level["values"] != base["values"]  # another luck
        assert level["verdict"] == "no difference shown"
        assert level["effect_low"] < level["effect"] < level["effect_high"]
        assert level["seeds_needed"] is None or level["seeds_needed"] > 5
    luck = next(row for row in grid["importance"] if row["param"] == "seed")
    ranges = next(row for row in grid["importance"] if row["param"] == "name")
    assert luck["low"] < ranges["value"] < luck["high"]
    assert ranges["low"] == 0


ADDED = """
from walk import Walk


class Later(Walk):
    \"\"\"A `Walk` that has a hyperparameter more than when it was first trained.\"\"\"

    default_params = {"drift": 0}

    def __init__(self, params, *, seed, settings, runtime):
        assert params.get("drift") != 0
        self.drift = params.get("drift", 0)
        params = {name: value for name, value in params.items() if name != "drift"}
        super().__init__(params, seed=seed, settings=settings, runtime=runtime)

    def epoch(self):
        return {"value": super().epoch()["value"] + self.drift}
"""


def test_a_hyperparameter_added_later_leaves_the_trainings_before_it_their_own(folder, study_with):
    folder.write("later.py", ADDED)
    folder.run("grid", study_with(('"walk:Walk"', '"later:Later"')))
    before = folder.trained()
    changes = [
        ('"walk:Walk"', '"later:Later"'),
        ("width = 8\n", "width = 8\ndrift = 0.0\n"),  # 0 and 0.0 are one value
        ("width = [8, 16]", "drift = [0.0, 100.0]"),
    ]
    drift = folder.json("grid", study_with(*changes), "--name", "drifts")["grid"]["factors"][-1]
    assert [level["mean"] > 50 for level in drift["levels"]] == [False, True]
    assert len(folder.trained()) == len(before) + 2  # drift 100 alone, two epochs
