"""What lies in a folder, so that what was written there meanwhile can be named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Set
from itertools import islice
from pathlib import Path
from tempfile import gettempdir

_MOST = 20_000  # files that are looked at
_CACHES = {"__pycache__", "node_modules"}

Footprint = Mapping[str, tuple[int, int]]  # the time and the size of each file


def footprint(folder: Path, without: Path) -> Footprint:
    """Returns what lies in a folder now; what is hidden, and caches, are nobody's concern.

    Args:
        folder: The folder.
        without: A folder in it where things are meant to be written.
    """
    found: dict[str, tuple[int, int]] = {}
    apart = {without, Path(gettempdir())}  # where everybody writes
    for path in islice(_files(folder, apart), _MOST):
        try:
            stat = path.stat()
        except OSError:  # it is gone, or a link to nothing
            continue
        found[str(path.relative_to(folder))] = stat.st_mtime_ns, stat.st_size
    return found


def written(before: Footprint, after: Footprint) -> list[str]:
    """Returns the files that are new or were changed."""
    return sorted(name for name, stamp in after.items() if before.get(name) != stamp)


def _files(folder: Path, apart: Set[Path]) -> Iterator[Path]:
    for home, folders, files in os.walk(folder) if folder not in apart else ():
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _CACHES and Path(home, name) not in apart
        )
        yield from (Path(home, name) for name in sorted(files) if not name.startswith("."))
