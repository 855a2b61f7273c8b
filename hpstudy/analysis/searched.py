"""All that a search's results show, put together."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.analysis.importance import Importances, search_importances
from hpstudy.analysis.search import SearchResults
from hpstudy.metric import Metric


@dataclass(frozen=True)
class SearchFindings:
    """A search's results with what they say.

    Attributes:
        results: The results.
        importances: How much each hyperparameter matters.
    """

    results: SearchResults
    importances: Importances

    @property
    def metric(self) -> Metric:
        """The metric that is searched for."""
        return self.results.metric


def search_findings(search: SearchResults) -> SearchFindings:
    """Says what a search's results show."""
    return SearchFindings(search, search_importances(search))
