"""How one training went: loss and accuracy, between epochs and after each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpstudy.charts.axes import hovered, ticks, titled
from hpstudy.charts.theme import BLUE, DASHES, SERIES, finish
from hpstudy.metric import Metric, direction_of
from hpstudy.objective import Step
from hpstudy.store.records import Epoch
from hpstudy.wording import enumerated, number, words

_LOSS = "loss"
_HEIGHT = 440


def training_figures(
    epochs: Sequence[Epoch], steps: Sequence[Step], metric: Metric
) -> dict[str, go.Figure]:
    """Returns the figures of one training; what there is nothing to draw of is left out.

    Ids: `steps` (against examples seen), `epochs-loss` and `epochs-metric` (after each epoch, the
    metric's like of training and validation beside it).

    Args:
        epochs: The training's epochs.
        steps: Its curve between them.
        metric: The metric that it is told by.
    """
    figures = {} if len(steps) < 2 else {"steps": _steps(steps)}
    if len(epochs) < 2:
        return figures
    kinds = dict.fromkeys((_LOSS, _kind(metric.name)))
    for kind in kinds:
        lines = _lines(epochs, kind)
        if lines:
            like = metric if kind == _kind(metric.name) else _loss()
            figures[f"epochs-{'metric' if like is metric else _LOSS}"] = _epochs(lines, like)
    return figures


def _kind(name: str) -> str:
    """Returns what a metric has in common with its likes: test_accuracy, train_accuracy."""
    return name.rpartition("_")[2]


def _loss() -> Metric:
    return Metric.named(_LOSS, direction_of(minimize=True))


def _lines(epochs: Sequence[Epoch], kind: str) -> dict[str, dict[int, float]]:
    """Returns each metric of a kind by epoch, where it has two values."""
    names = dict.fromkeys(n for epoch in epochs for n in epoch.metrics if _kind(n) == kind)
    found = {
        name: {e.number: v for e in epochs if (v := e.metrics.get(name)) is not None}
        for name in names
    }
    return {name: points for name, points in found.items() if len(points) > 1}


def _epochs(lines: Mapping[str, Mapping[int, float]], metric: Metric) -> go.Figure:
    figure = go.Figure()
    for place, (name, points) in enumerate(lines.items()):
        color, dash = SERIES[place % len(SERIES)], DASHES[place % len(DASHES)]
        figure.add_scatter(
            x=list(points),
            y=list(points.values()),
            mode="lines+markers",
            line={"width": 2, "color": color, "dash": dash},
            marker={"size": 6, "color": color},
            name=words(name),
            showlegend=len(lines) > 1,
            hovertemplate=f"%{{x:,}}: {hovered('y', metric)}<extra>{words(name)}</extra>",
        )
    longest = max(map(len, lines.values()))
    figure.update_yaxes(title=titled(metric), **ticks(metric))
    figure.update_xaxes(title="epoch", dtick=1 if longest <= 10 else None)
    last = enumerated([f"{words(n)} {number(p[max(p)], metric)}" for n, p in lines.items()])
    says = f"{enumerated([words(name) for name in lines])} after each epoch."
    return finish(figure, f"After the last epoch: {last}", says, height=_HEIGHT)


def _steps(steps: Sequence[Step]) -> go.Figure:
    """Draws training loss and accuracy against examples seen, as the published report does."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    for row, name, hover in ((1, _LOSS, "%{y:.4~f}"), (2, "accuracy", "%{y:.2%}")):
        points = {s.seen: v for s in steps if math.isfinite(v := getattr(s, name))}
        figure.add_scatter(
            x=list(points),
            y=list(points.values()),
            mode="lines",
            line={"width": 2, "color": BLUE},
            showlegend=False,
            hovertemplate=f"%{{x:,}}: {hover}<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_yaxes(title="training loss", row=1)
    figure.update_yaxes(title="training accuracy", tickformat=".4~%", row=2)
    figure.update_xaxes(title="examples seen", row=2)
    last = steps[-1]
    title = f"Training loss ends at {last.loss:.3f} after {last.seen:,} examples"
    says = "Training loss and accuracy of the last examples, against examples seen."
    return finish(figure, title, says, height=_HEIGHT)
