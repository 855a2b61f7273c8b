"""The page of a trained model: one file that opens offline, as the report is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from hpstudy import __version__
from hpstudy.charts.figures import digit_figures
from hpstudy.charts.theme import DARK_INSTEAD, template
from hpstudy.charts.training import training_figures
from hpstudy.metric import Metric, Quantity
from hpstudy.objective import Step
from hpstudy.objective.shown import Layer, Pictures
from hpstudy.results.predictions import Reading
from hpstudy.store.models import Card
from hpstudy.store.records import Epoch
from hpstudy.views.page.environment import environment
from hpstudy.views.page.galleries import diagram
from hpstudy.views.page.page import bare, galleries
from hpstudy.views.tables.training import epochs_table, seconds_of


@dataclass(frozen=True)
class ModelContent:
    """All that a model's page shows; what there is nothing of is None or empty.

    Attributes:
        name: The study's name.
        title: What was trained.
        database: The database's address, without a password.
        quick: What makes this a quick look; None for a whole training.
        card: The model's card.
        file: The file with its weights, as it is printed.
        metric: The metric that it is told by.
        tested: That metric's value.
        epochs: The epochs behind it.
        steps: Its curve between them.
        reading: What it reads in the test images.
        pictures: The data's images.
        layers: The network.
        written: When the page is written.
    """

    name: str
    title: str
    database: str
    quick: str | None
    card: Card
    file: str
    metric: Metric
    tested: Quantity
    epochs: Sequence[Epoch]
    steps: Sequence[Step]
    reading: Reading | None
    pictures: Pictures | None
    layers: Sequence[Layer]
    written: datetime


def model_page(content: ModelContent) -> str:
    """Returns the page as HTML that needs nothing else.

    Args:
        content: What it shows.
    """
    figures = training_figures(content.epochs, content.steps, content.metric)
    if content.reading is not None:
        figures |= digit_figures(content.reading)
    has_digits = content.pictures is not None or bool(content.layers)
    sections = {"model": "Model", "training": "Training"}
    sections |= {"digits": "Digits"} if has_digits else {}
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            content=content,
            sections=sections | {"card": "What was saved"},
            figures=figures,
            epochs=epochs_table(content.epochs, content.metric),
            seconds=seconds_of(content.epochs),
            data={name: bare(figure) for name, figure in figures.items()},
            looks={"light": template(), "dark": template(dark=True), "instead": DARK_INSTEAD},
            plotly=Markup(get_plotlyjs()),
            galleries=galleries(content.pictures, content.reading),
            diagram=diagram(content.layers),
            whose="The network",
            version=__version__,
        )
    )
