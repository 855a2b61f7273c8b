"""Studies made in Python: their file says what the program told, and grows with what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import tomlkit
from pydantic import ValidationError

from hpstudy.errors import UserError
from hpstudy.expected import listed, shown
from hpstudy.metric import Direction, direction_of
from hpstudy.sampler import Level
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.find import first_line, load_study
from hpstudy.studyfile.values import is_same

_HEAD = """\
# Written by hpstudy: this study was made in Python, by hpstudy.Study(…), and is trained from there.
# `show`, `report` and `export` take it by its name.
"""

# A range: its ends, Optuna's way of naming them, or a list of choices.
Range = Mapping[str, Any] | Sequence[Level] | tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """What is compared: a metric's name, its direction, and its unit where that is told.

    Raises:
        UserError: There is no such direction.
    """

    metric: str
    direction: str = direction_of(minimize=False)
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.direction not in (known := get_args(Direction)):
            expected = listed(map(shown, known))
            raise UserError(f"Study: direction: expected {expected}, found {shown(self.direction)}")


def made_study(
    objective: str,
    *,
    title: str,
    baseline: Mapping[str, Any],
    settings: Mapping[str, Any],
    fidelity: str | None,
) -> StudyFile:
    """Returns what the file of a study says that is made in Python, before anything is asked."""
    return _checked(
        {
            "title": title,
            "objective": objective,
            **({} if fidelity is None else {"fidelity": fidelity}),
            **({"settings": _plain(settings)} if settings else {}),
            "baseline": _plain(baseline),
        }
    )


def with_levels(
    file: StudyFile,
    measured: Measured,
    levels: Mapping[str, Iterable[Any]],
    seeds: Sequence[int] | None = None,
) -> StudyFile:
    """Returns a file whose grid varies these hyperparameters, beside those that it has.

    Args:
        file: The file.
        measured: What is compared.
        levels: The levels of each; the baseline's own is put first where it isn't among them.
        seeds: The replicates; as the file has them where None.
    """
    factors = {name: _levels(file, name, values) for name, values in levels.items()}
    known = _said(file).get("grid", {"factors": {}})
    asked = {} if seeds is None else {"seeds": list(seeds)}
    return _with(
        file, measured, grid={**known, **asked, "factors": {**known["factors"], **factors}}
    )


def with_space(file: StudyFile, measured: Measured, space: Mapping[str, Range]) -> StudyFile:
    """Returns a file that searches this space.

    Args:
        file: The file.
        measured: What is searched for.
        space: The range of each hyperparameter: its ends, as (low, high) or
            {"low": 1e-4, "high": 0.1, "log": True}, or a list of choices.
    """
    ranges = {name: _range(asked) for name, asked in space.items()}
    return _with(file, measured, search={**_said(file).get("search", {}), "space": ranges})


def _with(file: StudyFile, measured: Measured, **sections: Mapping[str, Any]) -> StudyFile:
    compared = {"metric": measured.metric, "direction": measured.direction}
    units = {} if measured.unit is None else {"metrics": {measured.metric: {"unit": measured.unit}}}
    told = {name: {**section, **compared} for name, section in sections.items()}
    return _checked({**_said(file), **told, **units})


def resumed(file: StudyFile, measured: Measured, path: Path) -> StudyFile:
    """Returns a study as it was left: what an earlier program asked of it counts as asked.

    Args:
        file: The study, nothing asked of it.
        measured: What is compared.
        path: Its file, if it was made before.
    """
    with suppress(UserError):
        before = load_study(path)
        sections = [one for one in (before.grid, before.search) if one is not None]
        is_alike = {**_said(before), **_said(file)} == _said(before)
        compared = {(one.metric, one.direction) for one in sections}
        if is_alike and compared <= {(measured.metric, measured.direction)}:
            return before
    return file


def write_made(path: Path, file: StudyFile) -> None:
    """Writes a study's file, for the commands that show it.

    Raises:
        UserError: It can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_HEAD + tomlkit.dumps(_said(file)), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: can't be written: {error.strerror}") from error


def _said(file: StudyFile) -> dict[str, Any]:
    said: dict[str, Any] = file.model_dump(exclude_unset=True, exclude_none=True)
    return said


def _checked(said: Mapping[str, Any]) -> StudyFile:
    try:
        return StudyFile.model_validate(said)
    except ValidationError as error:
        raise UserError(f"Study: {first_line(error)}") from error


def _levels(file: StudyFile, name: str, values: Iterable[Any]) -> list[Level]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise UserError(
            f"Study: {name}: expected levels, such as [0.1, 0.01], found {shown(_plain(values))}"
        )
    found: list[Level] = _plain(list(values))
    own = [values[name] for values in (file.baseline, file.settings) if name in values][:1]
    return found if any(is_same(base, level) for base in own for level in found) else own + found


def _range(asked: Range) -> dict[str, Any]:
    if isinstance(asked, Mapping):
        return dict(_plain(asked))
    if isinstance(asked, tuple) and len(asked) == 2:
        low, high = _plain(list(asked))
        return {"low": low, "high": high}
    return {"choices": _plain(list(asked))}


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Returns a value as TOML has it: NumPy's numbers are numbers."""
    if isinstance(value, Mapping):
        return {f"{name}": _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [_plain(inner) for inner in value]
    return value.item() if callable(getattr(value, "item", None)) else value
