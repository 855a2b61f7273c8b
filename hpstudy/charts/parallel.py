"""The settings of a search's trials as lines over all hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from hpstudy.charts.search import measured, thinned
from hpstudy.charts.theme import BLUE, GREY, VERMILLION, finish
from hpstudy.results.search import SearchResults
from hpstudy.wording import counted, level, number, setting, words

_MOST_TRIALS = 150
_MOST_NAMED = 5  # hyperparameters in a title
_BEST = 0.1  # this share of the trials stands out


@dataclass(frozen=True)
class Axis:
    """A hyperparameter's axis.

    Attributes:
        name: The hyperparameter.
        low: What stands at its lower end.
        high: What stands at its upper end.
    """

    name: str
    low: str
    high: str


@dataclass(frozen=True)
class Parallel:
    """The lines of a search's complete trials.

    Attributes:
        axes: The hyperparameters.
        others: Each line's places on the axes, from 0 to 1.
        good: The lines of the best tenth.
        best: The best trial's.
    """

    axes: tuple[Axis, ...]
    others: tuple[tuple[float, ...], ...]
    good: tuple[tuple[float, ...], ...]
    best: tuple[float, ...]


def parallel(search: SearchResults, params: Sequence[str]) -> Parallel:
    """Returns the lines of complete trials over hyperparameters that all of them have.

    Args:
        search: The search's results, with a best trial.
        params: The hyperparameters.
    """
    maximize = search.metric.sign > 0
    complete = [t for t in measured(search) if all(name in t.params for name in params)]
    ranked = sorted(complete, key=lambda t: t.values[0], reverse=maximize)
    good = {t.number for t in ranked[: max(1, round(_BEST * len(ranked)))]}
    drawn = thinned(complete, _MOST_TRIALS, maximize=maximize)
    scales = {name: _scale(name, complete) for name in params}
    lines = {
        t.number: tuple(_place(t, name, *scales[name]) for name in params)
        for t in [*drawn, ranked[0]]
    }
    ends = {name: _ends(name, complete) for name in params}
    return Parallel(
        axes=tuple(Axis(name, *ends[name]) for name in params),
        others=tuple(line for number_, line in lines.items() if number_ not in good),
        good=tuple(lines[t.number] for t in drawn if t.number in good),
        best=lines[ranked[0].number],
    )


def _scale(name: str, trials: Iterable[FrozenTrial]) -> tuple[float, float]:
    places = [_number(t.params[name], t.distributions[name]) for t in trials]
    return min(places), max(places)


def _ends(name: str, trials: Sequence[FrozenTrial]) -> tuple[str, str]:
    ordered = sorted(trials, key=lambda t: _number(t.params[name], t.distributions[name]))
    return level(ordered[0].params[name]), level(ordered[-1].params[name])


def _place(trial: FrozenTrial, name: str, low: float, high: float) -> float:
    value = _number(trial.params[name], trial.distributions[name])
    return (value - low) / (high - low) if high > low else 0.5


def _number(value: object, distribution: BaseDistribution) -> float:
    if isinstance(distribution, CategoricalDistribution):
        return float(distribution.choices.index(value))
    assert isinstance(value, (int, float))
    return math.log(value) if getattr(distribution, "log", False) else float(value)


def parallel_figure(search: SearchResults, params: Sequence[str]) -> go.Figure:
    """Draws each trial as a line over all hyperparameters; the best ones stand out."""
    lines = parallel(search, params)
    figure = go.Figure()
    for place, axis in enumerate(lines.axes):
        pole = {"x0": place, "x1": place, "y0": 0, "y1": 1}
        figure.add_shape(type="line", **pole, line={"width": 1, "color": GREY}, layer="below")
        for text, y, anchor in ((axis.low, 0, "top"), (axis.high, 1, "bottom")):
            figure.add_annotation(x=place, y=y, text=text, showarrow=False, yanchor=anchor)
    _add(figure, lines.others, "other trials", {"color": GREY, "width": 1}, 0.35)
    _add(figure, lines.good, "best tenth", {"color": BLUE, "width": 1.5}, 0.8)
    _add(figure, [lines.best], "best trial", {"color": VERMILLION, "width": 3}, 1)
    figure.update_xaxes(
        tickvals=list(range(len(params))),
        ticktext=[words(axis.name) for axis in lines.axes],
        range=[-0.3, len(params) - 0.7],
        ticks="",
        showline=False,
        tickangle=0,
    )
    figure.update_yaxes(visible=False, range=[-0.1, 1.1])
    assert search.best is not None
    title = "The best trial beside the others"
    if len(params) <= _MOST_NAMED:
        title = f"The best trial: {setting(search.best.params)}"
    count = len(lines.others) + len(lines.good)
    says = (
        f"{counted(count, 'complete trial')}, a line each over "
        f"{', '.join(words(p) for p in params)}. "
        f"The best has {number(search.best.values[0], search.metric)}."
    )
    return finish(figure, title, says, height=400)


def _add(
    figure: go.Figure,
    lines: Iterable[Sequence[float]],
    name: str,
    look: dict[str, object],
    opacity: float,
) -> None:
    """Adds lines as one trace, with a gap after each."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for line in lines:
        xs += [*range(len(line)), None]
        ys += [*line, None]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", line=look, opacity=opacity, name=name, hoverinfo="skip"
    )
