"""Which hyperparameters matter, with intervals, and beside them what luck does."""

from __future__ import annotations

import plotly.graph_objects as go

from hpstudy.analysis.importance import FANOVA, PED_ANOVA, RANGE, Importance, Importances
from hpstudy.charts.axes import hovered_difference
from hpstudy.charts.theme import BLUE, GREY, VERMILLION, finish
from hpstudy.metric import Metric
from hpstudy.sampler import SEED
from hpstudy.wording import spelled, unit_of_differences, words

_FAR_APART = 30  # from this ratio on, small importances are only seen on a logarithmic axis
_LOOKS = {
    RANGE: (BLUE, "circle", "range of level means"),
    PED_ANOVA: (BLUE, "circle", "PED-ANOVA: what makes the best tenth"),
    FANOVA: (VERMILLION, "diamond-open", "fANOVA: share of all variance"),
}


def importance_figure(found: Importances, metric: Metric) -> go.Figure | None:
    """Draws importances with their intervals, most important on top; luck in grey.

    Args:
        found: The importances of a grid or a search.
        metric: The metric; its unit is that of a grid's ranges.

    Returns:
        The figure, or None without any importance.
    """
    if not found.rows:
        return None
    of_grid = found.rows[0].evaluator == RANGE
    scale = metric.scale if of_grid else 1  # a share's ranges are drawn in points
    hover = hovered_difference("x", metric) if of_grid else "%{x:.0%}"
    labels = list(dict.fromkeys(_label(row.param) for row in found.rows))
    figure = go.Figure()
    for evaluator in dict.fromkeys(row.evaluator for row in found.rows):
        rows = [row for row in found.rows if row.evaluator == evaluator]
        _add(figure, evaluator, rows, hover, scale)
    figure.update_yaxes(
        categoryorder="array", categoryarray=labels[::-1], tickfont={"size": 13}, showgrid=False
    )
    if of_grid:
        values = [row.amount.value for row in found.rows if row.amount.value > 0]
        far_apart = bool(values) and max(values) > _FAR_APART * min(values)
        unit = unit_of_differences(metric)
        title = f"largest less smallest level mean{f', {unit}' if unit else ''}"
        title += "<br>(log scale)" if far_apart else ""  # in one line a phone would cut it
        figure.update_xaxes(title=title, showgrid=True)
        if far_apart:
            figure.update_xaxes(type="log", dtick=1)
    else:
        reach = max(_top(row) for row in found.rows)
        room = [-0.04 * reach, 1.06 * reach]
        figure.update_xaxes(title="share", tickformat=".0%", range=room, showgrid=True)
    told = "; ".join(
        f"{_label(row.param)} {row.evaluator}: {row.amount.value:.3g}" for row in found.rows
    )
    title = _grid_title(found, metric) if of_grid else _search_title(found)
    return finish(figure, title, f"Importance of each hyperparameter. {told}.", height=300)


def _add(figure: go.Figure, evaluator: str, rows: list[Importance], hover: str, scale: int) -> None:
    color, symbol, name = _LOOKS[evaluator]
    amounts = [row.amount for row in rows]
    colors = [GREY if row.param == SEED else color for row in rows]
    figure.add_scatter(
        x=[scale * one.value for one in amounts],
        y=[_label(row.param) for row in rows],
        error_x={
            "type": "data",
            "array": [0 if one.high is None else scale * (one.high - one.value) for one in amounts],
            "arrayminus": [
                0 if one.low is None else scale * (one.value - one.low) for one in amounts
            ],
            "thickness": 1.5,
            "width": 5,
            "color": color,
        },
        mode="markers",
        marker={
            "size": 11,
            "symbol": symbol,
            "color": colors,
            "line": {"width": 2, "color": colors},
        },
        hovertemplate=f"%{{y}}: {hover}<extra></extra>",
        name=name,
        showlegend=True,
    )


def _label(param: str) -> str:
    return "luck" if param == SEED else words(param)


def _grid_title(found: Importances, metric: Metric) -> str:
    factors = [row for row in found.rows if row.param != SEED]
    luck = next((row for row in found.rows if row.param == SEED), None)
    if not factors:
        return "No factor has levels to compare" if found.without else "Only luck was at work"
    first, *others = factors
    size = spelled(first.amount.value, metric, signed=False)
    name = words(metric.name)
    if _leads(first, others) and (luck is None or first.amount.value > luck.amount.value):
        text = f"{words(first.param)} moves {name} furthest, by {size}"
    elif others:
        next_size = spelled(others[0].amount.value, metric, signed=False)
        text = (
            f"What moves {name} furthest is not shown: {words(first.param)} by {size}, "
            f"{words(others[0].param)} by {next_size}"
        )
    else:
        text = f"Whether {words(first.param)} moves {name} is not shown: by {size}"
    if found.without:
        text += f", {found.without}"
    if luck is None:
        return f"{text}; one seed cannot tell how much luck does"
    return f"{text}; luck alone by {spelled(luck.amount.value, metric, signed=False)}"


def _search_title(found: Importances) -> str:
    """Says what decides most where its interval lies above all others', else that none does."""
    first, *others = [row for row in found.rows if row.evaluator == found.rows[0].evaluator]
    if not others:
        return f"{words(first.param)} is all that was searched"
    if found.is_enough and _leads(first, others):
        return f"{words(first.param)} decides most about a good result: {_share(first)}"
    named = ", ".join(f"{words(row.param)} {_share(row)}" for row in (first, others[0]))
    return f"What decides most is not shown: {named}"


def _leads(first: Importance, others: list[Importance]) -> bool:
    """Tells whether an interval lies above all others, and above nothing."""
    low = first.amount.low
    return low is not None and low > max((_top(row) for row in others), default=0.0)


def _top(row: Importance) -> float:
    """Returns how much a hyperparameter may matter at most."""
    return row.amount.value if row.amount.high is None else row.amount.high


def _share(row: Importance) -> str:
    text = f"{100 * row.amount.value:.0f} %"
    if row.amount.ends is None:
        return text
    low, high = row.amount.ends
    return f"{text} (95 % {100 * low:.0f} to {100 * high:.0f})"
