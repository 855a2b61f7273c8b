"""Writing a first study file, and what goes beside it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hpstudy.drafting.draft import Subject, is_hyperparameter, text_of
from hpstudy.drafting.example import OBJECTIVE, subject
from hpstudy.drafting.program import subject_of
from hpstudy.drafting.source import find_in
from hpstudy.errors import UserError
from hpstudy.expected import one_line
from hpstudy.files import absolute, shown
from hpstudy.importing.roles import Asked
from hpstudy.store.database import Runs
from hpstudy.study.importing import import_source
from hpstudy.studyfile.compose import write_study
from hpstudy.studyfile.find import is_file
from hpstudy.wording import counted

_RESULTS = {".csv", ".tsv", ".jsonl", ".json", ".parquet"}


def draft_example(output: Path | None) -> list[str]:
    """Writes a study file with an objective beside it that run as they stand."""
    path = output or Path("study.toml")
    return _write(path, subject(), {"objective.py": OBJECTIVE})


def draft_program(
    program: Sequence[str], what: str | None, output: Path | None, metric: str | None
) -> list[str]:
    """Writes a study file of a program, by what its `--help` tells.

    Raises:
        UserError: There is no such program, or the file can't be written.
    """
    if what is not None:
        raise UserError(f"{one_line(what, 60)}: expected either this or a program behind --")
    if not program:
        raise UserError("--: expected a program behind it, as in -- python train.py")
    script = next((part for part in program if part.endswith(".py")), program[0])
    path = output or Path(f"{Path(script).stem}.toml")
    _check_free(path)
    return _write(path, _with(subject_of(program, path.absolute().parent), metric))


def draft_source(what: str, output: Path | None, metric: str | None) -> list[str]:
    """Writes a study file of a function or a class, by what its source tells.

    Args:
        what: "mine.py:score", "mine:score" or "mine.py".
        output: The study file; beside the source where None.
        metric: The metric that is compared; as found where None.

    Raises:
        UserError: There is no such thing, or the file can't be written.
    """
    place, _, name = what.partition(":")
    file = _source(place, what)
    path = output or file.with_suffix(".toml")
    home, folder = file.absolute(), path.absolute().parent
    if not home.is_relative_to(folder):
        raise UserError(
            f"--output {path}: expected a study file beside {file} or above it, which it names so"
        )
    module = ".".join(home.relative_to(folder).with_suffix("").parts)
    found = find_in(file, name, module)
    _check_free(path)
    wrapper = (found.subject.objective or "").partition(":")[0]
    beside = {f"{wrapper}.py": found.wrapper} if found.wrapper else {}
    return _write(path, _with(found.subject, metric), beside)


def are_results(what: str) -> bool:
    """Tells whether something names results that are there already."""
    return Path(what).suffix.lower() in _RESULTS or "://" in what


def draft_results(what: str, output: Path | None, metric: str | None, runs: Runs) -> list[str]:
    """Writes a study file of results, and the results as its trials, as an import does.

    Args:
        what: A table, or an address of a database of Optuna's.
        output: The study file; in this folder and called as the results where None.
        metric: The column with the values; guessed where None.
        runs: Where the database is.

    Raises:
        UserError: They are no such results, or the file can't be written.
    """
    if output is not None and output.suffix != ".toml":
        raise UserError(f"--output {output}: expected a study file (.toml)")
    name, folder = (None, Path()) if output is None else (output.stem, output.parent)
    imported = import_source(what, None, Asked(metric=metric), name, runs, folder)
    return [*imported.said, f"See it by: {shlex.join(['hpstudy', 'show', shown(imported.path)])}"]


def _source(place: str, what: str) -> Path:
    path = Path(place)
    is_module = all(part.isidentifier() for part in place.split("."))
    tried = Path(f"{place.replace('.', '/')}.py") if is_module and path.suffix != ".py" else path
    if is_file(tried) and tried.suffix == ".py":
        return tried
    if absolute(path).exists():
        raise UserError(f"{one_line(place, 60)}: expected a Python file, as mine.py:score")
    raise UserError(
        f"{one_line(f'{tried if place else what}', 60)}: no such file; expected mine.py:score, or "
        "a program behind --, as in -- python train.py"
    )


def _with(found: Subject, metric: str | None) -> Subject:
    return found if metric is None else replace(found, metric=metric)


def _check_free(path: Path) -> None:
    if absolute(path).exists():
        raise UserError(f"{path}: it exists, and nothing is overwritten; give --output")


def _write(path: Path, found: Subject, beside: dict[str, str] | None = None) -> list[str]:
    """Writes a study file and what it needs beside it; says what was written, and what is next."""
    _check_free(path)  # which has a name then
    files = {path.with_name(name): text for name, text in (beside or {}).items()}
    for file in files:
        _check_free(file)
    for file, text in files.items():
        write_study(file, text)
    try:
        write_study(path, text_of(found, f"{path}"))
    except UserError:
        for file in files:
            file.unlink()
        raise
    varied = sum(map(is_hyperparameter, found.known))
    names = " and ".join(f"{file}" for file in (path, *files))
    left = (
        f"; {counted(len(found.left), 'call')} could not be read, see there" if found.left else ""
    )
    yet = "" if varied else " — fill in [baseline]"
    return [
        f"Wrote {names}: {counted(varied, 'hyperparameter')} with values to begin with{left}{yet}.",
        f"Edit it, then: {shlex.join(['hpstudy', 'check', f'{path}'])}",
    ]
