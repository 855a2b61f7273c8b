"""From a picture's ink to its digits, each by itself, in reading order.

Connected ink is a part. Parts of one digit are put together, and what can be no digit (specks,
frames) is dropped. Source: the bottom-up way of Casey and Lecolinet, "A survey of methods and
strategies in character segmentation", 1996.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hpstudy.mnist.ink import Ink, Map

_EIGHT = np.ones((3, 3), dtype=int)  # a pixel's neighbours, across corners too
_SPECK = 0.3  # of a digit's height; smaller parts belong to a digit, or are none
_GAP = 0.15  # of a digit's height, between parts of one digit
_HOLLOW = 0.4  # share of its box that a frame's ink takes
_FLAT = 0.35  # of a digit's height: a stroke across, which a digit may have as a part of its own

_MOST_PARTS = 12_000  # more are no writing: grain, a weave, a raster of dots


@dataclass(frozen=True)
class Digit:
    """The ink of a digit.

    Attributes:
        box: Left, top, width and height in the picture's pixels.
        ink: 0 paper to 1 ink, nobody else's.
        written: Which pixels of it are written on.
        scale: Pixels of the picture to one of the ink.
    """

    box: tuple[int, int, int, int]
    ink: Map
    written: NDArray[np.bool_]
    scale: float

    def part(self, pixels: NDArray[np.bool_]) -> Digit | None:
        """Returns some of its pixels as a digit; None where none of them is written on."""
        written = self.written & pixels
        if not written.any():
            return None
        whole, own = (
            ndimage.find_objects(which.astype(int))[0] for which in (self.written, written)
        )
        left, top = (
            self.box[n] + self.scale * (own[1 - n].start - whole[1 - n].start) for n in (0, 1)
        )
        size = (self.scale * (own[n].stop - own[n].start) for n in (1, 0))
        box = (round(left), round(top), *(max(1, round(side)) for side in size))
        return Digit(box, np.where(pixels, self.ink, np.float32(0)), written, self.scale)

    def joined(self, other: Digit) -> Digit:
        """Returns both as one."""
        both = (self, other)
        starts = np.array([one._origin() for one in both])
        stops = starts + [one.ink.shape for one in both]
        first = starts.min(axis=0)
        ink = np.zeros(stops.max(axis=0) - first, np.float32)
        written = np.zeros(ink.shape, bool)
        for one, start, stop in zip(both, starts - first, stops - first, strict=True):
            here = (slice(start[0], stop[0]), slice(start[1], stop[1]))
            ink[here] = np.maximum(ink[here], one.ink)
            written[here] |= one.written
        left, top = (min(one.box[n] for one in both) for n in (0, 1))
        right, bottom = (max(one.box[n] + one.box[n + 2] for one in both) for n in (0, 1))
        return Digit((left, top, right - left, bottom - top), ink, written, self.scale)

    def _origin(self) -> tuple[int, int]:
        """Returns the row and the column of the map where its ink begins."""
        rows, columns = ndimage.find_objects(self.written.astype(int))[0]
        left, top = (round(at / self.scale) for at in self.box[:2])
        return top - rows.start, left - columns.start


@dataclass(frozen=True)
class _Part:
    """Pixels that belong together: their labels, and where they are in the map."""

    labels: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int
    area: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def overlap(self, other: _Part) -> int:
        """Returns how many columns both are in."""
        return min(self.right, other.right) - max(self.left, other.left)

    def below(self, other: _Part) -> int:
        """Returns how many rows lie between them; negative where they share some."""
        return max(self.top, other.top) - min(self.bottom, other.bottom)

    def holds(self, other: _Part) -> bool:
        """Tells whether the other lies within."""
        return (
            self.left < other.left
            and self.top < other.top
            and self.right > other.right
            and self.bottom > other.bottom
        )

    def joined(self, other: _Part) -> _Part:
        """Returns both as one."""
        return _Part(
            self.labels + other.labels,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            self.area + other.area,
        )


def digits_of(ink: Ink) -> list[Digit]:
    """Returns the digits that are written, line by line, each from left to right."""
    labels, count = ndimage.label(ink.written, _EIGHT)
    if count > _MOST_PARTS:
        return []
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    parts = [
        _Part((n,), columns.start, rows.start, columns.stop, rows.stop, int(areas[n]))
        for n, (rows, columns) in enumerate(ndimage.find_objects(labels), 1)
    ]
    parts = _digit_sized(_unframed(parts, labels.shape))
    return [_cut_out(ink, labels, part) for part in in_reading_order(parts)]


def _unframed(parts: Sequence[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Returns the parts that are no frame around others, nor the edge of a photo's paper."""
    return [part for part in parts if not _is_frame(part, parts, shape)]


def _is_frame(part: _Part, parts: Sequence[_Part], shape: tuple[int, ...]) -> bool:
    sides = (part.left, part.top, shape[1] - part.right, shape[0] - part.bottom)
    if sum(side <= 1 for side in sides) >= 3 and len(parts) > 1:
        return True
    fill = part.area / (part.width * part.height)
    if fill > _HOLLOW:
        return False
    heights = [one.height / part.height for one in parts if part.holds(one)]
    return any(height > 0.25 for height in heights) or (
        fill < _HOLLOW / 2 and any(height > 0.05 for height in heights)
    )


def _digit_sized(parts: Sequence[_Part]) -> list[_Part]:
    """Puts the parts of digits together and drops what is too small or too flat for one."""
    if not parts:
        return []
    height = _usual_height(parts)
    parts = [
        p
        for p in parts
        if max(p.width, p.height) >= 0.08 * height
        and not (p.height < _FLAT * height and p.width > 1.2 * height)
    ]
    joined = _joined(parts, height)
    return [
        p
        for p in joined
        if p.height >= 2 * _SPECK * height or (p.height > _SPECK * height and p.width < 2 * height)
    ]


def _usual_height(parts: Sequence[_Part]) -> float:
    """Returns the height of a part that half of the ink is in parts lower than."""
    by_height = sorted(parts, key=lambda part: part.height)
    areas = np.cumsum([part.area for part in by_height])
    return float(by_height[int(np.searchsorted(areas, areas[-1] / 2))].height)


def _joined(parts: Sequence[_Part], height: float) -> list[_Part]:
    """Joins small parts with the nearest large one, then what stands above one another."""
    rest = sorted(parts, key=lambda part: part.area)
    reach = 2 * _GAP * max(height, *(part.height for part in parts))
    done: list[_Part] = []
    while rest:
        part = rest.pop(0)
        left, right = part.left - reach, part.right + reach
        top, bottom = part.top - reach, part.bottom + reach
        near = [
            other
            for other in rest  # grain has thousands of parts: most are told apart in a moment
            if other.left <= right
            and other.right >= left
            and other.top <= bottom
            and other.bottom >= top
            and _is_one(part, other, height)
        ]
        if not near:
            done.append(part)
            continue
        nearest = min(near, key=lambda other: _distance(part, other))
        rest.remove(nearest)
        both = part.joined(nearest)
        reach = max(reach, 2 * _GAP * both.height)
        insort(rest, both, key=lambda part: part.area)
    return done


def _is_one(small: _Part, large: _Part, height: float) -> bool:
    """Tells whether two parts belong to one digit."""
    height = max(height, small.height, large.height)
    overlap, below = small.overlap(large), small.below(large)
    share = overlap / min(small.width, large.width)
    both = max(small.bottom, large.bottom) - min(small.top, large.top)
    if both > 1.8 * height or max(small.right, large.right) - min(
        small.left, large.left
    ) > 1.8 * max(both, height):
        return False
    is_small = min(small.height, large.height) < 0.6 * height
    if share >= (0.2 if is_small and below > -0.3 * small.height else 0.5):  # above or within
        return below <= (2 * _GAP if is_small else _GAP / 2) * height
    is_piece = small.height < 0.5 * height and small.area < 0.4 * large.area
    return is_piece and max(-overlap, below) <= _GAP * height


def _distance(part: _Part, other: _Part) -> float:
    return float(np.hypot(max(0, -part.overlap(other)), max(0, part.below(other))))


def in_reading_order(parts: Sequence[_Part]) -> list[_Part]:
    """Returns parts line by line; a line is what stands side by side, also if it rises or falls."""
    lines: list[list[_Part]] = []
    for part in sorted(parts, key=lambda part: part.left):
        beside = [
            line
            for line in lines
            if -line[-1].below(part) > 0.4 * min(line[-1].height, part.height)
        ]
        if beside:
            max(beside, key=lambda line: -line[-1].below(part)).append(part)
        else:
            lines.append([part])
    lines.sort(key=lambda line: np.mean([(part.top + part.bottom) / 2 for part in line]))
    return [part for line in lines for part in line]


def _cut_out(ink: Ink, labels: NDArray[np.int32], part: _Part) -> Digit:
    """Returns a part's ink with the soft edges of its strokes, and without its neighbours'."""
    soft = max(2, round(0.06 * part.height))
    rows = slice(max(0, part.top - soft), part.bottom + soft)
    columns = slice(max(0, part.left - soft), part.right + soft)
    here = labels[rows, columns]
    own = np.isin(here, part.labels)
    around = ndimage.binary_dilation(own, _EIGHT, iterations=soft) & ((here == 0) | own)
    left, top, right, bottom = (
        round(ink.scale * at) for at in (part.left, part.top, part.right, part.bottom)
    )
    box = (left, top, max(1, right - left), max(1, bottom - top))
    own_ink = np.where(around, ink.map[rows, columns], np.float32(0))
    return Digit(box, own_ink, own, ink.scale)
