"""Which last states are kept, through the command line and by the keeper itself."""

from __future__ import annotations

import os

import optuna
import pytest

from hpstudy.errors import UserError
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import Runs
from hpstudy.store.keeping import Keeper, bytes_of
from hpstudy.store.locks import take, training_lock

SHORT = (
    ("epochs = 2\n", "epochs = 3\n"),
    ("epochs = [2, 4]", "epochs = [3, 4, 6, 9]"),
    ("lr = [0.1, 0.2]", "lr = [0.1, 0.2, 0.3]"),
    ("width = [8, 16]", ""),
)
LONGER = (
    ("epochs = 2\n", "epochs = 4\n"),
    ("epochs = [2, 4]", "epochs = [4, 6, 9]"),
    *SHORT[2:],
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500000", 500_000),
        ("12B", 12),
        ("500MB", 500_000_000),
        ("4GB", 4_000_000_000),
        ("4g", 4_000_000_000),
        (" 1.5 kB ", 1_500),
        ("2KiB", 2_048),
        ("1TiB", 2**40),
    ],
)
def test_a_size_is_read(text: str, size: int):
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "4 apples", "1e9", "²GB", "nan", "inf", "4GBB"])
def test_what_is_no_size_is_said(text: str):
    with pytest.raises(UserError, match="--keep: expected a size such as 500MB, 4GB or 0, found"):
        bytes_of(text)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_longer_baseline_trains_only_what_it_adds(folder, study_with, workers: str):
    study_with(*SHORT)
    folder.run("grid", "walk.toml", "--workers", workers)
    before = folder.trained()
    study_with(*LONGER)
    assert folder.json("grid", "walk.toml", "--plan")["plan"]["epochs_left"] == 2
    result = folder.run("grid", "walk.toml", "--workers", workers)
    assert sorted(folder.trained()[len(before) :]) == ["0.2 8 0 4", "0.3 8 0 4"]
    assert "\n2 epochs trained in 0:" in result.stderr
    assert "17 were trained." in " ".join(result.stdout.split())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_trained_again_is_counted(folder, study_with, workers: str):
    env = {"HPSTUDY_KEEP": "0"}
    study_with(*SHORT)
    folder.run("grid", "walk.toml", "--workers", workers, env=env)
    assert Checkpoints(folder.path / "runs" / "checkpoints").kept() == []
    before = folder.trained()
    study_with(*LONGER)
    assert folder.json("grid", "walk.toml", "--plan")["plan"]["epochs_left"] == 8
    result = folder.run("grid", "walk.toml", "--workers", workers, env=env)
    assert len(folder.trained()) - len(before) == 8
    assert (
        "\n8 epochs trained (6 of them again, as their last state was gone) in 0:" in result.stderr
    )
    assert folder.json("show", "walk.toml")["grid"]["epochs"]["trained"] == 17
    again = folder.run("grid", "walk.toml", "--workers", workers, env=env).stderr
    assert "0 epochs trained in 0:" in again
    assert len(folder.trained()) - len(before) == 8


def test_a_function_has_points_and_no_epochs(folder, study_with):
    study_with(("walk:Walk", "walk:total"))
    assert "\n4 points trained in" in folder.run("grid", "walk.toml").stderr
    other = folder.run("grid", "walk.toml", "--name", "other", "--workers", "1").stderr
    assert "\n0 points trained in 0:00:0" in other
    assert other.endswith(" with 1 worker.\n")


def test_an_unknown_size_is_one_line(folder):
    assert folder.run("grid", "walk.toml", "--keep", "much", code=2).stderr == (
        "Error: --keep: expected a size such as 500MB, 4GB or 0, found 'much'\n"
    )
    assert not (folder.path / "runs").exists()


def test_a_search_counts_an_epoch_once_though_two_trials_report_it(folder):
    folder.write(
        "seek.toml",
        (folder.path / "seek.toml")
        .read_text()
        .replace("{ low = 0.01, high = 1.0, log = true }", "{ choices = [0.1, 0.2] }")
        .replace("{ low = 4, high = 64, log = true }", "{ choices = [8, 16] }"),
    )
    args = ("search", "seek.toml", "--trials", "12", "--confirm", "0", "--workers", "1")
    printed = folder.run(*args, "--pruner", "none").stderr
    study = optuna.load_study(study_name="seek/search", storage=folder.url)
    reported = sum(len(t.intermediate_values) for t in study.trials)
    assert len(folder.trained()) == len(set(folder.trained())) < reported
    assert f"\n{len(folder.trained())} epochs trained in " in printed


@pytest.fixture
def kept(tmp_path):
    """Saves states of 100 bytes, oldest first, and returns the keeper's surroundings."""
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    for age, key in enumerate("abcde"):
        checkpoints.save(key, 1, {"v": "x" * 91})
        for file in (tmp_path / "checkpoints" / key).iterdir():
            os.utime(file, ns=(age, age))
    assert {one.size for one in checkpoints.kept()} == {100}
    return checkpoints


@pytest.mark.parametrize(
    ("keep", "needed", "at_work", "stay"),
    [
        (500, "", "", "abcde"),
        (499, "", "", "bcde"),
        (250, "", "", "de"),
        (0, "", "", ""),
        (250, "a", "", "ae"),
        (250, "", "b", "be"),
        (0, "a", "b", "ab"),
        (0, "abcde", "abcde", "abcde"),
    ],
)
def test_the_least_recently_used_go_first(tmp_path, kept, keep, needed, at_work, stay):
    runs = Runs(tmp_path, f"sqlite:///{tmp_path}/s.db", keep)
    locks = [take(runs.url, training_lock(key)) for key in at_work]
    Keeper(kept, runs).left("e", lambda: set(needed))
    assert "".join(kept.keys()) == stay
    for lock in locks:
        lock.release()
    Keeper(kept, runs).trim(lambda: set(needed))
    assert sum(one.size for one in kept.kept()) <= max(keep, 100 * len(needed))


def test_the_folder_is_not_measured_after_each_small_training(tmp_path, kept, monkeypatch):
    measured = []
    before = Checkpoints.kept
    monkeypatch.setattr(Checkpoints, "kept", lambda self: measured.append(1) or before(self))
    keeper = Keeper(kept, Runs(tmp_path, f"sqlite:///{tmp_path}/s.db", 500 + 32 * 1000))
    for _ in range(11):
        keeper.left("a", set)
    assert len(measured) == 1
    keeper.left("a", set)
    assert len(measured) == 2


def test_what_cannot_be_dropped_stops_nothing(tmp_path, kept, monkeypatch):
    def refuse(self, key):
        raise PermissionError(key)

    monkeypatch.setattr(Checkpoints, "drop", refuse)
    Keeper(kept, Runs(tmp_path, f"sqlite:///{tmp_path}/s.db", 0)).trim(set)
    assert kept.keys() == list("abcde")
