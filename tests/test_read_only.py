"""An archived study, where nothing can be written: it can be looked at."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from hpstudy.store.database import open_database

ARCHIVE = ("--runs", "archive")


def succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def archived(folder) -> Iterator[Callable[[], Path]]:
    """Returns a function that puts `runs` where nothing can be written, as `archive`."""
    runs, archive = folder.path / "runs", folder.path / "archive"

    def put() -> Path:
        shutil.move(runs, archive)
        if os.geteuid() != 0:
            for path in (*archive.rglob("*"), archive):
                path.chmod(0o555 if path.is_dir() else 0o444)
        elif not (
            succeeds("mount", "--bind", str(archive), str(archive))
            and succeeds("mount", "-o", "remount,ro,bind", str(archive))
        ):
            pytest.skip("root writes everywhere, and nothing can be mounted here")
        return archive

    yield put
    if os.geteuid() == 0:
        subprocess.run(["umount", "--lazy", str(archive)], check=False, capture_output=True)
    elif archive.exists():
        for path in (archive, *archive.rglob("*")):
            path.chmod(0o755)


def test_show_report_and_export_of_an_archive(folder, archived):
    done = folder.json("grid", "walk.toml")
    database = open_database(folder.url, write=True)
    study = optuna.load_study(study_name="walk/grid", storage=database.storage)
    study.ask()  # one was running when it was archived, and so is dead
    (folder.path / "runs" / "hpstudy.db.locks" / "trial%2Fwalk%2Fgrid%2F4").touch()
    database.engine.dispose()
    archive = archived()
    before = sorted(archive.rglob("*"))
    shown = folder.json("show", "walk.toml", *ARCHIVE)
    assert shown["grid"]["factors"] == done["grid"]["factors"]
    assert shown["grid"]["trials"]["running"] == 0
    said = folder.run("report", "walk.toml", *ARCHIVE, "--output", "it.html").stdout
    assert said == "it.html\n"
    assert "A walk" in (folder.path / "it.html").read_text()
    folder.run("export", "walk.toml", *ARCHIVE, "--output", "there")
    assert len(list((folder.path / "there").iterdir())) == 3
    folder.run("grid", "walk.toml", *ARCHIVE, "--plan")
    assert sorted(archive.rglob("*")) == before


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("report", "walk.toml"), "archive/report/walk.html: can't be written: "),
        (("export", "walk.toml"), "archive/export/walk-trials.csv: can't be written: "),
        (("grid", "walk.toml"), "archive: can't be written to"),
        (("delete", "walk", "--yes"), "archive: can't be written to"),
    ],
)
def test_what_would_write_there_says_so_in_a_line(folder, archived, args, message: str):
    folder.run("grid", "walk.toml", "--factor", "lr")
    archived()
    refused = folder.run(*args, *ARCHIVE, code=2)
    assert refused.stderr.startswith(f"Error: {message}")
    assert len(refused.stderr.splitlines()) == 1


def test_what_lies_in_the_log_alone_is_not_left_out_silently(folder, archived):
    folder.run("grid", "walk.toml", "--factor", "lr")
    database = open_database(folder.url, write=True)
    optuna.create_study(study_name="late", storage=database.storage)
    log = folder.path / "runs" / "hpstudy.db-wal"
    shutil.copy(log, folder.path / "kept")
    database.engine.dispose()
    shutil.copy(folder.path / "kept", log)
    archived()
    refused = folder.run("show", "walk.toml", *ARCHIVE, code=2).stderr
    assert "archive/hpstudy.db: its last writes lie in hpstudy.db-wal, " in refused


def test_the_dashboard_of_an_archive(folder, archived):
    folder.run("grid", "walk.toml", "--factor", "lr")
    archived()
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    process = folder.start("dashboard", *ARCHIVE, "--port", str(port))
    try:
        assert process.stdout.readline().startswith(f"http://127.0.0.1:{port} shows ")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/studies", timeout=30) as answer:
            assert b'"walk/grid"' in answer.read()
    finally:
        process.kill()
        process.communicate()
