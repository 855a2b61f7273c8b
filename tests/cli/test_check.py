"""`hpstudy check`: a few small trainings tell what an objective keeps to."""

from __future__ import annotations

import json
import os
import signal

import pytest

from hpstudy.study.checking import unchecked
from hpstudy.study.opened import open_study

BAD = """
import os, random, time


def good(params, *, seed, settings):
    return random.Random(f"{seed} {params['lr']}").random()


def bad(params, *, seed, settings):
    if params["lr"] == 0.2:
        os._exit(9)
    print("hello")
    settings["kept"].append(1)
    with open("left.txt", "a") as file:
        file.write("x")
    return {"value": random.random()}


def sleeps(params, *, seed, settings):
    time.sleep(60)
"""

STUDY = """
title = "T"
objective = "mine:good"
[settings]
kept = []
[baseline]
lr = 0.1
[grid.factors]
lr = [0.1, 0.2]
"""


@pytest.fixture
def mine(folder):
    folder.write("mine.py", BAD)
    folder.write("mine.toml", STUDY)
    return folder


def test_what_keeps_all_promises_is_remembered_until_it_is_edited(mine):
    def told() -> str:
        opened = open_study(f"{mine.path / 'mine.toml'}", runs=mine.path / "runs")
        return unchecked(opened, opened.objective(), None, "mine.toml")

    assert told().startswith("Not checked yet: `hpstudy check mine.toml` tells")
    lines = mine.run("check", "mine.toml").stdout.splitlines()
    assert [line[0] for line in lines[:8]] == [*"✓✓✓✓–✓✓✓"]
    assert lines[8].startswith("The grid would take about ")
    assert lines[9].endswith(": nothing that is relied on is broken.")
    assert not told()
    assert not (mine.path / "runs" / "checkpoints").exists()
    mine.write("mine.py", BAD + "\n")
    assert told()
    assert told() in mine.run("grid", "mine.toml").stderr
    assert "Not checked" not in mine.run("grid", "mine.toml", "--seeds", "2").stderr  # it has begun


def test_what_is_broken_is_a_line_each_with_what_to_do(mine):
    mine.write("mine.toml", STUDY.replace("mine:good", "mine:bad"))
    ran = mine.run("check", "mine.toml", "--json", code=1)
    found = json.loads(ran.stdout)
    holds = {finding["name"]: finding["holds"] for finding in found["findings"]}
    assert holds == {
        "trains": "no",
        "metrics": "yes",
        "same_seed": "no",
        "other_seed": "yes",
        "goes_on": "unknown",
        "parameters": "unknown",
        "arguments": "no",
        "folder": "no",
    }
    assert not found["passed"]
    assert found["grid"]["points"] == 2
    trains = found["findings"][0]
    assert trains["seen"] == "lr 0.2: its process ended without a word, exit code 9"
    assert trains["do"]
    assert "hello" in ran.stderr
    assert not (mine.path / "runs").exists()  # it did not pass, and leaves nothing


def test_a_training_is_stopped_and_taken_up(folder):
    # A Walk logs its epochs, which is a promise broken.
    out = folder.run("check", "seek.toml", code=1).stdout
    assert "✓ goes on where it was stopped: value " in out
    assert "✓ hyperparameters are used: lr and width: each changes the numbers" in out
    assert "✗ nothing is left behind: epochs.log written to the working folder → " in out
    assert "The search would take about " in out
    lines = folder.trained()
    assert lines[:2] == ["0.1 8 0 1", "0.1 8 0 2"]
    assert len(lines) == 7  # and again, another seed, two changes, taken up


def test_ctrl_c_ends_it_and_leaves_nothing(mine, tmp_path, monkeypatch):
    mine.write("mine.toml", STUDY.replace("mine:good", "mine:sleeps"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    process = mine.start("check", "mine.toml")
    mine.wait_for(lambda: [*scratch.glob("*/base/hpstudy.db")])
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "Interrupted: a check keeps nothing.\n")
    assert not [*scratch.iterdir()]


POOLED = """
from concurrent.futures import ProcessPoolExecutor

pool = ProcessPoolExecutor(1)


def good(params, *, seed, settings):
    return pool.submit(pow, params["lr"], seed + 1).result()
"""


def test_a_pool_that_an_objective_leaves_open_ends_with_the_check(mine):
    mine.write("mine.py", POOLED)
    ran = mine.run("check", "mine.toml")
    assert "✓ trains" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_what_is_no_objective_is_a_line(mine):
    mine.write("mine.toml", STUDY.replace("mine:good", "mine:god"))
    said = "mine.toml: objective 'mine:god': mine.py has no 'god'; did you mean 'good'?"
    assert mine.error("check", "mine.toml") == said


def test_what_has_nothing_to_train_is_a_line(mine):
    mine.write("mine.toml", STUDY.partition("[grid.factors]")[0])
    assert (
        mine.error("check", "mine.toml") == "mine.toml: expected [grid] or [search], found neither"
    )
    mine.write("mine.toml", STUDY.replace("objective =", "imported ="))
    assert "was imported from mine:good and names no obj" in mine.error("check", "mine.toml")


def test_an_endless_training_is_a_line(mine):
    mine.write("mine.toml", STUDY.replace("mine:good", "mine:sleeps"))
    out = mine.run("check", "mine.toml", "--timeout", "2s", code=1).stdout
    assert out.startswith("✗ trains: baseline: it took more than 2 s: give it more time with --ti")
    assert "--timeout: expected a duration" in mine.error("check", "mine.toml", "--timeout", "no")


PROGRAM = """
import argparse, random
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1, help="(default: 0.1)")
parser.add_argument("--width", type=int, default=8, help="(default: 8)")
parser.add_argument("--seed", type=int, default=0, help="(default: 0)")
args = parser.parse_args()
print("accuracy:", random.Random(f"{args.seed} {args.lr}").random())
"""


def test_a_program_is_checked_as_init_wrote_it(command):
    command.write("train.py", PROGRAM)
    command.run("init", "--", "python", "train.py")
    out = command.run("check", "train.toml", code=1).stdout
    assert [line[0] for line in out.splitlines()[:8]] == [*"✓✓✓✓–✗✓✓"]
    assert "✗ hyperparameters are used: width: 4 and 16 changed nothing → is it read, and " in out


LATE = """
class Late:
    \"\"\"Says what its loss was before its step, as many loops do.\"\"\"

    def __init__(self, params, *, seed, settings, runtime):
        self.lr, self.at = params["lr"], 1.0 + seed

    def epoch(self):
        loss, self.at = self.at, self.at * (1 - self.lr)
        return {"value": loss}

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]
"""


def test_what_tells_an_epoch_later_is_used_all_the_same(mine):
    mine.write("mine.py", LATE)
    text = STUDY.replace("mine:good", "mine:Late").replace(
        "lr = 0.1\n", "lr = 0.1\nepochs = 2\n", 1
    )
    mine.write("mine.toml", text.replace("[settings]", 'fidelity = "epochs"\n[settings]'))
    out = mine.run("check", "mine.toml").stdout
    assert "✓ hyperparameters are used: lr: it changes the numbers" in out
