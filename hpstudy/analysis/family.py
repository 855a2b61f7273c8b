"""Several differences judged together, so that all of their verdicts and intervals hold at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hpstudy.analysis.comparisons import BLOCKS, Comparisons, Contrast
from hpstudy.analysis.intervals import Ends, difference_ends
from hpstudy.analysis.simultaneous import ALPHA, dunnett_p, dunnett_quantile, t_quantile
from hpstudy.metric import Metric, Quantity, Verdict

_Key = TypeVar("_Key", bound=Hashable)
Pair = tuple[_Key, _Key]  # what the first does beside the second

RANKS = "ranks"  # the test where seeds diverged
_CERTAIN = 0.9999


@dataclass(frozen=True)
class Compared:
    """A difference judged together with others.

    Attributes:
        difference: The difference; the intervals of all hold together. Without an interval where
            that is wider than what the metric can span; None where ranks are compared.
        p: Probability of a difference this large by luck, adjusted for all of them.
        test: The test that they come from, as of `Contrast`, or "ranks".
        is_shown: Whether luck is ruled out; its interval then does not reach over 0.
        inner: The interval at twice the rate, which says what is equal; None where not known.
        is_equal: Whether it lies within the margin, so that the two are equal in all that counts.
        has_no_gain: Whether a gain of the margin is ruled out, though they aren't equal.
    """

    difference: Quantity | None
    p: float
    test: str
    is_shown: bool
    inner: Ends | None = None
    is_equal: bool = False
    has_no_gain: bool = False

    def decision(self, sign: int) -> Verdict | None:
        """Returns what is said of the first of the two; None where nothing is decided.

        Args:
            sign: +1 where more is better, -1 where less is.

        Returns:
            Better or worse only where there is a difference: ranks don't tell the side here.
        """
        if self.is_shown and self.difference is not None:
            return Verdict.BETTER if sign * self.difference.value > 0 else Verdict.WORSE
        if self.is_equal:
            return Verdict.EQUAL
        return Verdict.NO_GAIN if self.has_no_gain else None

    def is_within(self, margin: float) -> bool:
        """Tells whether the two are shown to be equal within a margin.

        Source: Schuirmann, "A comparison of the two one-sided tests procedure and the power
        approach for assessing the equivalence of average bioavailability", 1987.
        """
        return self.inner is not None and -margin <= self.inner[0] and self.inner[1] <= margin


@dataclass(frozen=True)
class Rate:
    """How often a family of differences may be wrong, and who shares that.

    Attributes:
        alpha: In which share of studies one of them is called where there is none.
        decided: How many more belong to it that were shown before.
        closed: How many more belong to it that are judged no longer, without having been shown.
    """

    alpha: float = ALPHA
    decided: int = 0
    closed: int = 0


WHOLE = Rate()


@dataclass(frozen=True)
class _Share:
    """What of the rate those of the pool have together, and each other one by itself.

    Attributes:
        pooled: How many are judged by one spread, against one setting.
        others: How many by themselves.
    """

    pooled: int
    others: int

    @property
    def count(self) -> int:
        return self.pooled + self.others

    def p(self, contrast: Contrast, is_pooled: bool) -> float:
        if is_pooled:
            together = dunnett_p(contrast.t, self.pooled, contrast.freedom)
            return min(1.0, together * self.count / self.pooled)
        return min(1.0, contrast.p * self.count)

    def half(self, contrast: Contrast, is_pooled: bool, alpha: float) -> float:
        if contrast.error in (0, math.inf):
            return contrast.error
        if is_pooled:
            share = alpha * self.pooled / self.count
            return contrast.half(dunnett_quantile(self.pooled, contrast.freedom, share))
        return contrast.half(t_quantile(contrast.freedom, alpha / self.count))


def family(
    comparisons: Comparisons[_Key],
    pairs: Sequence[Pair[_Key]],
    metric: Metric,
    *,
    rate: Rate = WHOLE,
    margin: float | None = None,
    ranked: Mapping[Pair[_Key], float] | None = None,
) -> dict[Pair[_Key], Compared]:
    """Judges differences together.

    Those from one baseline whose luck is pooled share Dunnett's quantile and step down: once the
    clearest is shown, the next has one fewer beside it. Others (another spread, another setting to
    compare with) have their share of the rate each. Intervals are those of the first step, so
    that they hold all together; where a later step shows a difference, its interval ends at 0.

    Sources: Dunnett and Tamhane, "Step-down multiple tests for comparing treatments with a control
    in unbalanced one-way layouts", 1991; Hayter and Hsu, "On the relationship between stepwise
    decision procedures and confidence sets", 1994. How the rate is shared is Bonferroni's.

    Args:
        comparisons: The settings' values.
        pairs: What is compared with what; most of them with the same setting.
        metric: The metric.
        rate: How often they may be wrong together.
        margin: What difference counts, in the metric's unit; None where any does.
        ranked: The p of pairs that are compared by rank, as seeds of them diverged.

    Returns:
        What was found of each pair that could be compared.
    """
    ranked = ranked or {}
    found = {
        pair: contrast
        for pair in pairs
        if pair not in ranked and (contrast := comparisons.between(*pair)) is not None
    }
    center = Counter(second for _, second in pairs).most_common(1)
    pooled = {p for p, c in found.items() if c.test == BLOCKS and p[1] == center[0][0]}
    others = len(found) + len(ranked) - len(pooled)
    before = rate.decided + rate.closed
    first = _Share(len(pooled) + before, others)
    ps = _step_down(found, pooled, ranked, _Share(len(pooled) + rate.closed, others), rate.alpha)
    judged = {pair: Compared(None, ps[pair], RANKS, ps[pair] <= rate.alpha) for pair in ranked}
    for pair, contrast in found.items():
        half = first.half(contrast, pair in pooled, rate.alpha)
        inner = first.half(contrast, pair in pooled, min(2 * rate.alpha, 1.0))
        is_shown = ps[pair] <= rate.alpha
        one = _compared(contrast, ps[pair], half, inner, is_shown, metric)
        judged[pair] = _within(one, half, margin, metric, pair[1] == center[0][0])
    return {pair: judged[pair] for pair in pairs if pair in judged}


def beside_baseline(
    contrast: Contrast,
    p: float,
    halves: tuple[float, float],
    alpha: float,
    metric: Metric,
    margin: float | None,
) -> Compared:
    """Returns what one difference from a baseline shows by itself.

    Args:
        contrast: The difference.
        p: Its probability by luck.
        halves: Half of its interval's width, at the rate and at twice the rate.
        alpha: The rate at which it may be wrong.
        metric: The metric.
        margin: What difference counts; None where any does.
    """
    half, inner = halves
    one = _compared(contrast, p, half, inner, p <= alpha, metric)
    return _within(one, half, margin, metric, has_side=True)


def _step_down(
    found: Mapping[Pair[_Key], Contrast],
    pooled: set[Pair[_Key]],
    ranked: Mapping[Pair[_Key], float],
    share: _Share,
    alpha: float,
) -> dict[Pair[_Key], float]:
    """Returns the adjusted p of each pair: the smallest first, each among those that are left."""
    left: dict[Pair[_Key], Contrast | None] = {**found, **dict.fromkeys(ranked)}
    adjusted: dict[Pair[_Key], float] = {}
    highest = 0.0

    def p_of(pair: Pair[_Key]) -> float:
        contrast = left[pair]
        if contrast is None:
            return min(1.0, ranked[pair] * share.count)
        return share.p(contrast, pair in pooled)

    # Within the pool, and outside of it, the order by p is that of the adjusted one.
    queues = [
        sorted(pooled, key=lambda pair: -abs(found[pair].t)),
        sorted(
            (pair for pair in left if pair not in pooled),
            key=lambda pair: ranked[pair] if (c := left[pair]) is None else c.p,
        ),
    ]
    while any(queues):
        queue = min((q for q in queues if q), key=lambda q: p_of(q[0]))
        pair = queue.pop(0)
        highest = max(highest, p_of(pair))
        adjusted[pair] = highest
        is_of_pool = pair in pooled
        share = _Share(share.pooled - is_of_pool, share.others - (not is_of_pool))
        if highest > _CERTAIN:  # what is left is no clearer
            break
    return {pair: adjusted.get(pair, highest) for pair in left}


def _compared(
    contrast: Contrast, p: float, half: float, inner: float, is_shown: bool, metric: Metric
) -> Compared:
    value = contrast.difference
    ends = difference_ends(value, half, metric)
    if is_shown and abs(value) <= half:  # a later step showed it
        least, most = metric.bounds
        far = math.copysign(min(abs(value) + half, max(most - least, abs(value))), value)
        ends = (0.0, far) if value > 0 else (far, 0.0)
    within = None if math.isinf(inner) else (value - inner, value + inner)
    return Compared(Quantity.within(value, ends), p, contrast.test, is_shown, within)


def _within(
    one: Compared, half: float, margin: float | None, metric: Metric, has_side: bool
) -> Compared:
    """Adds what a difference is within the margin that counts."""
    assert one.difference is not None  # it is no rank
    if margin is None or math.isinf(half):
        return one
    is_equal = one.is_within(margin)
    gain = metric.sign * one.difference.value + half
    has_no_gain = has_side and not is_equal and not one.is_shown and gain < margin
    return Compared(one.difference, one.p, one.test, one.is_shown, one.inner, is_equal, has_no_gain)
