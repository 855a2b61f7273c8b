"""Two machines, each with a folder of its own, and one database: one dies, the other goes on."""

from __future__ import annotations

import functools
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.paused import CHANGES, PAUSED

EPOCHS = "--factor", "epochs"
EVERYTHING = [f"0.1 8 0 {epoch}" for epoch in range(1, 7)]


def kill_machine(folder, pid: int) -> None:
    """Kills all of a command's processes at once."""
    for one in (pid, folder.server_of(pid), *folder.workers_of(pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def values(result) -> list[list[float]]:
    return [level["values"] for f in result["grid"]["factors"] for level in f["levels"]]


@pytest.fixture(params=["sqlite", "postgres"])
def machines(request: pytest.FixtureRequest, folder):
    """A folder in which each command is on a machine of its own, by its --runs."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_folder")
    return replace(folder, storage=f"sqlite:///{folder.path}/shared.db")


def killed_in_its_fourth_epoch(machines, place: str) -> None:
    process = machines.start("grid", "walk.toml", *EPOCHS, "--runs", "a", "--checkpoints", place)
    machines.wait_for((machines.path / "paused").exists)
    kill_machine(machines, process.pid)
    process.communicate()
    assert machines.trained() == EVERYTHING[:3]
    machines.hurry()


def undisturbed(folder) -> list[list[float]]:
    """The values of the same grid on one machine."""
    return values(replace(folder, storage=None).json("grid", "walk.toml", *EPOCHS))


@pytest.mark.parametrize("place", ["database", "file://there"])
def test_another_machine_goes_on_where_one_was_killed(machines, study_with, place):
    machines.write("paused.py", PAUSED)
    study_with(*CHANGES)
    killed_in_its_fourth_epoch(machines, place)
    machines.run("worker", "walk.toml", "--runs", "b")
    assert machines.trained() == EVERYTHING
    assert values(machines.json("show", "walk.toml", *EPOCHS)) == undisturbed(machines)


def test_where_no_state_travels_it_begins_again_with_the_same_numbers(folder, study_with):
    machines = replace(folder, storage=f"sqlite:///{folder.path}/shared.db")
    machines.write("paused.py", PAUSED)
    study_with(*CHANGES)
    killed_in_its_fourth_epoch(machines, "folder")
    machines.run("worker", "walk.toml", "--runs", "b")
    assert machines.trained() == [*EVERYTHING[:3], *EVERYTHING]
    assert values(machines.json("show", "walk.toml", *EPOCHS)) == undisturbed(machines)


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


def test_a_program_goes_on_from_its_own_checkpoint_there(machines):
    machines.write("p.sh", PROGRAM)
    machines.write("p.toml", PROGRAM_STUDY)
    process = machines.start("grid", "p.toml", "--runs", "a", "--checkpoints", "database")
    machines.wait_for((machines.path / "paused").exists)
    machines.wait_for(lambda: list(machines.path.glob("a/checkpoints/*/*.tar")))
    kill_machine(machines, process.pid)
    process.communicate()
    machines.hurry()
    machines.run("worker", "p.toml", "--runs", "b")
    first, second = (machines.path / "starts.log").read_text().splitlines()
    assert first == "5 from 0"
    assert second in ("5 from 1", "5 from 2", "5 from 3")  # not each epoch is packed
    assert values(machines.json("show", "p.toml")) == [[0.5]]


@pytest.mark.slow
def test_two_machines_that_are_killed_in_turns_end_with_the_same_bits(mnist_folder, postgres_url):
    """The real network: each round one machine is killed in the middle, then the other goes on."""
    machines, grid = replace(mnist_folder, storage=postgres_url), ("grid", "small.toml")
    chance, data = random.Random(0), mnist_folder.path / "runs" / "data"
    for name in "ab":
        (machines.path / name).mkdir()
        (machines.path / name / "data").symlink_to(data)
    args, kills = ("--workers", "2"), 0
    for number in range(8):
        machine = "--runs", "ab"[number % 2], "--checkpoints", "database"
        process = machines.start(*grid, *args, *machine)
        machines.wait_for(functools.partial(_has_workers_or_is_over, machines, process))
        time.sleep(chance.uniform(3, 8))
        if process.poll() is None:
            kill_machine(machines, process.pid)
            kills += 1
        process.communicate()
    assert kills >= 3
    found = machines.json(*grid, *args, "--runs", "a")
    calm = replace(machines, storage=None).json(*grid, *args)
    assert values(found) == values(calm)
    assert found["grid"]["epochs"] == calm["grid"]["epochs"]


def _has_workers_or_is_over(machines, process) -> bool:
    return process.poll() is not None or bool(machines.workers_of(process.pid))
