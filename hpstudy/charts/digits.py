"""What a network misreads."""

from __future__ import annotations

import plotly.graph_objects as go

from hpstudy.charts.theme import finish
from hpstudy.expected import one_line
from hpstudy.results.predictions import Reading
from hpstudy.wording import counted

_NAME = 24  # letters of a class's name, at most
_MOST_WITH_COUNTS = 30  # classes: of more, a cell has no room for its number
_HEIGHT, _CLASS = 430, 23  # pixels; of each class beyond ten
_HIGHEST = 1000


def confusion_figure(reading: Reading) -> go.Figure:
    """Draws how often each class is read as which; the right ones are left out of the colours."""
    counts = reading.confusion
    places = [str(label) for label in range(len(counts))]
    names = [one_line(reading.name(label), _NAME) for label in range(len(counts))]
    wrong = [
        [None if row == column else count for column, count in enumerate(line)]
        for row, line in enumerate(counts)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=wrong,
            x=places,
            y=places,
            text=[[str(count) if count else "" for count in line] for line in counts],
            texttemplate="%{text}" if len(counts) <= _MOST_WITH_COUNTS else None,
            hovertext=[
                [f"{shown} read as {read}: {n}" for read, n in zip(names, line, strict=True)]
                for shown, line in zip(names, counts, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            colorscale=[[0, "rgba(213,94,0,0)"], [1, "rgba(213,94,0,0.85)"]],
            xgap=1,
            ygap=1,
            showscale=False,
        )
    )
    axis = {"type": "category", "tickvals": places, "ticktext": names}
    is_digit = reading.thing == "digit"
    figure.update_xaxes(title="read as", ticks="", **axis)
    figure.update_yaxes(
        title="digit" if is_digit else "class", autorange="reversed", showgrid=False, **axis
    )
    title = f"{len(reading.mistakes):,} of {counted(len(reading.labels), reading.thing)} misread"
    if (often := _most_often(counts)) is not None:
        shown, read, times = often
        title += f"; most often {names[shown]} as {names[read]} ({counted(times, 'time')})"
    rows = "digits" if is_digit else "classes"
    says = f"Confusion matrix of {reading.network.label}: rows are {rows}, columns what was read."
    height = min(_HEIGHT + _CLASS * max(len(counts) - 10, 0), _HIGHEST)
    return finish(figure, title, says, height=height)


def _most_often(counts: tuple[tuple[int, ...], ...]) -> tuple[int, int, int] | None:
    wrong = [
        (count, row, column)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column
    ]
    count, shown, read = max(wrong, default=(0, 0, 0))
    return (shown, read, count) if count else None
