from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from hpstudy.store.checkpoints import Checkpoints

STATE = {"epoch": 2, "weights": [0.1, 1e-300, -0.0], "name": "x", "deep": {"none": None}}


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints")


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "checkpoints" / "key").iterdir())


def test_plain_values_come_back_from_json(checkpoints: Checkpoints, tmp_path: Path):
    checkpoints.save("key", 2, STATE)
    assert [f.suffix for f in files(tmp_path)] == [".json"]
    assert checkpoints.load("key", at_most=2) == (2, STATE)


@pytest.mark.parametrize("value", [(1, 2), torch.ones(3), {1: "a"}])
def test_what_json_would_change_goes_to_torch(checkpoints, tmp_path: Path, value: object):
    checkpoints.save("key", 1, {"v": value})
    assert [f.suffix for f in files(tmp_path)] == [".pt"]
    _, state = checkpoints.load("key", at_most=1)
    assert type(state["v"]) is type(value)
    assert torch.equal(torch.as_tensor(list(state["v"])), torch.as_tensor(list(value))) or (
        state["v"] == value
    )


def test_the_latest_no_later_than_asked_is_loaded(checkpoints: Checkpoints):
    for epoch in (1, 2, 10):
        checkpoints.save("key", epoch, {"epoch": epoch})
    assert checkpoints.load("key", at_most=10) == (10, {"epoch": 10})
    assert checkpoints.load("key", at_most=9) == (2, {"epoch": 2})
    assert checkpoints.load("key", at_most=0) is None
    assert [checkpoints.latest("key", n) for n in (0, 1, 9, 10, 11)] == [0, 1, 2, 10, 10]
    assert checkpoints.latest("another", 9) == 0
    checkpoints.keep_only("key", 10)
    assert checkpoints.load("key", at_most=9) is None


def test_it_tells_what_is_kept_and_when_it_was_last_used(checkpoints, tmp_path: Path):
    assert checkpoints.kept() == []
    for key in ("a", "b", "c"):
        checkpoints.save(key, 1, STATE)
    for age, key in enumerate("cba"):
        for file in (tmp_path / "checkpoints" / key).iterdir():
            os.utime(file, ns=(age, age))
    checkpoints.load("c", at_most=1)
    checkpoints.save("b", 2, STATE)
    (tmp_path / "checkpoints" / "empty").mkdir()
    (tmp_path / "checkpoints" / "file").write_text("")
    kept = {one.key: one for one in checkpoints.kept()}
    assert sorted(kept, key=lambda key: kept[key].used) == ["a", "c", "b"]
    assert kept["b"].size == 2 * kept["a"].size == checkpoints.size("b")


def vanishing(monkeypatch, tmp_path: Path, method: str) -> None:
    """Lets another process drop everything right before some files are used that way."""
    before = getattr(Path, method)

    def first_dropped(path: Path, *args, **options):
        if (tmp_path / "checkpoints") in path.parents:
            monkeypatch.setattr(Path, method, before)
            shutil.rmtree(tmp_path / "checkpoints")
        return before(path, *args, **options)

    monkeypatch.setattr(Path, method, first_dropped)


@pytest.mark.parametrize("method", ["iterdir", "stat", "open", "unlink", "is_dir", "rmdir"])
@pytest.mark.parametrize("asked", ["kept", "size", "load", "keep_only", "drop"])
def test_what_vanishes_while_somebody_looks_is_not_there(
    checkpoints, tmp_path: Path, monkeypatch, method: str, asked: str
):
    checkpoints.save("key", 1, STATE)
    checkpoints.save("key", 2, STATE)
    with monkeypatch.context() as patch:
        vanishing(patch, tmp_path, method)
        if asked == "kept":
            checkpoints.kept()
        elif asked == "load":
            checkpoints.load("key", at_most=2)
        elif asked == "keep_only":
            checkpoints.keep_only("key", 2)
        else:
            getattr(checkpoints, asked)("key")


@pytest.mark.parametrize("method", ["open", "replace"])
def test_a_state_is_saved_though_its_folder_vanishes(
    checkpoints, tmp_path: Path, monkeypatch, method: str
):
    checkpoints.save("key", 1, STATE)
    with monkeypatch.context() as patch:
        vanishing(patch, tmp_path, method)
        checkpoints.save("key", 2, STATE)
    assert checkpoints.load("key", at_most=9) == (2, STATE)


@pytest.mark.parametrize("kind", ["json", "torch"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied", "gone"])
def test_a_damaged_one_counts_as_none_and_the_one_before_is_taken(
    checkpoints: Checkpoints, tmp_path: Path, kind: str, damage: str
):
    extra = {"t": torch.arange(50.0)} if kind == "torch" else {}
    checkpoints.save("key", 1, {"epoch": 1, **extra})
    checkpoints.save("key", 2, {"epoch": 2, **extra})
    latest = next(f for f in files(tmp_path) if f.name.startswith("2."))
    content = bytearray(latest.read_bytes())
    if damage == "truncated":
        latest.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
        latest.write_bytes(content)
    elif damage == "emptied":
        latest.write_bytes(b"")
    else:
        latest.unlink()
    loaded = checkpoints.load("key", at_most=2)
    assert loaded is not None
    assert loaded[0] == 1


def test_code_in_a_checkpoint_is_not_run(checkpoints: Checkpoints, tmp_path: Path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "run",))

    checkpoints.save("key", 1, {"v": Evil()})
    assert checkpoints.load("key", at_most=1) is None
    assert not (tmp_path / "run").exists()


def test_a_draft_left_by_a_killed_process_is_no_checkpoint(checkpoints, tmp_path: Path):
    checkpoints.save("key", 1, STATE)
    (tmp_path / "checkpoints" / "key" / "draft-1").write_text("{}")
    assert checkpoints.load("key", at_most=5) == (1, STATE)
    checkpoints.keep_only("key", 1)
    assert [f.name.partition(".")[0] for f in files(tmp_path)] == ["1"]
    assert checkpoints.keys() == ["key"]
    assert checkpoints.drop("key") > 0
    assert checkpoints.keys() == []
    assert checkpoints.drop("key") == 0


def test_a_folder_that_leads_elsewhere_is_not_emptied(checkpoints: Checkpoints, tmp_path: Path):
    checkpoints.save("key", 1, STATE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file = elsewhere / "1.0123456789abcdef.json"
    file.write_text("mine")
    (tmp_path / "checkpoints" / "linked").symlink_to(elsewhere)
    (tmp_path / "checkpoints" / "key" / "2.linked").symlink_to(file)
    assert checkpoints.keys() == ["key"]
    checkpoints.drop("key")
    assert file.read_text() == "mine"
