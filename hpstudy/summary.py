"""What a study's results come to: one object for terminal, page, note and notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Self

from hpstudy.analysis.answer import Answer, answer
from hpstudy.analysis.compare import Comparison, comparison_of
from hpstudy.analysis.findings import GridFindings, findings, part_of
from hpstudy.analysis.search import SearchFindings, search_findings
from hpstudy.analysis.speed import Tradeoff, search_tradeoffs
from hpstudy.analysis.telling import telling
from hpstudy.results.comparison import ComparisonResults, read_comparisons
from hpstudy.results.curves import Curve, read_curves
from hpstudy.results.grid import Failure, GridResults
from hpstudy.results.origin import Origin, read_origin
from hpstudy.results.predictions import (
    Network,
    Reading,
    best_of_grid,
    best_of_search,
    read_predictions,
)
from hpstudy.results.reading import read_grid
from hpstudy.results.search import SearchResults, read_search
from hpstudy.store.database import Database
from hpstudy.store.studies import grid_name, search_name
from hpstudy.studyfile.file import StudyFile


class StudySummary:
    """What the database holds of a study, and what that shows.

    Trials are read once, before it is made; what they show is worked out when it is first asked
    for. What is large or seldom wanted (curves, times, predictions) is read when asked for. It can
    be kept as long as one likes: no connection stays open.

    Args:
        name: The study's name in the database.
        title: The study file's title.
        address: The database's address, without a password.
        grid: The grid's results; None where it was not run.
        search: The search's results; None where it was not run.
        compared: What was compared with the baseline.
        database: The database that they were read from; None where there is none yet.
        part: The grid's results of the factors to show, where those aren't all.

    Attributes:
        compared: What was compared with the baseline, as it was read.
    """

    def __init__(
        self,
        name: str,
        title: str,
        *,
        address: str,
        grid: GridResults | None = None,
        search: SearchResults | None = None,
        compared: Sequence[ComparisonResults] = (),
        database: Database | None = None,
        part: GridResults | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.address = address
        self._grid, self._part, self._search = grid, part, search
        self.compared = compared
        self._database = database

    @classmethod
    def read(
        cls,
        file: StudyFile,
        name: str,
        database: Database,
        factors: Sequence[str] | None = None,
    ) -> Self:
        """Reads what a database holds of a study.

        Args:
            file: The study file.
            name: The study's name, without `/grid` or `/search`.
            database: The database.
            factors: The grid's factors to show; all where None. Verdicts, ranges and the answer
                are of all factors together, whichever of them are shown.
        """
        return cls(
            name,
            file.title,
            address=database.shown,
            grid=read_grid(file, name, database),
            search=read_search(file, name, database),
            compared=read_comparisons(file, name, database),
            database=database,
            part=read_grid(file, name, database, factors) if factors else None,
        )

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a grid nor a search yet."""
        return self._grid is None and self._search is None

    @cached_property
    def whole(self) -> GridFindings | None:
        """What the grid shows of all of its factors."""
        return None if self._grid is None else findings(self._grid)

    @cached_property
    def grid(self) -> GridFindings | None:
        """What the grid shows of the factors to show; None where it was not run."""
        if self.whole is None or self._part is None:
            return self.whole
        return part_of(self.whole, self._part)

    @cached_property
    def search(self) -> SearchFindings | None:
        """What the search shows; None where it was not run."""
        return None if self._search is None else search_findings(self._search)

    @cached_property
    def answer(self) -> Answer | None:
        """Which setting to use; None where nothing has a value yet."""
        return answer(self.whole, self.search)

    @property
    def failed(self) -> tuple[Failure, ...]:
        """What raised, in the grid, the search and its confirmation, and was not mended since."""
        return (*(() if self._grid is None else self._grid.failed), *self.failed_in_search)

    @property
    def failed_in_search(self) -> tuple[Failure, ...]:
        """What raised in the search and in its confirmation."""
        return () if self._search is None else self._search.all_failed

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What was compared with the baseline, each by itself."""
        return tuple(map(comparison_of, self.compared))

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The learning curves of the levels that figures show."""
        if self.grid is None:
            return ()
        with self._reading() as database:
            return read_curves(telling(self.grid).factors, database)

    @cached_property
    def tradeoffs(self) -> tuple[Tradeoff, ...]:
        """Each complete trial of the search: its value against its training time."""
        if self._search is None:
            return ()
        with self._reading() as database:
            return search_tradeoffs(self._search, database)

    @cached_property
    def origins(self) -> Mapping[str, Origin]:
        """How grid and search were run, by "Grid" and "Search"."""
        names = {"Grid": grid_name(self.name), "Search": search_name(self.name)}
        with self._reading() as database:
            found = {title: read_origin(name, database) for title, name in names.items()}
        return {title: origin for title, origin in found.items() if origin is not None}

    @property
    def networks(self) -> Mapping[str, Network]:
        """The best network of the grid and of the search, by "Grid" and "Search"."""
        found = {
            "Grid": None if self._grid is None else best_of_grid(self._grid),
            "Search": None if self._search is None else best_of_search(self._search),
        }
        return {title: network for title, network in found.items() if network is not None}

    def reading(
        self, network: Network, labels: Sequence[int], names: Sequence[str] = ()
    ) -> Reading | None:
        """Returns what a network reads in the test images, where that was recorded.

        Args:
            network: One of `networks`.
            labels: What the test images show.
            names: What the classes are called, if they have names.
        """
        with self._reading() as database:
            return read_predictions(network, labels, database, names)

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        assert self._database is not None  # else there is nothing that could be asked for
        try:
            yield self._database
        finally:
            self._database.close()  # the next reading opens a connection of its own
