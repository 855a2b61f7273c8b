"""A database is made whole or not at all, and others' work is left alone."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.storages import RDBStorage

from hpstudy.errors import UserError
from hpstudy.store.database import exists, open_database
from hpstudy.store.schema import VERSION

# What a beginning that was killed leaves: nothing, some of Optuna's tables, all but their rows,
# all of Optuna's but none of ours.
HALVES = [0, 1, 5, 100, None]


def run(file: Path, *statements: str) -> list[tuple]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return [row for text in statements for row in connection.execute(text)]


def half_made(file: Path, tables: int | None) -> None:
    whole = file.with_name("whole.db")
    RDBStorage(f"sqlite:///{whole}").engine.dispose()
    if tables is None:
        whole.replace(file)
        return
    made = run(whole, "SELECT sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    file.touch()
    run(file, *(sql for (sql,) in made[:tables]))
    whole.unlink()


@pytest.mark.parametrize("write", [True, False])
def test_what_another_optuna_wrote_is_refused_whatever_was_opened_before(tmp_path, write):
    urls = [f"sqlite:///{tmp_path / name}" for name in ("ours.db", "theirs.db")]
    for url in urls:
        open_database(url, write=True).close()
    run(tmp_path / "theirs.db", "UPDATE alembic_version SET version_num = 'v9.0.0.a'")
    with pytest.raises(UserError, match="theirs.db: can't be opened as a database: The runtime op"):
        open_database(urls[1], write=write)


def version(file: Path) -> list[tuple]:
    return run(file, "SELECT version FROM hpstudy_version")


def plain_study(url: str, name: str) -> None:
    study = optuna.create_study(study_name=name, storage=url)
    spans = {"a": IntDistribution(0, 3)}
    study.add_trial(optuna.create_trial(value=1.0, params={"a": 1}, distributions=spans))


@pytest.mark.parametrize("tables", HALVES)
def test_what_was_never_finished_is_no_database_yet_and_is_finished(tmp_path, tables):
    file = tmp_path / "h.db"
    half_made(file, tables)
    url = f"sqlite:///{file}"
    before = file.read_bytes()
    assert not exists(url)
    with pytest.raises(UserError, match="no database there yet"):
        open_database(url, write=False)
    assert file.read_bytes() == before
    database = open_database(url, write=True)
    optuna.create_study(study_name="s", storage=database.storage)
    database.engine.dispose()
    assert version(file) == [(VERSION,)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["h.db", "h.db.locks"]
    assert optuna.get_all_study_names(url) == ["s"]


def test_a_new_database_takes_nothing_from_one_that_was_deleted(tmp_path):
    file = tmp_path / "d.db"
    url = f"sqlite:///{file}"
    old = open_database(url, write=True)
    optuna.create_study(study_name="old", storage=old.storage)
    shutil.copy(tmp_path / "d.db-wal", tmp_path / "kept")
    old.engine.dispose()
    file.unlink()
    (tmp_path / "kept").rename(tmp_path / "d.db-wal")
    open_database(url, write=True).engine.dispose()
    assert optuna.get_all_study_names(url) == []
    assert run(file, "PRAGMA integrity_check") == [("ok",)]


def test_tables_without_a_version_are_brought_up(folder):
    done = folder.json("grid", "walk.toml")
    file = folder.path / "runs" / "hpstudy.db"
    run(file, "DROP TABLE hpstudy_version")
    assert folder.json("show", "walk.toml") == done
    trained = folder.trained()
    assert folder.json("grid", "walk.toml") == done
    assert folder.trained() == trained
    assert version(file) == [(VERSION,)]


@pytest.mark.parametrize(
    "command", [("show",), ("report",), ("export",), ("grid",), ("grid", "--plan"), ("clean",)]
)
def test_tables_of_a_newer_version_are_refused(folder, command):
    file = folder.path / "runs" / "hpstudy.db"
    open_database(folder.url, write=True).engine.dispose()
    run(file, "UPDATE hpstudy_version SET version = 7")
    before = file.read_bytes()
    refused = folder.run(command[0], "walk.toml", *command[1:], code=2)
    assert refused.stderr == (
        "Error: sqlite:///runs/hpstudy.db was written by a newer hpstudy: its tables have version "
        f"7, this one knows {VERSION}; update hpstudy\n"
    )
    assert file.read_bytes() == before


@pytest.mark.parametrize("write", [True, False])
def test_another_programs_tables_are_refused_and_left_alone(tmp_path, write):
    file = tmp_path / "app.db"
    run(file, "CREATE TABLE users (id INTEGER)", "CREATE TABLE alembic_version (version_num TEXT)")
    before = file.read_bytes()
    with pytest.raises(UserError, match=r"app\.db holds another program's tables: expected"):
        open_database(f"sqlite:///{file}", write=write)
    assert file.read_bytes() == before


# What is asked of a database of plain Optuna studies, and what the one line says.
FOREIGN = [
    (
        ("show", "walk.toml", "--name", "X"),
        "'X' in .* is a plain Optuna study, .*hpstudy dashboard",
    ),
    (("report", "walk.toml", "--name", "X"), "'X' in .* is a plain Optuna study"),
    (("export", "walk.toml", "--name", "X"), "'X' in .* is a plain Optuna study"),
    (("show", "walk.toml"), "'walk/grid' in .* is a plain Optuna study"),
    (("show", "walk.toml", "--name", "Y"), "Nothing run yet: .* holds no study 'Y'"),
    (("grid", "walk.toml"), "holds plain Optuna studies, .* give --runs or --storage"),
    (("grid", "walk.toml", "--plan"), "holds plain Optuna studies"),
    (("grid", "walk.toml", "--name", "Y"), "holds plain Optuna studies"),
    (("search", "seek.toml"), "holds plain Optuna studies"),
    (("delete", "X", "--yes"), "'X' in .* is a plain Optuna study, .*optuna delete-study"),
    (("delete", "walk", "--yes"), "'walk/grid' in .* is a plain Optuna study"),
    (("delete", "Y", "--yes"), "no study 'Y' in .*; it holds none"),
]


@pytest.mark.parametrize(("args", "message"), FOREIGN, ids=[" ".join(a) for a, _ in FOREIGN])
def test_beside_plain_optuna_studies_nothing_is_written(folder, args, message: str):
    url = f"sqlite:///{folder.path / 'plain.db'}"
    for name in ("X", "walk/grid"):
        plain_study(url, name)
    before = (folder.path / "plain.db").read_bytes()
    refused = folder.run(*args, "--storage", "sqlite:///plain.db", code=2)
    assert len(refused.stderr.splitlines()) == 1
    assert re.search(message, refused.stderr), refused.stderr
    assert refused.stdout == ""
    assert (folder.path / "plain.db").read_bytes() == before
    assert not (folder.path / "runs").exists()
    assert folder.trained() == []


def test_a_study_that_was_killed_as_it_was_created_is_as_good_as_none(folder):
    folder.run("grid", "walk.toml", "--name", "other")
    optuna.create_study(study_name="walk/grid", storage=folder.url, direction="maximize")
    told = folder.run("show", "walk.toml", code=2).stderr
    assert told == "Error: Nothing run yet: sqlite:///runs/hpstudy.db holds no study 'walk'\n"
    folder.run("grid", "walk.toml")


def test_in_a_database_of_ours_a_plain_study_of_the_same_name_is_not_taken_over(folder):
    folder.run("grid", "walk.toml", "--name", "other")
    plain_study(folder.url, "walk/grid")
    for args in (("grid",), ("grid", "--plan")):
        refused = folder.run(args[0], "walk.toml", *args[1:], code=2).stderr
        assert refused == (
            "Error: study 'walk/grid' in sqlite:///runs/hpstudy.db is a plain Optuna study, which "
            "hpstudy did not write: give --name for a study of its own\n"
        )
    assert "is a plain Optuna study" in folder.run("show", "walk.toml", code=2).stderr
    assert "is a plain Optuna study" in folder.run("delete", "walk", "--yes", code=2).stderr
    folder.run("grid", "walk.toml", "--name", "third")
    (plain,) = optuna.load_study(study_name="walk/grid", storage=folder.url).trials
    assert plain.params == {"a": 1}


def test_a_study_that_was_created_and_then_killed_is_taken_up(folder):
    database = open_database(folder.url, write=True)
    optuna.create_study(study_name="walk/grid", storage=database.storage, direction="maximize")
    database.engine.dispose()
    assert folder.json("grid", "walk.toml")["grid"]["trials"]["complete"] == 4


def killed_at_the_start(folder, kills: int) -> None:
    """Kills a grid at a random moment of its first second; the next one has to go on."""
    chance = random.Random(0)
    locks = folder.path / "runs" / "hpstudy.db.locks"
    for _ in range(kills):
        shutil.rmtree(folder.path / "runs", ignore_errors=True)
        process = folder.start("grid", "walk.toml", "--workers", "1")
        folder.wait_for(locks.exists)  # the database is created from here on
        time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.communicate()
        shown = folder.start("show", "walk.toml")
        out, err = shown.communicate()
        assert shown.returncode == 0 or err.startswith("Error: Nothing run yet: "), out + err
        again = folder.json("grid", "walk.toml", "--workers", "1")
        assert again["grid"]["trials"]["complete"] == 4


def test_killed_while_it_creates_the_database_it_can_be_run_again(folder):
    killed_at_the_start(folder, kills=3)


@pytest.mark.slow
def test_forty_kills_at_the_start(folder):
    killed_at_the_start(folder, kills=40)


def test_a_link_stays_a_link_and_what_is_no_file_stays_what_it_is(folder):
    far = folder.path / "far" / "real.db"
    far.parent.mkdir()
    runs = folder.path / "runs"
    runs.mkdir()
    (runs / "hpstudy.db").symlink_to(far)
    folder.run("grid", "walk.toml", "--factor", "lr")
    assert (runs / "hpstudy.db").is_symlink()
    assert far.stat().st_size > 0
    pipe = folder.path / "pipe"
    os.mkfifo(pipe)
    said = folder.run("grid", "walk.toml", "--storage", f"sqlite:///{pipe}", code=2).stderr
    assert "expected a file" in said
    assert pipe.is_fifo()
