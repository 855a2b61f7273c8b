"""Finding and reading study files; what is wrong with one is said in one line."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, expectation, listed, one_line, shown
from hpstudy.raised import described
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.sections import Section

_PLACE = re.compile(r"at line (\d+), column (\d+)")
_WORD = re.compile(r"[^\W\d]\w*")
_MEANT = {
    "True": "it is written true",
    "False": "it is written false",
    "None": "TOML has no null: leave the key out",
    "null": "TOML has no null: leave the key out",
}


def studies_that_come_along() -> Path:
    """Returns the folder of the study files that come with the package."""
    installed = Path(str(resources.files("hpstudy"))) / "studies"
    return installed if installed.is_dir() else installed.parent.parent / "studies"


def find_study(study: str, made: Path | None = None) -> Path:
    """Finds a study file by path, or by name: `studies/NAME.toml` here, then the package's own.

    Args:
        study: The path or the name.
        made: Where files of studies lie that were made in Python; looked at last.

    Raises:
        UserError: There is no such file.
    """
    path = Path(study)
    homes = [Path("studies"), studies_that_come_along(), *([] if made is None else [made])]
    if path.suffix == ".py":
        raise UserError(
            f"{one_line(study)}: expected a study file (.toml), found Python; a study names this "
            f'file with objective = "{path.stem}:NAME"{_near(path)}'
        )
    if path.suffix == ".toml" or len(path.parts) != 1:
        if is_file(path):
            return path
        what = "a folder; expected a study file" if _is_folder(path) else "no such study file"
        raise UserError(f"{one_line(f'{path}')}: {what}{_near(path)}")
    for home in homes:
        if is_file(found := home / f"{study}.toml"):
            return found
    names = sorted({found.stem for home in homes for found in home.glob("*.toml")})
    files = {file.stem: f"{file}" for file in _studies_in(path.parent)}
    raise UserError(
        f"no study named {one_line(study)!r}: expected a path to a .toml file, or one of "
        f"{', '.join(names)}{did_you_mean(study, files | {name: name for name in names})}"
    )


def is_file(path: Path) -> bool:
    """Tells whether there is a file, whatever the path looks like."""
    try:
        return path.is_file()
    except OSError:  # its name is too long
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _studies_in(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.toml")) if _is_folder(folder) else []
    return [file for file in files if is_file(file) and file.name != "pyproject.toml"]


def _near(path: Path) -> str:
    """Returns a hint to study files in the folder that a path points to."""
    files = _studies_in(path if _is_folder(path) else path.parent)
    if path.suffix == ".py":
        files = [file for file in files if f'"{path.stem}:' in file.read_text("utf-8", "replace")]
    elif not _is_folder(path):
        return did_you_mean(f"{path.with_suffix('.toml')}", [f"{file}" for file in files])
    return f"; did you mean {listed(repr(f'{file}') for file in files[:3])}?" if files else ""


def load_study(path: Path) -> StudyFile:
    """Reads and checks a study file.

    Raises:
        UserError: The file can't be read, is no TOML, or says something that it may not.
    """
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors on Windows begin with a mark
        return StudyFile.model_validate(tomllib.loads(text))
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: can't be read: expected text in UTF-8") from error
    except ValidationError as error:
        raise UserError(f"{path}: {first_line(error)}") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {_said_of(text, str(error))}") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in a list in …
        raise UserError(f"{path}: not TOML: {described(error)}") from error


def _said_of(text: str, message: str) -> str:
    """Returns TOML's message with the line that it speaks of, and what is often meant."""
    at = _PLACE.search(message)
    if at is None:
        return message
    line = text.splitlines()[int(at[1]) - 1]
    word = _WORD.match(line[int(at[2]) - 1 :])
    message = f"{message}: {one_line(line, 60)}"
    if word is None or not message.startswith("Invalid value"):
        return message
    meant = _MEANT.get(word[0], f'text needs quotes: "{one_line(word[0], 40)}"')
    return f"{message}; {meant}"


def first_line(error: ValidationError) -> str:
    """Returns what is wrong with a study file, in our words."""
    found = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    first, *others = found  # a misspelt key is often why another is missing
    keys = [f"[{k + 1}]" if isinstance(k, int) else f".{k}" for k in first["loc"]]
    where = "".join(keys).lstrip(".")
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"][:-1])
        message = f"unknown key; expected {', '.join(known)}"
        message += did_you_mean(str(first["loc"][-1]), known)
    elif first["type"] == "missing":
        model = _model_of(first["loc"][:-1])
        field = model.model_fields.get(str(first["loc"][-1]))
        message = f"missing; expected {field.description}" if field is not None else "missing"
    elif first["type"] == "value_error":
        message = str(first["ctx"]["error"])
        if not isinstance(first["input"], (dict, BaseModel)) and ", found " not in message:
            message += f", found {shown(first['input'])}"
    else:
        message = expectation(first)
    more = f" (and {len(others)} more)" if others else ""
    return f"{where}: {message}{more}" if where else f"{message}{more}"


def _known_keys(where: tuple[int | str, ...]) -> list[str]:
    return list(_model_of(where).model_fields)


def _model_of(where: tuple[int | str, ...]) -> type[Section]:
    """Returns the section at a place of the file; names that the user chose lead nowhere else."""
    model: type[Section] = StudyFile
    for key in where:
        field = model.model_fields.get(str(key))
        model = _section_in(field.annotation) or model if field is not None else model
    return model


def _section_in(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)
