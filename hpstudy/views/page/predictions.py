"""The page of what was found in pictures: a contact sheet with what the network saw of each."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from PIL import Image

from hpstudy import __version__
from hpstudy.objective.shown import Found
from hpstudy.store.models import Card
from hpstudy.views.page.environment import environment
from hpstudy.views.page.galleries import sprite
from hpstudy.views.predictions import UNSURE, is_unsure, lines_of, share, text_of

_LONGEST = 1000  # pixels of a picture's longer side
_SMALLEST = 160  # it is shown this large at least


@dataclass(frozen=True)
class Cell:
    """Something that was found.

    Attributes:
        label: The name of its class.
        share: How sure the network is, in per cent.
        unsure: Whether a person should look at it.
        box: Left, top, width and height in per cent of the picture.
        seen: What the network saw, as a `data:` address; empty where there is nothing to show.
    """

    label: str
    share: str
    unsure: bool
    box: tuple[float, float, float, float]
    seen: str


@dataclass(frozen=True)
class Contact:
    """A picture on the sheet.

    Attributes:
        file: Its file.
        error: Why nothing was found in it; empty where something was.
        picture: The picture, reduced, as a `data:` address; empty where it can't be read.
        width: How many pixels wide it is shown.
        text: What is written, line by line.
        cells: What was found.
    """

    file: str
    error: str
    picture: str
    width: int
    text: Sequence[str]
    cells: Sequence[Cell]


def contact(file: str, image: Image.Image | None, found: Sequence[Found], error: str) -> Contact:
    """Returns a picture as it is shown; it holds no more than that of it."""
    if image is None:
        return Contact(file, error, "", 0, (), ())
    cells = [
        Cell(
            one.label,
            share(one.probability),
            is_unsure(one),
            _in_per_cent(one.box, image.size),
            "" if one.seen is None else sprite(one.seen[None], 1).address,
        )
        for one in found
    ]
    factor = min(1.0, _LONGEST / max(image.size))
    width = round(max(image.width * factor, _SMALLEST))
    text = [text_of(line) for line in lines_of(found)]
    return Contact(file, error, _address(image, factor), width, text, cells)


def predictions_page(card: Card, contacts: Sequence[Contact], written: datetime) -> str:
    """Returns the page as HTML that needs nothing else.

    Args:
        card: The model's card.
        contacts: The pictures.
        written: When the page is written.
    """
    return (
        environment()
        .get_template("predictions.html.j2")
        .render(
            card=card,
            contacts=contacts,
            count=sum(len(one.cells) for one in contacts),
            unsure=sum(cell.unsure for one in contacts for cell in one.cells),
            least=f"{100 * UNSURE:g}",
            written=written,
            version=__version__,
        )
    )


def _in_per_cent(
    box: tuple[int, int, int, int], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    left, top, width, height = (
        round(100 * at / side, 3) for at, side in zip(box, size * 2, strict=True)
    )
    return left, top, width, height


def _address(image: Image.Image, factor: float) -> str:
    """Returns a reduced picture as a `data:` address."""
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        deep = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0, neginf=0)
        image = Image.fromarray(
            (255 * (deep - deep.min()) / (float(np.ptp(deep)) or 1.0)).astype(np.uint8)
        )
    if image.has_transparency_data:
        over = image.convert("RGBA")
        # Between paper and ink: either can be seen.
        image = Image.alpha_composite(Image.new("RGBA", over.size, "#9aa0a6"), over)
    size = [max(1, round(side * factor)) for side in image.size]
    file = io.BytesIO()
    image.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
