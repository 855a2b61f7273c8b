"""Does a published claim hold? Each one's verdict, with the figures that say so."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from hpstudy.analysis.comparisons import Comparisons, mean_interval
from hpstudy.metric import ClaimVerdict
from hpstudy.numeric import finite
from hpstudy.results.grid import GridResults, LevelResult
from hpstudy.sampler import Level
from hpstudy.studyfile.sections import Claim
from hpstudy.wording import (
    cannot_tell,
    difference,
    interval,
    number,
    setting,
    spelled,
    words,
)


@dataclass(frozen=True)
class ClaimResult:
    """A claim and what the data say of it.

    Attributes:
        says: The claim in words.
        verdict: Whether they support it.
        why: The figures behind the verdict, in a sentence.
    """

    says: str
    verdict: ClaimVerdict
    why: str


@dataclass(frozen=True)
class _Statement:
    """A part of a claim: a quantity that it says is above zero, with its 95 % interval."""

    figures: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class _Size:
    """How large a factor's largest effect is, at least and at most, and in words."""

    low: float
    high: float
    text: str


def judge_claims(grid: GridResults, comparisons: Comparisons) -> tuple[ClaimResult, ...]:
    """Judges each claim of a study file.

    A claim is a set of statements, each of them about a quantity with a 95 % interval. It is
    supported if all of them are shown, contradicted if the opposite of one is shown, else not
    shown. What a claim says was fixed before our data were seen, so nothing is adjusted.

    Args:
        grid: The grid's results, with the claims.
        comparisons: Its settings compared.
    """
    judge = _Judge(grid, comparisons)
    return tuple(judge.result(claim) for claim in grid.claims)


class _Judge:
    def __init__(self, grid: GridResults, comparisons: Comparisons) -> None:
        self._grid = grid
        self._comparisons = comparisons
        self._rows = {(f.name, row.level): row for f in grid.factors for row in f.levels}
        self._sign = grid.metric.sign

    def result(self, claim: Claim) -> ClaimResult:
        statements = list(self._statements(claim))
        shown = [s for s in statements if s.low is not None and s.low > 0]
        opposed = [s for s in statements if s.high is not None and s.high < 0]
        if opposed:
            verdict, decisive = ClaimVerdict.CONTRADICTED, opposed
        elif statements and len(shown) == len(statements):
            verdict, decisive = ClaimVerdict.SUPPORTED, statements
        else:
            verdict, decisive = ClaimVerdict.NOT_SHOWN, [s for s in statements if s not in shown]
        why = "; ".join(s.figures for s in decisive) or self._why_nothing(claim)
        return ClaimResult(claim.says, verdict, why)

    def _why_nothing(self, claim: Claim) -> str:
        """Says why a claim has no statement that could be judged."""
        if not self._levels(claim.factor):
            return "its factor was not run"
        if claim.expect.matters_most:
            return f"{words(claim.factor)} is the only factor: there is none to compare it with"
        return "it names too few levels to compare"

    def _statements(self, claim: Claim) -> Iterator[_Statement]:
        expect, factor = claim.expect, claim.factor
        if not any(f == factor for f, _ in self._rows):
            return
        for level in claim.level:
            if expect.above is not None:
                yield self._threshold(factor, level, expect.above, 1)
            if expect.below is not None:
                yield self._threshold(factor, level, expect.below, -1)
            if expect.higher_than is not None:
                yield self._pair(factor, level, expect.higher_than, 1)
            if expect.lower_than is not None:
                yield self._pair(factor, level, expect.lower_than, -1)
            if expect.best:
                for other in self._levels(factor):
                    if other != level:
                        yield self._better(factor, level, other)
        for earlier, later in pairwise(claim.level):
            if expect.rising:
                yield self._pair(factor, later, earlier, 1)
            if expect.falling:
                yield self._pair(factor, later, earlier, -1)
        if expect.matters_most:
            yield from self._most(factor)

    def _levels(self, factor: str) -> list[Level]:
        return [level for name, level in self._rows if name == factor]

    def _threshold(self, factor: str, level: Level, bound: float, sign: int) -> _Statement:
        row = self._rows[factor, level]
        metric = self._grid.metric
        text = f"{setting({factor: level})}: {number(row.average, metric) or 'no value'}"
        ends = mean_interval(row.values, metric) if not row.diverged else None
        if ends is None:
            return _Statement(f"{text}, {_too_few(row)}")
        low, high = sorted(sign * (end - bound) for end in ends)
        text += f" (95 % {interval(*ends, metric)}) against {number(bound, metric)}"
        return _Statement(text, low, high)

    def _pair(self, factor: str, level: Level, other: Level, sign: int) -> _Statement:
        """Says that `level` is higher than `other` (or lower, with sign -1)."""
        metric = self._grid.metric
        first, second = self._rows[factor, level], self._rows[factor, other]
        text = f"{setting({factor: level})} against {other}: "
        contrast = self._comparisons.between(factor, level, other)
        if first.average is None or second.average is None or first is second:
            return _Statement(f"{text}{_too_few(first, second)}")
        if contrast is None or contrast.low is None or contrast.high is None:
            gap = (
                finite(first.average - second.average) if contrast is None else contrast.difference
            )
            return _Statement(f"{text}{spelled(gap, metric)}, {_too_few(first, second)}")
        low, high = sorted((sign * contrast.low, sign * contrast.high))
        ends = interval(contrast.low, contrast.high, metric, signed=True)
        text += f"{difference(contrast.difference, metric)} (95 % {ends})"
        return _Statement(text, low, high)

    def _better(self, factor: str, level: Level, other: Level) -> _Statement:
        """Says that `level` is better than `other`; what always diverges is worse than the rest."""
        first, second = self._rows[factor, level], self._rows[factor, other]
        for lost, steady, side in ((second, first, math.inf), (first, second, -math.inf)):
            if _always_diverges(lost) and len(steady.runs) > 1 and not steady.diverged:
                text = f"{setting({factor: level})} against {other}"
                seeds = f"all of its {len(lost.diverged)} seeds"
                return _Statement(f"{text}: {lost.level} diverged on {seeds}", side, side)
        return self._pair(factor, level, other, self._sign)

    def _most(self, factor: str) -> Iterator[_Statement]:
        """Says that the factor's largest effect is larger than each other factor's largest."""
        own = self._largest(factor)
        for other in dict.fromkeys(name for name, _ in self._rows if name != factor):
            theirs = self._largest(other)
            if own is None or theirs is None:
                rows = [row for (name, _), row in self._rows.items() if name in (factor, other)]
                begun = [row for row in rows if row.runs or row.diverged] or rows
                yield _Statement(f"{words(factor)} against {words(other)}: {_too_few(*begun)}")
            else:
                text = (
                    f"largest effect of {words(factor)} {own.text}, of {words(other)} {theirs.text}"
                )
                yield _Statement(text, own.low - theirs.high, own.high - theirs.low)

    def _largest(self, factor: str) -> _Size | None:
        """Returns the size of a factor's largest effect; None where one is of unknown size."""
        begun = [
            row.level
            for (name, _), row in self._rows.items()
            if name == factor and not row.is_baseline and (row.runs or row.diverged)
        ]
        found = [self._comparisons.between(factor, level) for level in begun]
        contrasts = [contrast for contrast in found if contrast is not None]
        ends = [(c.low, c.high) for c in contrasts if c.low is not None and c.high is not None]
        if not ends or len(ends) < len(found):  # the one that is not known could be the largest
            return None
        size = max(abs(c.difference) for c in contrasts)
        low = max(max(low, -high, 0.0) for low, high in ends)
        high = max(max(-low, high) for low, high in ends)
        metric = self._grid.metric
        shown, *both = (difference(v, metric).lstrip("+") for v in (size, low, high))
        return _Size(low, high, f"{shown} (95 % {' to '.join(both)})")


def _always_diverges(row: LevelResult) -> bool:
    """Tells whether a level diverged on every seed, several: one could be bad luck."""
    return len(row.diverged) > 1 and not row.runs


def _too_few(*rows: LevelResult) -> str:
    """Says why levels can't be compared."""
    for row in rows:
        if row.diverged:
            return f"{len(row.diverged)} of {len(row.diverged) + len(row.runs)} seeds diverged"
        if not row.runs:
            return "no value"
    return cannot_tell(min(len(row.runs) for row in rows))
