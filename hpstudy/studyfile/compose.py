"""A study file as text, with comments for whoever edits it: read again, it says the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import Item, Table

from hpstudy.errors import UserError
from hpstudy.expected import printable
from hpstudy.files import shown
from hpstudy.metric import Direction, direction_of
from hpstudy.sampler import Level

Place = tuple[str, ...]  # a key and the tables that it stands in: ("grid", "factors", "lr")

_TABLES: set[Place] = {
    ("settings",),
    ("baseline",),
    ("grid",),
    ("grid", "factors"),
    ("search",),
    ("search", "space"),
    ("metrics",),
}  # those with a heading; any other stands in its line


@dataclass(frozen=True)
class Range:
    """What a search tries of one hyperparameter: low to high, or choices; beside what values."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    choices: Sequence[Level] | None = None
    when: Mapping[str, Sequence[Level]] | None = None

    def as_keys(self) -> dict[str, Any]:
        """Returns what is said of it, by the study file's keys."""
        left_out = (None, False)  # 0 equals False, and is an end like any other
        return {n: v for n, v in vars(self).items() if not any(v is no for no in left_out)}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a study file is to say.

    Attributes:
        title: The study in a few words.
        objective: "module:name"; None where it is a command, or where results were imported.
        imported: Where results come from that hpstudy did not measure.
        command: The program with its arguments, one by one or as one text.
        flags: How a command's options are spelled, where that is not usual.
        baseline: The setting that all factors but one are held at.
        fidelity: The hyperparameter that only says how long to train.
        settings: What is the same for all trainings.
        metric: The metric that is compared.
        direction: Which direction of it is better; None: more.
        unit: What its values are, such as "share"; None where they tell it.
        seeds: The replicates.
        factors: The levels of each hyperparameter that is varied; without any, the grid holds the
            baseline alone.
        space: What a search tries; a file without any has no search.
        trials: How many trials the search takes; None for as many as are usual.
        comments: What is said of a key, behind it or, in several lines, above it; of a table, below
            its heading; of () at the top of the file.
    """

    title: str
    objective: str | None = None
    imported: str | None = None
    command: Sequence[str] | str | None = None
    flags: str | None = None
    baseline: Mapping[str, Level] = field(default_factory=dict)
    fidelity: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    metric: str = "value"
    direction: Direction | None = None
    unit: str | None = None
    seeds: Sequence[int] = (0,)
    factors: Mapping[str, Sequence[Level]] = field(default_factory=dict)
    space: Mapping[str, Range] = field(default_factory=dict)
    trials: int | None = None
    comments: Mapping[Place, str] = field(default_factory=dict)


def compose(draft: Draft) -> str:
    """Returns a study file's text."""
    document = tomlkit.document()
    _add_comments(document, draft.comments.get((), "").splitlines())
    _fill(document, _keys(draft), draft.comments)
    return tomlkit.dumps(document)


def write_study(path: Path, text: str) -> None:
    """Writes a study file, never over another.

    Raises:
        UserError: There is something of this name already, or it can't be written.
    """
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError as error:
        what = "there is a folder" if path.is_dir() else "it exists, and nothing is overwritten"
        raise UserError(f"{shown(path)}: {what}: expected a new name, or none in use") from error
    except OSError as error:
        raise UserError(f"{shown(path)}: can't be written: {error.strerror}") from error
    try:
        with file:
            file.write(text)
    except (OSError, UnicodeEncodeError) as error:
        path.unlink()
        reason = error.strerror if isinstance(error, OSError) else "expected text in UTF-8"
        raise UserError(f"{shown(path)}: can't be written: {reason}") from error


def _keys(draft: Draft) -> dict[str, Any]:
    """Returns what the file says, None for what it leaves out, plain values first, as TOML has it.

    A grid needs a factor; the baseline alone is one of a single level.
    """
    first = {name: [value] for name, value in list(draft.baseline.items())[:1]}
    space = {name: tried.as_keys() for name, tried in draft.space.items()}
    direction = draft.direction or direction_of(minimize=False)
    compared = {"metric": draft.metric, "direction": direction}
    return {
        "title": draft.title,
        "objective": draft.objective,
        "imported": draft.imported,
        "command": draft.command,
        "flags": draft.flags,
        "fidelity": draft.fidelity,
        "settings": draft.settings or None,
        "baseline": draft.baseline,
        "grid": {**compared, "seeds": _seeds(draft.seeds), "factors": draft.factors or first},
        "search": {**compared, "trials": draft.trials, "space": space} if space else None,
        "metrics": {draft.metric: {"unit": draft.unit}} if draft.unit is not None else None,
    }


def _seeds(seeds: Sequence[int]) -> int | str | Sequence[int]:
    """Returns seeds as a person writes them: 3 for 0 to 2, "5-7", or one by one."""
    first, count = seeds[0], len(seeds)
    if list(seeds) != list(range(first, first + count)):
        return seeds
    return f"{first}-{seeds[-1]}" if first else count


def _fill(
    table: TOMLDocument | Table,
    keys: Mapping[str, Any],
    comments: Mapping[Place, str],
    place: Place = (),
) -> None:
    """Writes keys with their comments; that of a key left out stands where it would."""
    for name, value in keys.items():
        here = (*place, name)
        said = comments.get(here, "").splitlines()
        if here in _TABLES and value is not None:
            inner = tomlkit.table()
            _add_comments(inner, said)
            _fill(inner, value, comments, here)
            table.append(name, inner)
            continue
        is_behind = value is not None and len(said) == 1
        if not is_behind:
            _add_comments(table, said)
        if value is not None:
            table.append(
                name, _item(value).comment(printable(said[0])) if is_behind else _item(value)
            )


def _add_comments(table: TOMLDocument | Table, lines: Iterable[str]) -> None:
    for line in lines:
        table.add(tomlkit.comment(printable(line)) if line else tomlkit.nl())


def _item(value: object) -> Item:
    """Returns a value as it is written in one line."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for name, inner in value.items():
            table.append(name, _item(inner))
        return table
    if isinstance(value, Sequence) and not isinstance(value, str):
        array = tomlkit.array()
        array.extend(_item(inner) for inner in value)
        return array
    return tomlkit.item(value)
