"""A study that grows with what is asked of it, as one does that was made in Python."""

from __future__ import annotations

from hpstudy.errors import UserError
from hpstudy.objective import Objective
from hpstudy.study.made import Measured, with_levels, write_made
from hpstudy.study.opened import Opened
from hpstudy.study.showing import Showing
from hpstudy.studyfile.file import StudyFile


class Growing(Showing):
    """A study whose file may come to say more."""

    def _compared(self) -> Measured:
        """Returns what is compared: as the study was made, or as its file says."""
        section = self.file.grid or self.file.search
        if self.measured is not None or section is None:
            return self.measured or Measured("value")
        return Measured(section.metric, section.direction)

    def _named(self) -> Opened:
        """Returns a study that names its metric, though nothing was asked of it yet."""
        if self.file.grid is not None or self.file.search is not None or self.measured is None:
            return self
        first = dict(list(self.file.baseline.items())[:1])
        levels = {name: [value] for name, value in first.items()}
        return Opened(**vars(self) | {"file": with_levels(self.file, self.measured, levels)})

    def _check_asked(self, section: str, example: str) -> None:
        """Says how a study that was made here is asked for what it was never asked for."""
        if self.given is not None and getattr(self.file, section) is None:
            raise UserError(f"Study: expected what is to be trained, as in {example}")

    def _grow(self, file: StudyFile) -> None:
        object.__setattr__(self, "file", file)  # the only thing of it that ever changes

    def _sendable(self) -> Objective:
        """Returns the objective, if workers can be sent it."""
        objective = self.objective()
        objective.sent()
        return objective

    def _write(self) -> None:
        """Writes the file of a study that was made here, for the commands that show it."""
        if self.given is not None:
            write_made(self.path, self.file)
