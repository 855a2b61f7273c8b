"""Which objectives were checked: a small file beside the database, which is none of its trials."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hpstudy.files import replacing
from hpstudy.store.database import Runs


@dataclass(frozen=True)
class Source:
    """An objective as it was checked.

    Attributes:
        objective: "module:name".
        version: Its version.
        digest: What tells its source from another; None where that is not the user's own.
    """

    objective: str
    version: int
    digest: str | None


def remember(source: Source, runs: Runs) -> None:
    """Notes that an objective was checked and kept all promises.

    Raises:
        UserError: It can't be written.
    """
    known = _read(runs) | {source.objective: asdict(source)}
    with replacing(_file(runs)) as draft:
        draft.write_text(json.dumps(known, indent=2), encoding="utf-8")


def is_remembered(source: Source, runs: Runs) -> bool:
    """Tells whether an objective was checked as it is now."""
    return _read(runs).get(source.objective) == asdict(source)


def _file(runs: Runs) -> Path:
    return runs.folder / "checked.json"


def _read(runs: Runs) -> dict[str, Any]:
    try:
        known = json.loads(_file(runs).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # there is none, or it is damaged: nothing is known
        return {}
    return known if isinstance(known, dict) else {}
