"""What each hyperparameter does: its levels, their intervals, and the published figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from hpstudy.analysis.effects import BETTER, CANNOT_TELL, NOT_SHOWN, WORSE, Effect
from hpstudy.analysis.findings import Findings
from hpstudy.analysis.results import FactorResult, LevelResult
from hpstudy.analysis.wording import bare_number, number, spelled, words
from hpstudy.charts.axes import Places, Window, hovered, places, ticks, window
from hpstudy.charts.theme import BLUE, DETAIL, GREY, VERMILLION, finish
from hpstudy.metric import Metric

_ASIDE = 0.022  # how far seeds and published figures stand beside a level's mean, of the axis


@dataclass(frozen=True)
class Mark:
    """A value with its interval at a level's place; the ends are None where not known."""

    at: float
    level: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Outside:
    """What the axis does not reach at a level: an arrow says where it is and how much it is."""

    at: float
    above: bool
    ours: float | None
    published: float | None


@dataclass(frozen=True)
class EffectPlot:
    """What the effect plot of a factor shows.

    Attributes:
        places: Where the levels stand.
        window: The range of the metric's axis.
        baseline: The baseline's mean; None without one.
        means: Each level's mean over seeds.
        seeds: Each training's value, as places and values; empty with one seed.
        published: The published figures.
        outside: The levels that the axis does not reach.
    """

    places: Places
    window: Window
    baseline: float | None
    means: tuple[Mark, ...]
    seeds: tuple[tuple[float, float], ...]
    published: tuple[Mark, ...]
    outside: tuple[Outside, ...]


def effect_plot(factor: FactorResult, found: Findings) -> EffectPlot:
    """Returns what there is to draw of a factor; its levels need one value at least."""
    where = places([row.level for row in factor.levels])
    rows = list(zip(where.at, where.texts, factor.levels, strict=True))
    effects = {row.level: found.effects[factor.factor, row.level] for row in factor.levels}
    means = [
        Mark(at, text, row.mean, effects[row.level].low, effects[row.level].high)
        for at, text, row in rows
        if row.mean is not None
    ]
    agreements = {row.level: found.agreements.get((factor.factor, row.level)) for _, _, row in rows}
    published = [
        Mark(
            at + _ASIDE,
            text,
            row.published,
            None if (agreement := agreements[row.level]) is None else agreement.low,
            None if agreement is None else agreement.high,
        )
        for at, text, row in rows
        if row.published is not None
    ]
    seeds = [
        (at - _ASIDE, value) for at, _, row in rows for value in row.values if len(row.values) > 1
    ]
    baseline = next((row.mean for row in factor.levels if row.is_baseline), None)
    anchor = baseline if baseline is not None else means[0].value
    marks = [*means, *published]
    shown = window(
        [*(mark.value for mark in marks), *(value for _, value in seeds)],
        anchor,
        [end for mark in marks for end in (mark.low, mark.high) if end is not None],
    )
    return EffectPlot(
        places=where,
        window=shown,
        baseline=baseline,
        means=tuple(mark for mark in means if shown.holds(mark.value)),
        seeds=tuple(seed for seed in seeds if shown.holds(seed[1])),
        published=tuple(mark for mark in published if shown.holds(mark.value)),
        outside=tuple(out for at, _, row in rows if (out := _outside(at, row, shown)) is not None),
    )


def _outside(at: float, row: LevelResult, shown: Window) -> Outside | None:
    ours = row.mean if row.mean is not None and not shown.holds(row.mean) else None
    theirs = row.published
    theirs = theirs if theirs is not None and not shown.holds(theirs) else None
    far = ours if ours is not None else theirs
    return None if far is None else Outside(at, far > shown.high, ours, theirs)


def effect_figure(factor: FactorResult, found: Findings) -> go.Figure:
    """Draws a factor's levels: every training, the mean with its 95 % interval, the published."""
    plot = effect_plot(factor, found)
    metric = found.grid.metric
    figure = go.Figure()
    if plot.baseline is not None:
        figure.add_hline(plot.baseline, line={"dash": "dot", "width": 1, "color": GREY})
    _add_published(figure, plot.published, metric)
    if plot.seeds:
        _add_seeds(figure, plot.seeds, metric)
    _add_means(figure, plot.means, metric)
    _add_labels(figure, plot, metric)
    for out in plot.outside:
        _add_arrow(figure, out, plot.window, metric)
    base = next((row.level for row in factor.levels if row.is_baseline), None)
    scale = " (log scale)" if plot.places.logarithmic else ""
    figure.update_xaxes(
        title=f"{words(factor.factor)}{scale}",
        tickvals=plot.places.at,
        ticktext=[
            f"<b>{text}</b><br>baseline" if row.level == base else text
            for text, row in zip(plot.places.texts, factor.levels, strict=True)
        ],
        range=[-0.28, 1.12],
        tickangle=0,
    )
    figure.update_yaxes(title=words(metric.name), **ticks(metric), range=plot.window.range)
    return finish(figure, finding(factor, found), _says(factor, found, plot))


def _add_means(figure: go.Figure, means: Sequence[Mark], metric: Metric) -> None:
    figure.add_scatter(
        x=[mark.at for mark in means],
        y=[mark.value for mark in means],
        error_y=_bars(means),
        mode="markers",
        marker={"size": 11, "color": BLUE},
        customdata=[mark.level for mark in means],
        hovertemplate=f"%{{customdata}}: {hovered('y', metric)}<extra>mean</extra>",
        name="mean, 95 % interval" if any(m.low is not None for m in means) else "one training",
    )


def _add_labels(figure: go.Figure, plot: EffectPlot, metric: Metric) -> None:
    """Writes each mean beside it, left of the seeds."""
    for mark in plot.means:
        figure.add_annotation(
            x=mark.at - (_ASIDE if plot.seeds else 0),
            y=mark.value,
            text=bare_number(mark.value, metric),
            showarrow=False,
            xanchor="right",
            xshift=-8,
            name=DETAIL,
        )


def _add_seeds(figure: go.Figure, seeds: Sequence[tuple[float, float]], metric: Metric) -> None:
    figure.add_scatter(
        x=[at for at, _ in seeds],
        y=[value for _, value in seeds],
        mode="markers",
        marker={"size": 6, "color": BLUE, "opacity": 0.45},
        hovertemplate=f"{hovered('y', metric)}<extra>one seed</extra>",
        name="one seed",
    )


def _add_published(figure: go.Figure, published: Sequence[Mark], metric: Metric) -> None:
    if not published:
        return
    figure.add_scatter(
        x=[mark.at for mark in published],
        y=[mark.value for mark in published],
        error_y=_bars(published),
        mode="markers",
        marker={"size": 10, "symbol": "diamond-open", "color": VERMILLION, "line": {"width": 2}},
        customdata=[mark.level for mark in published],
        hovertemplate=f"%{{customdata}}: {hovered('y', metric)}<extra>published</extra>",
        name="published",
    )


def _bars(marks: Sequence[Mark]) -> dict[str, object]:
    return {
        "type": "data",
        "array": [0 if mark.high is None else mark.high - mark.value for mark in marks],
        "arrayminus": [0 if mark.low is None else mark.value - mark.low for mark in marks],
        "thickness": 1.5,
        "width": 5,
    }


def _add_arrow(figure: go.Figure, out: Outside, shown: Window, metric: Metric) -> None:
    """Points to where the values are, at the edge of the axis."""
    lines = []
    if out.ours is not None:
        lines.append(f'<span style="color:{BLUE}">{number(out.ours, metric)}</span>')
    if out.published is not None:
        lines.append(f'<span style="color:{VERMILLION}">{number(out.published, metric)}</span>')
    figure.add_annotation(
        x=out.at,
        y=shown.range[1 if out.above else 0],
        text="<br>".join(lines),
        ax=0,
        ay=38 if out.above else -38,
        arrowhead=2,
        arrowwidth=1.5,
        align="center",
    )


def finding(factor: FactorResult, found: Findings) -> str:
    """Returns what a factor's levels show, in a sentence that can head its figure."""
    name, metric = words(factor.factor), found.grid.metric
    judged = [(row, found.effects[factor.factor, row.level]) for row in factor.levels]
    if not any(row.mean is not None for row, _ in judged):
        return f"{name}: nothing trained yet"
    if any(e.verdict == CANNOT_TELL for _, e in judged):
        lowest, highest = _extremes(factor)
        return f"{name}: {_span(lowest, highest, metric)}; one seed cannot tell which part is luck"
    better = _listed(judged, BETTER, metric)
    worse = _listed(judged, WORSE, metric)
    unclear = [(row, e) for row, e in judged if e.verdict == NOT_SHOWN]
    parts = []
    if better:
        parts.append(f"better at {better}")
    if worse:
        parts.append(f"worse at {worse}")
    if unclear:
        bound = max(e.within or 0.0 for _, e in unclear)
        at = ", ".join(f"{row.level}" for row, _ in unclear) if parts else ""
        within = f"within ±{spelled(bound, metric, signed=False)}"
        parts.append(f"no difference shown{f' at {at}' if at else ''}, {within}")
    return f"{name}: {'; '.join(parts)}" if parts else f"{name}: only the baseline was trained"


def _listed(judged: Sequence[tuple[LevelResult, Effect]], verdict: str, metric: Metric) -> str:
    return " and ".join(
        f"{row.level} ({spelled(e.difference, metric)})"
        for row, e in judged
        if e.verdict == verdict
    )


def _extremes(factor: FactorResult) -> tuple[float, float]:
    means = [row.mean for row in factor.levels if row.mean is not None]
    return min(means), max(means)


def _span(low: float, high: float, metric: Metric) -> str:
    return f"{bare_number(low, metric)} to {number(high, metric)}"


def _says(factor: FactorResult, found: Findings, plot: EffectPlot) -> str:
    levels = "; ".join(
        f"{row.level}: {number(row.mean, found.grid.metric) or 'no value'}" for row in factor.levels
    )
    beyond = " Arrows at the edge tell values beyond the axis." if plot.outside else ""
    name = words(found.grid.metric.name)
    return f"{name} at each level of {words(factor.factor)}. {levels}.{beyond}"
