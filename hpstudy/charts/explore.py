"""A search by hyperparameter, by value and over time; contour and timeline are Optuna's own.

Optuna draws from a study, so the trials are laid into one in memory: as many of them as can be
seen, since its contour plot alone takes 38.7 MB at 1,000 trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import optuna
import plotly.graph_objects as go
from optuna import visualization
from optuna.trial import FrozenTrial, TrialState

from hpstudy.analysis.search import SearchResults
from hpstudy.analysis.wording import level, number, words
from hpstudy.charts.axes import Window, bulk, hovered, ticks
from hpstudy.charts.search import thinned
from hpstudy.charts.theme import BLUE, GREEN, GREY, SCALE, VERMILLION, finish

_SLICE_TRIALS = 600
_CONTOUR_TRIALS = 120  # its grid grows with their square
_TIMELINE_TRIALS = 400
_DISTRIBUTION_POINTS = 200
_PLACES = range(_DISTRIBUTION_POINTS + 1)
_ANY_TRIAL = {"size": 6, "opacity": 0.6, "color": BLUE}
_STATES = {"COMPLETE": BLUE, "PRUNED": GREY, "RUNNING": GREEN, "FAIL": VERMILLION}


def study_of(search: SearchResults, trials: Sequence[FrozenTrial]) -> optuna.Study:
    """Returns trials as a study in memory."""
    maximize = search.direction == "maximize"
    study = optuna.create_study(direction="maximize" if maximize else "minimize")
    study.add_trials(trials)
    return study


def _complete(search: SearchResults, most: int) -> list[FrozenTrial]:
    complete = [t for t in search.trials if t.state == TrialState.COMPLETE]
    return thinned(complete, most, maximize=search.direction == "maximize")


def _window(search: SearchResults) -> Window:
    values = [t.values[0] for t in search.trials if t.state == TrialState.COMPLETE]
    assert search.best is not None
    return bulk(values, best=search.best.values[0])


def searched(search: SearchResults) -> list[str]:
    """Returns the hyperparameters that took more than one value."""
    values: dict[str, set[object]] = {}
    for trial in search.trials:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    return [name for name, found in values.items() if len(found) > 1]


def slice_figure(search: SearchResults, param: str) -> go.Figure:
    """Draws the value of each complete trial against one hyperparameter."""
    assert search.best is not None
    trials = [t for t in _complete(search, _SLICE_TRIALS) if param in t.params]
    best, value = search.best.params[param], search.best.values[0]
    figure = go.Figure()
    for xs, ys, look in (
        ([t.params[param] for t in trials], [t.values[0] for t in trials], _ANY_TRIAL),
        ([best], [value], {"size": 11, "color": VERMILLION}),
    ):
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="markers",
            marker=look,
            hovertemplate=f"%{{x}}: {hovered('y', search.metric)}<extra></extra>",
            showlegend=False,
        )
    is_log = getattr(trials[0].distributions[param], "log", False)
    figure.update_xaxes(title=words(param), type="log" if is_log else None, exponentformat="none")
    figure.update_yaxes(
        title=words(search.metric.name),
        **ticks(search.metric),
        range=_window(search).range,
    )
    title = f"{words(param)}: the best trial has {level(best)}"
    says = f"{words(search.metric.name)} of {len(trials)} complete trials against {words(param)}."
    return finish(figure, title, says, height=280)


def contour_figure(search: SearchResults, first: str, second: str) -> go.Figure:
    """Draws the value over two hyperparameters."""
    trials = [t for t in _complete(search, _CONTOUR_TRIALS) if {first, second} <= set(t.params)]
    study = study_of(search, trials)
    figure = visualization.plot_contour(
        study, [first, second], target_name=words(search.metric.name)
    )
    frame = _window(search)
    figure.update_traces(
        selector={"type": "contour"},
        colorscale=SCALE,
        reversescale=False,
        zmin=frame.low,
        zmax=frame.high,
        autocontour=True,
        contours={"coloring": "heatmap", "showlines": False},
        opacity=0.85,
        colorbar={
            "title": {"text": words(search.metric.name), "side": "top"},
            **ticks(search.metric),
            "thickness": 10,
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
        },
    )
    figure.update_traces(
        selector={"type": "scatter"}, marker={"size": 5, "color": "black", "line": {"width": 0}}
    )
    x, y = figure.layout.xaxis.title.text, figure.layout.yaxis.title.text
    figure.update_xaxes(title=words(x or first))
    figure.update_yaxes(title=words(y or second))
    title = f"{words(first)} and {words(second)} together"
    says = f"{words(search.metric.name)} between {len(trials)} complete trials, each a dot."
    return finish(figure, title, says, height=400)


def distribution_figure(search: SearchResults) -> go.Figure:
    """Draws what share of the complete trials stays below each value."""
    values = sorted(t.values[0] for t in search.trials if t.state == TrialState.COMPLETE)
    last = len(values) - 1
    shown = sorted({round(last * place / _DISTRIBUTION_POINTS) for place in _PLACES})
    figure = go.Figure()
    figure.add_scatter(
        x=[values[place] for place in shown],
        y=[(place + 1) / len(values) for place in shown],
        mode="lines",
        line={"shape": "hv", "width": 2, "color": BLUE},
        hovertemplate=f"%{{y:.0%}} up to {hovered('x', search.metric)}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(
        title=words(search.metric.name),
        **ticks(search.metric),
        range=_window(search).range,
    )
    figure.update_yaxes(title="share of trials up to here", tickformat=".0%")
    title = f"Half of the complete trials are above {number(median(values), search.metric)}"
    if search.direction == "minimize":
        title = title.replace("above", "below")
    says = f"Cumulative distribution of {words(search.metric.name)} over {len(values)} trials."
    return finish(figure, title, says)


def timeline_figure(search: SearchResults) -> go.Figure:
    """Draws when each trial ran."""
    dated = [t for t in search.trials if t.datetime_start is not None]
    trials = thinned(dated, _TIMELINE_TRIALS, maximize=search.direction == "maximize")
    figure = visualization.plot_timeline(study_of(search, trials))
    for bar in figure.data:
        bar.marker.color = _STATES.get(bar.name, GREY)
        bar.name = bar.name.lower()
    figure.update_xaxes(title="time")
    figure.update_yaxes(title="trial")
    counts = search.counts
    title = f"{counts.complete} trials complete, {counts.pruned} pruned, {counts.failed} failed"
    some = f" {len(trials)} of {len(dated)} are drawn." if len(trials) < len(dated) else ""
    return finish(figure, title, f"When each trial began and ended.{some}")
