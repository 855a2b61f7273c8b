"""A database that was damaged while nobody had it open: a line, or all that it held."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hpstudy.store.schema import VERSION

COMMANDS = [
    ("show", "walk.toml"),
    ("report", "walk.toml"),
    ("export", "walk.toml"),
    ("grid", "walk.toml"),
    ("grid", "walk.toml", "--plan"),
    ("clean", "walk.toml"),
    ("delete", "walk", "--yes"),
    ("compare", "walk.toml", "lr=0.2"),
    ("search", "seek.toml"),
    ("worker", "walk.toml"),
    ("train", "walk.toml"),
    ("dashboard",),
]

AS_IN_VERSION_1 = """
DROP TABLE hpstudy_checkpoints;
DROP TABLE hpstudy_place;
UPDATE hpstudy_version SET version = 1;
"""

# Writes, and is killed before what it wrote is in the file itself.
KILLED = """
import os, signal, sqlite3, sys

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE hpstudy_epochs SET metrics = json_set(metrics, '$.value', 77.0)")
if sys.argv[2] == "committed":
    connection.execute("COMMIT")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def done(folder, kept: Path):
    """A folder with a finished grid, its database closed."""
    if (kept / "runs").exists():
        shutil.copytree(kept, folder.path, dirs_exist_ok=True)
    else:
        folder.run("grid", "walk.toml")
        shutil.copytree(folder.path, kept, dirs_exist_ok=True)
    return folder


def file_of(folder, suffix: str = "") -> Path:
    return folder.path / "runs" / f"hpstudy.db{suffix}"


def half(content: bytearray) -> bytes:
    return content[: len(content) // 2]


def no_header(content: bytearray) -> bytes:
    return b"\xde" * 100 + content[100:]


def other_text(content: bytearray) -> bytes:
    return b"<html>no such file</html>\n" * 100


def schema(content: bytearray) -> bytes:
    return content[:100] + random.Random(0).randbytes(3996) + content[4096:]


def middle(content: bytearray) -> bytes:
    start, end = len(content) // 3, len(content) // 2
    return content[:start] + random.Random(0).randbytes(end - start) + content[end:]


def a_page_of_zeros(content: bytearray) -> bytes:
    """Some table's: read as one without rows, where nobody looks."""
    at = len(content) // 4096 * 3 // 4 * 4096
    return content[:at] + bytes(4096) + content[at + 4096 :]


@pytest.mark.parametrize("damage", [half, no_header, other_text, schema, middle, a_page_of_zeros])
def test_a_damaged_file_is_refused_by_all_and_left_alone(done, damage: Callable):
    file = file_of(done)
    file.write_bytes(damage(bytearray(file.read_bytes())))
    before = {path: path.stat().st_size for path in done.path.rglob("*")}
    content = file.read_bytes()
    for command in COMMANDS:
        out, err = done.run(*command, code=2)
        assert out == ""
        assert err.count("\n") == 1
        assert "runs/hpstudy.db" in err
        assert "damaged (" in err or "can't be opened as a database: " in err
    assert file.read_bytes() == content
    assert {path: path.stat().st_size for path in done.path.rglob("*")} == before


@pytest.mark.parametrize("damage", [half, schema, middle])
def test_so_is_one_that_holds_checkpoints(folder, kept, damage: Callable):
    """These are not checked as it is opened: they may be gigabytes, and a digest tells."""
    if not (held := kept / "held").exists():
        folder.run("grid", "walk.toml", "--checkpoints", "database")
        shutil.copyfile(file_of(folder), held)
    file_of(folder).parent.mkdir(exist_ok=True)
    file_of(folder).write_bytes(damage(bytearray(held.read_bytes())))
    error = folder.run("show", "walk.toml", code=2).stderr
    assert "damaged (" in error or "can't be opened as a database: " in error


def test_whichever_page_is_lost_it_is_said_or_nothing_was_there(done):
    """What is overwritten within a row is another matter: SQLite has no sum that would tell."""
    shown = done.run("show", "walk.toml", "--json").stdout
    good = file_of(done).read_bytes()
    pages = range(4096, len(good), 4096)
    refused = 0
    for at in pages:
        file_of(done).write_bytes(good[:at] + bytes(4096) + good[at + 4096 :])
        try:
            out = done.run("show", "walk.toml", "--json").stdout
        except AssertionError as error:
            assert f"{error}".startswith("exit code 2")  # noqa: PT017 - one of both
            refused += 1
        else:
            assert out == shown
    assert refused > len(pages) * 0.8


@pytest.mark.parametrize("committed", ["committed", "open"])
def test_what_a_killed_writer_had_committed_is_there_and_nothing_else(done, committed: str):
    before = done.json("show", "walk.toml")
    command = [sys.executable, "-c", KILLED, str(file_of(done)), committed]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    after = done.run("export", "walk.toml", "--output", "out")
    assert after.stderr == ""
    (epochs,) = done.path.glob("out/**/*epochs.csv")
    assert ("77.0" in epochs.read_text()) == (committed == "committed")
    assert done.json("show", "walk.toml") == before  # values are the trials' own
    assert done.json("grid", "walk.toml") == before


def test_leftovers_beside_the_file_are_no_part_of_it(done):
    """A shared-memory file of a crash, a log of another file, one that is cut short."""
    before = done.json("show", "walk.toml")
    file_of(done, "-shm").write_bytes(b"\x55" * 32768)
    assert done.json("show", "walk.toml") == before
    file_of(done, "-wal").write_bytes(os.urandom(40_000))
    assert done.json("show", "walk.toml") == before
    subprocess.run([sys.executable, "-c", KILLED, str(file_of(done)), "committed"], check=False)
    log = file_of(done, "-wal")
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    assert done.json("grid", "walk.toml") == before


def test_a_file_of_no_length_is_no_database_yet(done):
    file_of(done).write_bytes(b"")
    error = done.error("show", "walk.toml")
    assert error == "Nothing run yet: sqlite:///runs/hpstudy.db holds no study 'walk'"
    assert done.json("grid", "walk.toml")["grid"]["trials"]["complete"] == 4


def test_tables_of_another_version_are_refused_or_brought_up_by_whoever_writes(done):
    before = done.json("show", "walk.toml")
    with closing(sqlite3.connect(file_of(done))) as connection, connection:
        connection.execute("UPDATE hpstudy_version SET version = 99")
    for command in COMMANDS:
        out, err = done.run(*command, code=2)
        assert out == ""
        assert err.endswith(f"have version 99, this one knows {VERSION}; update hpstudy\n"), command
    with closing(sqlite3.connect(file_of(done))) as connection, connection:
        connection.executescript(AS_IN_VERSION_1)
    content = file_of(done).read_bytes()
    assert done.json("show", "walk.toml") == before
    assert file_of(done).read_bytes() == content
    assert done.json("grid", "walk.toml") == before
    with closing(sqlite3.connect(file_of(done))) as connection:
        assert connection.execute("SELECT version FROM hpstudy_version").fetchall() == [(VERSION,)]


def test_optunas_tables_of_another_version_name_what_to_do(done):
    for version, remedy in (("v3.0.0.a", "optuna storage upgrade"), ("v9.9.0.a", "pip install")):
        with closing(sqlite3.connect(file_of(done))) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        for command in COMMANDS:
            _, err = done.run(*command, code=2)
            assert err.count("\n") == 1
            assert remedy in err, (command, err)
