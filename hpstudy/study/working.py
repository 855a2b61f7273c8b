"""A study whose trainings may be begun elsewhere and shared here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpstudy.running.course import Silent
from hpstudy.store.connections import connections
from hpstudy.study.learning import Learning
from hpstudy.study.planning import seconds_of
from hpstudy.views.line import Line

if TYPE_CHECKING:
    from hpstudy.study.joining import Joined


class Working(Learning):
    """A study that others may have begun to train."""

    def work(
        self, *, wait: str | float | None = None, workers: int | None = None, quiet: bool = False
    ) -> Joined:
        """Joins what was begun last in the database, until nothing is left of it.

        Args:
            wait: How long to wait for somebody to begin, in seconds or such as "10m"; not at all
                where None.
            workers: Worker processes; one per core, or per training, where None.
            quiet: Whether to say nothing on stderr.

        Returns:
            What was done: `trainings`, `epochs`, `failed`, and what is `left` of the whole.

        Raises:
            UserError: Nothing is begun, or it can't be joined with this file.
        """
        from hpstudy.study.joining import join

        seconds = 0.0 if wait is None else seconds_of(f"{wait}", "--wait")
        teller = Silent() if quiet else Line()
        with connections(self.runs) as database:
            return join([self], database, workers, teller, wait=seconds)
