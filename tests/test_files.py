from __future__ import annotations

import errno
import os
import resource
import stat

import pytest

from hpstudy.errors import UserError
from hpstudy.files import replacing, shown, started_here


def test_paths_are_printed_from_where_a_command_began_or_else_from_where_one_is(
    tmp_path, monkeypatch
):
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "away" / "x.db"
    assert shown(file) == "away/x.db"
    with started_here():
        monkeypatch.chdir("away")
        assert shown(file) == "away/x.db"
    assert shown(file) == "x.db"
    assert shown(tmp_path / "y.db") == f"{tmp_path / 'y.db'}"


@pytest.mark.parametrize("name", ["", "--output x"])
def test_where_writing_fails_the_old_file_stays(tmp_path, name: str):
    file = tmp_path / "page.html"
    file.write_text("old")

    def fail() -> None:
        with replacing(file, name) as draft:
            draft.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    where = name or f"{file}"
    with pytest.raises(UserError, match=f"^{where}: can't be written: No space left on device"):
        fail()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_one_and_a_pipe_is_written_to(tmp_path):
    (tmp_path / "real.html").write_text("old")
    (tmp_path / "link.html").symlink_to("real.html")
    with replacing(tmp_path / "link.html") as draft:
        draft.write_text("new")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_text() == "new"
    os.mkfifo(tmp_path / "pipe")
    with replacing(tmp_path / "pipe") as draft:
        assert draft == tmp_path / "pipe"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    with pytest.raises(UserError, match="can't be written: Is a directory"):
        replace_folder(tmp_path)


def replace_folder(folder) -> None:
    with replacing(folder) as draft:
        draft.write_text("a page")


def test_a_report_that_finds_no_room_leaves_the_former_one(folder):
    def limited() -> None:  # room enough for SQLite's own files
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    folder.run("grid", "walk.toml", "--factor", "lr")
    folder.run("report", "walk.toml")
    report = folder.path / "runs" / "report" / "walk.html"
    before = report.read_bytes()
    refused = folder.run_apart("report", "walk.toml", code=2, preexec_fn=limited)
    assert refused.stderr == ("Error: runs/report/walk.html: can't be written: File too large\n")
    assert report.read_bytes() == before
    assert list(report.parent.iterdir()) == [report]
