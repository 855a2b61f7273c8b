"""A digit's ink brought to MNIST's form, as its authors describe it.

"The original black and white images were size normalized to fit in a 20x20 pixel box while
preserving their aspect ratio. The resulting images contain grey levels as a result of the
anti-aliasing technique used by the normalization algorithm. The images were centered in a 28x28
image by computing the center of mass of the pixels, and translating the image so as to position
this point at the center." Source: LeCun, Cortes and Burges, "The MNIST database of handwritten
digits", 1998.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from hpstudy.mnist.ink import Map, grey_of

SIDE = 28
_BOX = 20
_ENOUGH = 6  # pixels of a digit to one of the box
_EDGE = 0.4  # of the darkest ink: where a stroke ends
_TRACE = 0.02
_PALEST = 25
_SOFT = 0.64  # share of a digit's pixels that are neither paper nor full ink; in MNIST, half
_SHARPEN = ImageFilter.UnsharpMask(radius=1, percent=100, threshold=0)
_THIN = 1.9  # pixels of the box that a stroke is wide at least: two in a hundred of MNIST's aren't


def centred(ink: Map) -> NDArray[np.uint8]:
    """Returns a digit in MNIST's form, shape (28, 28), 0 paper to 255 ink.

    Args:
        ink: The digit's ink alone, 0 to 1; what is around it doesn't matter.
    """
    ink = np.pad(_thick_enough(_small_enough(ink)), 2)
    box = _bounds_in_form(ink) or _bounds(ink)
    longest = max(box[2] - box[0], box[3] - box[1])
    size = [max(1, round((box[n + 2] - box[n]) * _BOX / longest)) for n in (0, 1)]
    how = Image.Resampling.BOX if longest > 2 * _BOX else Image.Resampling.BICUBIC
    fitted = Image.fromarray(ink).resize(size, how, box=box)
    levels = np.asarray(fitted)
    levels = np.clip(levels / max(float(np.percentile(levels, 98)), 0.2), 0, 1)
    return _at_centre_of_mass(_sharp((255 * levels).round().astype(np.uint8)))


def in_form(picture: Image.Image) -> NDArray[np.uint8] | None:
    """Returns a picture that has MNIST's form already, light on black; None of any other."""
    if picture.size != (SIDE, SIDE):
        return None
    ink = grey_of(picture)
    ink = 1 - ink if ink[0].mean() > 0.5 else ink
    if max(box_of(ink > _TRACE)[2:]) != _BOX:
        return None
    off = np.array(ndimage.center_of_mass(ink)) - SIDE / 2
    return (255 * ink).round().astype(np.uint8) if np.abs(off).max() <= 1 else None


def box_of(ink: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Returns left, top, width and height of what there is."""
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0, 0, 0, 0
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def _sharp(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sharpens what is softer than MNIST's digits: it was blurred, or smaller."""
    ink = digit[digit > _PALEST]
    if (ink < 255 - _PALEST).mean() < _SOFT:
        return digit
    return np.asarray(Image.fromarray(digit).filter(_SHARPEN))


def _bounds_in_form(ink: Map) -> tuple[float, float, float, float] | None:
    """Returns the ink's bounds if it has MNIST's size already: then no pixel is to be mixed."""
    left, top, width, height = box_of(ink > _TRACE)
    return (left, top, left + width, top + height) if max(width, height) == _BOX else None


def _bounds(ink: Map) -> tuple[float, float, float, float]:
    """Returns left, top, right and bottom of the ink, between pixels where it fades there."""
    level = _EDGE * float(ink.max())
    ends = []
    for axis in (0, 1):
        profile = ink.max(axis=axis)
        above = np.flatnonzero(profile > level)
        first, last = int(above[0]), int(above[-1])
        ends.append(
            (
                first + 0.5 - _crossing(profile, first, first - 1, level),
                last + 0.5 + _crossing(profile, last, last + 1, level),
            )
        )
    (left, right), (top, bottom) = ends
    return left, top, right, bottom


def _crossing(profile: Map, inside: int, outside: int, level: float) -> float:
    """Returns how far from a pixel's middle towards the next one's the ink falls to a level."""
    if not 0 <= outside < len(profile):
        return 0.5
    high, low = float(profile[inside]), float(profile[outside])
    return (high - level) / (high - low)


def _at_centre_of_mass(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    middle = ndimage.center_of_mass(digit)
    place = [
        min(max(round(SIDE / 2 - at), 0), SIDE - side)
        for at, side in zip(middle, digit.shape, strict=True)
    ]
    framed = np.zeros((SIDE, SIDE), dtype=np.uint8)
    framed[place[0] : place[0] + digit.shape[0], place[1] : place[1] + digit.shape[1]] = digit
    return framed


def _small_enough(ink: Map) -> Map:
    """Reduces what has far more pixels than are needed."""
    factor = max(ink.shape) // (_ENOUGH * _BOX)
    return ink if factor < 2 else np.asarray(Image.fromarray(ink).reduce(factor))


def _thick_enough(ink: Map) -> Map:
    """Widens the strokes of a fine pen to those of MNIST's."""
    left, top, right, bottom = _bounds(ink)
    pixel = max(right - left, bottom - top) / _BOX
    missing = _THIN * pixel - stroke_width(ink)
    if missing < 1:
        return ink
    radius = missing / 2
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    room = np.pad(ink, reach)
    widened: Map = ndimage.grey_dilation(room, footprint=y**2 + x**2 <= radius**2)
    return widened


def stroke_width(ink: Map) -> float:
    """Returns how wide strokes are, in pixels: twice their area by the length of their edges."""
    steps = np.gradient(np.pad(ink, 2))
    edges = float(np.hypot(*steps).sum())
    return 2 * float(ink.sum()) / edges if edges else 0.0
