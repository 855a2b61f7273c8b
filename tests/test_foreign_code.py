"""Whose code runs: what a study file names, when it is asked for; nothing that a database names."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from hpstudy.store.studies import FINGERPRINT

TRAP = """
open("sprung", "w").close()
from walk import Walk, total
"""


@pytest.fixture
def trapped(book, folder):
    """A folder with a study, and a module beside it that tells when it is imported."""
    for lr in (0.1, 0.2):
        book.trial(0.5 + lr, lr=lr)
        book.trial(0.6 + lr, lr=lr, seed=1)
    book.trial(lr=0.2, width=16, error="trap.py:1: E: x")
    book.study.set_user_attr(FINGERPRINT, {"objective": "trap:Walk", "settings": {}})
    book.database.close()
    with closing(sqlite3.connect(book.database.engine.url.database)) as connection, connection:
        connection.execute("UPDATE hpstudy_trainings SET objective = 'trap:Walk'")
    folder.write("trap.py", TRAP)
    return folder


COMMANDS = [
    ("show", "walk.toml"),
    ("show", "walk.toml", "--json"),
    ("show", "walk.toml", "--errors"),
    ("export", "walk.toml"),
    ("clean", "walk.toml"),
    ("import", "sqlite:///runs/hpstudy.db", "walk/grid", "--as", "taken", "--runs", "other"),
    ("delete", "walk", "--yes"),
]


def test_what_shows_exports_or_deletes_runs_no_code(trapped):
    study = (trapped.path / "walk.toml").read_text()
    trapped.write("walk.toml", study.replace("walk:Walk", "trap:Walk"))
    for command in COMMANDS:
        code, result = trapped.outcome(*command)
        assert code == 0, result.stderr
        assert not (trapped.path / "sprung").exists(), command


def test_what_a_database_names_is_not_run(trapped):
    trapped.run("report", "walk.toml")
    trapped.run("compare", "walk.toml", "lr=0.2", "--plan", "--name", "another")
    for command in ("grid", "search"):
        trapped.outcome(command, "seek.toml", "--plan", "--name", "walk")
    assert not (trapped.path / "sprung").exists()
    trapped.write("walk.toml", (trapped.path / "walk.toml").read_text().replace("walk:", "trap:"))
    trapped.run("compare", "walk.toml", "lr=0.2", "--plan", "--name", "another")
    assert (trapped.path / "sprung").exists()  # the study file's own is
