"""Does a published claim hold? Each one's verdict, with the figures that say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from hpstudy.analysis.cells import cell_of, too_few
from hpstudy.analysis.effects import Judgement
from hpstudy.analysis.matters import Reach
from hpstudy.analysis.simultaneous import ALPHA
from hpstudy.analysis.statements import NOTHING, Answer, Statement, claim_verdict, decides
from hpstudy.metric import ClaimVerdict
from hpstudy.numeric import finite
from hpstudy.results.grid import GridResults, LevelResult
from hpstudy.sampler import Level
from hpstudy.studyfile.sections import Claim
from hpstudy.wording import (
    difference,
    ends,
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
class _Part:
    """A part of a claim, and what was found of it."""

    figures: str
    answer: Answer = NOTHING


def judge_claims(grid: GridResults, judgement: Judgement) -> tuple[ClaimResult, ...]:
    """Judges each claim of a study file.

    A claim is a set of statements, its parts. It is supported if all of them are shown,
    contradicted if the opposite of one is shown; where neither is so, it is too small if one of the
    differences that it claims is shown to be less than the margin that counts, else not shown. What
    statements say of two levels is judged in one family with the tables' verdicts, so that the two
    agree. Of others all must hold for support, which needs no adjustment, and any opposes, each at
    its share of the 5 %.

    Source: intersection-union tests, Berger, "Multiparameter hypothesis testing and acceptance
    sampling", 1982.

    Args:
        grid: The grid's results, with the claims.
        judgement: What was found of its pairs.
    """
    judge = _Judge(grid, judgement)
    return tuple(judge.result(claim) for claim in grid.claims)


class _Judge:
    def __init__(self, grid: GridResults, judgement: Judgement) -> None:
        self._grid = grid
        self._metric = grid.metric
        self._judgement = judgement
        self._rows = {(f.name, row.level): row for f in grid.factors for row in f.levels}

    def result(self, claim: Claim) -> ClaimResult:
        parts = list(self._parts(claim))
        verdict = claim_verdict([part.answer for part in parts])
        decisive = [part.figures for part in parts if decides(part.answer, verdict)]
        why = "; ".join(decisive) or self._why_nothing(claim)
        return ClaimResult(claim.says, verdict, why)

    def _why_nothing(self, claim: Claim) -> str:
        """Says why a claim has no statement that could be judged."""
        if not self._levels(claim.factor):
            return "its factor was not run"
        if claim.expect.matters_most:
            return f"{words(claim.factor)} is the only factor: there is none to compare it with"
        return "it names too few levels to compare"

    def _parts(self, claim: Claim) -> Iterator[_Part]:
        expect, factor = claim.expect, claim.factor
        if not any(f == factor for f, _ in self._rows):
            return
        parts = len(claim.level)
        for level in claim.level:
            if expect.above is not None:
                yield self._threshold(factor, level, expect.above, 1, parts)
            if expect.below is not None:
                yield self._threshold(factor, level, expect.below, -1, parts)
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
        if expect.equal_within is not None:
            for one, other in self._to_be_equal(factor, claim.level):
                yield self._pair(factor, one, other, 0, expect.equal_within)
        if expect.matters_most:
            reach = Reach(self._grid, self._judgement.comparisons)
            for found in reach.beside_others(factor):
                yield _Part(found.figures, Answer(found.is_shown, found.is_opposed))

    def _levels(self, factor: str) -> list[Level]:
        return [level for name, level in self._rows if name == factor]

    def _to_be_equal(self, factor: str, levels: Sequence[Level]) -> list[tuple[Level, Level]]:
        """Returns the pairs of some levels; of a single one it and the baseline."""
        if len(levels) > 1:
            return [*combinations(levels, 2)]
        others = [level for level in self._levels(factor) if self._rows[factor, level].is_baseline]
        return [(level, other) for level in levels for other in others if other != level]

    def _threshold(self, factor: str, level: Level, bound: float, sign: int, parts: int) -> _Part:
        row, metric = self._rows[factor, level], self._metric
        text = f"{setting({factor: level})}: {number(row.average, metric) or 'no value'}"
        comparisons, cell = self._judgement.comparisons, cell_of(factor, row)
        both = [comparisons.mean(cell, alpha) for alpha in (ALPHA, ALPHA / parts)]
        known = [found.ends for found in both if found is not None and found.ends is not None]
        if row.diverged or len(known) < len(both):
            return _Part(f"{text}, {too_few(row)}")
        low, _ = sorted(sign * (end - bound) for end in known[0])
        _, high = sorted(sign * (end - bound) for end in known[1])
        text += f" (95 % {interval(*known[0], metric)}) against {number(bound, metric)}"
        return _Part(text, Answer(low > 0, high < 0))

    def _pair(
        self, factor: str, level: Level, other: Level, sign: int, within: float = 0.0
    ) -> _Part:
        """Says that `level` is higher than `other`, lower with sign -1, equal with sign 0."""
        metric, margin = self._metric, self._grid.margin
        first, second = self._rows[factor, level], self._rows[factor, other]
        text = f"{setting({factor: level})} against {other}: "
        if first.average is None or second.average is None or first is second:
            return _Part(f"{text}{too_few(first, second)}")
        found = self._judgement.between(cell_of(factor, first), cell_of(factor, second))
        gap = None if found is None else found[0].difference
        if found is None or gap is None or gap.low is None or gap.high is None:
            seen = finite(first.average - second.average) if gap is None else gap.value
            return _Part(f"{text}{spelled(seen, metric)}, {too_few(first, second)}")
        one, turn = found
        told = gap if turn == 1 else gap.turned
        text += f"{difference(told.value, metric)} (95 % {ends(told, metric, signed=True)})"
        return _Part(text, Statement((level, other), sign * turn, within).answer(one, margin))

    def _better(self, factor: str, level: Level, other: Level) -> _Part:
        """Says that `level` is better than `other`; what always diverges is worse than the rest."""
        first, second = self._rows[factor, level], self._rows[factor, other]
        for lost, steady, is_first in ((second, first, True), (first, second, False)):
            if _always_diverges(lost) and len(steady.runs) > 1 and not steady.diverged:
                text = f"{setting({factor: level})} against {other}"
                seeds = f"all of its {len(lost.diverged)} seeds"
                told = f"{text}: {lost.level} diverged on {seeds}"
                return _Part(told, Answer(is_first, not is_first))
        return self._pair(factor, level, other, self._metric.sign)


def _always_diverges(row: LevelResult) -> bool:
    """Tells whether a level diverged on every seed, several: one could be bad luck."""
    return len(row.diverged) > 1 and not row.runs
