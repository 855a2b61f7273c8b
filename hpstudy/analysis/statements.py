"""What a claim says of two settings: is it shown, or its opposite, or too small to count?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hpstudy.analysis.family import Compared, Pair
from hpstudy.metric import ClaimVerdict

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class Answer:
    """What was found of a statement: whether it or its opposite is shown, or it's too small."""

    is_shown: bool = False
    is_opposed: bool = False
    is_small: bool = False


NOTHING = Answer()


@dataclass(frozen=True)
class Statement(Generic[_Key]):
    """What a claim says of two settings.

    Attributes:
        pair: The settings.
        sign: +1 where the first lies higher, -1 where it lies lower, 0 where they are equal.
        within: Within what they are equal.
    """

    pair: Pair[_Key]
    sign: int
    within: float = 0.0

    @property
    def turned(self) -> Statement[_Key]:
        """The same of the settings the other way round."""
        return Statement((self.pair[1], self.pair[0]), -self.sign, self.within)

    def answer(self, one: Compared | None, margin: float | None) -> Answer:
        """Says what was found of it.

        Args:
            one: What was found of the two; None where that is nothing.
            margin: What difference counts; None where any does.
        """
        gap = None if one is None else one.difference
        if one is None or gap is None or gap.ends is None:
            return NOTHING
        if not self.sign:
            is_apart = gap.ends[0] > self.within or gap.ends[1] < -self.within
            return Answer(one.is_within(self.within), is_apart)
        is_so = self.sign * gap.value > 0
        most = max(self.sign * end for end in gap.ends)
        is_small = one.is_equal or (margin is not None and most < margin)
        return Answer(one.is_shown and is_so, one.is_shown and not is_so, is_small)


Claimed = Sequence[Statement[_Key]]  # all that one claim says


def claim_verdict(answers: Sequence[Answer]) -> ClaimVerdict:
    """Returns what is said of a claim, by what was found of all that it states."""
    if any(found.is_opposed for found in answers):
        return ClaimVerdict.CONTRADICTED
    if answers and all(found.is_shown for found in answers):
        return ClaimVerdict.SUPPORTED
    if any(found.is_small and not found.is_shown for found in answers):
        return ClaimVerdict.TOO_SMALL
    return ClaimVerdict.NOT_SHOWN


def decides(found: Answer, verdict: ClaimVerdict) -> bool:
    """Tells whether a part of a claim is why that is said of it."""
    if verdict == ClaimVerdict.CONTRADICTED:
        return found.is_opposed
    if verdict == ClaimVerdict.TOO_SMALL:
        return found.is_small and not found.is_shown
    return verdict == ClaimVerdict.SUPPORTED or not found.is_shown
