"""Claims put to made studies: how often what the data say of them is wrong, or right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

import numpy as np

from hpstudy.analysis.claims import judge_claims
from hpstudy.analysis.effects import judge
from hpstudy.analysis.importance import grid_importances
from hpstudy.metric import ALIKE, ClaimVerdict, Spreads
from hpstudy.results.grid import GridResults
from hpstudy.studyfile.sections import Claim
from tests.analysis.simulated.rates import Share
from tests.analysis.simulated.studies import LEVEL, Scenario, level

WRONG = (ClaimVerdict.SUPPORTED, ClaimVerdict.CONTRADICTED)
_STUDIES = Scenario(seed=1.0)


@dataclass(frozen=True, kw_only=True)
class Put:
    """A claim and the studies that it is put to.

    Attributes:
        factors: How many levels each factor has, the baseline's included.
        expect: What the claim, about the first factor, expects.
        of: Of which levels of it, by place; 0 is the baseline.
        effects: What settings do, by their place among all.
        right: What is to be said of it; None where nothing can be.
    """

    factors: Sequence[int]
    expect: Mapping[str, object]
    of: Sequence[int] = ()
    effects: Mapping[int, float] = field(default_factory=dict)
    right: ClaimVerdict | None = None

    def grids(self, count: int, seeds: int, spreads: Spreads = ALIKE) -> Iterator[GridResults]:
        """Draws studies, by a seed of their own."""
        levels = [level(place) for place in self.of]
        claim = Claim(says="so it is", factor="f0", level=levels, expect=dict(self.expect))
        ends = [*accumulate((size - 1 for size in self.factors), initial=1)]
        chance = np.random.default_rng([count, seeds])
        drawn = _STUDIES.draw(chance, count, ends[-1], seeds, self.effects)
        for grid in drawn.grids([range(*both) for both in pairwise(ends)], [claim]):
            yield replace(grid, spreads=spreads)

    def verdicts(self, count: int, seeds: int, spreads: Spreads = ALIKE) -> Counter[ClaimVerdict]:
        """Counts what is said of the claim."""
        judged = [judge_claims(*judge(grid))[0] for grid in self.grids(count, seeds, spreads)]
        return Counter(result.verdict for result in judged)

    def wrong(self, count: int, seeds: int, spreads: Spreads = ALIKE) -> Share:
        """Returns the share of studies in which what is said is wrong."""
        said = self.verdicts(count, seeds, spreads)
        return Share(sum(said[verdict] for verdict in WRONG if verdict != self.right), count)

    def found(self, count: int, seeds: int, spreads: Spreads = ALIKE) -> Share:
        """Returns the share of studies in which what is right is said; of none without that."""
        if self.right is None:
            return Share()
        return Share(self.verdicts(count, seeds, spreads)[self.right], count)


def ranges(levels: int, count: int, seeds: int, spreads: Spreads = ALIKE) -> Share:
    """Returns the share of studies where a factor that does nothing has a range that leaves out 0.

    Args:
        levels: How many levels it has.
        count: How many studies.
        seeds: On how many seeds.
        spreads: Whether luck is learned from all settings, or each difference tells its own.
    """
    put = Put(factors=[levels], expect={"matters_most": True})
    share = Share()
    for grid in put.grids(count, seeds, spreads):
        grid_, judgement = judge(grid)
        rows = grid_importances(grid_, judgement.comparisons).rows
        share = share.and_(any(row.amount.low for row in rows if row.param == "f0"))
    return share


_MOST = {"matters_most": True}
CLAIMS = {
    **{
        f"best of {n}, all alike": Put(factors=[n], expect={"best": True}, of=[1])
        for n in (4, 8, 15)
    },
    "rising over 8 levels, all alike": Put(factors=[8], expect={"rising": True}, of=range(8)),
    "above X at 8 levels, all at X": Put(factors=[8], expect={"above": LEVEL}, of=range(8)),
    "equal within 2 s, just 2 s apart": Put(
        factors=[4], expect={"equal_within": 2.0}, of=[1], effects={1: -2}
    ),
    "matters most, none does anything": Put(factors=[4, 4], expect=_MOST),
    "matters most, −3 s against −3 s": Put(factors=[4, 4], expect=_MOST, effects={1: -3, 4: -3}),
    "matters most, +3 s against −3 s": Put(factors=[4, 4], expect=_MOST, effects={1: 3, 4: -3}),
    "matters most, four factors at −3 s": Put(
        factors=[4] * 4, expect=_MOST, effects={1: -3, 4: -3, 7: -3, 10: -3}
    ),
    "matters most, −6 s against −3 s": Put(
        factors=[4, 4], expect=_MOST, effects={1: -6, 4: -3}, right=ClaimVerdict.SUPPORTED
    ),
    "best of 4, by 3 s": Put(
        factors=[4], expect={"best": True}, of=[1], effects={1: 3}, right=ClaimVerdict.SUPPORTED
    ),
}
