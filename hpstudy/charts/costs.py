"""What levels cost: time and memory, and what accuracy that buys."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpstudy.analysis.results import FactorResult, LevelResult
from hpstudy.analysis.speed import Speeds, Tradeoff
from hpstudy.analysis.wording import number, words
from hpstudy.charts.axes import bulk, hovered, ticks
from hpstudy.charts.theme import BLUE, GREEN, GREY, finish
from hpstudy.metric import Metric

_ENOUGH = 2
_MOST_LABELS = 6


def cost_figure(factor: FactorResult, speeds: Speeds) -> go.Figure | None:
    """Draws seconds an epoch, with their standard deviation, and peak memory of each level.

    Args:
        factor: The factor.
        speeds: What its levels' epochs took.

    Returns:
        The figure, or None where neither is known of any level.
    """
    kinds = {
        "seconds an epoch": (BLUE, ".3g", [row.seconds_per_epoch for row in factor.levels]),
        "peak memory, MiB": (GREEN, ".0f", [row.peak_memory_mb for row in factor.levels]),
    }
    known = {name: kind for name, kind in kinds.items() if any(v is not None for v in kind[2])}
    if not known:
        return None
    levels = [f"{row.level}" for row in factor.levels]
    measured = [speeds[factor.factor, row.level].seconds_per_epoch for row in factor.levels]
    deviations = {"seconds an epoch": [m.deviation if m is not None else None for m in measured]}
    figure = make_subplots(rows=len(known), cols=1, shared_xaxes=True, vertical_spacing=0.1)
    for row, (name, (color, form, values)) in enumerate(known.items(), 1):
        figure.add_bar(
            x=levels,
            y=values,
            text=["" if v is None else f"{v:{form}}" for v in values],
            textposition="inside",
            insidetextanchor="start",
            textangle=0,
            marker={"color": color},
            width=0.4,
            error_y={"type": "data", "array": deviations.get(name), "color": GREY, "width": 5},
            hovertemplate=f"%{{x}}: %{{y:.3~f}}<extra>{name}</extra>",
            showlegend=False,
            row=row,
            col=1,
        )
        figure.update_yaxes(title=name, rangemode="tozero", nticks=4, row=row)
    figure.update_xaxes(type="category")
    figure.update_xaxes(title=words(factor.factor), row=len(known))
    told = "; ".join(f"{row.level}: {_told(row)}" for row in factor.levels)
    return finish(figure, _title(factor, speeds), f"Cost of each level. {told}.", height=400)


def _told(row: LevelResult) -> str:
    seconds = "" if row.seconds_per_epoch is None else f"{row.seconds_per_epoch:.3g} s an epoch"
    memory = "" if row.peak_memory_mb is None else f"{row.peak_memory_mb:.0f} MiB"
    return ", ".join(part for part in (seconds, memory) if part) or "not known"


def _title(factor: FactorResult, speeds: Speeds) -> str:
    name = words(factor.factor)
    known = {r.level: s for r in factor.levels if (s := r.seconds_per_epoch) is not None}
    if len(known) < 2:
        return f"{name}: what each level costs"
    fast, slow = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    ratio = known[slow] / known[fast]
    measured = [speeds[factor.factor, level].seconds_per_epoch for level in known]
    spread = max((m.deviation or 0.0 for m in measured if m is not None), default=0.0)
    # Other work on the machine makes some epochs longer: that says nothing about a level.
    if ratio < 1.05 or known[slow] - known[fast] < 2 * spread:
        return f"{name}: an epoch takes about as long at every level"
    return f"{name}: an epoch at {slow} takes {ratio:.1f} times as long as at {fast}"


def _label_positions(count: int) -> list[str]:
    """Returns where the front's labels stand: in turn, the last one where there is room."""
    positions = [("top left", "bottom right")[place % 2] for place in range(count)]
    return [*positions[:-1], "top left"]


def tradeoff_figure(tradeoffs: Sequence[Tradeoff], metric: Metric) -> go.Figure | None:
    """Draws values against training time, with the front that nothing is better than.

    Args:
        tradeoffs: The settings, quickest first.
        metric: The metric of their values.

    Returns:
        The figure, or None for fewer than two settings.
    """
    if len(tradeoffs) < _ENOUGH:
        return None
    front = [one for one in tradeoffs if one.is_on_front]
    best = front[-1]
    frame = bulk([one.value for one in tradeoffs], best=best.value)
    others = [one for one in tradeoffs if not one.is_on_front and frame.holds(one.value)]
    figure = go.Figure()
    hover = f"%{{customdata}}: {hovered('y', metric)} in %{{x:.3~s}} s<extra></extra>"
    figure.add_scatter(
        x=[one.seconds for one in others],
        y=[one.value for one in others],
        customdata=[one.label for one in others],
        mode="markers",
        marker={"size": 8, "color": GREY},
        hovertemplate=hover,
        name="another is better and quicker",
    )
    labelled = len(front) <= _MOST_LABELS
    figure.add_scatter(
        x=[one.seconds for one in front],
        y=[one.value for one in front],
        customdata=[one.label for one in front],
        text=[words(one.label) for one in front] if labelled else None,
        textposition=_label_positions(len(front)),
        cliponaxis=False,
        mode="lines+markers+text" if labelled else "lines+markers",
        line={"shape": "hv", "width": 1.5, "color": BLUE},
        marker={"size": 10, "color": BLUE},
        hovertemplate=hover,
        name="best for its time",
    )
    figure.update_xaxes(title="training time, s", rangemode="tozero")
    figure.update_yaxes(title=words(metric.name), **ticks(metric), range=frame.range)
    title = f"{words(best.label)} is best, {number(best.value, metric)} in {best.seconds:,.0f} s"
    if len(front) > 1:
        quick = front[0]
        title += f"; {words(quick.label)} is quickest, {number(quick.value, metric)} in "
        title += f"{quick.seconds:,.0f} s"
    outside = sum(not frame.holds(one.value) for one in tradeoffs)
    beyond = f" {outside} settings lie beyond the axis." if outside else ""
    return finish(
        figure, title, f"{words(metric.name)} against training time, a dot a setting.{beyond}"
    )
