"""What befalls the database and the disk while they are in use: one line, and a clean stop."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sqlite3
import subprocess
from pathlib import Path

import optuna
import pytest
from sqlalchemy import event, text

from hpstudy.errors import StoppedError
from hpstudy.store.database import open_database
from hpstudy.store.records import Epoch, Identity, Records
from hpstudy.store.trouble import stop_if_full

SLOW = ("[settings]", "[settings]\nsleep = 0.15")


def told(stderr: str) -> list[str]:
    """What was said beside the progress and what the objective prints."""
    others = ("[", "printed by", "Not checked yet")
    return [line for line in stderr.splitlines() if not line.startswith(others)]


@pytest.fixture
def small_disk(tmp_path: Path):
    """Mounts a small disk of its own; returns a function that sets its size."""
    home = tmp_path / "small"
    home.mkdir()

    def mount(*options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "none", str(home)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    if shutil.which("mount") is None or mount("size=240k"):
        pytest.skip("a small disk can't be mounted here")
    yield lambda size: mount("remount", f"size={size}")
    subprocess.run(["umount", "--lazy", str(home)], check=True)


def test_what_is_deleted_within_a_transaction_is_said_to_be(folder):
    database = open_database(folder.url, write=True)
    more = text(f"ATTACH DATABASE '{folder.path}/runs/more.db' AS more")  # as its journal is opened
    with database.engine.begin() as connection:
        shutil.rmtree(folder.path / "runs")
        with pytest.raises(StoppedError, match="was deleted or replaced while it was in use"):
            connection.execute(more)
    database.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_runs_that_are_deleted_meanwhile_end_it_with_a_line(folder, study_with, workers: str):
    study_with(SLOW)
    process = folder.start("grid", "walk.toml", "--workers", workers, "--seeds", "0-9")
    folder.wait_for(lambda: len(folder.trained()) >= 2)
    shutil.rmtree(folder.path / "runs", ignore_errors=True)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = told(err)
    assert line in (
        "Error: sqlite:///runs/hpstudy.db was deleted or replaced while it was in use",
        "Error: sqlite:///runs/hpstudy.db was deleted while it was in use",
        "Error: runs/hpstudy.db.locks: can't be locked: No such file or directory",
    )
    assert out == ""
    assert not (folder.path / "runs" / "hpstudy.db").exists()


@pytest.mark.parametrize(("objective", "workers"), [("walk:Walk", "2"), ("walk:total", "1")])
def test_a_full_disk_ends_it_with_a_line_and_it_goes_on_where_there_is_room(
    folder, study_with, small_disk, objective: str, workers: str
):
    study_with(("walk:Walk", objective))
    args = ("grid", "walk.toml", "--runs", "small", "--workers", workers, "--seeds", "0-9")
    stopped = folder.run(*args, code=1)
    (line,) = told(stopped.stderr)
    assert line.startswith("Error: ")
    assert line.endswith(": the disk is full; what was recorded is kept")
    assert stopped.stdout == ""
    small_disk("20m")
    trials = folder.json(*args)["grid"]["trials"]
    assert trials["complete"] == sum(trials.values()) == 40


def test_a_file_that_may_not_grow_any_more_is_a_line_too(folder):
    limit = 230_000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    args = ("grid", "walk.toml", "--seeds", "0-3", "--workers", "1")
    stopped = folder.run_apart(*args, code=1, preexec_fn=limited)
    (line,) = told(stopped.stderr)
    assert line.startswith("Error: sqlite:///runs/hpstudy.db: the disk ")
    assert folder.json(*args)["grid"]["trials"]["complete"] == 16


def test_a_limit_of_open_files_is_a_line_too(folder):
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))

    stopped = folder.run_apart("grid", "walk.toml", "--workers", "2", code=1, preexec_fn=limited)
    lines = told(stopped.stderr)  # Python's fork server may have its say, too
    said = "Error: too many open files: raise the limit (ulimit -n), or take"
    assert [line for line in lines if line.startswith(said)]
    assert folder.json("grid", "walk.toml")["grid"]["trials"]["complete"] == 4


def test_a_disk_that_is_full_from_the_start_leaves_nothing_half_made(folder, small_disk):
    for size in ("16k", "100k"):
        small_disk(size)
        args = ("grid", "walk.toml", "--runs", "small")
        error = folder.run(*args, code=2).stderr
        assert "can't be opened as a database: " in error
        assert any(said in error for said in ("disk is full", "No space left", "disk I/O"))
        assert "no study 'walk'" in folder.run("show", *args[1:], code=2).stderr
    small_disk("20m")
    assert folder.json(*args)["grid"]["trials"]["complete"] == 4


def test_what_finds_no_room_for_its_output_says_where_and_leaves_the_old_one(folder, small_disk):
    folder.run("grid", "walk.toml")
    report = ("report", "walk.toml", "--output", "small/report.html")
    small_disk("20m")
    folder.run(*report)
    before = (folder.path / "small" / "report.html").read_bytes()
    small_disk(f"{len(before) // 1024 + 12}k")
    for args, file in (
        (report, "small/report.html"),
        (("export", "walk.toml", "--output", "small/x"), "small/x/walk-epochs.csv"),
    ):
        (folder.path / "small" / "fill").write_bytes(bytes(8000))
        error = folder.run(*args, code=2).stderr
        assert error == f"Error: {file}: can't be written: No space left on device\n"
    trained = folder.run("train", "walk.toml", "--runs", "small", "--storage", folder.url, code=1)
    assert trained.stderr.endswith("the disk is full; what was recorded is kept\n")
    assert (folder.path / "small" / "report.html").read_bytes() == before


def test_what_a_program_printed_finds_no_room(folder, small_disk):
    folder.write("p.sh", "head -c 300000 /dev/zero | tr '\\0' 'x'; echo; echo acc=$1")
    folder.write(
        "p.toml",
        'title = "P"\ncommand = "sh p.sh {lr}"\nbaseline = { lr = 1 }\n[grid]\nmetric = "acc"\n'
        "factors = { lr = [1, 2] }\n",
    )
    small_disk("100k")
    (folder.path / "runs").mkdir()
    (folder.path / "runs" / "artifacts").symlink_to(folder.path / "small")
    stopped = folder.run("grid", "p.toml", code=1)
    assert told(stopped.stderr)[-1].endswith("the disk is full; what was recorded is kept")
    small_disk("20m")
    assert folder.json("grid", "p.toml")["grid"]["trials"]["complete"] == 2


TORCH = """
import torch


class Large:
    version = 1

    def __init__(self, params, *, seed, settings, runtime):
        self.number = 0

    def epoch(self):
        self.number += 1
        return {"value": 0.5 * self.number}

    def state_dict(self):
        return {"number": self.number, "weights": torch.zeros(300, 300)}

    def load_state_dict(self, state):
        self.number = state["number"]
"""


def test_a_checkpoint_that_finds_no_room_is_no_failure_of_its_point(folder, study_with, small_disk):
    folder.write("large.py", TORCH)
    study_with(("walk:Walk", "large:Large"))
    args = ("grid", "walk.toml", "--workers", "1")
    stopped = folder.run(*args, "--runs", "small", "--storage", "sqlite:///x/x.db", code=1)
    (line,) = told(stopped.stderr)
    assert line.startswith("Error: ")
    assert line.endswith("the disk is full; what was recorded is kept")
    assert [path for path in (folder.path / "small").rglob("*") if path.is_file()] == []
    small_disk("20m")
    done = folder.json(*args, "--runs", "small", "--storage", "sqlite:///x/x.db")
    assert done["grid"]["trials"]["complete"] == 4


def test_a_database_of_the_objectives_own_that_fails_is_the_points_failure(folder):
    folder.write(
        "own.py",
        """
import sqlite3

def score(params, *, seed, settings):
    if params["x"] == 2:
        raise sqlite3.OperationalError("database or disk is full")
    return params["x"]
""",
    )
    text = 'title="t"\nobjective="own:score"\n[baseline]\nx=1\n[grid.factors]\nx=[1,2,3]\n'
    folder.write("own.toml", text)
    trials = folder.json("grid", "own.toml", code=1)["grid"]["trials"]
    assert (trials["complete"], trials["failed"]) == (2, 1)


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path}/t.db", write=True)
    yield opened
    opened.engine.dispose()


def grow(database, rows: int) -> None:
    records = Records(database.engine)
    for seed in range(rows):
        identity = Identity("m", 1, {}, {}, seed, "fp32", "cpu", 1)
        records.add(identity, Epoch(1, {"a": 1.0}), predictions=b"1" * 10_000)


def test_sqlites_own_limit_is_a_full_disk_for_records_and_for_optuna(database):
    @event.listens_for(database.engine, "connect")
    def limit(connection, record) -> None:
        connection.execute("PRAGMA max_page_count = 60")

    database.engine.dispose()
    with pytest.raises(StoppedError, match=r"t\.db: the disk is full; what was recorded is kept"):
        grow(database, 100)
    study = optuna.create_study(storage=database.storage)
    with pytest.raises(StoppedError, match="the disk is full"):
        study.set_user_attr("large", "x" * 200_000)
    assert study.user_attrs == {}


def test_tables_that_are_gone_are_said(database):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE hpstudy_epochs")
    with pytest.raises(StoppedError, match=r"its tables are gone \(no such table: hpstudy_epochs"):
        grow(database, 1)


def test_a_mistake_of_ours_is_none_of_it(database):
    with (
        pytest.raises(Exception, match="syntax error") as raised,
        database.engine.begin() as connection,
    ):
        connection.exec_driver_sql("SELEKT 1")
    assert not isinstance(raised.value, StoppedError)


def test_a_full_disk_is_recognised_whoever_met_it(tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "state"))
    with pytest.raises(StoppedError, match="state: the disk is full"):
        stop_if_full(full)
    wrapped = RuntimeError("can't be saved")
    wrapped.__cause__ = full
    with pytest.raises(StoppedError, match="the disk is full"):
        stop_if_full(wrapped)
    stop_if_full(OSError(errno.ENOENT, os.strerror(errno.ENOENT)))
    stop_if_full(sqlite3.OperationalError("database or disk is full"))
