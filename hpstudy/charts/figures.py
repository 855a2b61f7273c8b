"""All figures of a study by their ids, which have no spaces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import plotly.graph_objects as go

from hpstudy.analysis.findings import GridFindings
from hpstudy.analysis.search import SearchFindings
from hpstudy.analysis.speed import Tradeoff
from hpstudy.analysis.telling import telling
from hpstudy.charts import explore
from hpstudy.charts.axes import along_axis, identifier
from hpstudy.charts.costs import cost_figure, tradeoff_figure
from hpstudy.charts.curves import epochs_figure, steps_figure
from hpstudy.charts.digits import confusion_figure
from hpstudy.charts.factors import effect_figure
from hpstudy.charts.importance import importance_figure
from hpstudy.charts.looks import looks_figure
from hpstudy.charts.parallel import parallel_figure
from hpstudy.charts.search import history_figure, measured, pruning_figure
from hpstudy.results.curves import Curve
from hpstudy.results.predictions import Reading

Figures = dict[str, go.Figure]

_ENOUGH_TO_COMPARE = 2


def grid_figures(found: GridFindings, *, curves: Sequence[Curve] = ()) -> Figures:
    """Returns the figures of a grid; what there is nothing to draw of is left out.

    Ids: `effect-FACTOR`, `looks-FACTOR`, `importance`, `steps-FACTOR`, `epochs-FACTOR`,
    `cost-FACTOR`, `pareto`.

    Args:
        found: What the grid shows.
        curves: Its learning curves.
    """
    whole = {factor.name: factor for factor in found.factors}
    found = along_axes(telling(found))
    metric = found.metric
    figures: dict[str, go.Figure | None] = {}
    for factor in found.factors:
        name = factor.name
        order = {row.level: place for place, row in enumerate(factor.levels)}
        own = [curve for curve in curves if curve.factor == name and curve.level in order]
        own.sort(key=lambda curve: order[curve.level])
        if any(row.mean is not None for row in factor.levels):
            figures[identifier("effect", name)] = effect_figure(factor, metric, whole[name])
        if found.looks is not None:
            figures[identifier("looks", name)] = looks_figure(factor, found.looks, metric)
        figures[identifier("steps", name)] = steps_figure(name, own)
        figures[identifier("epochs", name)] = epochs_figure(name, own, metric)
        figures[identifier("cost", name)] = cost_figure(factor)
    figures["importance"] = importance_figure(found.importances, metric)
    figures["pareto"] = tradeoff_figure(found.tradeoffs, metric)
    return _there(figures.items())


def along_axes(found: GridFindings) -> GridFindings:
    """Returns findings whose levels come in the order in which they stand on an axis."""
    factors = []
    for factor in found.factors:
        order = along_axis([row.level for row in factor.levels])
        factors.append(replace(factor, levels=tuple(factor.levels[place] for place in order)))
    return replace(found, factors=tuple(factors))


def search_figures(found: SearchFindings, *, tradeoffs: Sequence[Tradeoff] = ()) -> Figures:
    """Returns the figures of a search; none before two of its trials are complete.

    Ids: `search-history`, `search-pruning`, `search-importance`, `search-slice-PARAM`,
    `search-contour`, `search-parallel`, `search-distribution`, `search-pareto`, `search-timeline`.

    Args:
        found: What the search shows.
        tradeoffs: Its complete trials' values against training time.
    """
    search, importances = found.results, found.importances
    if len(measured(search)) < _ENOUGH_TO_COMPARE:
        return {}
    figures: dict[str, go.Figure | None] = {
        "search-history": history_figure(search),
        "search-pruning": pruning_figure(search),
    }
    params = explore.searched(search)
    figures["search-importance"] = importance_figure(importances, search.metric)
    ranked = list(dict.fromkeys(row.param for row in importances.rows))
    params.sort(key=lambda name: ranked.index(name) if name in ranked else len(ranked))
    complete = measured(search)
    for param in params:
        if any(param in trial.params for trial in complete):
            figures[identifier("search-slice", param)] = explore.slice_figure(search, param)
    common = [param for param in params if all(param in trial.params for trial in complete)]
    if len(common) >= _ENOUGH_TO_COMPARE:
        figures["search-contour"] = explore.together_figure(search, *common[:2])
        figures["search-parallel"] = parallel_figure(search, common)
    figures["search-distribution"] = explore.distribution_figure(search)
    figures["search-pareto"] = tradeoff_figure(tradeoffs, search.metric)
    figures["search-timeline"] = explore.timeline_figure(search)
    return _there(figures.items())


def digit_figures(reading: Reading) -> Figures:
    """Returns the figures of what a network reads in the test images. Ids: `confusion`."""
    return {"confusion": confusion_figure(reading)}


def _there(figures: Iterable[tuple[str, go.Figure | None]]) -> Figures:
    return {name: figure for name, figure in figures if figure is not None}
