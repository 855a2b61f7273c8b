"""What of `runs` is deleted or replaced in the middle of a run: a line, or it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hpstudy.errors import StoppedError
from hpstudy.store.database import open_database
from hpstudy.store.locks import is_free, take
from hpstudy.store.records import Records


def begun(folder, study_with, seconds: float):
    """Starts a grid whose epochs take so long, and waits for its second one."""
    study_with(("[settings]", f"[settings]\nsleep = {seconds}"))
    process = folder.start("grid", "walk.toml", "--workers", "1", "--seeds", "0-1")
    folder.wait_for(lambda: len(folder.trained()) >= 2)
    return process


def values(found) -> list[list[float]]:
    return [level["values"] for f in found["grid"]["factors"] for level in f["levels"]]


def test_checkpoints_that_are_deleted_meanwhile_cost_no_epoch_that_is_recorded(folder, study_with):
    process = begun(folder, study_with, 0.3)
    shutil.rmtree(folder.path / "runs" / "checkpoints")
    folder.hurry()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    trained = folder.trained()
    assert len(trained) == len(set(trained)) == 16
    folder.path.joinpath("epochs.log").unlink()
    assert folder.json("grid", "walk.toml", "--seeds", "0-1")["grid"]["trials"]["complete"] == 8
    assert folder.trained() == []


def test_two_runs_whose_locks_are_deleted_take_each_point_once(folder, study_with):
    """The second takes the first one's trial for dead, and the first lets go of it."""
    process = begun(folder, study_with, 0.7)
    shutil.rmtree(folder.path / "runs" / "hpstudy.db.locks")
    joined = folder.json("grid", "walk.toml", "--workers", "1", "--seeds", "0-1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert joined["grid"]["trials"]["complete"] == 8
    calm = folder.json("grid", "walk.toml", "--seeds", "0-1", "--runs", "calm")
    assert values(calm) == values(joined)


def test_a_lock_whose_file_is_gone_is_held_no_more(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    held = take(url, "one")
    assert held.is_held()
    shutil.rmtree(tmp_path / "a.db.locks")
    assert not held.is_held()
    assert is_free(url, "one")
    held.release()
    held = take(url, "one")
    file = tmp_path / "a.db.locks" / "one"
    file.unlink()
    file.write_bytes(b"")  # as another process takes it now
    assert not held.is_held()
    held.release()
    assert file.exists()


def replaced(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)  # where the system may use the same number again


def moved(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


@pytest.mark.parametrize("change", [replaced, moved, Path.unlink])
def test_a_database_that_is_another_now_is_not_written_to(folder, change: Callable):
    for _ in range(3):
        database = open_database(folder.url, write=True)
        records = Records(database.engine)
        assert records.counts() == {}
        change(folder.path / "runs" / "hpstudy.db")
        with pytest.raises(StoppedError, match="was deleted or replaced while it was in use"):
            records.counts()
        database.close()
        shutil.rmtree(folder.path / "runs")
