"""Names, folders and addresses as the options give them."""

from __future__ import annotations

import shutil

import pytest

from hpstudy.errors import UserError
from hpstudy.store.locks import is_free, take
from hpstudy.study.opened import check_name, runs_at
from hpstudy.study.planning import seconds_of

LONG = "a" * 300
NAMES = ["", ".", "..", "a/b", "a\nb", "a\0b", "a\x1b[31mb", "a\udcffb", "ü" * 101, "a" * 240]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:20] for name in NAMES])
def test_a_name_that_files_and_locks_cannot_have_is_refused(name: str):
    with pytest.raises(UserError, match="^--name: expected ") as error:
        check_name(name)
    f"{error.value}".encode()  # it can be printed


@pytest.mark.parametrize("name", ["a b", "Größe", "n" * 200, "..a", "a%2Fb", "名前"])
def test_other_names_are_taken_as_they_are(name: str):
    assert check_name(name) == name


# What is asked for, and what the one line says.
ODD = [
    (("grid", "walk.toml", "--name", LONG), "--name: expected at most 200 bytes, found 300"),
    (("show", "walk.toml", "--name", "a\nb"), "--name: expected a name of printable characters"),
    (("grid", "walk.toml", "--name", ""), "--name: expected a name of printable characters"),
    (("grid", "walk.toml", "--runs", LONG), f"--runs {LONG}: no path: File name too long"),
    (("grid", "walk.toml", "--runs", "walk.py"), "--runs walk.py: expected a folder, found a file"),
    (("data", "--runs", LONG), "can't write the dataset there: File name too long"),
    (("show", "walk.toml", "--storage", f"sqlite:///{LONG}"), "no path: File name too long"),
    (("report", "walk.toml", "--output", LONG), f"--output {LONG}: no path: File name too long"),
    (("search", "seek.toml", "--timeout", f"{'9' * 400}h"), "--timeout: expected a duration"),
    (("delete", "..", "--yes"), "no database there yet"),
]


@pytest.mark.parametrize(("args", "message"), ODD, ids=[ascii(" ".join(a))[:40] for a, _ in ODD])
def test_what_cannot_be_a_path_or_a_name_is_one_line(folder, args, message: str):
    before = sorted(folder.path.rglob("*"))
    refused = folder.run(*args, code=2)
    assert refused.stderr.startswith("Error: ")
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stdout == ""
    assert sorted(p for p in folder.path.rglob("*") if "__pycache__" not in str(p)) == before


def test_a_name_as_long_as_it_may_be_runs_and_is_exported(folder):
    name = "ü" * 100
    folder.run("grid", "walk.toml", "--name", name, "--factor", "lr")
    folder.run("report", "walk.toml", "--name", name)
    folder.run("export", "walk.toml", "--name", name, "--format", "parquet")
    assert folder.json("show", "walk.toml", "--name", name)["study"] == name


def test_locks_of_long_names_are_told_apart(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    held = take(url, "a" * 300 + "1")
    assert not is_free(url, "a" * 300 + "1")
    assert is_free(url, "a" * 300 + "2")
    held.release()


@pytest.mark.parametrize("digits", ["9" * 10, "9" * 400, "9" * 5000, "٣", "²"])
def test_a_duration_is_a_number_that_a_clock_can_show(digits: str):
    for unit in "hms":
        with pytest.raises(UserError, match="--timeout: expected a duration"):
            seconds_of(f"{digits}{unit}")


def test_folders_with_any_name_have_an_address(tmp_path):
    for name in ("a b", "50%", "what?", "a#b", "ü"):
        runs = runs_at(tmp_path / name, None)
        assert runs_at(tmp_path, runs.url).url == runs.url
        assert is_free(runs.url, "x")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_objective_that_goes_elsewhere_takes_nothing_along(folder, study_with, workers: str):
    away = folder.path / "away"
    away.mkdir()
    module = (folder.path / "walk.py").read_text()
    folder.write("walk.py", f"import os\nos.chdir({str(away)!r})\n{module}")
    args = ("walk.toml", "--runs", "here", "--storage", "sqlite:///there/my.db")
    done = folder.run("grid", *args, "--workers", workers, "--publish").stdout
    assert "Database: sqlite:///there/my.db" in done
    assert folder.run("report", *args, "--output", "it.html").stdout == "it.html\n"
    html = (folder.path / "it.html").read_text()
    assert "hpstudy report walk.toml --runs here --storage sqlite:///there/my.db" in html
    assert sorted(folder.path.rglob("*.db")) == [folder.path / "there" / "my.db"]
    assert [path.name for path in away.iterdir()] == ["epochs.log"]
    assert {path.name for path in (folder.path / "here").iterdir()} == {"artifacts", "checkpoints"}


def test_the_database_beside_the_study_file_is_named(folder):
    folder.run("grid", "walk.toml", "--factor", "lr")
    home = folder.path / "study"
    home.mkdir()
    for name in ("walk.toml", "walk.py", "runs"):
        shutil.move(folder.path / name, home / name)
    for command in ("show", "report", "export"):
        refused = folder.run(command, "study/walk.toml", code=2)
        assert refused.stderr == (
            "Error: Nothing run yet: sqlite:///runs/hpstudy.db holds no study 'walk'; "
            "sqlite:///study/runs/hpstudy.db does: give --runs study/runs\n"
        )
    assert folder.json("show", "study/walk.toml", "--runs", "study/runs")["grid"]
    other = folder.run("show", "study/walk.toml", "--name", "other", code=2).stderr
    assert other.endswith("holds no study 'other'\n")
    assert not (folder.path / "runs").exists()


def test_a_name_that_ends_in_quick_is_no_quick_look(folder):
    folder.run("grid", "walk.toml", "--factor", "lr", "--name", "x-quick")
    assert "a quick look" not in folder.run("show", "walk.toml", "--name", "x-quick").stdout
    page = folder.path / folder.run("report", "walk.toml", "--name", "x-quick").stdout.strip()
    assert "hpstudy report walk.toml --name x-quick" in page.read_text()
