"""From a picture of any kind to its ink: how much each pixel is written on, paper taken out.

Paper is what a stroke is too narrow to hide: a grey closing (dilation, then erosion) fills the
strokes and leaves the paper with its unevenness and shadows, by which the picture is then divided.
Source of the closing: Serra, "Image analysis and mathematical morphology", 1982. The threshold
between ink and paper is Otsu's, "A threshold selection method from gray-level histograms", 1979.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Map = NDArray[np.float32]

_LARGEST = 2_500_000  # pixels that are looked at; a larger picture is reduced first
_PAPER = 160  # pixels of the longer side of the copy in which paper is looked for
_WIDTHS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)  # of strokes, as shares of the shorter side
_MOST_OF_IT = 0.7  # contrast that strokes have over their paper, as a share of all there is
# How ink and paper are told apart: the pixels of a copy's shorter side, and the share of it that is
# looked at around a pixel. Seen from far the loop of a thick digit is no ink; from half near and
# near a photo's table is out of sight.
_FAR, _HALF_NEAR, _NEAR = (24, 0.6), (48, 0.2), (96, 0.08)
_CLEAR_SKEW_NEAR = 1.2
_LEAST_PAPER = 0.36  # share of a photo
_CLEAR_SKEW = 0.8
_LEAST_CONTRAST = 0.1  # of ink to paper
_LEAST_DISTANCE = 4.5  # of ink from paper, in standard deviations of the paper
_MOST_INK = 0.7  # share of a picture


@dataclass(frozen=True)
class Ink:
    """How much each pixel of a picture is written on.

    Attributes:
        map: 0 paper to 1 ink.
        threshold: From where on a pixel counts as written on.
        scale: Pixels of the picture to one of the map.
    """

    map: Map
    threshold: float
    scale: float

    @property
    def written(self) -> NDArray[np.bool_]:
        """Which pixels are written on."""
        return self.map > self.threshold


def ink_of(picture: Image.Image) -> Ink | None:
    """Returns a picture's ink; None where there is nothing but paper.

    Args:
        picture: Upright, in any of Pillow's modes; dark on light or light on dark.
    """
    grey = grey_of(picture)
    scale = picture.height / grey.shape[0]
    if min(grey.shape) > 3 * 28:
        grey = _without_specks(grey)
    if _is_light(grey):
        grey = 1 - grey
    paper = _paper(grey)
    return _levelled(np.clip(1 - grey / paper, 0, 1), paper - grey, scale)


def _without_specks(grey: Map) -> Map:
    """Returns the median of three pixels across, then of three down."""
    for axis in (0, 1):
        around = np.pad(grey, [(1, 1) if n == axis else (0, 0) for n in (0, 1)], mode="edge")
        one, two, three = (around.take(range(n, n + grey.shape[axis]), axis=axis) for n in range(3))
        grey = np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three))
    return grey


def grey_of(picture: Image.Image) -> Map:
    """Returns a picture's brightness, of a large one reduced; 0 black to 1 white.

    Where its mode doesn't say what white is, that is the brightest pixel.
    """
    factor = math.ceil(math.sqrt(picture.width * picture.height / _LARGEST))
    if picture.mode in {"I", "F"} or picture.mode.startswith("I;16"):
        deep = np.nan_to_num(np.asarray(picture, dtype=np.float32), posinf=0, neginf=0)
        span = float(np.ptp(deep)) or 1.0
        picture = Image.fromarray((deep - deep.min()) / span)
        return _reduced(picture, factor)
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        return _on_paper(picture.convert("RGBA"), factor)
    return _reduced(picture.convert("L"), factor, 255)


def _reduced(picture: Image.Image, factor: int, white: float = 1.0) -> Map:
    reduced: Map = np.asarray(picture.reduce(factor), dtype=np.float32) / np.float32(white)
    return reduced


def _on_paper(picture: Image.Image, factor: int) -> Map:
    """Lays what is transparent on white paper, or on black where it is itself light."""
    luminance, alpha = (
        _reduced(band, factor, 255)
        for band in (picture.convert("RGB").convert("L"), picture.getchannel("A"))
    )
    opaque = float(alpha.sum())
    is_light = opaque > 0 and float((luminance * alpha).sum()) > opaque / 2
    laid: Map = luminance * alpha + np.float32(not is_light) * (1 - alpha)
    return laid


def _is_light(grey: Map) -> bool:
    """Tells whether ink is lighter than paper: what stands out of its surroundings is ink.

    Where this isn't clear, as in a cut-out of one thick digit, the edge is paper.
    """
    far, half_near = _skew(grey, *_FAR), _skew(grey, *_HALF_NEAR)
    if far * half_near < 0 and abs(half_near) > _CLEAR_SKEW_NEAR:
        near, light = _skew(grey, *_NEAR), float((grey > otsu(grey)).mean())
        paper = light if far > 0 else 1 - light
        if near * half_near > 0 and abs(near) > _CLEAR_SKEW_NEAR and paper > _LEAST_PAPER:
            return near > 0
    if abs(far) > _CLEAR_SKEW:
        return far > 0
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float(np.median(edge)) < float(grey.mean())


def _skew(grey: Map, pixels: int, share: float) -> float:
    """Returns how much brighter, or darker, a few pixels are than the median around them."""
    small = _blocks(grey, -(-min(grey.shape) // pixels)).mean(axis=(1, 3))
    around = max(3, int(min(small.shape) * share)) | 1
    off = small - ndimage.median_filter(small, around, mode="nearest")
    spread = float((off**2).mean()) ** 1.5
    return float((off**3).mean()) / spread if spread else 0.0


def _blocks(grey: Map, size: int) -> Map:
    """Returns squares of pixels: shape (rows, size, columns, size); the rest is repeated edge."""
    down, across = (-side % size for side in grey.shape)
    whole = np.pad(grey, ((0, down), (0, across)), mode="edge")
    return whole.reshape(whole.shape[0] // size, size, whole.shape[1] // size, size)


def _paper(grey: Map) -> Map:
    """Returns how bright the paper is at each pixel, under dark ink too."""
    size = -(-max(grey.shape) // _PAPER)
    smooth = ndimage.gaussian_filter(grey, size / 3) if size > 1 else grey
    small = _blocks(smooth, size).max(axis=(1, 3))
    short = min(grey.shape) / size
    widths = [2 * round(short * share / 2) + 1 for share in _WIDTHS]
    widths = [width for width in widths if 3 <= width < max(4, 2 * min(small.shape))]
    if not widths:
        return np.ones_like(grey)
    closed = [ndimage.grey_closing(small, (width, width), mode="nearest") for width in widths]
    darkest = _blocks(smooth, size).min(axis=(1, 3))
    contrasts = [float(np.max(paper - darkest)) for paper in closed]
    enough = next(n for n, c in enumerate(contrasts) if c >= _MOST_OF_IT * max(contrasts))
    chosen = min(enough + 1, len(widths) - 1)  # with room to spare
    paper = ndimage.gaussian_filter(closed[chosen], widths[chosen] / 4, mode="nearest")
    zoomed = Image.fromarray(paper).resize(
        (paper.shape[1] * size, paper.shape[0] * size), Image.Resampling.BILINEAR
    )
    whole: Map = np.asarray(zoomed)[: grey.shape[0], : grey.shape[1]]
    return np.maximum(whole, np.float32(0.1))


def _levelled(raw: Map, contrast: Map, scale: float) -> Ink | None:
    """Brings ink to 1 and paper with its grain to 0; None where there is too little contrast."""
    threshold = otsu(raw)
    is_ink = raw > threshold
    share = float(is_ink.mean())
    if not 0 < share < _MOST_INK:
        return None
    ink, paper = raw[is_ink], raw[~is_ink]
    full, floor, grain = float(np.percentile(ink, 80)), float(np.median(paper)), _grain(paper)
    if (
        np.percentile(contrast[is_ink], 80) < _LEAST_CONTRAST
        or full - floor < _LEAST_DISTANCE * grain
    ):
        return None
    low = min(floor + 2 * grain, threshold)
    levelled = np.clip((raw - low) / (full - low), 0, 1)
    return Ink(levelled.astype(np.float32), max(0.05, (threshold - low) / (full - low)), scale)


def _grain(paper: Map) -> float:
    """Returns the standard deviation of paper, whose upper half is also the edges of strokes."""
    low, middle = np.percentile(paper, [16, 50])
    return float(middle - low)


def otsu(values: Map) -> float:
    """Returns the threshold that splits values from 0 to 1 into two classes furthest apart."""
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.argmax(np.nan_to_num(between)))])
