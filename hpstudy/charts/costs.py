"""What levels cost: time and memory, and what accuracy that buys."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpstudy.analysis.findings import FactorFinding, LevelFinding
from hpstudy.analysis.speed import Tradeoff, go_by_epochs, is_telling
from hpstudy.charts.axes import Window, bulk, hovered, level_texts, value_axis
from hpstudy.charts.theme import BLUE, GREEN, GREY, finish
from hpstudy.metric import Metric
from hpstudy.wording import counted, level, number, words

_ALIKE = 1.1  # times that differ by less than this are about the same
_MOST_LABELS = 6
_EDGE = 0.25  # a label nearer to the axis than this stands right of its point
_CLOSE_ACROSS, _CLOSE_UP = 0.12, 0.08  # labels that are closer lie on each other, of the axes


def cost_figure(factor: FactorFinding) -> go.Figure | None:
    """Draws seconds an epoch, with their standard deviation, and peak memory of each level.

    Args:
        factor: The factor.

    Returns:
        The figure, or None where neither is known of any level, or too short to say anything.
    """
    once = not go_by_epochs(factor)
    seconds = "seconds" if once else "seconds an epoch"
    kinds: dict[str, tuple[str, str, list[float | None]]] = {
        seconds: (BLUE, ".3g", [_seconds_of(row) for row in factor.levels]),
        "peak memory, MiB": (GREEN, ".0f", [row.speed.peak_memory_mb for row in factor.levels]),
    }
    if not is_telling([_seconds_of(row) or 0.0 for row in factor.levels]):
        del kinds[seconds]
    known = {name: kind for name, kind in kinds.items() if any(v is not None for v in kind[2])}
    if not known:
        return None
    levels = level_texts([row.level for row in factor.levels])
    measured = [row.speed.seconds_per_epoch for row in factor.levels]
    deviations = {seconds: [m.deviation if m is not None else None for m in measured]}
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
            error_y=_bars(values, deviations.get(name)),
            hovertemplate=f"%{{x}}: %{{y:.3~f}}<extra>{name}</extra>",
            showlegend=False,
            row=row,
            col=1,
        )
        figure.update_yaxes(title=name, rangemode="tozero", nticks=4, row=row)
    figure.update_xaxes(type="category")
    figure.update_xaxes(title=words(factor.name), row=len(known))
    told = "; ".join(f"{level(row.level)}: {_told(row, once=once)}" for row in factor.levels)
    height = 400 if len(known) > 1 else 260
    return finish(figure, _title(factor), f"Cost of each level. {told}.", height=height)


def _bars(
    values: Sequence[float | None], deviations: Sequence[float | None] | None
) -> dict[str, object]:
    """Returns plotly's error bars, which end at 0: nothing takes less."""
    look: dict[str, object] = {"type": "data", "array": deviations, "color": GREY, "width": 5}
    if deviations is None:
        return look
    below = [min(v or 0.0, d or 0.0) for v, d in zip(values, deviations, strict=True)]
    return look | {"symmetric": False, "arrayminus": below}


def _seconds_of(row: LevelFinding) -> float | None:
    time = row.speed.seconds_per_epoch
    return None if time is None else time.mean


def _told(row: LevelFinding, *, once: bool) -> str:
    time, peak = _seconds_of(row), row.speed.peak_memory_mb
    seconds = "" if time is None else f"{time:.3g} s{'' if once else ' an epoch'}"
    memory = "" if peak is None else f"{peak:.0f} MiB"
    return ", ".join(part for part in (seconds, memory) if part) or "not known"


def _title(factor: FactorFinding) -> str:
    name = words(factor.name)
    known = {r.level: s for r in factor.levels if (s := _seconds_of(r)) is not None}
    if not is_telling(list(known.values())):
        return f"{name}: what each level costs"
    fast, slow = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    what = "an epoch" if go_by_epochs(factor) else "a training"
    if known[slow] < _ALIKE * known[fast]:
        return f"{name}: {what} takes about as long at every level"
    measured = [row.speed.seconds_per_epoch for row in factor.levels]
    spread = max((m.deviation or 0.0 for m in measured if m is not None), default=0.0)
    # Other work on the machine makes some epochs longer: that says nothing about a level.
    if known[slow] - known[fast] < 2 * spread:
        ends = f"{known[fast]:.3g} to {known[slow]:.3g} s"
        return f"{name}: {what} takes {ends}, no more apart than those of one level"
    ratio = known[slow] / known[fast]
    return f"{name}: {what} at {level(slow)} takes {ratio:.1f} times as long as at {level(fast)}"


def _labels(front: Sequence[Tradeoff], frame: Window) -> list[str]:
    """Returns the front's labels, the last one always; none where it would lie on a later one's."""
    across = front[-1].seconds or 1.0
    high = (frame.high - frame.low) or 1.0
    labels: list[str] = []
    after: Tradeoff | None = None
    for one in reversed(front):
        is_clear = after is None or (
            (after.seconds - one.seconds) / across > _CLOSE_ACROSS
            or abs(after.value - one.value) / high > _CLOSE_UP
        )
        labels.append(words(one.label) if is_clear and len(front) <= _MOST_LABELS else "")
        after = one if is_clear else after
    return labels[::-1]


def _label_positions(front: Sequence[Tradeoff]) -> list[str]:
    """Returns where labels stand: above or below in turn, on the side where there is room."""
    positions = []
    for place, one in enumerate(front[:-1]):
        side = "right" if one.seconds < _EDGE * front[-1].seconds else ("left", "right")[place % 2]
        positions.append(f"{('top', 'bottom')[place % 2]} {side}")
    return [*positions, "top left"]


def _seconds(one: Tradeoff) -> str:
    """Formats a training time in as many digits as tell it from another."""
    return f"{one.seconds:,.0f} s" if one.seconds >= 10 else f"{one.seconds:.2g} s"


def tradeoff_figure(tradeoffs: Sequence[Tradeoff], metric: Metric) -> go.Figure | None:
    """Draws values against training time, with the front that nothing is better than.

    Args:
        tradeoffs: The settings, quickest first.
        metric: The metric of their values.

    Returns:
        The figure, or None for fewer than two settings, or such short times that they say nothing.
    """
    if not is_telling([one.seconds for one in tradeoffs]):
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
    labels = _labels(front, frame)
    figure.add_scatter(
        x=[one.seconds for one in front],
        y=[one.value for one in front],
        customdata=[one.label for one in front],
        text=labels,
        textposition=_label_positions(front),
        cliponaxis=False,
        mode="lines+markers+text",
        line={"shape": "hv", "width": 1.5, "color": BLUE},
        marker={"size": 10, "color": BLUE},
        hovertemplate=hover,
        name="best for its time",
    )
    figure.update_xaxes(title="training time, s", rangemode="tozero")
    figure.update_yaxes(**value_axis(metric, frame))
    title = f"{words(best.label)} is best, {number(best.value, metric)} in {_seconds(best)}"
    if len(front) > 1:
        quick = front[0]
        title += f"; {words(quick.label)} is quickest, {number(quick.value, metric)} in "
        title += _seconds(quick)
    outside = sum(not frame.holds(one.value) for one in tradeoffs)
    lie = "lies" if outside == 1 else "lie"
    beyond = f" {counted(outside, 'setting')} {lie} beyond the axis." if outside else ""
    return finish(
        figure, title, f"{words(metric.name)} against training time, a dot a setting.{beyond}"
    )
