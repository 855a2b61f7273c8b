"""What a study file says of a program as its objective: `command`, `flags` and `[output]`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, field_validator

from hpstudy.expected import did_you_mean, listed
from hpstudy.objective.command import ARGS, RESERVED, SWITCHES, Command, names_in
from hpstudy.objective.output import Output
from hpstudy.studyfile.sections import Section

if TYPE_CHECKING:
    from hpstudy.studyfile.file import StudyFile

_FOR_A_SHELL = {">", ">>", "<", "|", "||", "&", "&&", ";", "2>", "2>&1"}
_OF_A_PROGRAM = ("flags", "version", "output")


def _as_arguments(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        arguments = shlex.split(value)
    except ValueError as error:
        raise ValueError(f"expected text that a shell could split ({error})") from error
    for argument in arguments:
        if argument in _FOR_A_SHELL:
            raise ValueError(
                f"expected a program and its arguments, as no shell runs it: {argument!r} means "
                "something to a shell alone; `sh -c` runs one, and a list says that it is meant"
            )
    return arguments


def _not_empty(arguments: list[str]) -> list[str]:
    if not arguments or not arguments[0]:
        raise ValueError("expected a program and its arguments")
    if any("\0" in argument for argument in arguments):
        raise ValueError("expected text without NUL")
    return arguments


def _one_group(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"expected a regular expression ({error})") from error
    if groups != 1:
        raise ValueError(
            f"expected a pattern with exactly one group, the number: (…), and (?:…) for others; "
            f"it has {groups}"
        )
    return pattern


Arguments = Annotated[list[str], BeforeValidator(_as_arguments), AfterValidator(_not_empty)]
Pattern = Annotated[str, AfterValidator(_one_group)]


class Printed(Section):
    """Where metrics stand in what the program prints: a pattern with one group, by metric."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, Pattern] = Field(init=False)

    epoch: Pattern | None = Field(default=None, description="a pattern whose group is the epoch")
    file: str | None = Field(default=None, description="the file that metrics are in")

    @field_validator("file")
    @classmethod
    def _of_one_run(cls, file: str | None) -> str | None:
        if file is not None and not names_in(file) - {ARGS, SWITCHES}:
            raise ValueError("expected a file of one run alone, such as '${run_dir}/metrics.jsonl'")
        return file

    @property
    def patterns(self) -> Mapping[str, str]:
        """The patterns by metric."""
        return self.__pydantic_extra__

    def output(self) -> Output:
        """Returns what it says as plain data."""
        return Output(dict(self.patterns), self.epoch, self.file)


def command_of(study: StudyFile) -> Command:
    """Returns the program that a study file names."""
    assert study.command is not None  # whoever asks knows
    return Command(tuple(study.command), study.flags, study.version, study.output.output())


def check_program(study: StudyFile) -> None:
    """Checks that a study file names one thing to train, and all that it says of a program.

    Raises:
        ValueError: It doesn't, or that doesn't fit.
    """
    if study.objective is None and study.command is None and study.imported is None:
        raise ValueError(
            "objective: missing; expected module:name of a Training class or a function, or a "
            'program, as command = "python train.py ${args}"'
        )
    if study.objective is not None and study.command is not None:
        raise ValueError("command: expected either objective or command, found both")
    if study.command is None:
        for key in _OF_A_PROGRAM:
            if key in study.model_fields_set:
                raise ValueError(f"{key}: goes with command, which is not there")
        return
    passed = [name for name in {**study.baseline, **study.settings} if name != "precision"]
    for name in passed:
        if name in RESERVED:
            home = "baseline" if name in study.baseline else "settings"
            raise ValueError(
                f"{home}.{name}: expected another name, as ${{{name}}} of a command is its own"
            )
    try:
        command_of(study).check([*passed, "validation"], passed)
    except ValueError as error:
        raise ValueError(f"command: {error}") from error
    patterns = study.output.patterns
    for key, metric in study.compared.items() if patterns else ():
        if metric not in patterns:
            raise ValueError(
                f"{key}: expected a metric of [output] ({listed(patterns)}), found {metric!r}"
                f"{did_you_mean(metric, patterns)}"
            )
