"""Where digits that touch may be cut: along paths that cross little ink.

How much a path crosses tells more than how sure the network is, which takes any half for a digit:
it is half a stroke where two digits touch, and in 19 digits of 20 more than 0.7 strokes.
Source: LeCun and others, "Gradient-based learning applied to document recognition", 1998: many
cuts are tried, and the network's answers tell which was right ("heuristic over-segmentation").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hpstudy.mnist.boxes import Digit
from hpstudy.mnist.centred import stroke_width
from hpstudy.mnist.ink import Map

_WIDE = 0.85  # of its height; what is wider may be two digits
_WIDE_ALONE = 1.3
_CROSSED = 0.45  # strokes that a path may cross, where a digit is just so wide,
_CROSSED_MORE = 0.6  # and for each time its height that it is wider
_PLACES = (0.3, 0.4, 0.5, 0.6, 0.7)  # of the width
_AROUND = 0.12  # of the width, to both sides
_ASIDE = 0.02  # what a step aside costs, in ink
_COARSE = 64  # rows in which paths are looked for
_LOW = 0.5  # of the height of both


def cuts(digit: Digit, *, alone: bool) -> list[tuple[Digit, Digit]]:
    """Returns ways to cut what may be two digits, left and right; none where it is likely one.

    Args:
        digit: What was found.
        alone: Whether nothing else is in the picture: then it is one more often.
    """
    _, _, width, height = digit.box
    shape = width / height
    if shape < (_WIDE_ALONE if alone else _WIDE):
        return []
    factor = max(1, digit.ink.shape[0] // _COARSE)
    small = ndimage.uniform_filter(digit.ink, factor)[::factor, ::factor]
    if small.shape[1] < 3:  # no column has one on both sides
        return []
    most = (_CROSSED + _CROSSED_MORE * (shape - _WIDE)) * stroke_width(small)
    found = []
    for place in _PLACES:
        path = _path(small, place)
        if small[np.arange(len(path)), path].sum() > most:
            continue
        columns = np.repeat(path * factor, factor)[: digit.ink.shape[0]]
        halves = _halves(digit, columns)
        if halves is not None:
            found.append(halves)
    return found


def _path(ink: Map, place: float) -> NDArray[np.int64]:
    """Returns the column of the cheapest way down, row by row, near a place."""
    width = ink.shape[1]
    first = max(1, int((place - _AROUND) * width))
    last = min(width - 1, int((place + _AROUND) * width) + 1)
    cost = ink[:, first:last].astype(float)
    came = np.zeros(cost.shape, dtype=np.int64)
    for row in range(1, len(cost)):
        above = np.pad(cost[row - 1], 1, constant_values=np.inf)
        ways = np.stack([above[:-2] + _ASIDE, above[1:-1], above[2:] + _ASIDE])
        came[row] = ways.argmin(axis=0) - 1
        cost[row] += ways.min(axis=0)
    columns = [int(cost[-1].argmin())]
    for row in range(len(cost) - 1, 0, -1):
        columns.append(columns[-1] + int(came[row, columns[-1]]))
    return np.array(columns[::-1]) + first


def _halves(digit: Digit, columns: NDArray[np.int64]) -> tuple[Digit, Digit] | None:
    """Returns what is left and right of a path; None where one of them is too low for a digit."""
    is_left = np.arange(digit.ink.shape[1]) < columns[:, None]
    left, right = (digit.part(side) for side in (is_left, ~is_left))
    if left is None or right is None or min(left.box[3], right.box[3]) < _LOW * digit.box[3]:
        return None
    return left, right
