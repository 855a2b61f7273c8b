"""Digits that came in pieces: which parts may be one digit.

Where the pen was lifted or is pale, a digit is in parts: the bar of a 5, the flag of a 7. Places
alone don't tell such a part from a small digit beside a large one; the network's answers do, as
they tell where digits that touch are to be cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpstudy.mnist.boxes import Digit

_NEAR = 0.25  # of the height of both: what is between them at most
_PIECE = 0.72  # of the height of both, which the lower one has at most
_WIDEST = 1.4  # times their height, what both have at most


def pieces(digits: Sequence[Digit]) -> Iterator[tuple[int, int]]:
    """Yields the places of two parts that may be one digit."""
    by_left = sorted(range(len(digits)), key=lambda place: digits[place].box[0])
    widest = _WIDEST * 2 * max((digit.box[3] for digit in digits), default=0)
    for first, place in enumerate(by_left):
        for other in by_left[first + 1 :]:
            if digits[other].box[0] - digits[place].box[0] > widest:
                break  # a weave has thousands
            if _may_be_one(digits[place], digits[other]):
                yield min(place, other), max(place, other)


def _may_be_one(one: Digit, other: Digit) -> bool:
    sides = []
    for axis in (0, 1):
        begins, sizes = (one.box[axis], other.box[axis]), (one.box[axis + 2], other.box[axis + 2])
        ends = [begin + size for begin, size in zip(begins, sizes, strict=True)]
        sides.append((max(ends) - min(begins), max(begins) - min(ends)))
    (width, aside), (height, below) = sides
    lower = min(one.box[3], other.box[3])
    return (
        max(aside, below) <= _NEAR * height
        and lower <= _PIECE * height
        and width <= _WIDEST * height
    )
