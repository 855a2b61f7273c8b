"""Seeds until decided: judging a study at looks that were announced before the first.

Testing at each of five looks at 5 % is wrong in 17 % of studies. So each look spends a part of
the 5 %, and all that was found follows from the values and the announcement: who reads a study
later, or goes on with it after it was killed, comes to the same verdicts.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.family import WHOLE, Compared, Pair, Rate, family
from hpstudy.analysis.ranks import is_worse, ranked_outcomes, ranks_p
from hpstudy.analysis.simultaneous import ALPHA
from hpstudy.analysis.statements import Claimed, Statement, claim_verdict
from hpstudy.metric import ALIKE, ClaimVerdict, Metric, Spreads, Verdict
from hpstudy.results.looks import Looks

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class Outcome:
    """What became of a setting's seeds.

    Attributes:
        values: The values, by seed.
        diverged: The seeds on which it diverged: finished, but without a value.
        failed: The seeds whose latest attempt raised: a look doesn't wait for them.
    """

    values: Mapping[int, float]
    diverged: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()

    def has(self, seeds: Collection[int]) -> bool:
        """Tells whether all these seeds are finished, or raised."""
        return {*seeds} <= {*self.values} | self.diverged | self.failed

    @property
    def is_lost(self) -> bool:
        """Whether all of its seeds raised: more of them would, too."""
        return bool(self.failed) and not self.values and not self.diverged

    def ranked(self, metric: Metric) -> list[float]:
        """Returns what can be ranked: more is better, and a diverged seed is the worst."""
        return ranked_outcomes([*self.values.values()], len(self.diverged), metric.sign)

    def upto(self, seeds: Collection[int]) -> Outcome:
        """Returns what became of these seeds alone."""
        return Outcome(
            {seed: value for seed, value in self.values.items() if seed in seeds},
            self.diverged & {*seeds},
            self.failed & {*seeds},
        )


@dataclass(frozen=True)
class Look(Generic[_Key]):
    """What a study showed after so many seeds.

    Attributes:
        count: After how many seeds.
        alpha: What it spent of the 5 %.
        found: What was found of the pairs that were open before it and could be compared.
        open: The pairs that are open after it.
    """

    count: int
    alpha: float
    found: Mapping[Pair[_Key], Compared]
    open: frozenset[Pair[_Key]]


def spent(looks: Looks, number: int) -> float:
    """Returns what a look may spend of the 5 %.

    Source: Lan and DeMets, "Discrete sequential boundaries for clinical trials", 1983, with the
    square of the share of all seeds; parts are added up (Bonferroni), which holds for the t of
    few seeds too.

    Args:
        looks: The announced looks.
        number: Which of them, from 0.
    """
    shares = [0.0, *((count / looks.counts[-1]) ** 2 for count in looks.counts)]
    return ALPHA * (shares[number + 1] - shares[number])


def looked(
    outcomes: Mapping[_Key, Outcome],
    pairs: Sequence[Pair[_Key]],
    looks: Looks,
    metric: Metric,
    *,
    claims: Sequence[Claimed[_Key]] = (),
) -> tuple[Look[_Key], ...]:
    """Goes through the announced looks, as far as their seeds are there.

    A pair that is decided (better, worse, equal, no gain of the margin) is judged no more, once
    all claims that speak of it are answered: supported, contradicted or too small. What diverges
    is closed too: more seeds would only tell how often; and so is what raised on all. When a pair
    closes makes no verdict wrong more often: the intervals of all looks hold at once, and one that
    is closed keeps its share of the rate.

    Source: repeated confidence intervals, Jennison and Turnbull, "Interim analyses: the repeated
    confidence interval approach", 1989.

    Args:
        outcomes: What became of each setting's seeds.
        pairs: What is compared with what: the first with the second.
        looks: The announced looks.
        metric: The metric.
        claims: What is claimed; pairs that are none of the others are compared for that alone.

    Returns:
        The looks whose seeds are all there, in order.
    """
    found: list[Look[_Key]] = []
    latest: dict[Pair[_Key], Compared] = {}
    is_open, decided, closed = _all_pairs(pairs, claims), 0, 0
    for number, count in enumerate(looks.counts):
        seeds = frozenset(looks.seeds[:count])
        settings = {key for pair in is_open for key in pair}
        if not is_open or not all(outcomes[key].has(seeds) for key in settings):
            break
        until = {key: outcome.upto(seeds) for key, outcome in outcomes.items()}
        rate = Rate(spent(looks, number), decided, closed)
        told, _ = judged(
            until, is_open, metric, rate=rate, margin=looks.margin, spreads=looks.spreads
        )
        latest |= told
        asked = {pair for pair in pairs if pair not in told or not told[pair].has_no_gain}
        asked |= {part.pair for part in _unanswered(claims, latest, looks.margin)}
        stays = [
            pair
            for pair in is_open
            if pair in asked
            and not _is_decided(told.get(pair))
            and not until[pair[0]].diverged
            and not any(until[key].is_lost for key in pair)
        ]
        shown = sum(one.is_shown for one in told.values())
        left = {*told} - {*stays}  # what could not be judged can't have been wrong: none of these
        decided, closed = decided + shown, closed + len(left) - shown
        is_open = stays
        found.append(Look(count, rate.alpha, told, frozenset(stays)))
    return tuple(found)


def next_seeds(
    outcomes: Mapping[_Key, Outcome],
    pairs: Sequence[Pair[_Key]],
    looks: Looks,
    metric: Metric,
    *,
    claims: Sequence[Claimed[_Key]] = (),
) -> dict[_Key, tuple[int, ...]]:
    """Returns the seeds that each setting is to have at the next look.

    Its arguments are those of `looked`.

    Returns:
        The seeds of all settings that are still open; empty where nothing is left to do.
    """
    done = looked(outcomes, pairs, looks, metric, claims=claims)
    is_open = done[-1].open if done else frozenset(_all_pairs(pairs, claims))
    if len(done) == len(looks.counts) or not is_open:
        return {}
    seeds = looks.seeds[: looks.counts[len(done)]]
    wanted = {key for pair in is_open for key in pair}
    return {key: seeds for key in outcomes if key in wanted}


def judged(
    outcomes: Mapping[_Key, Outcome],
    pairs: Sequence[Pair[_Key]],
    metric: Metric,
    *,
    rate: Rate = WHOLE,
    margin: float | None = None,
    overlap: float = 0.0,
    spreads: Spreads = ALIKE,
) -> tuple[dict[Pair[_Key], Compared], Comparisons[_Key]]:
    """Judges pairs of settings once, those of which seeds diverged by rank.

    Args:
        outcomes: What became of each setting's seeds.
        pairs: What is compared with what.
        metric: The metric.
        rate: How often they may be wrong together.
        margin: What difference counts; None where any does.
        overlap: Test examples by training ones of folds; 0 of seeds.
        spreads: "own" where no setting's spread tells another's.

    Returns:
        What was found of each pair that could be compared, and the settings' values compared.
    """
    steady = {key: outcome.values for key, outcome in outcomes.items() if not outcome.diverged}
    comparisons = Comparisons(steady, metric, overlap, spreads)
    ranked = {}
    for pair in pairs:
        if all(key in steady for key in pair):
            continue
        if (p := ranks_p(*(outcomes[key].ranked(metric) for key in pair))) is not None:
            ranked[pair] = p
    found = family(comparisons, pairs, metric, rate=rate, margin=margin, ranked=ranked)
    return found, comparisons


def _is_decided(one: Compared | None) -> bool:
    """Tells whether all is known of a pair, whatever is asked."""
    return one is not None and (one.is_shown or one.is_equal)


def _all_pairs(pairs: Sequence[Pair[_Key]], claims: Sequence[Claimed[_Key]]) -> list[Pair[_Key]]:
    return [*dict.fromkeys([*pairs, *(part.pair for claim in claims for part in claim)])]


def _unanswered(
    claims: Sequence[Claimed[_Key]],
    latest: Mapping[Pair[_Key], Compared],
    margin: float | None,
) -> Iterator[Statement[_Key]]:
    """Yields what those claims state that are not shown either way."""
    for claim in claims:
        answers = [part.answer(latest.get(part.pair), margin) for part in claim]
        if claim_verdict(answers) == ClaimVerdict.NOT_SHOWN:
            yield from claim


def verdict_of(
    one: Compared, ours: Outcome, theirs: Outcome, metric: Metric, *, is_open: bool = False
) -> Verdict:
    """Says what was found of a setting beside another one; by rank, where seeds diverged.

    Args:
        one: What was found.
        ours: What became of the setting.
        theirs: What became of the other one.
        metric: The metric.
        is_open: Whether a next look tells more.
    """
    decision = one.decision(metric.sign)
    if one.is_shown and decision is None:
        is_below = is_worse(ours.ranked(metric), theirs.ranked(metric))
        decision = Verdict.WORSE if is_below else Verdict.BETTER
    if ours.diverged and decision != Verdict.WORSE:
        return Verdict.UNSTABLE
    return decision or (Verdict.OPEN if is_open else Verdict.NOT_SHOWN)
