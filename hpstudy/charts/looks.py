"""How the intervals close over the looks, level by level, until each is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from hpstudy.analysis.findings import FactorFinding
from hpstudy.analysis.looks import LooksFinding
from hpstudy.charts.axes import Window, hovered_difference, level_texts, near, window
from hpstudy.charts.theme import GREEN, GREY, SERIES, finish
from hpstudy.metric import Metric, Quantity
from hpstudy.wording import difference, enumerated, gap, unit_of_differences, within, words

_UNBOUNDED = (-float("inf"), float("inf"))
_APART = 0.62  # what the levels of a look take together, of the way to the next one
_MARGINS = 2.5  # how far the axis reaches at least, in margins


@dataclass(frozen=True)
class _Line:
    """A level's differences from the baseline, look by look.

    Attributes:
        level: The level as it is written.
        at: The looks that judged it, from 0.
        differences: The differences at these looks.
        is_open: Whether it is open after the last of them.
    """

    level: str
    at: tuple[int, ...]
    differences: tuple[Quantity, ...]
    is_open: bool


def looks_figure(factor: FactorFinding, looks: LooksFinding, metric: Metric) -> go.Figure | None:
    """Draws a factor's differences from the baseline at each look, beside the margin.

    Args:
        factor: The factor, with the levels to draw.
        looks: The looks of its grid.
        metric: The metric that is compared; a share's differences are drawn in points.

    Returns:
        The figure; None before the first look.
    """
    lines = _lines(factor, looks)
    if not lines:
        return None
    scale, unit = metric.scale, unit_of_differences(metric)
    margin = scale * (looks.looks.margin or 0.0)
    shown = _window(lines, scale, margin)
    figure = go.Figure()
    if margin:
        figure.add_hrect(-margin, margin, fillcolor=GREEN, opacity=0.13, line={"width": 0})
    figure.add_hline(0, line={"dash": "dot", "width": 1, "color": GREY})
    for place, line in enumerate(lines):
        _add(figure, line, _shift(place, len(lines)), SERIES[place % len(SERIES)], metric, shown)
    counts = [f"{look.count}" for look in looks.made]
    figure.update_xaxes(
        title="seeds at the look", tickvals=[*range(len(counts))], ticktext=counts,
        range=[-0.5, max(len(counts), 2) - 0.5],
    )  # fmt: skip
    title = f"difference from the baseline{f', {unit}' if unit else ''}"
    figure.update_yaxes(title=title, range=shown.range)
    return finish(figure, _title(factor, lines), _says(factor, lines, looks, metric))


def _lines(factor: FactorFinding, looks: LooksFinding) -> list[_Line]:
    """Returns the levels that some look judged; by rank there is no difference to draw."""
    still = {first for first, second in looks.open if second is None}
    found = []
    texts = level_texts([row.level for row in factor.levels])
    for text, row in zip(texts, factor.levels, strict=True):
        pair = (factor.name, row.level), None
        at = {
            place: one.difference
            for place, look in enumerate(looks.made)
            if (one := look.found.get(pair)) is not None and one.difference is not None
        }
        if at:
            found.append(_Line(text, tuple(at), tuple(at.values()), pair[0] in still))
    return found


def _window(lines: Sequence[_Line], scale: int, margin: float) -> Window:
    """Returns the range of all differences but the outliers, and of most intervals."""
    last = [scale * line.differences[-1].value for line in lines]
    reach = [-_MARGINS * margin, _MARGINS * margin]
    ends = [scale * end for line in lines for one in line.differences for end in one.ends or ()]
    return window([*near(last, reach), *reach], _UNBOUNDED).stretched(ends, _UNBOUNDED)


def _shift(place: int, count: int) -> float:
    """Returns how far a level stands beside its look, so that intervals don't hide each other."""
    return _APART * ((place + 0.5) / count - 0.5)


def _add(
    figure: go.Figure, line: _Line, shift: float, color: str, metric: Metric, shown: Window
) -> None:
    values = [metric.scale * one.value for one in line.differences]
    ends = [one.ends or (one.value, one.value) for one in line.differences]
    low, high = ([metric.scale * end for end in side] for side in zip(*ends, strict=True))
    decided = [not line.is_open and place == len(values) - 1 for place in range(len(values))]
    figure.add_scatter(
        x=[at + shift for at in line.at],
        y=values,
        error_y={
            "type": "data",
            "array": [end - value for end, value in zip(high, values, strict=True)],
            "arrayminus": [value - end for end, value in zip(low, values, strict=True)],
            "thickness": 1.5,
            "width": 4,
            "color": color,
        },
        mode="lines+markers",
        line={"color": color, "width": 1, "dash": "dot"},
        marker={
            "size": 9,
            "color": color,
            "symbol": ["circle" if done else "circle-open" for done in decided],
        },
        hovertemplate=f"{line.level}: {hovered_difference('y', metric)}<extra></extra>",
        name=line.level,
        showlegend=True,
    )
    outside = next((n for n, value in enumerate(values) if not shown.holds(value)), None)
    if outside is not None:
        above = values[outside] > shown.high
        figure.add_annotation(
            x=line.at[outside] + shift,
            y=shown.range[1 if above else 0],
            text=f"{line.level}: {difference(line.differences[outside], metric)}",
            font={"color": color},
            ax=0,
            ay=38 if above else -38,
            arrowhead=2,
            arrowwidth=1.5,
        )


def _title(factor: FactorFinding, lines: Sequence[_Line]) -> str:
    """Returns what the looks decided of a factor, in a sentence that can head its figure."""
    name, still = words(factor.name), [line.level for line in lines if line.is_open]
    if still:
        decided = len(lines) - len(still)
        return f"{name}: {decided} of {len(lines)} levels are decided, open: {enumerated(still)}"
    return f"{name}: every level is decided"


def _says(
    factor: FactorFinding, lines: Sequence[_Line], looks: LooksFinding, metric: Metric
) -> str:
    after = enumerated([f"{look.count}" for look in looks.made])
    levels = "; ".join(
        f"{line.level}: {gap(line.differences[-1], metric)} after {looks.made[line.at[-1]].count}"
        for line in lines
    )
    return (
        f"Each level of {words(factor.name)} beside the baseline after {after} seeds, with the "
        f"interval, and the band {within(looks.looks.margin, metric)}. {levels}. A full circle "
        "is a level that its last look decided."
    )
