"""What a command was asked for, as it is noted with its study for those who join it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hpstudy.errors import UserError
from hpstudy.plans.grid import grid_of
from hpstudy.plans.search import search_of
from hpstudy.running.fingerprint import begun_with
from hpstudy.store.database import Database
from hpstudy.store.studies import asked_of, comparisons_of, find_study, grid_name, search_name
from hpstudy.study.opened import Opened
from hpstudy.study.planning import Machine
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.sections import Grid, Search
from hpstudy.wording import counted, enumerated


@dataclass(frozen=True)
class Note:
    """What a command was asked for.

    Attributes:
        study: The Optuna study that it is noted with.
        command: "grid", "search" or "compare".
        invocation: What tells it from others.
        time: When it began, in seconds since 1970.
        files: What its study files say beside what all trials have in common, as digests.
        options: What it was asked for.
        sent: Whether its objective was given in Python.
        trial_timeout: After how many seconds a trial is ended; None for never.
    """

    study: str
    command: str
    invocation: str
    time: float
    files: Sequence[Mapping[str, str]]
    options: Mapping[str, Any]
    sent: bool
    trial_timeout: float | None


def noted(command: str, opened: Sequence[Opened], **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """Returns what is noted of a command: plain data.

    Args:
        command: "grid", "search" or "compare".
        opened: What it is of: a study, or two that are compared.
        **options: What is asked for.
    """
    return {
        "command": command,
        "time": time.time(),
        "files": [_digests(one.file, command) for one in opened],
        "options": options,
        "sent": any(one.given is not None for one in opened),
        "trial_timeout": _section(opened[0].file, command)[1].trial_timeout,
    }


def latest_note(names: Iterable[str], database: Database | None) -> Note | None:
    """Returns what was asked for last; None where nothing was.

    Args:
        names: The Optuna studies with which it may be noted.
        database: The database; None where there is none yet.
    """
    studies = [] if database is None else [find_study(name, database) for name in names]
    notes = [
        Note(study.study_name, **asked)
        for study in studies
        if study is not None and (asked := asked_of(study)) is not None
    ]
    return max(notes, key=lambda note: note.time, default=None)


def names_of(name: str, database: Database | None) -> list[str]:
    """Returns the Optuna studies with which it is noted what was asked of a study."""
    compared = [] if database is None else comparisons_of(name, database)
    return [grid_name(name), search_name(name), *compared]


def machine_of(note: Note, database: Database | None) -> Machine:
    """Returns what a command's trainings run on."""
    begun = begun_with(note.study, database)
    return Machine(**{name: begun.get(name, usual) for name, usual in asdict(Machine()).items()})


def check_same(note: Note, opened: Sequence[Opened]) -> None:
    """Checks that a command can be joined with these study files.

    Raises:
        UserError: It can't: a file is another, or what it trains is in nobody else's hands.
    """
    name = note.study.rpartition("/")[0]
    if note.sent:
        raise UserError(
            f"study {name!r} trains a function that was given in Python, which is only there: to "
            "be joined, it has to stand in a file that a study file names (objective = "
            '"module:name")'
        )
    if len(opened) != len(note.files):
        raise UserError(f"study {name!r}: expected {counted(len(note.files), 'study file')} of it")
    for one, before in zip(opened, note.files, strict=True):
        now = _digests(one.file, note.command)
        if wrong := [part for part in now if now[part] != before.get(part)]:
            raise UserError(
                f"{one.path.name}: {enumerated(wrong)} differs from what study {name!r} was begun "
                "with: whoever joins needs the same file"
            )


def _section(file: StudyFile, command: str) -> tuple[str, Grid | Search]:
    """Returns the section of a study file that a command goes by, and its name."""
    if command == "grid" or (command == "compare" and file.grid is not None):
        return "[grid]", grid_of(file)
    return "[search]", search_of(file)


def _digests(file: StudyFile, command: str) -> dict[str, str]:
    """Returns what tells the parts of a study file from what else they might say."""
    name, section = _section(file, command)
    parts = {
        name: section.model_dump(mode="json", exclude={"trial_timeout", "targets"}),
        "[baseline]": file.baseline,
        "[output]": file.output.model_dump(mode="json"),
    }
    return {
        name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:12]
        for name, part in parts.items()
    }
