"""Checkpoints at an address that fsspec knows: a bucket, a server, another folder."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec.asyn import AsyncFileSystem
from fsspec.core import url_to_fs

from hpstudy.store.away import Stored, is_ours

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")


class FilePlace:
    """Such an address. Who may use it is fsspec's affair: its configuration, the environment.

    Args:
        address: The address.
        home: The database's own folder there.
    """

    most: int | None = None
    is_database: bool = False

    def __init__(self, address: str, home: str) -> None:
        self.shown = address
        self._fs, root = url_to_fs(address)
        self._root = root.rstrip("/")
        self._home = f"{self._root}/{home}"
        self._is_object_store = isinstance(self._fs, AsyncFileSystem)  # puts whole or not at all

    def check(self) -> None:
        """Checks that it can be written to; whatever is wrong is raised."""
        self._make(self._root)
        probe = f"{self._root}/draft-{uuid4().hex}"
        self._fs.pipe_file(probe, b"hpstudy")
        self._fs.rm_file(probe)

    def files(self, key: str | None = None) -> list[Stored]:
        """Lists the files of a training, or of all."""
        self._fs.invalidate_cache()  # other machines write there
        try:
            if key is None:
                found = self._fs.find(self._home, detail=True).values()
            else:
                found = self._fs.ls(f"{self._home}/{key}", detail=True)
        except FileNotFoundError:
            return []
        stored = []
        for info in found:
            folder, name = f"/{info['name']}".split("/")[-2:]
            if info["type"] == "file" and is_ours(folder, name):
                stored.append(Stored(folder, name, info["size"] or 0, _time(info)))
        return stored

    def put(self, key: str, file: Path) -> None:
        """Puts a file there, under its own name."""
        folder = f"{self._home}/{key}"
        if self._is_object_store:
            self._fs.put_file(str(file), f"{folder}/{file.name}")
            return
        self._make(folder)
        draft = f"{folder}/draft-{uuid4().hex}"
        try:
            self._fs.put_file(str(file), draft)
            self._fs.mv(draft, f"{folder}/{file.name}")
        except BaseException:
            with suppress(Exception):
                self._fs.rm_file(draft)
            raise

    def get(self, stored: Stored, file: Path) -> None:
        """Writes what is there to a file."""
        self._fs.get_file(self._path(stored), str(file))

    def delete(self, files: Sequence[Stored]) -> None:
        """Deletes files; what is gone already is no error."""
        for one in files:
            with suppress(FileNotFoundError):
                self._fs.rm_file(self._path(one))
        if not self._is_object_store:
            for key in {one.key for one in files}:
                with suppress(OSError):  # something is left in it
                    self._fs.rmdir(f"{self._home}/{key}")

    def _path(self, stored: Stored) -> str:
        return f"{self._home}/{stored.key}/{stored.name}"

    def _make(self, folder: str) -> None:
        if not self._is_object_store:  # which has no folders, and would make a bucket
            self._fs.makedirs(folder, exist_ok=True)


def _time(info: Mapping[str, Any]) -> int:
    """Returns when a file was written, in nanoseconds since 1970; 0 where that is not said."""
    found = next((info[name] for name in _TIMES if info.get(name) is not None), 0)
    if isinstance(found, str):
        try:
            found = datetime.datetime.fromisoformat(found)
        except ValueError:
            return 0
    if isinstance(found, datetime.datetime):
        found = found.timestamp()
    return int(found * 1e9)
