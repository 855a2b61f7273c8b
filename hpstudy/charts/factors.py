"""What each hyperparameter does: its levels, their intervals, and the published figures."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import plotly.graph_objects as go

from hpstudy.analysis.family import RANKS
from hpstudy.analysis.findings import FactorFinding, LevelFinding
from hpstudy.charts.axes import Window, hovered, ticks, titled
from hpstudy.charts.effect_plot import ASIDE, EffectPlot, Mark, Outside, effect_plot
from hpstudy.charts.theme import BLUE, DETAIL, GREY, VERMILLION, finish
from hpstudy.metric import Metric, Verdict
from hpstudy.wording import (
    bare_number,
    cannot_tell,
    enumerated,
    level,
    number,
    spelled,
    words,
)

_LETTER = 0.014  # what a letter of the last level's name takes, of the axis
_TICK_LETTERS = 14  # of a line of a level's name
_CLOSE = 0.07  # how far a label keeps from the baseline's line, of the axis


def effect_figure(
    factor: FactorFinding, metric: Metric, whole: FactorFinding | None = None
) -> go.Figure:
    """Draws a factor's levels: every training, the mean with its 95 % interval, the published.

    Args:
        factor: The factor, with the levels to draw.
        metric: The metric that is compared.
        whole: The factor with all of its levels, where not all of them are drawn.
    """
    plot = effect_plot(factor, metric)
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
    _add_diverged(figure, plot, metric)
    base = next((row.level for row in factor.levels if row.is_baseline), None)
    scale = " (log scale)" if plot.places.logarithmic else ""
    texts = [_folded(text) for text in plot.places.texts]
    letters = max(len(line) for line in "<br>".join(texts).split("<br>"))
    figure.update_xaxes(
        title=f"{words(factor.name)}{scale}",
        tickvals=plot.places.at,
        ticktext=[
            f"<b>{text}</b><br>baseline" if row.level == base else text
            for text, row in zip(texts, factor.levels, strict=True)
        ],
        range=[-0.28, 1.12 + _LETTER * max(letters - 5, 0)],
        tickangle=0,
        ticklabeloverflow="allow",
    )
    figure.update_yaxes(title=titled(metric), **ticks(metric), range=plot.window.range)
    title = finding(whole or factor, metric)
    if whole is not None and len(whole.levels) > len(factor.levels):
        title += f" ({len(factor.levels)} of {len(whole.levels):,} levels, those that show most)"
    return finish(figure, title, _says(factor, metric, plot))


def _folded(text: str) -> str:
    return "<br>".join(wrap(text, _TICK_LETTERS, break_long_words=False))


def _add_means(figure: go.Figure, means: Sequence[Mark], metric: Metric) -> None:
    figure.add_scatter(
        x=[mark.at for mark in means],
        y=[mark.quantity.value for mark in means],
        error_y=_bars(means),
        mode="markers",
        marker={"size": 11, "color": BLUE},
        customdata=[mark.level for mark in means],
        hovertemplate=f"%{{customdata}}: {hovered('y', metric)}<extra>mean</extra>",
        name="mean, 95 % interval" if any(m.quantity.ends for m in means) else "one training",
    )


def _add_labels(figure: go.Figure, plot: EffectPlot, metric: Metric) -> None:
    """Writes each mean beside it, left of the seeds, clear of the baseline's line."""
    low, high = plot.window.range
    for mark in plot.means:
        side = _side(mark.quantity.value, plot.baseline, _CLOSE * (high - low))
        figure.add_annotation(
            x=mark.at - (ASIDE if plot.seeds else 0),
            y=mark.quantity.value,
            text=bare_number(mark.quantity.value, metric),
            showarrow=False,
            xanchor="right",
            xshift=-8,
            yanchor=side,
            name=DETAIL,
        )


def _side(value: float, line: float | None, close: float) -> str:
    """Returns which edge of a label lies at a value, so that a line near it doesn't strike it."""
    if line is None or abs(value - line) >= close:
        return "middle"
    return "bottom" if value >= line else "top"


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
        y=[mark.quantity.value for mark in published],
        error_y=_bars(published),
        mode="markers",
        marker={"size": 10, "symbol": "diamond-open", "color": VERMILLION, "line": {"width": 2}},
        customdata=[mark.level for mark in published],
        hovertemplate=f"%{{customdata}}: {hovered('y', metric)}<extra>published</extra>",
        name="published",
    )


def _bars(marks: Sequence[Mark]) -> dict[str, object]:
    quantities = [mark.quantity for mark in marks]
    return {
        "type": "data",
        "array": [0 if q.high is None else q.high - q.value for q in quantities],
        "arrayminus": [0 if q.low is None else q.value - q.low for q in quantities],
        "thickness": 1.5,
        "width": 5,
    }


def _add_arrow(figure: go.Figure, out: Outside, shown: Window, metric: Metric) -> None:
    """Points to where the values are, at the edge of the axis; beside a mean that is there."""
    lines = []
    if out.ours is not None:
        lines.append(f'<span style="color:{BLUE}">{number(out.ours, metric)}</span>')
    if out.published is not None:
        lines.append(f'<span style="color:{VERMILLION}">{number(out.published, metric)}</span>')
    alone = out.ours is not None
    figure.add_annotation(
        x=out.at if alone else out.at + ASIDE,
        y=shown.range[1 if out.above else 0],
        text="<br>".join(lines),
        ax=0 if alone else 14,
        ay=38 if out.above else -38,
        xanchor="center" if alone else "left",
        name=None if alone else DETAIL,
        arrowhead=2,
        arrowwidth=1.5,
        align="center",
    )


def _add_diverged(figure: go.Figure, plot: EffectPlot, metric: Metric) -> None:
    """Says where seeds diverged, at the worse end of the axis."""
    worst = plot.window.range[0 if metric.sign > 0 else 1]
    for at, text in plot.diverged:
        figure.add_annotation(
            x=at, y=worst, text=text, showarrow=False, font={"color": VERMILLION},
            yanchor="bottom" if metric.sign > 0 else "top",
        )  # fmt: skip


def finding(factor: FactorFinding, metric: Metric) -> str:
    """Returns what a factor's levels show, in a sentence that can head its figure."""
    name, rows = words(factor.name), factor.levels
    if not any(row.mean is not None for row in rows):
        return f"{name}: nothing trained yet"
    known = {row.verdict for row in rows if not row.is_baseline and row.verdict is not None}
    if known == {Verdict.CANNOT_TELL}:
        lowest, highest = _extremes(factor)
        return f"{name}: {_span(lowest, highest, metric)}; one seed cannot tell which part is luck"
    sides = {
        Verdict.BETTER: "better at",
        Verdict.WORSE: "worse at",
        Verdict.UNSTABLE: "unstable at",
        Verdict.DIVERGES: "diverges at",
        Verdict.EQUAL: "equal at",
        Verdict.NO_GAIN: "no gain at",
        Verdict.OPEN: "open at",
    }
    parts = [
        f"{said} {listed}"
        for verdict, said in sides.items()
        if (listed := _listed(rows, verdict, metric))
    ]
    unclear = [row for row in rows if row.verdict == Verdict.NOT_SHOWN]
    if unclear:
        at = enumerated([level(row.level) for row in unclear]) if parts else ""
        parts.append(f"no difference shown{f' at {at}' if at else ''}, {_within(unclear, metric)}")
    if untold := [level(row.level) for row in rows if row.verdict == Verdict.CANNOT_TELL]:
        parts.append(f"one seed cannot tell at {enumerated(untold)}")
    base = factor.baseline
    if parts and base.diverged:
        parts.append(f"the baseline diverged on {base.losses}")
    return f"{name}: {'; '.join(parts)}" if parts else f"{name}: only the baseline was trained"


def _within(unclear: Sequence[LevelFinding], metric: Metric) -> str:
    """Says how large a difference may still be; that few seeds, or ranks, exclude none."""
    bounds = [row.within for row in unclear if row.within is not None]
    if len(bounds) == len(unclear):
        return f"within ±{spelled(max(bounds), metric, signed=False)}"
    few = [len(row.runs) for row in unclear if row.within is None and row.test != RANKS]
    return cannot_tell(min(few)) if few else "by rank"


def _listed(rows: Sequence[LevelFinding], verdict: Verdict, metric: Metric) -> str:
    return enumerated(
        [
            level(row.level) + (f" ({said})" if (said := _how_far(row, metric)) else "")
            for row in rows
            if row.verdict == verdict
        ]
    )


def _how_far(row: LevelFinding, metric: Metric) -> str:
    """Says how far a level lies from the baseline, or what of it diverged, so that nothing does."""
    if row.diverged:
        return "" if row.verdict == Verdict.DIVERGES else f"diverged on {row.losses}"
    return spelled(row.difference, metric)


def _extremes(factor: FactorFinding) -> tuple[float, float]:
    means = [row.mean.value for row in factor.levels if row.mean is not None]
    return min(means), max(means)


def _span(low: float, high: float, metric: Metric) -> str:
    return f"{bare_number(low, metric)} to {number(high, metric)}"


def _says(factor: FactorFinding, metric: Metric, plot: EffectPlot) -> str:
    levels = "; ".join(
        f"{level(row.level)}: {number(row.average, metric) or 'no value'}" for row in factor.levels
    )
    beyond = " Arrows at the edge tell values beyond the axis." if plot.outside else ""
    name = words(metric.name)
    return f"{name} at each level of {words(factor.name)}. {levels}.{beyond}"
