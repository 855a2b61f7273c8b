"""A training's last state on disk: JSON where it can be, else a torch file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class _Saved:
    epoch: int
    digest: str
    path: Path


class Checkpoints:
    """The checkpoints of all trainings in one folder, a folder each.

    A file's name holds its epoch and the digest of its content, so that a damaged file is never
    taken for a good one. It is written under another name and then renamed.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, key: str, epoch: int, state: dict[str, Any]) -> None:
        """Saves a training's state after an epoch; earlier ones stay until `keep_only`."""
        home = self._folder / key
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f"draft-{os.getpid()}"
        if _is_json(state):
            suffix = "json"
            draft.write_text(json.dumps(state), encoding="utf-8")
        else:
            import torch

            suffix = "pt"
            torch.save(state, draft)
        draft.replace(home / f"{epoch}.{_digest(draft)}.{suffix}")

    def load(self, key: str, at_most: int) -> tuple[int, dict[str, Any]] | None:
        """Returns the latest good state, with its epoch, that is no later than `at_most`."""
        for saved in sorted(self._saved(key), key=lambda s: -s.epoch):
            if saved.epoch <= at_most:
                state = _read(saved)
                if state is not None:
                    return saved.epoch, state
        return None

    def keep_only(self, key: str, epoch: int) -> None:
        """Drops a training's checkpoints of other epochs."""
        for saved in list(self._saved(key)):
            if saved.epoch != epoch:
                saved.path.unlink(missing_ok=True)

    def drop(self, key: str) -> int:
        """Drops all of a training's checkpoints and returns the bytes freed."""
        home = self._folder / key
        freed = 0
        if home.is_dir():
            for path in home.iterdir():
                freed += path.stat().st_size
                path.unlink()
            home.rmdir()
        return freed

    def keys(self) -> list[str]:
        """Returns the keys of the trainings that have a checkpoint."""
        return sorted(p.name for p in self._folder.iterdir()) if self._folder.is_dir() else []

    def _saved(self, key: str) -> Iterator[_Saved]:
        home = self._folder / key
        if home.is_dir():
            for path in home.iterdir():
                epoch, _, rest = path.name.partition(".")
                if epoch.isdigit():
                    yield _Saved(int(epoch), rest.partition(".")[0], path)


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
