"""A program's own `--help`, as a subject to study."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hpstudy.drafting.draft import Subject, is_hyperparameter
from hpstudy.drafting.helptext import options_in
from hpstudy.drafting.known import Known
from hpstudy.drafting.source import literal
from hpstudy.errors import UserError
from hpstudy.expected import one_line
from hpstudy.importing.names import is_seed
from hpstudy.sampler import Level

_SECONDS = 30
_WIDE = {"COLUMNS": "200", "TERMINAL_WIDTH": "200", "NO_COLOR": "1", "TERM": "dumb"}


def subject_of(command: Sequence[str], folder: Path) -> Subject:
    """Runs a program with `--help`, and returns what that tells of it.

    Args:
        command: The program with its arguments.
        folder: Where it runs.

    Raises:
        UserError: There is no such program.
    """
    text, why = _help(command, folder)
    is_hydra = "Hydra" in text
    written = _written(command, folder)
    known = [
        replace(one, default=written.get(one.name)) if one.default is None else one
        for one in options_in(text)
    ]
    varied = [one for one in known if is_hyperparameter(one)]
    seed = next((one.name for one in known if is_seed(one.name)), None)
    passed, flags = _passed(varied, is_hydra=is_hydra)
    arguments = [*command, *passed]
    notes = []
    if seed is not None:
        arguments.append(_spelled(seed, "seed", is_hydra=is_hydra))
    else:
        notes.append("No option seems to be its seed: pass ${seed} where it takes one.")
    if why:
        notes.append(why)
    if not varied:
        notes.append("No hyperparameters were found: add some to [baseline]; ${args} is --lr=0.1.")
    if passed == ["${args}"] and flags is None:  # which spells _ as a hyphen
        known = [replace(one, name=one.name.replace("-", "_")) for one in known]
    title = Path(next((a for a in command if a.endswith(".py")), command[0])).stem
    return Subject(title=title, command=arguments, flags=flags, known=known, notes=notes)


def _written(command: Sequence[str], folder: Path) -> dict[str, Level]:
    """Returns the defaults that a script's own source gives to argparse, by option."""
    script = next((folder / part for part in command if part.endswith(".py")), None)
    try:
        tree = ast.parse(script.read_bytes() if script is not None else b"")
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, Level] = {}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("add_argument"):
            names = [f"{literal(one)}".lstrip("-") for one in call.args]
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            default = literal(given["default"]) if "default" in given else None
            if type(default) is int and ast.unparse(given.get("type", call)) == "float":
                default = float(default)
            if default is not None:
                found |= dict.fromkeys(names, default)
    return found


def _help(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """Returns what a program prints when asked for help, and why there is none."""
    try:
        with subprocess.Popen(
            [*command, "--help"],
            cwd=folder,
            env={**os.environ, **_WIDE},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all that it starts can be ended with it
        ) as process:
            try:
                printed, _ = process.communicate(timeout=_SECONDS)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
    except subprocess.TimeoutExpired:
        return "", f"It did not answer --help within {_SECONDS} s: it may have none."
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{error}"
        raise UserError(f"{one_line(command[0], 60)}: can't be started: {reason}") from error
    text = printed.decode(errors="replace")
    missing = _missing(text)
    if missing is not None:
        raise UserError(f"{one_line(' '.join(command), 80)}: {missing}")
    if process.returncode and not options_in(text):  # absl's own exit code is 1
        last = one_line((text.strip().splitlines() or [""])[-1], 80)
        return text, f"Asked for --help it ended with exit code {process.returncode}: {last}"
    return text, "" if options_in(text) else "Its --help tells of no options."


def _missing(text: str) -> str | None:
    """Returns what Python says of a script or a module that isn't there."""
    last = (text.strip().splitlines() or [""])[-1]
    found = re.search(r"can't open file .*|No module named \S+$", last)
    return one_line(found[0], 120) if found is not None and len(text) < 500 else None


def _passed(known: Sequence[Known], *, is_hydra: bool) -> tuple[list[str], str | None]:
    """Returns the arguments that pass hyperparameters, and how `${args}` spells them."""
    names = [one.name for one in known]
    if names and (is_hydra or any("." in name for name in names)):
        return [_spelled(name, name, is_hydra=is_hydra) for name in names], None
    hyphens, underscores = ([n for n in names if mark in n] for mark in "-_")
    if hyphens and underscores:
        return [_spelled(name, name, is_hydra=False) for name in names], None
    return ["${args}"], "underscore" if underscores else None


def _spelled(option: str, name: str, *, is_hydra: bool) -> str:
    return f"{'' if is_hydra else '--'}{option}=${{{name}}}"
