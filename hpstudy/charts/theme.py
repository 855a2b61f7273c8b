"""One look for all figures: a Plotly template for light and one for dark, and the colours.

Colours are Okabe and Ito's, which people with any colour vision can tell apart. A figure names
the light ones; `DARK_INSTEAD` says which of them give way on a dark page.

Source: Okabe and Ito, "Color universal design", 2008.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
GREY = "#7F8792"
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, GREY)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
# From few to many, readable on both pages: none of it is near white or near black.
SCALE = ((0.0, "#5B6FD0"), (0.5, "#1F9E89"), (1.0, "#E0B93A"))
DARK_INSTEAD = {BLUE: "#56B4E9"}

HEIGHT = 360  # pixels
DETAIL = "detail"  # the name of annotations that a narrow page leaves out
_TITLE_LETTERS = 54  # of a line: half of optuna-dashboard has room for them, digits being wide
_TITLE_LINE, _TITLE_PAD = 21, 11
# Plotly puts the first of several lines at its baseline where a single one hangs from its top.
_PAD, _FOLDED_PAD = 10, 21
_UNIT = re.compile(r"(?<=\d) (?=%|s\b|points)")
_OURS = re.compile("&lt;(br|/?extra)&gt;")  # the tags that figures write themselves
_TOP, _TOP_WITH_LEGEND = 16, 40
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True)
class _Page:
    """The neutral colours of a page."""

    ink: str
    faint: str
    grid: str
    box: str


_LIGHT = _Page(ink="#1B1F24", faint="#59616B", grid="#E4E7EB", box="#FFFFFF")
_DARK = _Page(ink="#E8EAED", faint="#A3ABB5", grid="#30363D", box="#1C2128")


@cache  # a figure takes a copy
def template(*, dark: bool = False) -> go.layout.Template:
    """Returns the template of all figures.

    Args:
        dark: Whether it is for a dark page.
    """
    page = _DARK if dark else _LIGHT
    axis = {
        "gridcolor": page.grid,
        "linecolor": page.faint,
        "tickcolor": page.grid,
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 10, "font": {"color": page.faint, "size": 13}},
        "tickfont": {"color": page.faint, "size": 12},
    }
    colorbar = {
        "outlinewidth": 0,
        "thickness": 12,
        "tickfont": {"color": page.faint, "size": 12},
        "title": {"font": {"color": page.faint, "size": 12}},
    }
    layout = go.Layout(
        font={"family": FONT, "size": 13, "color": page.ink},
        title={
            "font": {"size": 16},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": _PAD},
        },
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=SERIES,
        colorscale={"sequential": SCALE},
        coloraxis={"colorbar": colorbar},
        xaxis=axis | {"showgrid": False, "ticks": "outside"},
        yaxis=axis,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        margin={"l": 8, "r": 12, "t": 40, "b": 8},
        hoverlabel={"font": {"family": FONT, "size": 13, "color": page.ink}, "bgcolor": page.box},
        annotationdefaults={"font": {"color": page.ink, "size": 12}, "arrowcolor": page.faint},
        shapedefaults={"line": {"color": page.faint}},
        height=HEIGHT,
    )
    data = {
        "heatmap": [{"colorbar": colorbar, "textfont": {"color": page.ink}}],
        "contour": [{"colorbar": colorbar}],
        "scatter": [{"marker": {"colorbar": colorbar}}],
    }
    return go.layout.Template(layout=layout, data=data)


def finish(figure: go.Figure, title: str, says: str, *, height: int = HEIGHT) -> go.Figure:
    """Gives a figure the template, its title, and words for who can't see it.

    Args:
        figure: The figure.
        title: What it shows, as a finding.
        says: What is drawn, in a sentence or two.
        height: Its height in pixels, with a title of one line.

    Returns:
        The figure. `layout.meta` has its `title` in one line and `says`, and what it needs where
        the title stands elsewhere: the margin `top` and the `height`.
    """
    has_legend = figure.layout.showlegend is not False and any(
        trace.showlegend is not False and trace.name for trace in figure.data
    )
    lines = wrap(_UNIT.sub("\u00a0", title), _TITLE_LETTERS)
    top = _TOP_WITH_LEGEND if has_legend else _TOP
    _take_no_tags(figure)
    text = "<br>".join(escape(line, quote=False) for line in lines)
    title_height = _TITLE_PAD + _TITLE_LINE * len(lines)
    figure.update_layout(
        template=template(),
        title={
            "text": text,
            "pad": {"t": _FOLDED_PAD if lines[1:] else _PAD},
        },
        meta={"title": title, "says": says, "top": top, "height": height},
        height=height + _TITLE_LINE * (len(lines) - 1),
        margin={"t": title_height + top},
    )
    return figure


def _take_no_tags(figure: go.Figure) -> None:
    """Makes Plotly show names as they are: it takes what looks like HTML for mark-up and links."""
    for part in [*figure.data, figure.layout]:
        for key, value in part.to_plotly_json().items():
            if (plain := _plain(value)) is not value:
                part[key] = plain


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a figure; itself where it is plain
    if isinstance(value, str):
        plain = _OURS.sub(r"<\1>", escape(value, quote=False))
        return value if plain == value else plain
    if isinstance(value, dict):
        inside = {key: _plain(inner) for key, inner in value.items()}
        return inside if any(inside[key] is not inner for key, inner in value.items()) else value
    if isinstance(value, (list, tuple)):
        items = [_plain(item) for item in value]
        return items if any(map(operator.is_not, items, value)) else value
    return value
