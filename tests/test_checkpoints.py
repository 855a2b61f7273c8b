from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hpstudy.checkpoints import Checkpoints

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
    checkpoints.keep_only("key", 10)
    assert checkpoints.load("key", at_most=9) is None


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
    assert checkpoints.keys() == ["key"]
    assert checkpoints.drop("key") > 0
    assert checkpoints.keys() == []
    assert checkpoints.drop("key") == 0
