"""Pictures as one image for many, and the network's drawing."""

from __future__ import annotations

import base64
import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from hpstudy.expected import one_line
from hpstudy.objective.shown import Layer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MISTAKES = 60  # pictures of misread images that are shown, at most
COLUMNS = 10
_SHEETS = 4  # squares that a stack of maps is drawn with, at most
_ROW = 58  # pixels from layer to layer
_LARGEST = 44  # pixels of the largest map's side
_CENTRE = 62
_CAPTION = 14  # pixels of its line
_NAME = 24  # letters of a class's name in it, at most


@dataclass(frozen=True)
class Sprite:
    """Many small pictures in one image.

    Attributes:
        address: The image as a `data:` address.
        columns: Pictures in a row.
        rows: Rows.
    """

    address: str
    columns: int
    rows: int


def sprite(pictures: NDArray[np.uint8], columns: int) -> Sprite:
    """Lays pictures side by side into one PNG, dark on white as on paper.

    Args:
        pictures: Shape (n, height, width), 0 black to 255 white.
        columns: How many stand in a row.
    """
    count, height, width = pictures.shape
    rows = math.ceil(count / columns)
    sheet = Image.new("L", (columns * width, rows * height), 255)
    for place, picture in enumerate(pictures):
        at = (place % columns * width, place // columns * height)
        sheet.paste(Image.fromarray(255 - picture), at)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    text = base64.b64encode(file.getvalue()).decode()
    return Sprite(f"data:image/png;base64,{text}", columns, rows)


def plain(name: str, label: int) -> str:
    """Returns what a caption calls a class: its name as far as that is ASCII, else its number."""
    letters = unicodedata.normalize("NFKD", one_line(name, _NAME)).encode("ascii", "ignore")
    return letters.decode().strip() or f"{label}"


def captioned(pictures: NDArray[np.uint8], captions: Sequence[str], columns: int) -> bytes:
    """Lays pictures side by side with a caption under each, and returns the PNG.

    Args:
        pictures: Shape (n, height, width), 0 black to 255 white; drawn dark on white, twice as
            large.
        captions: One for each; ASCII, which is what PIL's own font draws.
        columns: How many stand in a row.
    """
    _, height, width = pictures.shape
    font = ImageFont.load_default(size=_CAPTION - 2)
    longest = max(font.getlength(caption) for caption in captions)
    across, down = max(2 * width, math.ceil(longest) + _CAPTION), 2 * height + _CAPTION
    rows = math.ceil(len(captions) / columns)
    sheet = Image.new("L", (min(columns, len(captions)) * across, rows * down), 255)
    draw = ImageDraw.Draw(sheet)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = place % columns * across, place // columns * down
        large = Image.fromarray(255 - picture).resize((2 * width, 2 * height))
        sheet.paste(large, (left + (across - 2 * width) // 2, top))
        draw.text((left + across / 2, top + 2 * height), caption, 0, font, anchor="ma")
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


@dataclass(frozen=True)
class Block:
    """A layer as it is drawn: squares for maps, a bar for a vector.

    Attributes:
        layer: The layer.
        y: Its middle.
        boxes: Left, top, width and height of each rectangle, the hindmost first.
    """

    layer: Layer
    y: float
    boxes: tuple[tuple[float, float, float, float], ...]

    @property
    def top(self) -> float:
        """Its upper edge."""
        return min(top for _, top, _, _ in self.boxes)

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return max(top + height for _, top, _, height in self.boxes)

    @property
    def shape(self) -> str:
        """The output's shape in words."""
        return " × ".join(f"{size:,}" for size in self.layer.shape)


@dataclass(frozen=True)
class Diagram:
    """A network's drawing, from top to bottom."""

    blocks: tuple[Block, ...]
    height: float
    centre: float = _CENTRE

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(block.layer.parameters for block in self.blocks)


def diagram(layers: Sequence[Layer]) -> Diagram | None:
    """Returns a network's drawing; sizes tell the maps' sides and the vectors' lengths."""
    if not layers:
        return None
    side = max((layer.shape[-1] for layer in layers if len(layer.shape) > 1), default=1)
    length = max((layer.shape[0] for layer in layers if len(layer.shape) == 1), default=1)
    blocks = []
    for place, layer in enumerate(layers):
        y = _ROW * place + _ROW / 2
        if len(layer.shape) > 1:
            boxes = _stack(layer.shape, y, side)
        else:
            boxes = (_bar(layer.shape[0] if layer.shape else 1, y, length),)
        blocks.append(Block(layer, y, boxes))
    return Diagram(tuple(blocks), _ROW * len(layers))


def _stack(
    shape: tuple[int, ...], y: float, largest: int
) -> tuple[tuple[float, float, float, float], ...]:
    size = 8 + (_LARGEST - 8) * shape[-1] / largest
    sheets = min(_SHEETS, shape[0])
    shifts = [3 * (sheets - 1 - sheet) - 1.5 * (sheets - 1) for sheet in range(sheets)]
    return tuple((_CENTRE - size / 2 + s, y - size / 2 - s, size, size) for s in shifts)


def _bar(length: int, y: float, longest: int) -> tuple[float, float, float, float]:
    width = 12 + 96 * math.log(length + 1) / math.log(longest + 1)
    return _CENTRE - width / 2, y - 5, width, 10
