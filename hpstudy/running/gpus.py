"""One training a GPU: each worker takes one that no other process of hpstudy has here."""

from __future__ import annotations

import getpass
import os
import subprocess
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

VISIBLE = "CUDA_VISIBLE_DEVICES"

_held: list[FileLock] = []  # until this process ends


def gpus() -> list[str]:
    """Returns the names of the GPUs that CUDA shows this process; nothing is imported for it."""
    visible = os.environ.get(VISIBLE)
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip()]
    query = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(query, capture_output=True, text=True, check=True, timeout=30)
        return told.stdout.split()
    return []


def take_gpu() -> None:
    """Lets this process see one GPU: the first that is free, else one of the least shared.

    Comes before torch is imported. With one GPU, or none that is known, nothing is changed.
    """
    names = gpus()
    if len(names) < 2:
        return
    folder = Path(tempfile.gettempdir()) / f"hpstudy-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for sharing in count():
        for name in names:
            lock = FileLock(folder / f"gpu-{quote(name, safe='')}.{sharing}", timeout=0)
            with suppress(Timeout):
                lock.acquire()
                _held.append(lock)
                os.environ[VISIBLE] = name
                return
