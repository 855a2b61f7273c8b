"""A program's folder as one file: what travels of it, and what a file from elsewhere may do."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from hpstudy.store import packed
from hpstudy.store.packed import pack, unpack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint folder as programs leave it."""
    made = tmp_path / "here" / "program"
    (made / "deep").mkdir(parents=True)
    (made / "deep" / "step-2.pt").write_bytes(b"two")
    (made / "latest").symlink_to(made / "deep" / "step-2.pt")
    (made / "deep" / "best").symlink_to("../latest")
    (made / "secret").symlink_to("/etc/passwd")
    (made / "up").symlink_to("../../secret")
    return made


def test_it_comes_back_with_its_links_but_those_that_lead_elsewhere(folder, tmp_path):
    said, file = tmp_path / "said.jsonl", tmp_path / "x.tar"
    said.write_text("{}")
    assert pack(folder, said, file)
    there = tmp_path / "there" / "program"
    (there / "old").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    unpack(file, there, tmp_path / "b" / "said.jsonl")
    assert (there / "deep" / "best").read_bytes() == b"two"
    assert (there / "latest").readlink() == Path("deep/step-2.pt")
    assert sorted(path.name for path in there.iterdir()) == ["deep", "latest"]
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["said.jsonl"]


def test_what_changes_meanwhile_or_is_empty_is_not_packed(folder, tmp_path, monkeypatch):
    def changing(*args, **options):
        (folder / "deep" / "step-2.pt").write_bytes(b"three")
        return opened(*args, **options)

    opened = tarfile.open
    monkeypatch.setattr(packed.tarfile, "open", changing)
    assert not pack(folder, tmp_path / "none", tmp_path / "x.tar")
    monkeypatch.undo()
    assert pack(folder, tmp_path / "none", tmp_path / "x.tar")
    (tmp_path / "empty").mkdir()
    assert not pack(tmp_path / "empty", tmp_path / "none", tmp_path / "x.tar")


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "checkpoint/../../escaped"])
def test_a_file_from_elsewhere_writes_nowhere_else(tmp_path, name):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    home = tmp_path / "b"
    home.mkdir()
    with suppress(tarfile.TarError, OSError):
        unpack(tmp_path / "evil.tar", home / "program", home / "said")
    assert not list(tmp_path.rglob("*escaped*"))
    assert not Path("/tmp/escaped").exists()
