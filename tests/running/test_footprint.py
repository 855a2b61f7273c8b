"""What was written to a folder meanwhile."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

from hpstudy.running.footprint import footprint, written


def test_what_is_new_or_changed_is_named_and_caches_are_not(tmp_path):
    (tmp_path / "kept.txt").write_text("as it is")
    (tmp_path / "edited.txt").write_text("before")
    before = footprint(tmp_path, tmp_path / "runs")
    for name in ("runs/a", "sub/new.pt", "__pycache__/m.pyc", ".cache/x", ".hidden", "edited.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("after it")
    (tmp_path / "gone").symlink_to("nowhere")
    assert written(before, footprint(tmp_path, tmp_path / "runs")) == ["edited.txt", "sub/new.pt"]


def test_where_everybody_writes_tells_nothing():
    assert footprint(Path(gettempdir()), Path("runs")) == {}
