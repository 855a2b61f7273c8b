"""A training's last state on disk, and elsewhere: JSON where it can be, else a torch file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpstudy.store.away import Away, Stored
from hpstudy.store.packed import pack, unpack

_PROGRAMS = "program"  # the part of a training's folder that is a program's own


@dataclass(frozen=True)
class _Saved:
    epoch: int
    digest: str
    path: Path


@dataclass(frozen=True)
class Kept:
    """What is kept of a training.

    Attributes:
        key: The training.
        size: Its bytes; what lies in two places counts once.
        used: When it was last saved or loaded, in nanoseconds since 1970.
    """

    key: str
    size: int
    used: int


class Checkpoints:
    """The checkpoints of all trainings in one folder, a folder each.

    A file's name holds its epoch and the digest of its content, so that a damaged file is never
    taken for a good one. It is written under another name and then renamed. Its time says when it
    was last used. What vanishes while somebody looks is not there, and no error.

    Where there is a second place, what is finished goes there too, under the same names, and what
    is newer there is fetched: so another machine goes on from it.

    Args:
        folder: Where they lie.
        away: The second place, if there is one.
    """

    def __init__(self, folder: Path, away: Away | None = None) -> None:
        self._folder = folder
        self._away = away

    @property
    def place(self) -> str | None:
        """What the second place is called, if there is one."""
        return None if self._away is None else self._away.place.shown

    @property
    def is_in_database(self) -> bool:
        """Tells whether the second place is the database."""
        return self._away is not None and self._away.place.is_database

    def save(self, key: str, epoch: int, state: dict[str, Any]) -> None:
        """Saves a training's state after an epoch; earlier ones stay until `keep_only`."""
        try:
            self._save(self._folder / key, epoch, state)
        except FileNotFoundError:  # somebody dropped the folder meanwhile: once more
            self._save(self._folder / key, epoch, state)

    def _save(self, home: Path, epoch: int, state: dict[str, Any]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f"draft-{os.getpid()}"
        suffix = "json" if _is_json(state) else "pt"
        try:
            with draft.open("wb") as file:  # by its path, torch says nothing of a full disk
                if suffix == "json":
                    file.write(json.dumps(state).encode())
                else:
                    import torch

                    torch.save(state, file)
            draft.replace(home / f"{epoch}.{_digest(draft)}.{suffix}")
        finally:
            draft.unlink(missing_ok=True)

    def send(self, key: str, epoch: int) -> None:
        """Puts the state of an epoch to the second place, if there is one."""
        if self._away is not None:
            for path in [saved.path for saved in self._saved(key) if saved.epoch == epoch]:
                self._away.send(key, path)

    def load(self, key: str, at_most: int) -> tuple[int, dict[str, Any]] | None:
        """Returns the latest good state, with its epoch, that is no later than `at_most`."""
        found: list[_Saved | Stored] = [*self._saved(key), *self._stored(key)]
        for one in sorted(found, key=lambda one: -one.epoch):
            saved = self._fetched(one) if isinstance(one, Stored) else one
            if saved is not None and saved.epoch <= at_most:
                state = _read(saved)
                if state is not None:
                    with suppress(OSError):
                        os.utime(saved.path)
                    return saved.epoch, state
        return None

    def has(self, key: str, epoch: int) -> bool:
        """Tells whether there is a state of this epoch here that can be read back."""
        return any(s.epoch == epoch and _read(s) is not None for s in self._saved(key))

    def latest(self, key: str, at_most: int) -> int:
        """Returns the epoch of the latest state no later than `at_most`, unread; 0 for none."""
        return self.latest_of({key: at_most})[key]

    def latest_of(self, at_most: Mapping[str, int]) -> dict[str, int]:
        """Returns the epochs of the latest states of several trainings, likewise."""
        epochs = {key: [saved.epoch for saved in self._saved(key)] for key in at_most}
        for one in self._stored(*at_most) if len(at_most) == 1 else self._stored():
            epochs.get(one.key, []).append(one.epoch)
        return {
            key: max((epoch for epoch in epochs[key] if epoch <= last), default=0)
            for key, last in at_most.items()
        }

    def folder_of(self, key: str) -> Path:
        """Returns the folder in which a training that is a program keeps what it goes on from."""
        return self._folder / key / _PROGRAMS

    def send_program(self, key: str, epoch: int, said: Path) -> None:
        """Puts what a program goes on from to the second place, if there is one.

        Args:
            key: The training.
            epoch: The epoch that it has come to.
            said: The file of what it said before.
        """
        if self._away is None or not self.folder_of(key).is_dir():
            return
        draft = self._folder / key / f"draft-{os.getpid()}"
        try:
            if pack(self.folder_of(key), said, draft):
                path = draft.rename(draft.with_name(f"{epoch}.{_digest(draft)}.tar"))
                self.keep_only(key, epoch)
                self._away.send(key, path)
                os.truncate(path, 0)  # its name tells how far the folder has come
        finally:
            draft.unlink(missing_ok=True)

    def fetch_program(self, key: str, said: Path) -> None:
        """Fetches what a program goes on from, where it has come further elsewhere."""
        here = max((saved.epoch for saved in self._saved(key)), default=0)
        newest = max(self._stored(key), key=lambda one: one.epoch, default=None)
        if self._away is None or newest is None or newest.epoch <= here:
            return
        saved = self._fetched(newest)
        if saved is None:
            return
        with self._away.trying("read"):
            if _digest(saved.path) == saved.digest:
                unpack(saved.path, self.folder_of(key), said)
                os.truncate(saved.path, 0)
                return
        saved.path.unlink(missing_ok=True)

    def keep_only(self, key: str, epoch: int) -> None:
        """Drops a training's checkpoints of other epochs here, and drafts of killed processes."""
        for path in self._files(key):
            if path.name.partition(".")[0] != str(epoch):
                path.unlink(missing_ok=True)

    def drop(self, key: str) -> int:
        """Drops all of a training's checkpoints; returns the bytes freed, as `Kept` counts."""
        freed = max(self.size(key), 0 if self._away is None else self._away.drop(key))
        for path in self._files(key):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder_of(key), ignore_errors=True)
        with suppress(OSError):  # gone already, or somebody saves there again
            (self._folder / key).rmdir()
        return freed

    def size(self, key: str) -> int:
        """Returns how many bytes a training's checkpoints take here."""
        return sum(stat.st_size for stat in self._stats(key))

    def kept(self) -> list[Kept]:
        """Returns what is kept of each training that has a checkpoint."""
        found: dict[str, Kept] = {}
        for key in self._keys_here():
            if stats := self._stats(key):
                used = max(stat.st_mtime_ns for stat in stats)
                found[key] = Kept(key, sum(stat.st_size for stat in stats), used)
        away: dict[str, list[Stored]] = {}
        for one in self._stored():
            away.setdefault(one.key, []).append(one)
        for key, files in away.items():
            here = found.get(key, Kept(key, 0, 0))
            size, used = sum(one.size for one in files), max(one.saved for one in files)
            found[key] = Kept(key, max(size, here.size), max(used, here.used))
        return list(found.values())

    def keys(self) -> list[str]:
        """Returns the keys of the trainings that have a folder here, or files elsewhere."""
        return sorted({*self._keys_here(), *(one.key for one in self._stored())})

    def _keys_here(self) -> list[str]:
        folders = (path for path in _listed(self._folder) if path.is_dir())
        return [path.name for path in folders if not path.is_symlink()]  # those are others' own

    def _stored(self, key: str | None = None) -> list[Stored]:
        return [] if self._away is None else self._away.files(key)

    def _fetched(self, stored: Stored) -> _Saved | None:
        """Returns a checkpoint that lies elsewhere, once it is here."""
        home = self._folder / stored.key
        home.mkdir(parents=True, exist_ok=True)
        draft, path = home / f"draft-{os.getpid()}", home / stored.name
        try:
            if self._away is not None and self._away.fetch(stored, draft):
                draft.replace(path)
                return _saved(path)
        finally:
            draft.unlink(missing_ok=True)
        return None

    def _saved(self, key: str) -> Iterator[_Saved]:
        yield from filter(None, map(_saved, self._files(key)))

    def _stats(self, key: str) -> list[os.stat_result]:
        stats: list[os.stat_result] = []
        own = [path for path in self.folder_of(key).rglob("*") if path.is_file()]
        for path in [*self._files(key), *own]:
            with suppress(FileNotFoundError):
                stats.append(path.stat())
        return stats

    def _files(self, key: str) -> list[Path]:
        return [path for path in _listed(self._folder / key) if path.name != _PROGRAMS]


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _saved(path: Path) -> _Saved | None:
    epoch, _, rest = path.name.partition(".")
    return _Saved(int(epoch), rest.partition(".")[0], path) if epoch.isdigit() else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _read(saved: _Saved) -> dict[str, Any] | None:
    """Returns a checkpoint's state, or None if it is not what was written."""
    try:
        if _digest(saved.path) != saved.digest:
            return None
        if saved.path.suffix == ".json":
            state = json.loads(saved.path.read_text(encoding="utf-8"))
        else:
            import torch

            state = torch.load(saved.path, weights_only=True, map_location="cpu")
    except Exception:  # whatever is wrong with the file, the training starts from an earlier one
        return None
    return state if isinstance(state, dict) else None


def _is_json(value: object) -> bool:
    """Tells whether JSON gives back exactly this value (a tuple would come back as a list)."""
    if value is None or type(value) in (bool, int, float, str):
        return True
    if type(value) is list:
        return all(_is_json(v) for v in value)
    if type(value) is dict:
        return all(type(k) is str and _is_json(v) for k, v in value.items())
    return False
