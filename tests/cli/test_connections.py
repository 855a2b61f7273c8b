"""A command opens the database at most once to read and once to write."""

from __future__ import annotations

import os
import subprocess
import sys

# The command line in a process of its own, which says at its end what was opened how.
COUNTED = """
import sys
from hpstudy.store import database

opened, really_open = [], database.open_database

def counted(url, *, write):
    opened.append("to write" if write else "to read")
    return really_open(url, write=write)

database.open_database = counted
from hpstudy.cli import app

try:
    app(sys.argv[1:])
finally:
    print(*sorted(opened), sep=", ", file=sys.stderr)
"""


def opened_by(folder, *args: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", COUNTED, *args],
        cwd=folder.path,
        env={**os.environ, "HPSTUDY_WORKERS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stderr.splitlines()[-1]


def test_a_grid_opens_the_database_twice(folder):
    assert opened_by(folder, "grid", "walk.toml", "--plan") == ""
    for _ in range(2):  # where there is none yet, and where all is done
        assert opened_by(folder, "grid", "walk.toml", "--factor", "lr") == "to read, to write"
    for command in ("show", "report", "export", "clean"):
        assert opened_by(folder, command, "walk.toml") == "to read"
    assert opened_by(folder, "grid", "walk.toml", "--plan") == "to read"
    assert opened_by(folder, "delete", "walk", "--yes") == "to read, to write"


def test_so_does_a_search_with_its_confirmation(folder):
    assert opened_by(folder, "search", "seek.toml", "--confirm", "1") == "to read, to write"
