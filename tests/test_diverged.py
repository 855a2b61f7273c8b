"""A training that diverges, through the command line."""

from __future__ import annotations

import optuna

OBJECTIVE = """
import math, random


def score(params, *, seed, settings):
    with open("calls.log", "a") as log:
        log.write("call\\n")
    lr = params["lr"]
    noise = random.Random(f"{lr} {seed}").gauss(0, 0.002)
    if lr == 1.0 and seed in settings["lost"]:
        return {"value": float(settings["becomes"]), "loss": 1.0}
    if lr == 1.0 and seed in settings["raises"]:
        raise ValueError("too large")
    value = 0.9 + 0.05 * (lr > 0.2) + noise
    return {"value": value, "loss": math.nan if lr == 0.3 and seed == 0 else 1 - value}


class Descent:
    def __init__(self, params, *, seed, settings, runtime):
        self.params, self.number = params, 0

    version = 1

    def epoch(self):
        self.number += 1
        with open("calls.log", "a") as log:
            log.write(f"{self.params['lr']} {self.number}\\n")
        gone = self.params["lr"] == 1.0 and self.number >= 3
        return {"value": math.nan if gone else float(self.number)}

    def state_dict(self):
        return {"number": self.number}

    def load_state_dict(self, state):
        self.number = state["number"]
"""

STUDY = """
title = "Diverging"
objective = "steep:score"
[settings]
lost = [1, 3, 4]
raises = []
becomes = "nan"
[baseline]
lr = 0.1
[grid]
seeds = [0, 1, 2, 3, 4, 5]
[grid.factors]
lr = [0.1, 0.3, 1.0]
"""


def calls(folder) -> list[str]:
    return (folder.path / "calls.log").read_text().splitlines()


def levels(grid) -> dict:
    return {level["level"]: level for level in grid["factors"][0]["levels"]}


def written(folder, *changes: tuple[str, str]) -> None:
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.write("steep.py", OBJECTIVE)
    folder.write("steep.toml", text)


def test_a_level_that_diverges_on_half_of_its_seeds_is_never_recommended(folder):
    written(folder)
    grid = folder.json("grid", "steep.toml")["grid"]
    assert grid["trials"]["complete"] == 15
    assert grid["trials"]["diverged"] == 3
    level = levels(grid)[1.0]
    assert level["diverged"] == [1, 3, 4]
    assert level["seeds"] == [0, 2, 5]
    assert level["verdict"] == "unstable"
    assert levels(grid)[0.3]["verdict"] == "better"
    assert grid["gaps"] == {"loss": 1}
    assert folder.json("grid", "steep.toml", "--plan")["plan"]["epochs_left"] == 0
    again = folder.json("grid", "steep.toml")
    assert again["answer"]["headline"] == "Use lr 0.3, and keep the rest of the baseline."
    assert len(calls(folder)) == 18  # the same seed gives the same bits: none is tried again
    shown = " ".join(folder.run("show", "steep.toml", env={"COLUMNS": "200"}).stdout.split())
    assert "unstable: 3 of 6 seeds diverged" in shown
    assert "18 of 18 points done, 3 of them diverged." in shown
    assert "Use lr 0.3, and keep the rest of the baseline." in shown
    assert "loss was no finite number in 1 training:" in shown
    page = folder.path / folder.run("report", "steep.toml").stdout.strip()
    text = page.read_text()
    assert "unstable: 3 of 6 seeds diverged" in text
    assert "a diverged one being the worst" in text
    assert "Use lr 0.3" in text


def test_one_that_diverges_on_every_seed_is_said_to(folder):
    written(folder, ("lost = [1, 3, 4]", "lost = [0, 1, 2, 3, 4, 5]"), ('"nan"', '"-inf"'))
    level = levels(folder.json("grid", "steep.toml")["grid"])[1.0]
    assert level["verdict"] == "diverges"
    assert level["mean"] is level["p"] is None
    folder.run("report", "steep.toml")


def test_a_level_of_which_seeds_raised_waits(folder):
    written(folder, ("lost = [1, 3, 4]", "lost = []"), ("raises = []", "raises = [1, 3]"))
    grid = folder.json("grid", "steep.toml", code=1)["grid"]
    assert levels(grid)[1.0]["failed"] == [1, 3]
    shown = folder.run("show", "steep.toml", env={"COLUMNS": "200"}).stdout
    assert "4 of 6 seeds, the others failed" in shown


def test_a_curve_keeps_its_epochs_and_no_further_one_is_trained(folder):
    written(
        folder,
        ("steep:score", "steep:Descent"),
        ('[settings]', 'fidelity = "epochs"\n[settings]'),
        ("lr = 0.1", "lr = 0.1\nepochs = 10"),
        ("seeds = [0, 1, 2, 3, 4, 5]", "seeds = [0, 1]"),
    )  # fmt: skip
    grid = folder.json("grid", "steep.toml", "--workers", "1")["grid"]
    assert levels(grid)[1.0]["verdict"] == "diverges"
    assert [line for line in calls(folder) if line.startswith("1.0")] == [
        "1.0 1",
        "1.0 2",
        "1.0 3",
    ] * 2
    study = optuna.load_study(study_name="steep/grid", storage=folder.url)
    lost = [t for t in study.trials if t.user_attrs.get("diverged") is not None]
    assert [list(t.intermediate_values) for t in lost] == [[1, 2], [1, 2]]
    kept = {path.name for path in (folder.path / "runs" / "checkpoints").iterdir()}
    assert not kept & {t.user_attrs["training"] for t in lost}  # nothing goes on from there


def test_where_the_baseline_raises_it_is_its_seeds_that_are_too_few(folder):
    wrong = STUDY.replace("raises = []", "raises = [0, 2, 5]").replace("lr = 0.1\n", "lr = 1.0\n")
    folder.write("steep.py", OBJECTIVE)
    folder.write("steep.toml", wrong.replace("[1, 3, 4]", "[]").replace("3, 4, 5]", "5]"))
    told = folder.run("grid", "steep.toml", code=1).stdout
    assert "Too early to choose: too few seeds of the baseline have a value." in told
    assert "too few seeds of the baseline: cannot tell" in told
    assert "one seed" not in told
    assert "one training" not in told
