"""The HTML report: one file that opens offline. It shows; it computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from hpstudy import __version__
from hpstudy.analysis.answer import Answer
from hpstudy.analysis.compare import Comparison
from hpstudy.analysis.findings import GridFindings
from hpstudy.analysis.search import SearchFindings
from hpstudy.analysis.speed import Tradeoff, go_by_epochs
from hpstudy.analysis.telling import telling
from hpstudy.charts.figures import along_axes, digit_figures, grid_figures, search_figures
from hpstudy.charts.theme import DARK_INSTEAD, template
from hpstudy.objective.shown import Layer, Pictures, name_of, thing_of
from hpstudy.results.curves import Curve
from hpstudy.results.origin import Origin
from hpstudy.results.predictions import Reading
from hpstudy.views.page.environment import environment
from hpstudy.views.page.galleries import COLUMNS, MISTAKES, Sprite, diagram, sprite
from hpstudy.views.tables.grid import costs_table, levels_tables
from hpstudy.views.tables.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TEST_PICTURES = 25  # as the published report shows
_NUMBER = 2  # letters of a class that has no more room than a number


@dataclass(frozen=True)
class Content:
    """All that a report shows; what there is nothing of is None or empty.

    Attributes:
        name: The study's name in the database.
        title: The study file's title.
        database: The database's address, without a password.
        quick: What makes this a quick look, or None for the whole study.
        found: What the grid shows of the factors to show.
        answer: Which setting to use, by all factors and the search.
        curves: The grid's learning curves.
        search: What the search shows.
        tradeoffs: The search's values against training time.
        reading: What the best network reads in the test images.
        pictures: The data's images.
        layers: The baseline's network.
        origins: How grid and search were run, by those names.
        commands: The commands that run the study and write this report.
        written: When the report is written.
        comparisons: What was compared with the baseline, each by itself.
    """

    name: str
    title: str
    database: str
    quick: str | None
    found: GridFindings | None
    answer: Answer | None
    curves: Sequence[Curve]
    search: SearchFindings | None
    tradeoffs: Sequence[Tradeoff]
    reading: Reading | None
    pictures: Pictures | None
    layers: Sequence[Layer]
    origins: Mapping[str, Origin]
    commands: Sequence[str]
    written: datetime
    comparisons: Sequence[Comparison] = ()


@dataclass(frozen=True)
class Shown:
    """A picture, and what was read in it.

    Attributes:
        column: Its column in the sprite, as a share of the last one's.
        row: Its row, likewise.
        label: The name of its class.
        read: The name of the class that the network reads; None where none was asked.
    """

    column: float
    row: float
    label: str
    read: str | None


@dataclass(frozen=True)
class Gallery:
    """Pictures with what was read in them, from one sprite.

    Attributes:
        name: Its own.
        sprite: The pictures.
        shown: What they show.
        is_wordy: Whether classes have names that take more room than a number.
    """

    name: str
    sprite: Sprite
    shown: tuple[Shown, ...]
    is_wordy: bool


def page(content: Content) -> str:
    """Returns the report as HTML that needs nothing else.

    Args:
        content: What it shows.
    """
    figures = _figures(content)
    levels: dict[str, Table | None] = {}
    if (found := content.found) is not None:  # the tables' order and levels are the figures'
        shown = along_axes(telling(found))
        levels = levels_tables(shown, found)
        content = replace(content, found=shown)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            content=content,
            answer=content.answer,
            sections=_sections(content, figures),
            figures=figures,
            levels=levels,
            by_epoch=_by_epoch(content),
            own_times=_own_times(content),
            several_seeds=len({curve.seed for curve in content.curves}) > 1,
            data={name: bare(figure) for name, figure in figures.items()},
            looks={"light": template(), "dark": template(dark=True), "instead": DARK_INSTEAD},
            plotly=Markup(get_plotlyjs()),
            galleries=galleries(content.pictures, content.reading),
            diagram=diagram(content.layers),
            whose="The baseline's network",
            version=__version__,
        )
    )


def _figures(content: Content) -> dict[str, go.Figure]:
    figures: dict[str, go.Figure] = {}
    if content.found is not None:
        figures |= grid_figures(content.found, curves=content.curves)
    if content.search is not None:
        figures |= search_figures(content.search, tradeoffs=content.tradeoffs)
    if content.reading is not None:
        figures |= digit_figures(content.reading)
    return figures


def bare(figure: go.Figure) -> dict[str, Any]:
    """Returns a figure without what the page has once for all, or shows as text."""
    parts: dict[str, Any] = figure.to_plotly_json()
    layout = {k: v for k, v in parts["layout"].items() if k not in ("template", "title", "meta")}
    meta = parts["layout"]["meta"]
    layout["margin"] = {**layout["margin"], "t": meta["top"]}
    layout["height"] = meta["height"]
    return {"data": parts["data"], "layout": layout}


def _sections(content: Content, figures: dict[str, go.Figure]) -> dict[str, str]:
    """Returns the sections that there is something in, by id."""
    found = content.found
    has_memory = found is not None and any(
        row.speed.peak_memory_mb is not None for row in found.levels
    )
    there = {
        "answer": ("Answer", True),
        "factors": ("Factors", found is not None and content.answer is not None),
        "claims": ("Claims", found is not None and bool(found.claims)),
        "curves": ("Curves", any(name.startswith(("steps-", "epochs-")) for name in figures)),
        "costs": (
            "Time and memory" if has_memory else "Time",
            any(name.startswith("cost-") for name in figures)
            or (found is not None and _has_targets(found)),
        ),
        "search": ("Search", content.search is not None),
        "digits": (_things(content), content.pictures is not None or bool(content.layers)),
        "origin": ("How it was run", True),
    }
    return {name: title for name, (title, shown) in there.items() if shown}


def _things(content: Content) -> str:
    """Returns the title of the section of what the network sees."""
    if content.pictures is None:
        return "Network"
    return f"{thing_of(content.pictures.classes)}s".capitalize()


def _has_targets(found: GridFindings) -> bool:
    """Tells whether there is a table of how soon targets are reached."""
    return bool(found.results.targets) and any(
        costs_table(factor, found.metric) for factor in found.factors
    )


def _by_epoch(content: Content) -> bool:
    """Tells whether trainings go on epoch by epoch, or are one call each."""
    factors = content.found.factors if content.found is not None else ()
    search = content.search
    return go_by_epochs(*factors) or (search is not None and search.results.goes_by_epochs)


def _own_times(content: Content) -> bool:
    """Tells whether the objective measures training time itself."""
    factors = content.found.factors if content.found is not None else ()
    runs = [run for factor in factors for row in factor.levels for run in row.runs]
    metrics = [epoch.metrics for run in runs for epoch in run.epochs]
    return any(m.get("seconds") != m.get("wall_seconds") for m in metrics)


def galleries(pictures: Pictures | None, reading: Reading | None) -> dict[str, Gallery]:
    """Returns the galleries of training images, test images, and those that are misread."""
    if pictures is None:
        return {}
    classes, first = pictures.classes, slice(_TEST_PICTURES)
    known = [*map(int, pictures.training_labels)]
    shown = [*map(int, pictures.test_labels[first])]
    read = () if reading is None else reading.predicted[first]
    found = {
        "training": _gallery("training", pictures.training, known, (), classes),
        "test": _gallery("test", pictures.test[first], shown, read, classes),
    }
    if reading is not None and reading.mistakes:
        wrong = [*reading.mistakes[:MISTAKES]]
        labels, read_as = ([of[i] for i in wrong] for of in (reading.labels, reading.predicted))
        found["mistakes"] = _gallery("mistakes", pictures.test[wrong], labels, read_as, classes)
    return found


def _gallery(
    name: str,
    images: NDArray[np.uint8],
    labels: Sequence[int],
    read: Sequence[int],
    classes: Sequence[str],
) -> Gallery:
    sheet = sprite(images, COLUMNS)
    across, down = max(1, sheet.columns - 1), max(1, sheet.rows - 1)
    shown = [
        Shown(
            place % COLUMNS / across,
            place // COLUMNS / down,
            name_of(label, classes),
            name_of(read[place], classes) if place < len(read) else None,
        )
        for place, label in enumerate(labels)
    ]
    return Gallery(name, sheet, tuple(shown), any(len(c) > _NUMBER for c in classes))
