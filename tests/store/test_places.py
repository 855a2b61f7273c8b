"""Where checkpoints go: what is asked, what the database says, what is cleaned there."""

from __future__ import annotations

import re
import sqlite3
import sys

import pytest

from hpstudy import Study
from hpstudy.store.places import check_address


def at(folder, name: str = "there") -> list[str]:
    """The epochs whose states lie at a place."""
    return sorted(file.name[0] for file in (folder.path / name).rglob("*.json"))


def rows(folder) -> list[int]:
    """The same of those in the database."""
    with sqlite3.connect(folder.path / "runs" / "hpstudy.db") as connection:
        found = connection.execute("SELECT name FROM hpstudy_checkpoints").fetchall()
    connection.close()
    return sorted(name[0] for (name,) in found)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("databse", "expected database, folder, or an address such as s3://bucket/folder, found '"),
        ("", "expected database, folder, or an address"),
        ("ckpt/here", "expected database, folder, or an address .*found 'ckpt/here'"),
        ("simplecache::file:///x", "expected database, folder, or an address"),
        ("nowhere://x/y", "'nowhere://x/y' is no address: Protocol not known: nowhere"),
        ("s3://x/y", "s3:// needs a package: Install s3fs to access S3"),
        ("sftp://me:hunter2@host/x", "expected an address without .*_SFTP_PASSWORD"),
    ],
)
def test_what_is_no_place_is_one_line(folder, monkeypatch, place, said):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    error = folder.error("grid", "walk.toml", f"--checkpoints={place}")
    assert error.startswith("--checkpoints: ")
    assert re.search(said, error), error
    assert "hunter2" not in error


@pytest.mark.parametrize("command", [("grid", "walk.toml"), ("search", "seek.toml"), ("train",)])
def test_a_place_that_cannot_be_written_to_ends_it_before_it_begins(folder, mnist_root, command):
    folder.write("file", "")
    place = f"file://{folder.path}/file/below"
    error = folder.error(*command, "--checkpoints", place)
    assert error == f"--checkpoints {place}: can't be written to: Not a directory"


def test_a_folder_is_the_same_wherever_the_process_goes(folder, monkeypatch):
    monkeypatch.chdir(folder.path)
    assert check_address("file://there") == f"file://{folder.path}/there"
    assert check_address("memory://there") == "memory://there"


def test_what_was_told_holds_for_all_who_come_later_unless_told_otherwise(folder, study_with):
    folder.run("grid", "walk.toml", "--checkpoints", "file://there")
    assert at(folder) == ["2", "2", "4"]
    study_with(("epochs = [2, 4]", "epochs = [2, 4, 5]"))
    folder.run("grid", "walk.toml", "--runs", "b", "--storage", folder.url)
    assert folder.trained()[8:] == ["0.1 8 0 5"]
    assert at(folder) == ["2", "2", "5"]
    study_with(("epochs = [2, 4]", "epochs = [2, 4, 6]"))
    folder.run("grid", "walk.toml", env={"HPSTUDY_CHECKPOINTS": "database"})
    assert at(folder) == ["2", "2", "5"]
    assert rows(folder) == ["6"]
    assert folder.trained()[9:] == ["0.1 8 0 5", "0.1 8 0 6"]  # its own folder had the fourth
    with folder.inside():
        Study("walk.toml", runs="c", storage=folder.url).run_grid(seeds=2, workers=1, quiet=True)
    assert rows(folder) == ["2", "2", "6", "6"]
    folder.run("grid", "walk.toml", "--seeds", "3", "--checkpoints", "folder")
    folder.run("grid", "walk.toml", "--seeds", "4")
    assert rows(folder) == ["2", "2", "6", "6"]


@pytest.mark.parametrize("place", ["file://there", "database"])
def test_what_lies_there_is_planned_with_kept_to_the_budget_cleaned_and_deleted(
    folder, study_with, place
):
    def there() -> list[str]:
        return rows(folder) if place == "database" else at(folder)

    other = ("--runs", "other", "--storage", folder.url)
    folder.run("grid", "walk.toml", "--checkpoints", place)
    assert len(there()) == 3
    study_with(("epochs = [2, 4]", "epochs = [2, 4, 6]"))
    plan = folder.json("grid", "walk.toml", "--plan", *other)["plan"]
    assert plan["epochs_left"] == 2
    assert plan["checkpoints_at"].endswith(place.removeprefix("file://"))
    folder.run("grid", "walk.toml", "--seeds", "2", "--keep", "0", *other)
    assert there() == []
    folder.run("grid", "walk.toml", "--seeds", "3")
    assert len(there()) == 3
    folder.run("clean", "walk.toml", *other)
    assert there() == []
    folder.run("grid", "walk.toml", "--seeds", "4")
    assert len(there()) == 3
    folder.run("delete", "walk", "--yes", *other)
    assert there() == []


SAVING = """
from walk import Walk

class Saving(Walk):
    def save_model(self, file):
        file.write_bytes(b"a walk")
"""


def test_a_model_is_trained_on_from_there(folder, study_with):
    folder.write("saving.py", SAVING)
    study_with(("walk:Walk", "saving:Saving"))
    folder.run("train", "walk.toml", "--checkpoints", "database")
    study_with(("walk:Walk", "saving:Saving"), ("epochs = 2\n", "epochs = 4\n"))
    folder.run("train", "walk.toml", "--runs", "b", "--storage", folder.url)
    assert folder.trained() == [f"0.1 8 0 {epoch}" for epoch in (1, 2, 3, 4)]
    assert rows(folder) == ["4"]


def test_a_database_of_the_version_before_is_brought_up(folder, study_with):
    folder.run("grid", "walk.toml")
    file = folder.path / "runs" / "hpstudy.db"
    with sqlite3.connect(file) as old:
        for sql in (
            "DROP TABLE hpstudy_checkpoints",
            "DROP TABLE hpstudy_place",
            "UPDATE hpstudy_version SET version = 1",
        ):
            old.execute(sql)
    old.close()
    study_with(("epochs = [2, 4]", "epochs = [2, 4, 5]"))
    planned = ("grid", "walk.toml", "--checkpoints", "database")
    assert folder.json(*planned, "--plan")["plan"]["epochs_left"] == 1
    folder.run(*planned)
    assert rows(folder) == ["5"]
    assert folder.trained()[8:] == ["0.1 8 0 5"]


def note(folder, **changed) -> None:
    with sqlite3.connect(folder.path / "runs" / "hpstudy.db") as connection:
        for name, value in changed.items():
            connection.execute(f"UPDATE hpstudy_place SET {name} = ?", (value,))
    connection.close()


@pytest.mark.parametrize("changed", [{"home": "../up"}, {"home": 1}, {"address": b"x"}])
def test_a_note_that_is_damaged_leads_nowhere(folder, changed):
    folder.run("grid", "walk.toml", "--checkpoints", "file://there")
    note(folder, **changed)
    for command in (("grid", "walk.toml", "--plan"), ("clean", "walk.toml"), ("grid", "walk.toml")):
        error = folder.error(*command)
        assert error.endswith("hpstudy.db: its note of where checkpoints go is damaged")


def test_what_the_database_says_and_is_not_to_be_had_here_is_one_line(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    folder.run("grid", "walk.toml")
    note(folder, address="s3://bucket/x")
    assert folder.error("grid", "walk.toml") == (
        "--checkpoints (noted in the database; folder: nowhere): s3:// needs a package: Install "
        "s3fs to access S3"
    )
    folder.run("grid", "walk.toml", "--checkpoints", "folder")
