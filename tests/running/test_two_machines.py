"""Machines that share a network and nothing else: one dies, the others finish, bit-equal.

Dask's scheduler, the database and whoever runs the command are on the test's own machine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.machines import network
from tests.paused import CHANGES, PAUSED
from tests.servers import binaries, postgres_server

pytest.importorskip("distributed")
slow = pytest.mark.slow

TRAININGS = {("0.1", "8"): 6, ("0.2", "8"): 5, ("0.1", "16"): 5}
EVERYTHING = [
    f"{lr} {width} 0 {epoch}"
    for (lr, width), epochs in TRAININGS.items()
    for epoch in range(1, epochs + 1)
]


@pytest.fixture(scope="module")
def net():
    with network() as made:
        if made is None:
            pytest.skip("no machines can be made here: it takes Linux, root, and iproute2's `ip`")
        yield made


@pytest.fixture(scope="module")
def server(net):
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server here to test with: apt-get install postgresql")
    with postgres_server(programs, net.hub) as made:
        yield made


@pytest.fixture(scope="module")
def scheduler(net, folder_at, tmp_path_factory):
    """The address of a Dask scheduler."""
    folder = folder_at(tmp_path_factory.mktemp("scheduler"))
    file = folder.path / "scheduler.json"
    args = ("--host", net.hub, "--port", "0", "--no-dashboard", "--scheduler-file", f"{file}")
    with (
        (folder.path / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", *args], stdout=log, stderr=log
        ) as process,
    ):
        try:
            written = folder.wait_for(lambda: file.exists() and file.read_text())
            yield json.loads(written)["address"]
        finally:
            process.kill()


@pytest.fixture
def here(folder, server, study_with):
    """The folder of whoever runs the command."""
    folder.write("paused.py", PAUSED)
    study_with(*CHANGES)
    return replace(folder, storage=server.url(server.new()))


@pytest.fixture
def machine(net, here, tmp_path_factory):
    """Makes a machine that has nothing in the folder of whoever runs the command."""
    yield lambda name: net.machine(name, tmp_path_factory.mktemp(name), here.path)
    net.close()


class Dask:
    """Machines that have joined a Dask cluster; the command runs on the test's own."""

    def __init__(self, here, scheduler: str) -> None:
        self._here, self._scheduler = here, scheduler

    def begin(self, a, b, *options: str) -> None:
        for one in (a, b):
            self.join(one)
        cluster = ("--cluster", self._scheduler, "--workers", "2")
        self._command = self._here.start("grid", "walk.toml", *cluster, *options)

    def join(self, one) -> None:
        one.start(
            *(sys.executable, "-m", "distributed.cli.dask_worker", self._scheduler, "--no-nanny"),
            *("--nthreads", "1", "--no-dashboard", "--host", one.address),
            env={},  # a TMPDIR of its own, in the folder, is too long a path for a socket's
        )

    def end(self, *machines) -> str:
        """Waits until all is over, and returns what was said."""
        _, err = self._command.communicate(timeout=120)
        assert self._command.returncode == 0, err
        return err

    def stop(self) -> None:
        self._command.kill()
        self._command.communicate()


class Workers:
    """The first runs the command, the others join it; each has the study's files."""

    def __init__(self, here) -> None:
        self._here = here

    def begin(self, a, b, *options: str) -> None:
        self._start(a, "grid", "walk.toml", *options)
        self.join(b)

    def join(self, one) -> None:
        self._start(one, "worker", "walk.toml", "--wait", "1m")

    def _start(self, one, *args: str) -> None:
        for name in ("walk.py", "walk.toml", "paused.py"):
            shutil.copy(self._here.path / name, one.disk)
        env = {"HPSTUDY_STORAGE": self._here.storage, "HPSTUDY_WORKERS": "1"}
        one.start(sys.executable, "-m", "hpstudy", *args, env=env)

    def end(self, *machines) -> str:
        assert [one.wait() for one in machines] == [0] * len(machines), machines[0].log
        return "".join(one.log for one in machines)

    def stop(self) -> None:
        pass


@pytest.fixture
def crew(request, here):
    made = (
        Dask(here, request.getfixturevalue("scheduler"))
        if request.param == "dask"
        else Workers(here)
    )
    yield made
    made.stop()


def at(one, here):
    """The folder of a machine, seen from outside."""
    return replace(here, path=one.disk)


def trained(here, *machines) -> list[str]:
    """Every epoch that was trained, wherever."""
    assert not here.trained()
    return sorted(line for one in machines for line in at(one, here).trained())


def values(result) -> list[list[float]]:
    return [level["values"] for f in result["grid"]["factors"] for level in f["levels"]]


def check_values(here) -> None:
    """The results are those of an undisturbed run on one machine."""
    here.hurry()
    calm = replace(here, storage=None).json("grid", "walk.toml", "--runs", "calm")
    found = here.json("show", "walk.toml")
    assert values(found) == values(calm)
    assert found["grid"]["trials"]["running"] == 0


@pytest.mark.parametrize("crew", ["dask", pytest.param("workers", marks=slow)], indirect=True)
def test_where_one_of_two_is_killed_the_other_finishes(here, machine, crew):
    a, b = machine("a"), machine("b")
    crew.begin(a, b, "--checkpoints", "database")
    for one in (a, b):
        here.wait_for((one.disk / "paused").exists)
    a.kill()
    at(b, here).hurry()
    assert "Traceback" not in crew.end(b)
    assert trained(here, a, b) == sorted(EVERYTHING)
    check_values(here)


@slow
@pytest.mark.parametrize("crew", ["dask", "workers"], indirect=True)
@pytest.mark.parametrize("place", ["database", "folder"])
@pytest.mark.parametrize("end", ["killed", "unplugged"])
def test_what_it_was_at_is_done_by_one_that_joins(here, machine, crew, place, end):
    a, b, c = map(machine, "abc")
    crew.begin(a, b, "--checkpoints", place)
    for one in (a, b):
        here.wait_for((one.disk / "paused").exists)
    begun = at(a, here).trained()
    if end == "unplugged":
        a.unplug()
    a.kill()
    at(c, here).hurry()
    crew.join(c)
    gone_on = [begun[0][:-1] + f"{number}" for number in (4, 5)]
    here.wait_for(lambda: set(gone_on) <= set(at(c, here).trained()), seconds=120)
    assert len(at(b, here).trained()) == 3  # it waits in its fourth epoch all the while
    at(b, here).hurry()
    assert "Traceback" not in crew.end(b, c)
    again = begun if place == "folder" else []
    assert trained(here, a, b, c) == sorted([*EVERYTHING, *again])
    check_values(here)


HELD = """
import os, time
from hpstudy.store.database import open_database

with open_database(os.environ["HPSTUDY_STORAGE"], write=True).engine.begin() as connection:
    connection.exec_driver_sql("SELECT * FROM studies FOR UPDATE")
    open("paused", "w").close()
    time.sleep(600)
"""


@slow
def test_what_one_had_locked_when_it_was_unplugged_is_free_within_a_minute(here, machine):
    here.hurry()
    here.run("grid", "walk.toml", "--factor", "lr")
    a = machine("a")
    a.start(sys.executable, "-c", HELD, env={"HPSTUDY_STORAGE": here.storage})
    here.wait_for((a.disk / "paused").exists)
    a.unplug()
    a.kill()
    process = here.start("grid", "walk.toml")
    try:
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, err
