"""The looks at a search's winner, which may have been chosen by a part of its own values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.analysis.blocks import Values
from hpstudy.analysis.comparisons import Comparisons, Contrast
from hpstudy.analysis.family import Compared, beside_baseline
from hpstudy.analysis.sequential import Outcome, spent
from hpstudy.analysis.simultaneous import ALPHA, chosen_p, chosen_quantile
from hpstudy.metric import ALIKE, Metric, Quantity, Spreads, Verdict
from hpstudy.results.confirmation import Winner

WINNER, BASELINE = "winner", "baseline"


@dataclass(frozen=True)
class WinnersLook:
    """What was found of the winner after so many seeds.

    Attributes:
        count: After how many seeds.
        alpha: What it spent of the 5 %.
        difference: Winner less baseline, with the interval of this look; None where they can't be
            compared.
        verdict: What that decides; None where it leaves the winner open.
    """

    count: int
    alpha: float
    difference: Quantity | None
    verdict: Verdict | None


@dataclass(frozen=True)
class Choice:
    """How a setting was chosen that is compared with a baseline.

    Attributes:
        count: From how many settings.
        seeds: On which seeds; none where it was chosen apart.
    """

    count: int
    seeds: Sequence[int]

    def share(self, compared: Mapping[int, float]) -> float:
        """Returns which share of the seeds that are compared it was chosen on."""
        return sum(seed in compared for seed in self.seeds) / max(len(compared), 1)


def winners_looks(won: Winner) -> tuple[WinnersLook, ...]:
    """Goes through the announced looks at a winner, as far as their seeds are there.

    Each spends a part of the 5 %, as those of a grid do, and the luck of all finalists is pooled.
    """
    looks = won.looks
    assert looks is not None  # the caller's
    ours = Outcome(won.values, frozenset(won.diverged), won.failed)
    theirs = Outcome(won.baseline_values, frozenset(won.baseline_diverged), won.baseline_failed)
    found: list[WinnersLook] = []
    for number, count in enumerate(looks.counts):
        seeds = frozenset(looks.seeds[:count])
        is_decided = bool(found) and found[-1].verdict is not None
        if is_decided or not (ours.has(seeds) and theirs.has(seeds)) or ours.upto(seeds).diverged:
            break
        compared = compare_chosen(
            upto(won, seeds),
            choice_of(won),
            won.metric,
            spent(looks, number),
            looks.margin,
            spreads=looks.spreads,
        )
        difference = None if compared is None else compared.difference
        verdict = None if compared is None else compared.decision(won.metric.sign)
        found.append(WinnersLook(count, spent(looks, number), difference, verdict))
    return tuple(found)


def choice_of(won: Winner) -> Choice:
    """Returns how a winner was chosen."""
    return Choice(1 + len(won.rivals), won.chosen_on)


def upto(won: Winner, seeds: frozenset[int]) -> dict[str, Values]:
    """Returns the values on some seeds, of winner and baseline and, for luck's sake, of others."""
    every = {WINNER: won.values, BASELINE: won.baseline_values}
    every |= {f"{number}": values for number, values in enumerate(won.rivals)}
    return {
        key: {seed: value for seed, value in values.items() if seed in seeds}
        for key, values in every.items()
    }


def compare_chosen(
    values: Mapping[str, Values],
    choice: Choice,
    metric: Metric,
    alpha: float = ALPHA,
    margin: float | None = None,
    *,
    spreads: Spreads = ALIKE,
) -> Compared | None:
    """Compares a chosen setting with the baseline; what chose it is paid for.

    Args:
        values: The values by seed, of `WINNER`, `BASELINE` and others of the same spread.
        choice: How the winner was chosen.
        metric: The metric.
        alpha: How often the comparison may be wrong.
        margin: What difference counts; None where any does.
        spreads: "own" where the others are not of the same spread.

    Returns:
        What was found, or None where one of the two has fewer than two seeds.
    """
    contrast = Comparisons(values, metric, spreads=spreads).between(WINNER, BASELINE)
    if contrast is None:
        return None
    share = choice.share(values[WINNER])

    def half(rate: float) -> float:
        if contrast.error in (0, math.inf):
            return contrast.error
        return contrast.half(chosen_quantile(choice.count, share, contrast.freedom, rate))

    p = _p(contrast, choice, share)
    return beside_baseline(contrast, p, (half(alpha), half(2 * alpha)), alpha, metric, margin)


def _p(contrast: Contrast, choice: Choice, share: float) -> float:
    if contrast.error in (0, math.inf):
        return contrast.p
    return chosen_p(contrast.t, choice.count, share, contrast.freedom)
