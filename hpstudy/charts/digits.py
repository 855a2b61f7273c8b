"""What a network misreads."""

from __future__ import annotations

import plotly.graph_objects as go

from hpstudy.charts.theme import finish
from hpstudy.results.predictions import Reading
from hpstudy.wording import counted


def confusion_figure(reading: Reading) -> go.Figure:
    """Draws how often each digit is read as which; the right ones are left out of the colours."""
    counts = reading.confusion
    digits = [str(digit) for digit in range(len(counts))]
    wrong = [
        [None if row == column else count for column, count in enumerate(line)]
        for row, line in enumerate(counts)
    ]
    total, mistakes = len(reading.labels), len(reading.mistakes)
    figure = go.Figure(
        go.Heatmap(
            z=wrong,
            x=digits,
            y=digits,
            text=[[str(count) if count else "" for count in line] for line in counts],
            texttemplate="%{text}",
            hovertemplate="%{y} read as %{x}: %{z}<extra></extra>",
            colorscale=[[0, "rgba(213,94,0,0)"], [1, "rgba(213,94,0,0.85)"]],
            xgap=1,
            ygap=1,
            showscale=False,
        )
    )
    figure.update_xaxes(title="read as", type="category", ticks="")
    figure.update_yaxes(title="digit", type="category", autorange="reversed", showgrid=False)
    often = _most_often(counts)
    title = f"{mistakes:,} of {counted(total, 'digit')} misread"
    if often is not None:
        title += f"; most often {often[0]} as {often[1]} ({counted(often[2], 'time')})"
    says = f"Confusion matrix of {reading.network.label}: rows are digits, columns what was read."
    return finish(figure, title, says, height=430)


def _most_often(counts: tuple[tuple[int, ...], ...]) -> tuple[int, int, int] | None:
    wrong = [
        (count, row, column)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column
    ]
    count, digit, read = max(wrong, default=(0, 0, 0))
    return (digit, read, count) if count else None
