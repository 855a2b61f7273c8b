"""What a notebook shows of a summary: the answer and the tables, figures, data frames."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from hpstudy.summary import StudySummary

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from hpstudy.views.tables.table import Table

_TRIALS = 10


class Summary(StudySummary):
    """A summary that shows itself.

    Attributes:
        quick: What makes this a quick look; None for the full study.
    """

    quick: str | None = None

    @cached_property
    def figures(self) -> dict[str, go.Figure]:
        """The report's figures, which are Plotly's own, by their ids, such as `effect-lr`."""
        from hpstudy.charts.figures import grid_figures, search_figures

        figures: dict[str, go.Figure] = {}
        if self.grid is not None:
            figures |= grid_figures(self.grid, curves=self.curves)
        if self.search is not None:
            figures |= search_figures(self.search, tradeoffs=self.tradeoffs)
        return figures

    def frame(self, table: str) -> pd.DataFrame:
        """Returns a table as a pandas data frame.

        Args:
            table: "levels" or "claims", of the factors to show; or "trials", "epochs" or "steps",
                with the columns that `export` writes.

        Raises:
            UserError: There is no such table, or pandas is not installed.
        """
        from hpstudy.views.frames import frame

        with self._reading() as database:
            return frame(self, table, database)

    def _repr_html_(self) -> str:
        """Returns what a notebook shows."""
        from hpstudy.views.page.environment import environment
        from hpstudy.views.states import alike_failures, missing_numbers
        from hpstudy.views.tables.looks import looks_told

        found = None if self.grid is None else self.grid.results
        lines = [] if found is None else missing_numbers(found)
        lines += [f"failed: {line}" for line in alike_failures(self.failed)]
        template = environment().get_template("notebook.html.j2")
        looks = [] if self.grid is None else looks_told(self.grid)
        return template.render(summary=self, tables=[*self._tables()], looks=looks, lines=lines)

    def _tables(self) -> Iterator[Table | None]:
        from hpstudy.analysis.seeds import is_replicated
        from hpstudy.analysis.telling import telling
        from hpstudy.views.tables.ablation import ablation_table
        from hpstudy.views.tables.combined import combined_table
        from hpstudy.views.tables.comparison import comparisons_table
        from hpstudy.views.tables.grid import claims_table, costs_table, levels_tables
        from hpstudy.views.tables.importance import importance_table
        from hpstudy.views.tables.search import finalists_table, trials_table, winner_table

        if self.grid is not None:
            shown = telling(self.grid)
            yield from levels_tables(shown, self.grid).values()
            yield combined_table(self.grid)
            if is_replicated(*self.grid.factors):
                yield claims_table(self.grid.claims)
            yield importance_table(self.grid.importances, self.grid.metric)
            for factor in shown.factors:
                yield costs_table(factor, self.grid.metric)
        if self.search is not None:
            yield trials_table(self.search, _TRIALS)
            yield finalists_table(self.search)
            yield winner_table(self.search)
            yield ablation_table(self.search)
            yield importance_table(self.search.importances, self.search.metric)
        yield comparisons_table(self.comparisons)
