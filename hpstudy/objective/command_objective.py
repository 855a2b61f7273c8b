"""A program in a study file's folder: what is asked of it before anything runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.expected import one_line
from hpstudy.objective.command import Command, Room, names_in
from hpstudy.objective.command_training import CommandTraining
from hpstudy.objective.training import Params, Settings


class CommandObjective:
    """A program in a study file's folder: what `Objective` asks it.

    Args:
        command: The program.
        folder: The study file's folder, in which it runs.

    Raises:
        UserError: There is no such program.
    """

    def __init__(self, command: Command, folder: Path) -> None:
        self.command = command
        self.version = command.version
        self._folder = folder
        self._check_program()

    def source(self) -> Path | None:
        """Returns the first of its arguments that is a file of the folder."""
        paths = [self._folder / a for a in self.command.arguments if not names_in(a)]
        found = (path for path in paths if path.is_file() and path.is_relative_to(self._folder))
        return next(found, None)

    def check(self, params: Params, *, settings: Settings) -> None:
        """Raises `ValueError` where examples are held out and the program isn't told."""
        held_out = settings.get("validation", 0)
        if held_out and "validation" not in self.command.names:
            raise ValueError(
                f"validation = {held_out}: the command passes it nowhere: expected ${{validation}}"
            )

    def start(
        self, params: Params, *, seed: int, settings: Settings, room: Room | None
    ) -> CommandTraining:
        """Returns a run of it, which begins with its first epoch."""
        return CommandTraining(
            self.command, self._folder, params, seed=seed, settings=settings, room=room
        )

    def _check_program(self) -> None:
        name = self.command.arguments[0]
        if names_in(name):
            return
        if "/" not in name:
            found = shutil.which(name) is not None
            near = self._folder / name
            hint = f"; did you mean './{name}'?" if near.is_file() else ""
            if "=" in name:
                hint = f"; a variable is set by a program, too: env {one_line(name, 30)} …"
            where = "on PATH"
        else:
            found = os.access(path := self._folder / name, os.X_OK) and path.is_file()
            hint = "; it can't be executed" if path.is_file() else ""
            where = f"in {self._folder}"
        if not found:
            raise UserError(f"command: no program {one_line(name, 60)!r} {where}{hint}")
        for script in self.command.arguments[1:2]:
            is_named = script.endswith(".py") and not names_in(script)
            if is_named and not (self._folder / script).is_file():
                raise UserError(f"command: no file {one_line(script, 60)!r} in {self._folder}")
