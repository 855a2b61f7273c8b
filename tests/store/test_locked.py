"""Others keep the database or a lock: they are waited for, and that is said."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

from hpstudy.store.locks import SCHEMA, ask_lock, hold

HOLDS = """
import sys, time
from hpstudy.store.locks import hold

with hold(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""


def holding(url: str, name: str, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, url, name, f"{seconds}"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_that_another_keeps_is_waited_for_and_that_is_said(folder, monkeypatch):
    folder.run("grid", "walk.toml")
    monkeypatch.setattr("hpstudy.store.locks._PATIENCE_SECONDS", 0.2)
    process = holding(folder.url, SCHEMA, 1.0)
    _, err = folder.run("show", "walk.toml")
    assert err == (
        "sqlite:///runs/hpstudy.db: another process holds the lock 'schema', and may be stopped: "
        "waiting\n"
    )
    process.communicate()
    with hold(folder.url, SCHEMA):
        pass
    assert folder.run("show", "walk.toml").stderr == ""


def test_workers_wait_for_whoever_asks(folder):
    folder.run("grid", "walk.toml")
    process = holding(folder.url, ask_lock("walk/grid"), 1.5)
    out, err = folder.run("grid", "walk.toml", "--seeds", "0-1")
    assert "8 of 8 points done" in out
    assert "may be stopped" not in err
    process.communicate()


def test_a_database_that_another_keeps_locked_is_a_line_and_readers_wait_for_nobody(
    folder, monkeypatch
):
    before = folder.json("grid", "walk.toml")
    monkeypatch.setattr("hpstudy.store.creation._BUSY_TIMEOUT", 0.3)
    with closing(sqlite3.connect(folder.path / "runs" / "hpstudy.db")) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        for command in (("grid", "walk.toml", "--seeds", "0-1"), ("delete", "walk", "--yes")):
            _, err = folder.run(*command, code=1)
            assert err.splitlines()[-1] == (
                "Error: sqlite:///runs/hpstudy.db: another program keeps it locked"
            )
        assert folder.json("show", "walk.toml") == before
        for command in ("report", "export"):
            folder.run(command, "walk.toml")
        other.execute("ROLLBACK")
    assert folder.json("grid", "walk.toml") == before
