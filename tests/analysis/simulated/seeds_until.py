"""Made studies whose seeds are trained look by look, until all is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hpstudy.analysis.family import Compared, Pair
from hpstudy.analysis.sequential import Look, Outcome, looked, next_seeds
from hpstudy.analysis.statements import Claimed, Statement
from hpstudy.metric import ALIKE, Spreads
from hpstudy.results.looks import Looks
from tests.analysis.simulated.rates import Share
from tests.analysis.simulated.studies import EQUAL, METRIC, Scenario

COUNTS = (3, 5, 8, 12, 20)
_FALLING = 5  # how many levels are claimed to fall
_EFFECTS = 1.5  # the spread of what levels do


@dataclass(frozen=True, kw_only=True)
class Course:
    """How such studies come about.

    Attributes:
        scenario: How their values do.
        settings: How many settings each has, the baseline included.
        margin: What is no difference worth the name.
        counts: After how many seeds is looked.
        effects: The spread of what levels do; 0 where none does anything.
        diverging: The share of levels that diverge, each of them on half of its seeds.
        failing: The share of trainings that raise.
        spreads: Whether luck is learned from all settings, or each difference tells its own.
        is_claimed: Whether claims ask of each level if it is higher than the baseline, and of the
            first ones whether each is lower than the one before it.
    """

    scenario: Scenario = EQUAL
    settings: int = 12
    margin: float = 1.0
    counts: tuple[int, ...] = COUNTS
    effects: float = _EFFECTS
    diverging: float = 0.0
    failing: float = 0.0
    spreads: Spreads = ALIKE
    is_claimed: bool = False

    @property
    def claims(self) -> list[list[Statement[int]]]:
        """What is claimed."""
        if not self.is_claimed:
            return []
        higher = [[Statement((place, 0), 1)] for place in range(1, self.settings)]
        falling = [Statement((place + 1, place), -1) for place in range(1, _FALLING)]
        return [*higher, falling]


@dataclass(frozen=True)
class Ended:
    """What was counted over studies that ended.

    Attributes:
        wrong: Studies with a verdict against the truth, at any look.
        decided: Levels of which something is shown, of those that did not diverge.
        trained: Trainings, of those that all seeds of all settings would be.
    """

    wrong: Share
    decided: Share
    trained: Share


@dataclass(frozen=True)
class Study:
    """A made study whose settings, by place, are trained look by look; 0 is the baseline.

    Attributes:
        values: By setting and seed.
        truth: What each setting reaches.
        diverged: Which trainings diverge.
        failed: Which trainings raise.
        looks: The announced looks.
        claims: What is claimed.
    """

    values: np.ndarray
    truth: np.ndarray
    diverged: np.ndarray
    failed: np.ndarray
    looks: Looks
    claims: Sequence[Claimed[int]]

    def trained(self) -> tuple[Mapping[int, Outcome], tuple[Look[int], ...]]:
        """Trains what is asked for until nothing is; what became of it, and what looks showed."""
        outcomes = {place: Outcome({}) for place in range(len(self.truth))}
        while asked := next_seeds(outcomes, self.pairs, self.looks, METRIC, claims=self.claims):
            outcomes |= {place: self._outcome(place, [*seeds]) for place, seeds in asked.items()}
        return outcomes, looked(outcomes, self.pairs, self.looks, METRIC, claims=self.claims)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Each level with the baseline."""
        return [(place, 0) for place in range(1, len(self.truth))]

    def is_wrong(self, look: Look[int]) -> bool:
        """Tells whether a look shows something that is not so, of a level or of what is claimed."""
        parts = (part for claim in self.claims for part in claim)
        return any(self._is_wrong(pair, one) for pair, one in look.found.items()) or any(
            self._is_answered_wrongly(part, look.found.get(part.pair)) for part in parts
        )

    def _gap(self, pair: Pair[int]) -> float:
        return float(self.truth[pair[0]] - self.truth[pair[1]])

    def _is_answered_wrongly(self, part: Statement[int], one: Compared | None) -> bool:
        gap, margin = part.sign * self._gap(part.pair), self.looks.margin
        answer = part.answer(one, margin)
        is_small = answer.is_small and not answer.is_shown
        return (
            (answer.is_shown and gap <= 0)
            or (answer.is_opposed and gap >= 0)
            or (is_small and margin is not None and gap > margin)
        )

    def _is_wrong(self, pair: Pair[int], one: Compared) -> bool:
        gap, margin = self._gap(pair), self.looks.margin
        assert margin is not None
        if one.difference is None:  # by rank: it diverges, and is worse for that
            return False
        if one.is_shown:
            return bool(gap * one.difference.value <= 0)
        return (one.is_equal and abs(gap) > margin) or (one.has_no_gain and gap > margin)

    def _outcome(self, place: int, seeds: list[int]) -> Outcome:
        diverged = frozenset(s for s in seeds if self.diverged[place, s])
        failed = frozenset(s for s in seeds if self.failed[place, s])
        values = {s: float(self.values[place, s]) for s in seeds if s not in diverged | failed}
        return Outcome(values, diverged, failed)


def ended(course: Course, count: int) -> Ended:
    """Draws studies by a seed of their own, trains them to their end, and counts."""
    chance = np.random.default_rng([course.settings, count, *course.counts])
    wrong = decided = levels = trained = 0
    for study in (_drawn(course, chance) for _ in range(count)):
        outcomes, looks = study.trained()
        wrong += any(study.is_wrong(look) for look in looks)
        steady = [place for place in range(1, course.settings) if not outcomes[place].diverged]
        levels += len(steady)
        decided += sum((place, 0) not in looks[-1].open for place in steady)
        trained += sum(len(o.values) + len(o.diverged) + len(o.failed) for o in outcomes.values())
    all_of_them = count * course.settings * course.counts[-1]
    return Ended(Share(wrong, count), Share(decided, levels), Share(trained, all_of_them))


def _drawn(course: Course, chance: np.random.Generator) -> Study:
    effects = course.effects * chance.normal(size=course.settings)
    effects[0] = 0
    shape = course.settings, course.counts[-1]
    drawn = course.scenario.draw(chance, 1, *shape, dict(enumerate(effects)))
    diverges = chance.random(course.settings) < course.diverging
    diverges[0] = False
    diverged = diverges[:, None] & (chance.random(shape) < 0.5)
    failed = ~diverged & (chance.random(shape) < course.failing)
    looks = Looks(course.counts, tuple(range(course.counts[-1])), course.margin, course.spreads)
    return Study(drawn.values[0], drawn.truth, diverged, failed, looks, course.claims)
