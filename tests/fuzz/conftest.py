"""A small study that has begun, made once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from hpstudy.analysis import importance


@pytest.fixture(scope="session")
def begun(
    walks_at: Callable[[Path], Any],
    folder_at: Callable[[Path], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """A folder whose database holds a grid, a search with its confirmation, and a comparison."""
    base = tmp_path_factory.getbasetemp()
    made = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "begun"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            folder = walks_at(made)
            study = (folder.path / "seek.toml").read_text()
            small = "trials = 5\nfinalists = 1\nconfirm_looks = [2]"
            folder.write("seek.toml", study.replace("trials = 8", small))
            folder.run("grid", "seek.toml", "--seeds", "2")
            folder.run("search", "seek.toml", "--publish")
            folder.outcome("compare", "seek.toml", "lr=0.2", "--looks", "2")
    own = tmp_path_factory.mktemp("own")
    shutil.copytree(made, own, dirs_exist_ok=True)
    return folder_at(own)


@pytest.fixture(autouse=True)
def _few_resamples() -> Iterator[None]:
    """How often importances are worked out again is most of what showing a search takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importance, "_RESAMPLES", 2)
        yield
