"""Killed for want of memory: told from other kills, tried again with fewer, then given up."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hpstudy.running import memory
from hpstudy.running.memory import Killings, killed_so_far, room

HUNGRY = """
import time


def score(params, *, seed, settings):
    mine = bytearray(params["mb"] * 1_000_000)
    mine[::4096] = b"x" * len(mine[::4096])
    time.sleep(settings.get("sleep", 0.0))
    return float(params["mb"])


class Training:
    def __init__(self, params, *, seed, settings, runtime):
        self.params = params

    def epoch(self):
        return {"value": score(self.params, seed=0, settings={})}

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass
"""

STUDY = """
title = "Hungry"
objective = "hungry:score"
baseline = { mb = 1 }
[grid.factors]
mb = [1, 2, 1500]
"""


@pytest.fixture
def limited(folder) -> Iterator[Callable[[], None]]:
    """A control group with 500 MB; returns what puts a process that begins into it."""
    for root, limit in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
        group = Path("/sys/fs/cgroup", root, f"hpstudy-test-{os.getpid()}")
        try:
            group.mkdir()
            (group / limit).write_text("500000000")
            break
        except OSError:
            if group.is_dir():
                group.rmdir()
    else:
        pytest.skip("a control group with a limit can't be made here")
    yield lambda: (group / "cgroup.procs").write_text(f"{os.getpid()}")  # type: ignore[func-returns-value]
    folder.wait_for(lambda: not (group / "cgroup.procs").read_text())
    group.rmdir()


def test_what_has_no_room_is_tried_twice_and_named(folder, limited):
    folder.write("hungry.py", HUNGRY)
    folder.write("hungry.toml", STUDY)
    process = folder.start("grid", "hungry.toml", "--workers", "2", "--json", preexec_fn=limited)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    trials = json.loads(out)["grid"]["trials"]
    (failed,) = json.loads(out)["grid"]["failed"]
    assert failed["error"].startswith("its process was killed for want of memory 2 times (")
    assert "there are 500 MB for all): try fewer --workers, or what takes" in failed["error"]
    assert trials["complete"] == 2
    assert "killed for want of memory" in err


@pytest.mark.slow
def test_a_training_by_itself_is_named_too(folder, limited):
    folder.write("hungry.py", HUNGRY)
    baseline = STUDY.replace("mb = 1 }", "mb = 1500, epochs = 1 }")
    training = baseline.replace("hungry:score", "hungry:Training")
    folder.write("hungry.toml", f"fidelity = 'epochs'{training}")
    process = folder.start("train", "hungry.toml", preexec_fn=limited)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Error: the training's process was killed for want of memory (there are 500 MB" in err


def test_those_for_whom_there_is_no_room_together_go_on_with_fewer(folder, limited):
    folder.write("hungry.py", HUNGRY)
    folder.write(
        "hungry.toml", STUDY.replace("1, 2, 1500", "1, 240, 250, 260") + "[settings]\nsleep=1.5"
    )
    process = folder.start("grid", "hungry.toml", "--workers", "3", "--json", preexec_fn=limited)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["grid"]["trials"]["complete"] == 4
    assert "there are 500 MB for all): on with " in err


def test_one_kill_is_counted_once():
    killings, counts = Killings(), iter([1, 1, 1, 3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "killed_so_far", lambda: next(counts))
        assert not killings.tell(1, before=0)  # it ended by itself
        assert killings.tell(-signal.SIGKILL, before=0)
        assert not killings.tell(-signal.SIGKILL, before=0)  # by somebody else, at the same time


MADE = {
    "v2": (
        "0::/a/b\n",
        "a/memory.events",
        "low 0\noom 2\noom_kill 3\noom_group_kill 0\n",
        "a/memory.max",
    ),
    "v2 in a container": ("0::/\n", "memory.events", "oom_kill 3\n", "memory.max"),
    "v1": (
        "5:cpu:/x\n4:memory:/a\n0::/\n",
        "memory/a/memory.oom_control",
        "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        "memory/a/memory.limit_in_bytes",
    ),
    "v1 in a container": (
        "4:memory:/docker/1234\n",
        "memory/memory.oom_control",
        "oom_kill 3\n",
        "memory/memory.limit_in_bytes",
    ),
}


@pytest.mark.parametrize("system", MADE)
def test_it_reads_what_each_kernel_tells(tmp_path, monkeypatch, system: str):
    own, counts, text, limit = MADE[system]
    for name, content in (
        ("proc/self/cgroup", own),
        (f"sys/fs/cgroup/{counts}", text),
        (f"sys/fs/cgroup/{limit}", "123000000\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    assert killed_so_far() == 3
    assert room(45_000_000) == " (it had 45 MB, there are 123 MB for all)"
    (tmp_path / "sys/fs/cgroup" / limit).write_text("max\n")
    assert "123 MB" not in room(None)


def test_where_nothing_is_told_nobody_was_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    assert killed_so_far() == 0
