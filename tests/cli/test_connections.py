"""A command opens the database at most once to read and once to write."""

from __future__ import annotations

import pytest

from hpstudy.store import database


@pytest.fixture
def opened_by(folder, monkeypatch):
    """Runs a command and returns what was opened how; those that workers open are not counted."""
    opened, really_open = [], database.open_database

    def counted(url: str, *, write: bool):
        opened.append("to write" if write else "to read")
        return really_open(url, write=write)

    def run(*args: str) -> str:
        opened.clear()
        folder.run(*args)
        return ", ".join(sorted(opened))

    monkeypatch.setattr(database, "open_database", counted)
    return run


def test_a_grid_opens_the_database_twice(opened_by):
    assert opened_by("grid", "walk.toml", "--plan") == ""
    for _ in range(2):  # where there is none yet, and where all is done
        assert opened_by("grid", "walk.toml", "--factor", "lr") == "to read, to write"
    for command in ("show", "report", "export", "clean"):
        assert opened_by(command, "walk.toml") == "to read"
    assert opened_by("grid", "walk.toml", "--plan") == "to read"
    assert opened_by("delete", "walk", "--yes") == "to read, to write"


def test_so_does_a_search_with_its_confirmation(opened_by):
    assert opened_by("search", "seek.toml", "--confirm", "1") == "to read, to write"
