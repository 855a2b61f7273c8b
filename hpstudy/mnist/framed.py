"""One thing in a picture, brought to the form of Fashion-MNIST and Kuzushiji-MNIST.

Fashion-MNIST's authors cut a picture's empty margins off, make its longer side 28 pixels and put it
into the middle, light on black. Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image
dataset for benchmarking machine learning algorithms", 2017.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hpstudy.mnist.centred import SIDE
from hpstudy.mnist.ink import grey_of

_LEAST = 0.06  # of white, by which a thing is lighter than what is behind it


def framed(picture: Image.Image) -> NDArray[np.uint8] | None:
    """Returns what a picture shows, shape (28, 28), light on black; None where it is empty."""
    grey = grey_of(picture)
    behind = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    thing = np.clip(1 - grey if behind > 0.5 else grey, 0, 1)
    is_thing = np.abs(grey - behind) > _LEAST
    if not is_thing.any():
        return None
    rows, columns = (np.flatnonzero(is_thing.any(axis=axis)) for axis in (1, 0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    sides = (int(box[2] - box[0]), int(box[3] - box[1]))
    size = [max(1, round(side * SIDE / max(sides))) for side in sides]
    how = Image.Resampling.BOX if max(sides) > 2 * SIDE else Image.Resampling.BICUBIC
    fitted = Image.fromarray((255 * thing).astype(np.uint8)).resize(size, how, box=box)
    frame = Image.new("L", (SIDE, SIDE), 0)
    frame.paste(fitted, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(frame)
