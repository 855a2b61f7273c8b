"""How a search went: its values over time, by hyperparameter, and what was pruned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from optuna.trial import FrozenTrial, TrialState

from hpstudy.charts.axes import Window, bulk, hovered, value_axis
from hpstudy.charts.theme import BLUE, GREY, VERMILLION, finish
from hpstudy.metric import Metric
from hpstudy.results.search import SearchResults
from hpstudy.store.trials import is_measured, last_value
from hpstudy.wording import counted, number, words

_MOST_CURVES = 80
_MOST_POINTS = 1500
_MOST_BEYOND = 200


@dataclass(frozen=True)
class History:
    """The course of a search.

    Attributes:
        complete: Number and value of complete trials.
        pruned: Number and last value of pruned trials.
        best: Number and value of each complete trial that was better than all before, and the
            last trial's number with the best value.
        window: The range of most trials' values.
        outside: Number and value of the trials that lie outside it.
    """

    complete: tuple[tuple[int, float], ...]
    pruned: tuple[tuple[int, float], ...]
    best: tuple[tuple[int, float], ...]
    window: Window
    outside: tuple[tuple[int, float], ...]


def measured(search: SearchResults) -> list[FrozenTrial]:
    """Returns the complete trials that have a number as their value."""
    return [t for t in search.trials if is_measured(t)]


def thinned(trials: Sequence[FrozenTrial], most: int, *, maximize: bool) -> list[FrozenTrial]:
    """Returns so many trials that a picture of them is the same to the eye.

    Half of them are the best, the others are taken evenly from the rest; all in their order.

    Args:
        trials: Trials with a value.
        most: How many to keep.
        maximize: Whether larger values are better.
    """
    if len(trials) <= most:
        return list(trials)
    ranked = sorted(trials, key=lambda t: last_value(t) or 0.0, reverse=maximize)
    best, rest = ranked[: most // 2], ranked[most // 2 :]
    rest.sort(key=lambda t: t.number)
    room = most - len(best)
    kept = [*best, *(rest[i * len(rest) // room] for i in range(room))]
    return sorted(kept, key=lambda t: t.number)


def history(search: SearchResults) -> History:
    """Returns the course of a search with at least one complete trial that has a value."""
    maximize = search.metric.sign > 0
    shown = [t for t in search.trials if is_measured(t) or t.state == TrialState.PRUNED]
    best: list[tuple[int, float]] = []
    for trial in measured(search):
        value = trial.values[0]
        if not best or (value > best[-1][1] if maximize else value < best[-1][1]):
            best.append((trial.number, value))
    values = [(t, v) for t in shown if (v := last_value(t)) is not None and math.isfinite(v)]
    frame = bulk([v for _, v in values], best=best[-1][1])
    kept = {t.number for t in thinned([t for t, _ in values], _MOST_POINTS, maximize=maximize)}
    points = [(t, v) for t, v in values if t.number in kept and frame.holds(v)]
    return History(
        complete=tuple((t.number, v) for t, v in points if t.state == TrialState.COMPLETE),
        pruned=tuple((t.number, v) for t, v in points if t.state == TrialState.PRUNED),
        best=(*best, (shown[-1].number, best[-1][1])),
        window=frame,
        outside=tuple((t.number, v) for t, v in values if not frame.holds(v)),
    )


def history_figure(search: SearchResults) -> go.Figure:
    """Draws every trial's value and the best so far."""
    course, metric = history(search), search.metric
    hover = f"trial %{{x}}: {hovered('y', metric)}"
    figure = go.Figure()
    for points, name, symbol, color in (
        (course.pruned, "pruned", "x-thin-open", GREY),
        (course.complete, "complete", "circle", BLUE),
    ):
        if points:
            figure.add_scatter(
                x=[n for n, _ in points],
                y=[v for _, v in points],
                mode="markers",
                marker={"size": 6, "symbol": symbol, "color": color, "opacity": 0.7},
                hovertemplate=f"{hover}<extra>{name}</extra>",
                name=name,
            )
    figure.add_scatter(
        x=[n for n, _ in course.best],
        y=[v for _, v in course.best],
        mode="lines",
        line={"shape": "hv", "width": 2, "color": VERMILLION},
        hovertemplate=f"{hover}<extra>best so far</extra>",
        name="best so far",
    )
    add_beyond(figure, course.outside, course.window, metric)
    add_diverged(figure, [t.number for t in search.diverged], course.window, metric)
    figure.update_xaxes(title="trial")
    figure.update_yaxes(**value_axis(metric, course.window))
    where, value = course.best[-2]
    trials = search.counts.complete + search.counts.pruned + search.counts.diverged
    title = f"Best {words(metric.name)} {number(value, metric)}, at trial {where} of {trials}"
    if course.outside:
        title += f"; {_beyond(course, metric)}"
    if diverged := search.counts.diverged:
        title += f"; {counted(diverged, 'trial')} diverged"
    says = f"Value of each trial and the best so far, over {counted(trials, 'trial')}."
    return finish(figure, title, says)


def add_beyond(
    figure: go.Figure, points: Sequence[tuple[object, float]], shown: Window, metric: Metric
) -> None:
    """Marks values that an axis does not reach at its edge.

    Args:
        figure: The figure.
        points: Places and values; those inside are left out.
        shown: The axis's range.
        metric: The values' metric.
    """
    outside = [(at, value) for at, value in points if not shown.holds(value)]
    outside = outside[:: -(-len(outside) // _MOST_BEYOND) or 1]
    if outside:
        is_above = [value > shown.high for _, value in outside]
        figure.add_scatter(
            x=[at for at, _ in outside],
            y=[shown.high if above else shown.low for above in is_above],
            customdata=[number(value, metric) for _, value in outside],
            mode="markers",
            marker={
                "size": 8,
                "symbol": ["triangle-up-open" if up else "triangle-down-open" for up in is_above],
                "color": GREY,
            },
            hovertemplate="%{x}: %{customdata}<extra>beyond the axis</extra>",
            name="beyond the axis",
        )


def add_diverged(
    figure: go.Figure, places: Sequence[object], shown: Window, metric: Metric
) -> None:
    """Marks trials without a value, which diverged, at the worse edge of an axis."""
    places = places[:: -(-len(places) // _MOST_BEYOND) or 1]
    if places:
        figure.add_scatter(
            x=list(places),
            y=[shown.low if metric.sign > 0 else shown.high] * len(places),
            mode="markers",
            marker={"size": 8, "symbol": "x-thin-open", "color": VERMILLION, "line": {"width": 2}},
            hovertemplate="%{x}<extra>diverged</extra>",
            name="diverged",
        )


def _beyond(course: History, metric: Metric) -> str:
    """Says how many trials the axis doesn't reach, and how far off they are."""
    low, high = course.window.low, course.window.high
    far = max((v for _, v in course.outside), key=lambda v: max(low - v, v - high))
    lie = "lies" if len(course.outside) == 1 else "lie"
    trials = counted(len(course.outside), "trial")
    return f"{trials} {lie} beyond the axis, as far as {number(far, metric)}"


def pruning_figure(search: SearchResults) -> go.Figure | None:
    """Draws the metric epoch by epoch of each trial, and where pruned ones ended.

    Returns:
        The figure, or None where no trial reported more than one epoch.
    """
    reported = [t for t in search.trials if len(t.intermediate_values) > 1]
    if not reported:
        return None
    metric, maximize = search.metric, search.metric.sign > 0
    drawn = thinned(reported, _MOST_CURVES, maximize=maximize)
    figure = go.Figure()
    seen: set[bool] = set()
    for trial in drawn:
        pruned = trial.state == TrialState.PRUNED
        steps = dict(sorted(trial.intermediate_values.items()))
        figure.add_scatter(
            x=list(steps),
            y=list(steps.values()),
            mode="lines",
            line={"width": 1, "color": GREY if pruned else BLUE, "dash": "dot" if pruned else None},
            opacity=0.6,
            name="pruned" if pruned else "not pruned",
            legendgroup=f"{pruned}",
            showlegend=pruned not in seen,
            hovertemplate=f"trial {trial.number}, epoch %{{x}}: "
            f"{hovered('y', metric)}<extra></extra>",
        )
        seen.add(pruned)
    values = [v for t in drawn for v in t.intermediate_values.values() if math.isfinite(v)]
    frame = bulk(values, best=max(values) if maximize else min(values))
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(**value_axis(metric, frame))
    saved = search.epochs_asked - search.epochs_trained
    pruned_count = search.counts.pruned
    asked = counted(search.epochs_asked, "epoch")
    title = f"{counted(pruned_count, 'trial')} pruned; {saved:,} of {asked} not trained"
    some = (
        f" {len(drawn)} of {len(reported)} trials are drawn." if len(drawn) < len(reported) else ""
    )
    return finish(figure, title, f"{words(metric.name)} after each epoch, a line a trial.{some}")
