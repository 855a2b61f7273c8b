"""A program as the objective: its arguments, into which a point's values are put.

`${lr}` and `{lr}` stand for the value of that hyperparameter or setting, `${seed}` for the seed,
`${run_dir}` for an empty folder of the run's own, `${checkpoint}` for a folder that outlives a
kill, and `${args}`, an argument by itself, for all hyperparameters and settings: `--lr=0.1`
`--batch-size=32`. `${args_no_boolean_flags}` is the same, but that true is `--amp` alone and false
nothing, as argparse's `store_true` takes it. `{{lr}}` is the text {lr}; all other braces and
dollars are as they stand.

There is no shell. An argument stays one, whatever is put into it; `~`, `*`, `|` and `$HOME` are
what they are. Numbers are written as Python writes them (`0.1`, `1e-05`), booleans as `true` and
`false` (`--flag=true`), lists and tables as JSON. An argument that names a hyperparameter which has
no value in a setting (`when` in a search's space) is left out.

A program runs in the study file's folder, reads nothing, and is told its threads (`--threads`) by
`OMP_NUM_THREADS` and the like. Python prints at once (`PYTHONUNBUFFERED`); a program in C that
keeps its lines back is begun with `stdbuf -oL`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from hpstudy.expected import did_you_mean, one_line
from hpstudy.objective.output import Output

Flags = Literal["hyphen", "underscore"]

# What stands for whole arguments: for all of them, and the same with true as a mere switch.
ARGS, SWITCHES = "args", "args_no_boolean_flags"
RESERVED = (ARGS, SWITCHES, "seed", "run_dir", "checkpoint")

_NAME = r"[^\W\d][\w.\-]*"
_PLACEHOLDER = re.compile(rf"\{{\{{({_NAME})\}}\}}|\$?\{{({_NAME})\}}")
_ALL = re.compile(rf"\$?\{{({ARGS}|{SWITCHES})\}}")
# What argparse and click say to a switch that is given a value.
_IS_A_SWITCH = ("ignored explicit argument", "does not take a value")
_PLAIN = re.compile(r"[\w@%+=:,./${}-]+", re.ASCII)


@dataclass(frozen=True)
class Room:
    """What a program's run has for itself.

    Attributes:
        run_dir: A folder, emptied before each run.
        checkpoint: A folder that outlives a kill.
        log: The file that keeps what it prints.
        epochs: How far it is to go, by the fidelity's name; empty where that is its own affair.
    """

    run_dir: Path
    checkpoint: Path
    log: Path
    epochs: Mapping[str, int]

    @property
    def said(self) -> Path:
        """The file that keeps the epochs that it has said."""
        return self.log.with_name("epochs.jsonl")


@dataclass(frozen=True)
class Command:
    """A program, and what it prints; its text, as in a study file, is part of a training's key.

    Attributes:
        arguments: The program and its arguments, with placeholders.
        flags: How names are spelled in `${args}`: `--batch-size` or `--batch_size`.
        version: Raised when the program gives other numbers.
        output: Where metrics stand in what it prints.
    """

    arguments: tuple[str, ...]
    flags: Flags = "hyphen"
    version: int = 1
    output: Output = field(default_factory=Output)

    def __str__(self) -> str:
        """Returns all that tells it from another, but for the version."""
        parts = [a if _PLAIN.fullmatch(a) else shlex.quote(a) for a in self.arguments]
        more = self.output.told()
        if self.flags != "hyphen":
            more["flags"] = self.flags
        return " ".join(parts) + (f"  # {json.dumps(more, sort_keys=True)}" if more else "")

    @property
    def program(self) -> str:
        """What it is called in messages: "train.py", of `python train.py`."""
        scripts = [a for a in self.arguments[1:2] if Path(a).suffix and not a.startswith("-")]
        return one_line(Path([*scripts, self.arguments[0]][0]).name, 60)

    @property
    def names(self) -> set[str]:
        """The names of its placeholders."""
        return {name for text in self._texts for name in names_in(text)}

    @property
    def _texts(self) -> list[str]:
        return [*self.arguments, self.output.file or ""]

    def check(self, known: Sequence[str], passed: Sequence[str]) -> None:
        """Checks the placeholders.

        Args:
            known: The hyperparameters and settings that there are.
            passed: Those of them that the program has to be told.

        Raises:
            ValueError: A placeholder is unknown, or something is passed nowhere.
        """
        named = self.names
        expected = [*RESERVED, *known]
        for name in sorted(named - {*expected}):
            raise ValueError(
                f"unknown placeholder {{{name}}}: expected {', '.join(expected)}"
                f"{did_you_mean(name, expected)}; the text itself is written {{{{{name}}}}}"
            )
        for text in self._texts:
            whole = {ARGS, SWITCHES} & names_in(text)
            if whole and not _ALL.fullmatch(text):
                raise ValueError(
                    f"${{{min(whole)}}} stands for whole arguments, found it inside {text!r}"
                )
        if not {ARGS, SWITCHES} & named:
            for name in passed:
                if name not in named:
                    raise ValueError(
                        f"it passes {name} nowhere: expected ${{{name}}}, or ${{args}} for all"
                    )

    def filled(
        self, values: Mapping[str, Any], options: Mapping[str, Any], *, seed: int, room: Room
    ) -> list[str]:
        """Returns the arguments of one run, without those whose hyperparameter has no value in it.

        Args:
            values: What placeholders stand for, by name.
            options: What `${args}` stands for.
            seed: The seed.
            room: The folders of the run.
        """
        known = {**values, **_reserved(seed, room)}
        found: list[str] = []
        for argument in self.arguments:
            if (whole := _ALL.fullmatch(argument)) is not None:
                found += self._options(options, has_switches=whole[1] == SWITCHES)
            elif names_in(argument) <= known.keys():
                found.append(put_in(argument, known))
        return found

    def _options(self, options: Mapping[str, Any], *, has_switches: bool) -> list[str]:
        switches = {k: v for k, v in options.items() if has_switches and isinstance(v, bool)}
        return [
            self._flag(k) if k in switches else f"{self._flag(k)}={spelled(v)}"
            for k, v in options.items()
            if switches.get(k, True)
        ]

    def file(self, values: Mapping[str, Any], *, seed: int, room: Room) -> Path | None:
        """Returns the file that one run writes its metrics to; None where it prints them."""
        text = self.output.file
        return None if text is None else Path(put_in(text, {**values, **_reserved(seed, room)}))

    def hint(self, said: str, options: Iterable[str]) -> str:
        """Returns what to do where a program complains of how `${args}` spells it; else ""."""
        if any(words in said for words in _IS_A_SWITCH):
            return f"; ${{{SWITCHES}}} in place of ${{{ARGS}}} writes a true one alone"
        other = replace(self, flags="underscore" if self.flags == "hyphen" else "hyphen")
        for name in options:
            if self._flag(name) in said and other._flag(name) != self._flag(name):
                return f'; flags = "{other.flags}" writes {other._flag(name)}'
        return ""

    def _flag(self, name: str) -> str:
        old, new = ("_", "-") if self.flags == "hyphen" else ("-", "_")
        return f"--{name.replace(old, new)}"


def names_in(text: str) -> set[str]:
    """Returns the names of the placeholders in a text."""
    return {name for _, name in _PLACEHOLDER.findall(text) if name}


def put_in(text: str, values: Mapping[str, Any]) -> str:
    """Returns a text with values in place of its placeholders."""
    return _PLACEHOLDER.sub(lambda m: spelled(values[m[2]]) if m[2] else f"{{{m[1]}}}", text)


def spelled(value: object) -> str:
    """Returns a value as an argument has it."""
    if isinstance(value, (bool, list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _reserved(seed: int, room: Room) -> dict[str, Any]:
    return {"seed": seed, "run_dir": room.run_dir, "checkpoint": room.checkpoint}
