"""Learning curves per level of a factor: between epochs, and epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpstudy.charts.axes import Window, hovered, near, ticks, titled, window
from hpstudy.charts.theme import DASHES, SERIES, finish
from hpstudy.metric import Metric
from hpstudy.numeric import mean as average
from hpstudy.results.curves import Curve
from hpstudy.sampler import Level
from hpstudy.wording import enumerated, level, number, words

_HEIGHT = 440
_MOST_POINTS = 240  # of a line: more than a screen has room for

Line = tuple[tuple[float, ...], tuple[float, ...]]  # the points' x and y


@dataclass(frozen=True)
class LevelCurve:
    """The curve of one level: its mean over seeds, and each seed's.

    Attributes:
        level: The level.
        mean: The mean over the seeds at each place that all of them have.
        seeds: The seeds' own curves; empty with one seed.
    """

    level: Level
    mean: Line
    seeds: tuple[Line, ...]


def step_curves(curves: Iterable[Curve], quantity: str) -> tuple[LevelCurve, ...]:
    """Returns the curves between epochs, by level.

    Args:
        curves: The curves of one factor.
        quantity: "loss" or "accuracy".
    """
    return _by_level(
        curves,
        lambda curve: {
            s.seen: value for s in curve.steps if math.isfinite(value := getattr(s, quantity))
        },
    )


def epoch_curves(curves: Iterable[Curve], metric: Metric) -> tuple[LevelCurve, ...]:
    """Returns the curves epoch by epoch, by level.

    Args:
        curves: The curves of one factor.
        metric: The metric.
    """
    return _by_level(
        curves,
        lambda curve: {
            e.number: value
            for e in curve.epochs
            if (value := e.metrics.get(metric.name)) is not None
        },
    )


def _by_level(
    curves: Iterable[Curve], read: Callable[[Curve], dict[float, float]]
) -> tuple[LevelCurve, ...]:
    levels: dict[Level, list[dict[float, float]]] = {}
    for curve in curves:
        if points := read(curve):
            levels.setdefault(curve.level, []).append(points)
    drawn = (_level_curve(level, seeds) for level, seeds in levels.items())
    return tuple(curve for curve in drawn if curve.mean[0])  # else no epoch is known of all seeds


def _level_curve(level: Level, seeds: Sequence[Mapping[float, float]]) -> LevelCurve:
    common = [x for x in seeds[0] if all(x in points for points in seeds)]
    mean = {x: average(points[x] for points in seeds) for x in common}
    return LevelCurve(
        level, _line(mean), tuple(_line(points) for points in seeds) if len(seeds) > 1 else ()
    )


def _line(points: Mapping[float, float]) -> Line:
    """Returns the points in order, as many as can be seen, the last one included."""
    xs = sorted(points)
    stride = -(-len(xs) // _MOST_POINTS) or 1
    xs = xs[::-1][::stride][::-1]
    return tuple(xs), tuple(points[x] for x in xs)


def steps_figure(factor: str, curves: Sequence[Curve]) -> go.Figure | None:
    """Draws training loss and accuracy against images seen, as the published report does.

    Returns:
        The figure, or None where no level has two points between epochs.
    """
    losses, accuracies = step_curves(curves, "loss"), step_curves(curves, "accuracy")
    if not any(len(curve.mean[0]) > 1 for curve in losses):
        return None
    rows = 2 if accuracies else 1
    figure = make_subplots(rows=rows, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    for number_, curve in enumerate(losses):
        _add(figure, curve, number_, "%{y:.4~f}", row=1, legend=True)
    figure.update_yaxes(title="training loss", row=1)
    if accuracies:
        for number_, curve in enumerate(accuracies):
            _add(figure, curve, number_, "%{y:.2%}", row=2, legend=False)
        shown = window(_values(accuracies), (0.0, 1.0))
        look = {"title": "training accuracy", "tickformat": ".4~%", "range": shown.range}
        figure.update_yaxes(**look, row=2)
    figure.update_xaxes(title="examples seen", row=rows)
    name = words(factor)
    finals = ", ".join(f"{level(c.level)}: {c.mean[1][-1]:.4g}" for c in losses)
    drawn = "Training loss and accuracy" if accuracies else "Training loss"
    says = f"{drawn} against examples seen, a line a level of {name}."
    title = f"{name}: training loss ends at {_ends(losses)}"
    return finish(figure, title, f"{says} Last loss: {finals}.", height=_HEIGHT)


def _ends(curves: Sequence[LevelCurve]) -> str:
    last = {curve.level: curve.mean[1][-1] for curve in curves}
    lowest, highest = min(last, key=last.__getitem__), max(last, key=last.__getitem__)
    if f"{last[lowest]:.3f}" == f"{last[highest]:.3f}":
        return f"{last[lowest]:.3f} at every level"
    ends = ((last[one], level(one)) for one in (lowest, highest))
    return " to ".join(f"{value:.3f} ({name})" for value, name in ends)


def epochs_figure(factor: str, curves: Sequence[Curve], metric: Metric) -> go.Figure | None:
    """Draws the metric after each epoch.

    Returns:
        The figure, or None where no level has more than one epoch.
    """
    found = epoch_curves(curves, metric)
    if not any(len(curve.mean[0]) > 1 for curve in found):
        return None
    figure = go.Figure()
    for number_, curve in enumerate(found):
        _add(figure, curve, number_, hovered("y", metric), markers=True)
    base = next((c.level for c in curves if c.is_baseline), None)
    shown = _late_window(found, base, metric)
    figure.update_yaxes(title=titled(metric), **ticks(metric), range=shown.range)
    figure.update_xaxes(title="epoch", dtick=1 if _longest(found) <= 10 else None)
    outside = [c for c in found if not shown.holds(c.mean[1][-1])]
    title = f"{words(factor)}: {words(metric.name)} after each epoch"
    if outside:
        where = enumerated([f"{level(c.level)} ({number(c.mean[1][-1], metric)})" for c in outside])
        title += f"; {where} beyond the axis"
    last = ", ".join(f"{level(c.level)}: {number(c.mean[1][-1], metric)}" for c in found)
    says = (
        f"{words(metric.name)} after each epoch, a line a level of {words(factor)}. Last: {last}."
    )
    return finish(figure, title, says, height=_HEIGHT)


def _late_window(curves: Sequence[LevelCurve], baseline: Level | None, metric: Metric) -> Window:
    """Returns a range for what the curves come to: far starts and diverged levels flatten it."""
    ends = {curve.level: curve.mean[1][-1] for curve in curves}
    best = max(ends.values(), key=lambda value: metric.sign * value)
    base = [value for one, value in ends.items() if one == baseline]
    last = near(ends.values(), [*base, best])
    stay = [curve for curve in curves if ends[curve.level] in last]
    return window(near(_values(stay), last), metric.bounds)


def _values(curves: Iterable[LevelCurve]) -> list[float]:
    return [y for curve in curves for _, ys in (curve.mean, *curve.seeds) for y in ys]


def _longest(curves: Sequence[LevelCurve]) -> int:
    return max(len(curve.mean[0]) for curve in curves)


def _add(
    figure: go.Figure,
    curve: LevelCurve,
    place: int,
    hover: str,
    *,
    row: int | None = None,
    legend: bool = True,
    markers: bool = False,
) -> None:
    """Adds a level's mean as a line, and each seed's as a thin one below it."""
    color = SERIES[place % len(SERIES)]
    where = {} if row is None else {"row": row, "col": 1}
    name = level(curve.level)
    for xs, ys in curve.seeds:
        figure.add_scatter(
            x=xs, y=ys, mode="lines", line={"width": 1, "color": color}, opacity=0.3,
            legendgroup=name, showlegend=False, hoverinfo="skip", **where,
        )  # fmt: skip
    xs, ys = curve.mean
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines+markers" if markers or len(xs) == 1 else "lines",
        line={"width": 2, "color": color, "dash": DASHES[place % len(DASHES)]},
        marker={"size": 6, "color": color},
        legendgroup=name,
        showlegend=legend,
        name=name,
        hovertemplate=f"%{{x:,}}: {hover}<extra>{name}</extra>",
        **where,
    )
