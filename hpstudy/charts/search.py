"""How a search went: its values over time, by hyperparameter, and what was pruned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from optuna.trial import FrozenTrial, TrialState

from hpstudy.analysis.search import SearchResults
from hpstudy.analysis.wording import number, words
from hpstudy.charts.axes import Window, bulk, hovered, ticks
from hpstudy.charts.theme import BLUE, GREY, VERMILLION, finish
from hpstudy.trials import last_value

_MOST_CURVES = 80
_MOST_POINTS = 1500


@dataclass(frozen=True)
class History:
    """The course of a search.

    Attributes:
        complete: Number and value of complete trials.
        pruned: Number and last value of pruned trials.
        best: Number and value of each complete trial that was better than all before, and the
            last trial's number with the best value.
        window: The range of most complete trials' values.
        outside: How many of the trials lie outside it.
    """

    complete: tuple[tuple[int, float], ...]
    pruned: tuple[tuple[int, float], ...]
    best: tuple[tuple[int, float], ...]
    window: Window
    outside: int


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
    """Returns the course of a search with at least one complete trial."""
    maximize = search.direction == "maximize"
    shown = [
        t for t in search.trials if t.state != TrialState.RUNNING and last_value(t) is not None
    ]
    best: list[tuple[int, float]] = []
    for trial in shown:
        if trial.state == TrialState.COMPLETE:
            value = trial.values[0]
            if not best or (value > best[-1][1] if maximize else value < best[-1][1]):
                best.append((trial.number, value))
    values = [(t, v) for t in shown if (v := last_value(t)) is not None]
    # A pruned trial's value is that of an early epoch: most lie below all that matters.
    frame = bulk([v for t, v in values if t.state == TrialState.COMPLETE], best=best[-1][1])
    kept = {t.number for t in thinned(shown, _MOST_POINTS, maximize=maximize)}
    points = [(t, v) for t, v in values if t.number in kept and frame.holds(v)]
    return History(
        complete=tuple((t.number, v) for t, v in points if t.state == TrialState.COMPLETE),
        pruned=tuple((t.number, v) for t, v in points if t.state == TrialState.PRUNED),
        best=(*best, (shown[-1].number, best[-1][1])),
        window=frame,
        outside=sum(not frame.holds(v) for _, v in values),
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
    figure.update_xaxes(title="trial")
    figure.update_yaxes(title=words(metric.name), **ticks(metric), range=course.window.range)
    where, value = course.best[-2]
    trials = search.counts.complete + search.counts.pruned
    title = f"Best {words(metric.name)} {number(value, metric)}, at trial {where} of {trials}"
    if course.outside:
        title += f"; {course.outside} trials lie beyond the axis"
    says = f"Value of each trial and the best so far, over {trials} trials."
    return finish(figure, title, says)


def pruning_figure(search: SearchResults) -> go.Figure | None:
    """Draws the metric epoch by epoch of each trial, and where pruned ones ended.

    Returns:
        The figure, or None where no trial reported more than one epoch.
    """
    reported = [t for t in search.trials if len(t.intermediate_values) > 1]
    if not reported:
        return None
    metric, maximize = search.metric, search.direction == "maximize"
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
    values = [v for t in drawn for v in t.intermediate_values.values()]
    frame = bulk(values, best=max(values) if maximize else min(values))
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title=words(metric.name), **ticks(metric), range=frame.range)
    saved = search.epochs_asked - search.epochs_trained
    pruned_count = search.counts.pruned
    title = f"{pruned_count} trials pruned; {saved} of {search.epochs_asked} epochs not trained"
    some = (
        f" {len(drawn)} of {len(reported)} trials are drawn." if len(drawn) < len(reported) else ""
    )
    return finish(figure, title, f"{words(metric.name)} after each epoch, a line a trial.{some}")
