"""Checkpoints in a second place: an address of fsspec's, or the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from hpstudy.errors import UserError
from hpstudy.store import away
from hpstudy.store.away import Away, Place
from hpstudy.store.away_files import FilePlace
from hpstudy.store.away_rows import RowPlace
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import open_database

KEY, OTHER = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture(params=["file", "memory", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "database":
        database = open_database(f"sqlite:///{tmp_path}/s.db", write=True)
        yield RowPlace(database.engine)
        database.close()
    else:
        yield FilePlace(f"{request.param}://{tmp_path}/there", "home")


@pytest.fixture
def machine(place: Place, tmp_path: Path) -> Callable[[str], Checkpoints]:
    """The checkpoints as a machine of that name has them."""
    return lambda name: Checkpoints(tmp_path / name, Away(place))


def trained(checkpoints: Checkpoints, epoch: int, key: str = KEY, **more) -> None:
    """Saves an epoch's state as a training does."""
    checkpoints.save(key, epoch, {"epoch": epoch, **more})
    checkpoints.keep_only(key, epoch)
    checkpoints.send(key, epoch)


@pytest.mark.parametrize("more", [{}, {"weights": torch.arange(3.0)}], ids=["json", "torch"])
def test_another_machine_goes_on_from_it(machine, place, more):
    for epoch in (1, 2, 3):
        trained(machine("a"), epoch, **more)
    assert [one.epoch for one in place.files()] == [3]
    there = machine("b")
    assert (there.latest(KEY, 9), there.latest(KEY, 2), there.latest(OTHER, 9)) == (3, 0, 0)
    epoch, state = there.load(KEY, at_most=9)
    assert (epoch, state["epoch"]) == (3, 3)
    place.delete(place.files())
    assert there.load(KEY, at_most=9)[0] == 3  # it is here now


def test_what_is_here_is_taken_where_it_is_newer(machine, tmp_path):
    trained(machine("a"), 2)
    here = Checkpoints(tmp_path / "b")
    here.save(KEY, 3, {"epoch": 3})
    assert machine("b").load(KEY, at_most=9) == (3, {"epoch": 3})
    assert machine("b").load(KEY, at_most=2) == (2, {"epoch": 2})


def test_a_damaged_or_half_written_one_is_never_taken(machine, place, tmp_path):
    trained(machine("a"), 1)
    machine("a").save(KEY, 2, {"epoch": 2})
    (second,) = (tmp_path / "a" / KEY).glob("2.*")
    second.write_bytes(second.read_bytes()[:-3])
    place.put(KEY, second)
    assert machine("b").latest(KEY, 9) == 2
    assert machine("b").load(KEY, at_most=9) == (1, {"epoch": 1})


def test_only_files_of_ours_are_seen_and_dropped(machine, place, tmp_path):
    trained(machine("a"), 1)
    for name in ("1.json", "notes.txt", "1.0123456789abcdef.py"):
        (tmp_path / name).write_text("mine")
        place.put(KEY, tmp_path / name)
    (tmp_path / "1.0123456789abcdef.json").write_text("mine")
    place.put("photos", tmp_path / "1.0123456789abcdef.json")
    assert machine("b").keys() == [KEY]
    assert machine("b").drop(KEY) > 0
    assert machine("b").keys() == []
    if isinstance(place, FilePlace):
        system, root = url_to_fs(place.shown)
        left = {name.rpartition("/")[2] for name in system.find(root)}
        assert left == {"1.json", "notes.txt", "1.0123456789abcdef.py", "1.0123456789abcdef.json"}


def test_what_lies_in_two_places_is_counted_once(machine):
    trained(machine("a"), 1)
    trained(machine("b"), 2, OTHER, more="x" * 100)
    sizes = {one.key: one.size for one in machine("a").kept()}
    assert sizes == {one.key: one.size for one in machine("b").kept()}
    assert machine("a").keys() == sorted(sizes) == [KEY, OTHER]
    assert machine("a").drop(KEY) == sizes[KEY]
    assert machine("a").drop(OTHER) == sizes[OTHER]
    assert machine("a").kept() == []
    assert machine("a").drop(KEY) == 0


def test_a_place_that_fails_costs_no_training_and_is_said_once(machine, place, capsys, monkeypatch):
    here = machine("a")
    trained(here, 1)
    with monkeypatch.context() as patch:
        for method in ("put", "get", "files", "delete"):
            patch.setattr(place, method, lambda *args: 1 / 0)
        for epoch in (2, 3):
            trained(here, epoch)
        assert capsys.readouterr().err == (
            f"Checkpoints at {place.shown} can't be written: ZeroDivisionError: division by zero\n"
        )
        assert here.load(KEY, at_most=9) == (3, {"epoch": 3})
        assert "can't be read: Zero" in capsys.readouterr().err
        assert len(here.kept()) == 1
    assert [one.epoch for one in place.files()] == [1]
    trained(here, 4)
    assert [one.epoch for one in place.files()] == [4]
    assert capsys.readouterr().err == ""


def test_where_nobody_answers_it_is_tried_again_after_a_while(machine, place, monkeypatch):
    clock, tried = [0.0], []

    def hangs(*args):
        tried.append(clock[0])
        clock[0] += 8.0
        raise TimeoutError

    monkeypatch.setattr(away.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(place, "put", hangs)
    here = machine("a")
    for epoch in range(1, 100):
        trained(here, epoch)
        clock[0] += 5.0
    assert tried[:3] == [0.0, 83.0, 166.0]
    assert here.load(KEY, at_most=99)[0] == 99


def test_who_waits_no_longer_for_it_is_not_kept_by_it_again(machine, place, monkeypatch):
    clock, here = [0.0], machine("a")

    def interrupted(*args):
        clock[0] += 5.0
        raise KeyboardInterrupt

    monkeypatch.setattr(away.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(place, "put", interrupted)
    monkeypatch.setattr(place, "files", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(here, 1)
    assert [one.key for one in here.kept()] == [KEY]
    assert here.load(KEY, at_most=1)[0] == 1


def test_one_that_is_too_large_stays_here(machine, place, capsys, monkeypatch):
    monkeypatch.setattr(place, "most", 2_000_000)
    here = machine("a")
    trained(here, 1)
    for epoch in (2, 3):
        trained(here, epoch, more="x" * 2_000_000)
    assert [one.epoch for one in place.files()] == [1]
    assert here.load(KEY, at_most=9)[0] == 3
    said = f"Checkpoints of more than 2 MB don't go to {place.shown}\n"
    assert capsys.readouterr().err == said


def test_code_in_a_checkpoint_from_elsewhere_is_not_run(machine, tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "run",))

    trained(machine("a"), 1, v=Evil())
    assert machine("b").load(KEY, at_most=1) is None
    assert not (tmp_path / "run").exists()


def test_a_half_written_upload_leaves_nothing_and_a_killed_one_goes(tmp_path, monkeypatch):
    place = FilePlace(f"file://{tmp_path}/there", "home")
    here = Checkpoints(tmp_path / "a", Away(place))
    folder = tmp_path / "there" / "home" / KEY
    trained(here, 1)
    with monkeypatch.context() as patch:
        patch.setattr(LocalFileSystem, "mv", lambda *args: 1 / 0)
        trained(here, 2)
    assert [file.name[0] for file in folder.iterdir()] == ["1"]
    (folder / ("draft-" + "0" * 32)).write_text("half")  # as a killed process leaves it
    trained(here, 3)
    assert [file.name[0] for file in folder.iterdir()] == ["3"]


def test_two_databases_may_share_an_address(tmp_path):
    one, two = (
        Checkpoints(tmp_path / home, Away(FilePlace(f"file://{tmp_path}/there", home)))
        for home in "xy"
    )
    trained(one, 1)
    assert two.keys() == []
    assert two.drop(KEY) == 0
    assert one.keys() == [KEY]


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="^--checkpoints x: can't be written to: Not a directory$"):
        Away(FilePlace(f"file://{tmp_path}/file/below", "home")).check("--checkpoints x")
    Away(FilePlace(f"file://{tmp_path}/there", "home")).check("x")
    assert list((tmp_path / "there").iterdir()) == []
