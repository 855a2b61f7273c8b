"""Two machines, each with a folder of its own, and one database: one dies, the other goes on."""

from __future__ import annotations

import os
import signal

import pytest

# In its fourth epoch it waits until it is killed, or may go on.
PAUSED = """
import os, time
from walk import Walk

class Paused(Walk):
    def epoch(self):
        while self.number == 3 and not os.path.exists("hurry"):
            open("paused", "w").close()
            time.sleep(0.05)
        return super().epoch()
"""
CHANGES = (
    ("walk:Walk", "paused:Paused"),
    ("epochs = 2\n", "epochs = 5\n"),
    ("epochs = [2, 4]", "epochs = [5, 6]"),
)


def kill_machine(folder, pid: int) -> None:
    """Kills all of a command's processes at once."""
    for one in (pid, folder.server_of(pid), *folder.workers_of(pid)):
        os.kill(one, signal.SIGKILL)


def values(result) -> list[list[float]]:
    return [level["values"] for f in result["grid"]["factors"] for level in f["levels"]]


@pytest.mark.parametrize("place", ["database", "file://there", "folder"])
def test_another_machine_goes_on_where_one_was_killed(folder, study_with, place):
    folder.write("paused.py", PAUSED)
    study_with(*CHANGES)
    shared, factor = ("walk.toml", "--storage", folder.url), ("--factor", "epochs")
    process = folder.start("grid", *shared, *factor, "--runs", "a", "--checkpoints", place)
    folder.wait_for((folder.path / "paused").exists)
    kill_machine(folder, process.pid)
    process.communicate()
    everything = [f"0.1 8 0 {epoch}" for epoch in range(1, 7)]
    assert folder.trained() == everything[:3]
    folder.hurry()
    folder.run("worker", *shared, "--runs", "b")
    again = everything[:3] if place == "folder" else []  # it has begun anew
    assert folder.trained() == [*everything[:3], *again, *everything[3:]]
    found = folder.json("show", *shared, *factor)
    assert values(found) == values(folder.json("grid", "walk.toml", *factor, "--runs", "calm"))


PROGRAM = """
at=$(cat $1/at 2>/dev/null || echo 0)
echo "$2 from $at" >> starts.log
for e in $(seq $((at + 1)) $2); do
    [ $e -lt 4 ] || touch paused
    while [ $e -ge 4 ] && [ ! -e hurry ]; do sleep 0.05; done
    echo $e > $1/draft; mv $1/draft $1/at
    echo "epoch $e acc=0.$e"; sleep 0.2
done
"""
PROGRAM_STUDY = """
title = "P"
command = "sh p.sh ${checkpoint} {epochs}"
fidelity = "epochs"
baseline = { epochs = 5 }
[grid]
metric = "acc"
factors = { epochs = [5] }
"""


@pytest.mark.parametrize("place", ["database", "file://there"])
def test_a_program_goes_on_from_its_own_checkpoint_there(folder, place):
    folder.write("p.sh", PROGRAM)
    folder.write("p.toml", PROGRAM_STUDY)
    shared = "p.toml", "--storage", folder.url
    process = folder.start("grid", *shared, "--runs", "a", "--checkpoints", place)
    folder.wait_for((folder.path / "paused").exists)
    folder.wait_for(lambda: list(folder.path.glob("a/checkpoints/*/*.tar")))
    kill_machine(folder, process.pid)
    process.communicate()
    folder.hurry()
    folder.run("worker", *shared, "--runs", "b")
    first, second = (folder.path / "starts.log").read_text().splitlines()
    assert first == "5 from 0"
    assert second in ("5 from 1", "5 from 2", "5 from 3")  # not each epoch is packed
    found = folder.json("show", *shared)
    assert values(found) == [[0.5]]
