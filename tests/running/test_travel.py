"""Two machines, each with a folder of its own, and one database: one dies, the other goes on."""

from __future__ import annotations

import os
import signal

import pytest

from hpstudy.store.database import open_database
from hpstudy.store.records import Records

SLOW = (
    ("[settings]", "[settings]\nsleep = 0.4"),
    ("epochs = 2\n", "epochs = 5\n"),
    ("epochs = [2, 4]", "epochs = [5, 6]"),
)


def kill_machine(folder, pid: int) -> None:
    """Kills all of a command's processes at once."""
    server = folder.server_of(pid)
    for one in (pid, server, *folder.workers_of(pid)):
        os.kill(one, signal.SIGKILL)


def recorded(folder) -> int:
    database = open_database(folder.url, write=False)
    count = sum(Records(database.engine).counts().values())
    database.close()
    return count


def values(result) -> list[list[float]]:
    return [level["values"] for f in result["grid"]["factors"] for level in f["levels"]]


@pytest.mark.parametrize("place", ["database", "file://there", "folder"])
def test_another_machine_goes_on_where_one_was_killed(folder, study_with, place):
    study_with(*SLOW)
    shared = "walk.toml", "--storage", folder.url, "--factor", "epochs"
    process = folder.start("grid", *shared, "--runs", "a", "--checkpoints", place)
    folder.wait_for(lambda: len(folder.trained()) >= 3)
    folder.wait_for(lambda: recorded(folder) >= 3)
    kill_machine(folder, process.pid)
    process.communicate()
    before = folder.trained()
    assert 3 <= len(before) < 6
    folder.hurry()
    after = folder.json("grid", *shared, "--runs", "b")
    again = folder.trained()[len(before) :]
    everything = [f"0.1 8 0 {epoch}" for epoch in range(1, 7)]
    if place == "folder":
        assert again == everything
    else:
        assert sorted(before + again) == everything
    calm = folder.json("grid", "walk.toml", "--factor", "epochs", "--runs", "calm")
    assert values(after) == values(calm)
