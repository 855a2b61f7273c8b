"""All that a search's results show, put together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from optuna.trial import FrozenTrial

from hpstudy.analysis.ablation import Steps, ablation_steps
from hpstudy.analysis.confirmed import Confirmed, Finalist, confirmed, finalists
from hpstudy.analysis.importance import Importances, search_importances
from hpstudy.metric import Metric
from hpstudy.results.search import SearchResults
from hpstudy.store.trials import PointKey, is_finished, is_measured, point_key, value_of


@dataclass(frozen=True)
class SearchFindings:
    """A search's results with what they say.

    Attributes:
        results: The results.
        finalists: The best settings on fresh seeds, best mean first; empty before that.
        confirmed: The winner beside the baseline; None before that.
        ablation: What each of the winner's changes does; None where that was not asked for.
    """

    results: SearchResults
    finalists: tuple[Finalist, ...] = ()
    confirmed: Confirmed | None = None
    ablation: Steps | None = None

    @property
    def metric(self) -> Metric:
        """The metric that is searched for."""
        return self.results.metric

    @property
    def chosen_by(self) -> Metric:
        """The metric that the winner was chosen by among the finalists."""
        return self.results.chosen_by or self.results.metric

    @cached_property
    def importances(self) -> Importances:
        """How much each hyperparameter matters; this takes a while."""
        return search_importances(self.results)


def search_findings(search: SearchResults) -> SearchFindings:
    """Says what a search's results show."""
    return SearchFindings(search, finalists(search), confirmed(search), ablation_steps(search))


@dataclass(frozen=True)
class Tried:
    """A setting of a search.

    Attributes:
        trial: Its best trial.
        times: How many finished trials had this setting.
    """

    trial: FrozenTrial
    times: int


def best_settings(search: SearchResults, count: int) -> list[Tried]:
    """Returns the best distinct settings of a search, best first.

    Args:
        search: The search's results.
        count: How many.
    """
    finished = [t for t in search.trials if is_finished(t)]
    times = Counter(point_key(t.params) for t in [*finished, *search.diverged])
    best: dict[PointKey, FrozenTrial] = {}
    for trial in search.metric.sorted(filter(is_measured, finished), value_of):
        best.setdefault(point_key(trial.params), trial)
    return [Tried(trial, times[key]) for key, trial in list(best.items())[:count]]
