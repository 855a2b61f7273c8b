"""A trial whose epoch never returns is ended from outside, and the others go on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

HANG = """
import ctypes, os, subprocess, threading, time


class Hang:
    version = 1

    def __init__(self, params, *, seed, settings, runtime):
        self.how, self.number = params["how"], 0

    def epoch(self):
        self.number += 1
        if self.number == 2 and not os.path.exists("mended"):
            getattr(self, self.how)()
        return {"value": float(self.number)}

    def fine(self):
        pass

    def deadlock(self):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    def library(self):  # it keeps Python's lock
        ctypes.PyDLL(None).sleep(60)

    def child(self):
        subprocess.run(["sh", "-c", "echo $$ > child.pid; sleep 60; true"])

    def state_dict(self):
        return {"number": self.number}

    def load_state_dict(self, state):
        self.number = state["number"]


def whole(params, *, seed, settings):
    if params["how"] == "loop":
        time.sleep(60)
    return 1.0
"""

STUDY = """
title = "Hang"
objective = "hang:Hang"
fidelity = "epochs"
baseline = { how = "fine", epochs = 3 }
[grid]
trial_timeout = "3s"
[grid.factors]
how = ["fine", "deadlock", "library", "child"]
"""

LINES = {"deadlock": 23, "library": 26, "child": 29}  # where each hangs


@pytest.fixture
def hang(folder, monkeypatch):
    monkeypatch.setattr("hpstudy.running.deadlines._GRACE_SECONDS", 1)
    monkeypatch.setattr("hpstudy.running.pool._LOOK_SECONDS", 0.1)
    folder.write("hang.py", HANG)
    folder.write("hang.toml", STUDY)
    return folder


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_epoch_that_never_returns_is_ended_and_said_with_its_place(hang):
    grid = hang.json("grid", "hang.toml", "--workers", "3", code=1)["grid"]
    assert grid["trials"]["complete"] == 1, grid["failed"]
    assert {f["params"]["how"]: f["error"] for f in grid["failed"]} == {
        how: f"hang.py:{line} in {how}: was killed in epoch 2: it ran longer than trial_timeout"
        for how, line in LINES.items()
    }
    assert grid["trials"]["failed"] == 3  # none was tried again
    assert not is_alive(int((hang.path / "child.pid").read_text()))
    shown = hang.run("show", "hang.toml", "--errors").stdout
    assert 'hang.py", line 23 in deadlock' in shown
    assert "Timeout" not in shown
    hang.write("mended", "")  # the next run tries them again, from their first epoch on
    done = hang.json("grid", "hang.toml", "--workers", "1")["grid"]
    assert done["trials"]["complete"] == 4
    assert done["epochs"] == {"asked": 12, "trained": 12}


def test_a_worker_that_waits_after_its_trial_is_not_ended_for_it(hang):
    """Two grids at once: the second waits for a training of the first, longer than its limit."""
    study = STUDY.replace(', "deadlock", "library", "child"', "")
    hang.write("hang.toml", study)
    slow = HANG.replace(
        "    def fine(self):\n        pass", "    def fine(self):\n        time.sleep(4)"
    )
    hang.write("hang.py", slow)
    process = hang.start("grid", "hang.toml", "--name", "one", "--trial-timeout", "1m")
    hang.wait_for(lambda: [*(hang.path / "runs" / "checkpoints").glob("*/1.*")])
    hang.json("grid", "hang.toml", "--name", "two")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def test_a_function_that_never_returns(hang):
    study = STUDY.replace("hang:Hang", "hang:whole").replace('fidelity = "epochs"', "")
    hang.write(
        "hang.toml",
        study.replace(", epochs = 3", "").replace('"deadlock", "library", "child"', '"loop"'),
    )
    start = time.monotonic()
    (failed,) = hang.json("grid", "hang.toml", code=1)["grid"]["failed"]
    assert failed["error"].endswith(" in whole: was killed: it ran longer than trial_timeout")
    assert time.monotonic() - start < 30
