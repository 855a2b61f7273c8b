"""A run's database as one command or one call has it open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from hpstudy.store.database import Database, Runs, reading, writing


class Connections:
    """A run's database, open once to read and once to write, where asked for.

    Workers wait for whoever writes, and never for whoever reads.

    Args:
        runs: Where the database is.
        stack: Closes what was opened.

    Attributes:
        runs: Where the database is.
    """

    def __init__(self, runs: Runs, stack: ExitStack) -> None:
        self.runs = runs
        self._stack = stack
        self._reader: Database | None = None
        self._writer: Database | None = None

    @property
    def reader(self) -> Database | None:
        """The database, to read from; None where there is none yet."""
        if self._reader is None:
            self._reader = self._stack.enter_context(reading(self.runs))
        return self._reader

    @property
    def writer(self) -> Database:
        """The database, to write to; it is created where there is none."""
        if self._writer is None:
            self._writer = self._stack.enter_context(writing(self.runs))
        return self._writer


@contextmanager
def connections(runs: Runs) -> Iterator[Connections]:
    """Keeps a run's database open for the block, from when it is first asked for."""
    with ExitStack() as stack:
        yield Connections(runs, stack)
