"""A search by hyperparameter, by value and over time; contour and timeline are Optuna's own.

Optuna draws from a study, so the trials are laid into one in memory: as many of them as can be
seen, since its contour plot alone takes 38.7 MB at 1,000 trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_high, median_low

import optuna
import plotly.graph_objects as go
from optuna import visualization
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial

from hpstudy.charts.axes import Window, bulk, hovered, log_axis, ticks, titled, value_axis
from hpstudy.charts.search import add_beyond, add_diverged, measured, thinned
from hpstudy.charts.theme import BLUE, GREEN, GREY, SCALE, VERMILLION, finish
from hpstudy.numeric import mean
from hpstudy.results.search import SearchResults
from hpstudy.wording import counted, level, number, words

_SLICE_TRIALS = 600
_ENOUGH_FOR_CONTOUR = 30  # fewer say too little about what is between them
_CONTOUR_TRIALS = 120  # its grid grows with their square
_TIMELINE_TRIALS = 400
_DISTRIBUTION_POINTS = 200
_PLACES = range(_DISTRIBUTION_POINTS + 1)
_ANY_TRIAL = {"size": 6, "opacity": 0.6, "color": BLUE}
_STATES = {"COMPLETE": BLUE, "PRUNED": GREY, "RUNNING": GREEN, "FAIL": VERMILLION}


def study_of(search: SearchResults, trials: Sequence[FrozenTrial]) -> optuna.Study:
    """Returns trials as a study in memory."""
    study = optuna.create_study(direction=search.metric.direction)
    study.add_trials(trials)
    return study


def _complete(search: SearchResults, most: int) -> list[FrozenTrial]:
    return thinned(measured(search), most, maximize=search.metric.sign > 0)


def _window(search: SearchResults) -> Window:
    values = [t.values[0] for t in measured(search)]
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
    best = [t for t in [search.best] if param in t.params]  # a branch may do without it
    figure = go.Figure()
    for drawn, look in ((trials, _ANY_TRIAL), (best, {"size": 11, "color": VERMILLION})):
        xs, ys = [_at(t, param) for t in drawn], [t.values[0] for t in drawn]
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="markers",
            marker=look,
            hovertemplate=f"%{{x}}: {hovered('y', search.metric)}<extra></extra>",
            showlegend=False,
        )
    shown = _window(search)
    add_beyond(figure, [(_at(t, param), t.values[0]) for t in trials], shown, search.metric)
    astray = [_at(t, param) for t in search.diverged if param in t.params]
    add_diverged(figure, astray, shown, search.metric)
    figure.update_layout(showlegend=bool(astray))
    figure.update_xaxes(title=words(param), **_axis(param, [*trials, *search.diverged]))
    figure.update_yaxes(**value_axis(search.metric, shown))
    title = f"{words(param)}: the best trial has {level(best[0].params[param]) if best else 'none'}"
    trials_drawn = counted(len(trials), "complete trial")
    says = f"{words(search.metric.name)} of {trials_drawn} against {words(param)}."
    if astray:
        says += f" {counted(len(astray), 'trial')} diverged."
    return finish(figure, title, says, height=280)


def _at(trial: FrozenTrial, param: str) -> object:
    """Returns where a trial stands on a hyperparameter's axis: a choice at its text.

    Plotly itself writes false and 0.00001 where Python writes False and 1e-05.
    """
    value = trial.params[param]
    is_choice = isinstance(trial.distributions[param], CategoricalDistribution)
    return f"{value}" if is_choice else value


def _axis(param: str, trials: Sequence[FrozenTrial]) -> dict[str, object]:
    """Returns plotly's settings of a hyperparameter's axis; text stands in the space's order."""
    distribution = trials[0].distributions[param]
    values = [t.params[param] for t in trials if param in t.params]
    if isinstance(distribution, CategoricalDistribution):
        order = [f"{choice}" for choice in distribution.choices]
        return {"type": "category", "categoryorder": "array", "categoryarray": order}
    if getattr(distribution, "log", False):
        return log_axis(min(values), max(values))
    return {"exponentformat": "none"}


def together_figure(search: SearchResults, first: str, second: str) -> go.Figure:
    """Draws the value over two hyperparameters: between trials only where there are enough."""
    every = [t for t in measured(search) if {first, second} <= set(t.params)]
    if len(every) >= _ENOUGH_FOR_CONTOUR:
        return contour_figure(search, first, second)
    frame = _window(search)
    figure = go.Figure()
    figure.add_scatter(
        x=[_at(t, first) for t in every],
        y=[_at(t, second) for t in every],
        customdata=[t.values[0] for t in every],
        mode="markers",
        marker={
            "size": 12,
            "color": [t.values[0] for t in every],
            "colorscale": SCALE,
            "cmin": frame.low,
            "cmax": frame.high,
            "showscale": True,
            "colorbar": _colorbar(search),
        },
        hovertemplate=f"%{{x}}, %{{y}}: {hovered('customdata', search.metric)}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title=words(first), **_axis(first, every))
    figure.update_yaxes(title=words(second), **_axis(second, every))
    title = f"{words(first)} and {words(second)} together"
    says = f"{words(search.metric.name)} of {counted(len(every), 'complete trial')} as colours."
    return finish(figure, title, says, height=400)


def _colorbar(search: SearchResults) -> dict[str, object]:
    return {
        "title": {"text": titled(search.metric), "side": "top"},
        **ticks(search.metric),
        "thickness": 10,
        "orientation": "h",
        "y": 1.02,
        "yanchor": "bottom",
    }


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
        colorbar=_colorbar(search),
    )
    figure.update_traces(
        selector={"type": "scatter"}, marker={"size": 5, "color": "black", "line": {"width": 0}}
    )
    x, y = figure.layout.xaxis.title.text or first, figure.layout.yaxis.title.text or second
    figure.update_xaxes(title=words(x), **_axis(x, trials))
    figure.update_yaxes(title=words(y), **_axis(y, trials))
    title = f"{words(first)} and {words(second)} together"
    says = f"{words(search.metric.name)} between {len(trials)} complete trials, each a dot."
    return finish(figure, title, says, height=400)


def distribution_figure(search: SearchResults) -> go.Figure:
    """Draws what share of the complete trials stays below each value."""
    values = sorted(t.values[0] for t in measured(search))
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
        title=titled(search.metric), **ticks(search.metric), range=_window(search).range
    )
    figure.update_yaxes(title="share of trials up to here", tickformat=".0%")
    half = mean([median_low(values), median_high(values)])
    title = f"Half of the complete trials are above {number(half, search.metric)}"
    if search.metric.sign < 0:
        title = title.replace("above", "below")
    metric, trials = words(search.metric.name), counted(len(values), "trial")
    says = f"Cumulative distribution of {metric} over {trials}."
    return finish(figure, title, says)


def timeline_figure(search: SearchResults) -> go.Figure | None:
    """Draws when each trial ran; None where no trial took any time, as an import may not tell."""
    every = sorted([*search.trials, *search.diverged], key=lambda t: t.number)
    dated = [t for t in every if t.datetime_start is not None]
    if all(t.datetime_start == t.datetime_complete for t in dated):
        return None
    trials = thinned(dated, _TIMELINE_TRIALS, maximize=search.metric.sign > 0)
    figure = visualization.plot_timeline(study_of(search, trials))
    for bar in figure.data:
        bar.marker.color = _STATES.get(bar.name, GREY)
        bar.name = bar.name.lower()
    figure.update_xaxes(title="time")
    figure.update_yaxes(title="trial")
    counts = search.counts
    others = {"pruned": counts.pruned, "diverged": counts.diverged, "failed": counts.failed}
    states = [f"{counted(counts.complete, 'trial')} complete"]
    title = ", ".join([*states, *(f"{n:,} {state}" for state, n in others.items() if n)])
    some = f" {len(trials)} of {len(dated)} are drawn." if len(trials) < len(dated) else ""
    return finish(figure, title, f"When each trial began and ended.{some}")
