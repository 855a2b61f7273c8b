"""Finding and reading study files; what is wrong with one is said in one line."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ValidationError

from hpstudy.errors import UserError
from hpstudy.sections import Claim, Dimension, Expect, Grid, Search
from hpstudy.study import StudyFile, did_you_mean


def studies_that_come_along() -> Path:
    """Returns the folder of the study files that come with the package."""
    installed = Path(str(resources.files("hpstudy"))) / "studies"
    return installed if installed.is_dir() else installed.parent.parent / "studies"


def find_study(study: str) -> Path:
    """Finds a study file by path, or by name: `studies/NAME.toml` here, then the package's own.

    Raises:
        UserError: There is no such file.
    """
    if study.endswith(".toml") or "/" in study:
        path = Path(study)
        if not path.is_file():
            raise UserError(f"{study}: no such study file")
        return path
    homes = [Path("studies"), studies_that_come_along()]
    for home in homes:
        if (home / f"{study}.toml").is_file():
            return home / f"{study}.toml"
    names = sorted({path.stem for home in homes for path in home.glob("*.toml")})
    raise UserError(
        f"no study named {study!r}: expected a path to a .toml file, or one of "
        f"{', '.join(names)}{did_you_mean(study, names)}"
    )


def load_study(path: Path) -> StudyFile:
    """Reads and checks a study file.

    Raises:
        UserError: The file can't be read, is no TOML, or says something that it may not.
    """
    try:
        return StudyFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        raise UserError(f"{path}: {_first_line(error)}") from error


def _first_line(error: ValidationError) -> str:
    first, *others = error.errors()
    keys = [f"[{k + 1}]" if isinstance(k, int) else f".{k}" for k in first["loc"]]
    where = "".join(keys).lstrip(".")
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"][:-1])
        message = f"unknown key; expected {', '.join(known)}"
        message += did_you_mean(str(first["loc"][-1]), known)
    elif first["type"] == "missing":
        message = "missing"
    elif first["type"] == "value_error":
        message = str(first["ctx"]["error"])
        found = first["input"]
        if not isinstance(found, (dict, BaseModel)):
            message += f", found {found!r}"
    else:
        message = f"{first['msg'][0].lower()}{first['msg'][1:]}, found {first['input']!r}"
    more = f" (and {len(others)} more)" if others else ""
    return f"{where}: {message}{more}" if where else f"{message}{more}"


def _known_keys(where: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = StudyFile
    inner: dict[str, type[BaseModel]] = {
        "grid": Grid,
        "search": Search,
        "claims": Claim,
        "expect": Expect,
        "space": Dimension,
    }
    for key in where:
        model = inner.get(str(key), model)
    return list(model.model_fields)
