"""What a program goes on from, as one file: its folder, and what it said before, at one moment."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

_FOLDER, _SAID = "checkpoint", "said"  # their names in the file


def pack(folder: Path, said: Path, file: Path) -> bool:
    """Packs both, unless they change meanwhile or the folder is empty, and tells whether it did.

    What stayed as it was is what a kill at that moment would have left.
    """
    try:
        before = list(_seen(folder, said))
        with tarfile.open(file, "w") as tar:
            tar.add(folder, _FOLDER, filter=lambda member: _plain(member, folder))
            if said.is_file():
                tar.add(said, _SAID)
        return len(before) > 1 and list(_seen(folder, said)) == before
    except (FileNotFoundError, PermissionError):
        return False


def _plain(member: tarfile.TarInfo, folder: Path) -> tarfile.TarInfo | None:
    """Returns what goes: files, folders, and links that stay in the folder."""
    if not member.issym():
        return member if member.isfile() or member.isdir() else None
    here = folder / Path(member.name).relative_to(_FOLDER).parent
    target = Path(os.path.normpath(here / member.linkname))
    member.linkname = os.path.relpath(target, here)
    return member if target.is_relative_to(folder) else None


def unpack(file: Path, folder: Path, said: Path) -> None:
    """Puts both where they belong, in the place of what was there.

    Raises:
        tarfile.TarError: The file is none of these, or would write elsewhere.
    """
    draft = said.with_name("unpacked")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with tarfile.open(file) as tar:
            tar.extractall(draft, filter="data")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(draft / _FOLDER, folder)
        if (draft / _SAID).is_file():
            (draft / _SAID).replace(said)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _seen(folder: Path, said: Path) -> Iterator[tuple[str, int, int, int]]:
    for path in [said, *sorted(folder.rglob("*"))]:
        if path is said and not path.exists():
            yield "", 0, 0, 0
        else:
            stat = path.lstat()
            yield str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns
