"""Settings beside one of them, at announced looks or once: which is better, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.family import Compared
from hpstudy.analysis.sequential import Look, Outcome, looked, verdict_of
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.numeric import mean
from hpstudy.results.comparison import ComparisonResults, Ran
from hpstudy.results.looks import Looks
from hpstudy.wording import setting

# After how many seeds, what that spent of the 5 %, and what was found.
Seen = tuple[tuple[int, float, Compared | None], ...]

_UNDECIDED = (Verdict.NOT_SHOWN, Verdict.CANNOT_TELL)


@dataclass(frozen=True)
class Side:
    """A setting that takes part.

    Attributes:
        name: What it is called.
        outcome: What became of the seeds that it was looked at with.
        mean: The mean of its values with its 95 % interval; None where it has none.
    """

    name: str
    outcome: Outcome
    mean: Quantity | None


@dataclass(frozen=True)
class Beside:
    """A setting beside the baseline.

    Attributes:
        side: The setting.
        verdict: What is said of it.
        looks: The looks at it, up to the one that decided.
    """

    side: Side
    verdict: Verdict
    looks: Seen

    @property
    def found(self) -> Compared | None:
        """What was found at the last look; None where nothing could be compared."""
        return self.looks[-1][2] if self.looks else None

    @property
    def seeds(self) -> int:
        """After how many seeds it was looked at last."""
        return self.looks[-1][0] if self.looks else 0

    @property
    def difference(self) -> Quantity | None:
        """The difference from the baseline with its interval; None where it is not known."""
        return None if self.found is None else self.found.difference


@dataclass(frozen=True)
class Comparison:
    """What settings come to beside a baseline.

    Attributes:
        metric: The metric.
        looks: The looks that were announced.
        baseline: The baseline.
        others: The settings beside it.
    """

    metric: Metric
    looks: Looks
    baseline: Side
    others: tuple[Beside, ...]

    @property
    def best(self) -> Beside:
        """The setting that is furthest ahead: of those that are shown to be better, or of all."""
        better = [one for one in self.others if one.verdict is Verdict.BETTER]
        known = [one for one in better or self.others if one.difference is not None]
        best = self.metric.best(known, lambda one: one.difference.value if one.difference else 0.0)
        return best or (better or [*self.others])[0]


def compare(
    outcomes: Mapping[str, Outcome],
    baseline: str,
    looks: Looks,
    metric: Metric,
    *,
    is_all: bool = False,
) -> Comparison:
    """Judges settings beside a baseline, all together.

    Args:
        outcomes: What became of each setting's seeds.
        baseline: Which of them the others are compared with.
        looks: The looks that were announced; one where all that there is is looked at once.
        metric: The metric.
        is_all: Whether this is all that there is: no look waits for seeds that a setting lacks.
    """
    awaited = outcomes
    if is_all:
        awaited = {n: replace(one, failed=frozenset(looks.seeds)) for n, one in outcomes.items()}
    others = [name for name in outcomes if name != baseline]
    found = looked(awaited, [(name, baseline) for name in others], looks, metric)
    seen = {name: _seen(found, (name, baseline)) for name in others}
    last = {name: rows[-1][0] if rows else looks.counts[-1] for name, rows in seen.items()}
    last[baseline] = max(last.values())
    until = {name: one.upto(looks.seeds[: last[name]]) for name, one in outcomes.items()}
    steady = {name: one.values for name, one in until.items() if not one.diverged}
    comparisons = Comparisons(steady, metric, spreads=looks.spreads)
    sides = {
        name: Side(name, one, comparisons.mean(name) or _average(one))
        for name, one in until.items()
    }

    def verdict(name: str) -> Verdict:
        if not seen[name]:
            return Verdict.OPEN
        theirs = outcomes[baseline].upto(looks.seeds[: last[name]])
        said = _verdict(until[name], theirs, seen[name][-1][2], metric)
        is_last = last[name] == looks.counts[-1]
        return said if is_last or said not in _UNDECIDED else Verdict.OPEN

    beside = (Beside(sides[name], verdict(name), seen[name]) for name in others)
    return Comparison(metric, looks, sides[baseline], tuple(beside))


def comparison_of(found: ComparisonResults) -> Comparison:
    """Judges a setting beside the baseline that it was compared with."""
    names = "baseline", setting(found.changes)
    outcomes = {name: outcome(ran) for name, ran in zip(names, found.ran, strict=True)}
    return compare(outcomes, names[0], found.looks, found.metric)


def outcome(ran: Ran) -> Outcome:
    """Returns what became of a setting's seeds."""
    return Outcome(ran.values, ran.diverged, frozenset(ran.failed))


def _average(one: Outcome) -> Quantity | None:
    """Returns a mean without an interval, as of seeds that are left where others diverged."""
    return Quantity(mean(one.values.values())) if one.values else None


def _seen(looks: Sequence[Look[str]], pair: tuple[str, str]) -> Seen:
    """Returns the looks at a pair, up to the one that decided."""
    found: list[tuple[int, float, Compared | None]] = []
    for look in looks:
        found.append((look.count, look.alpha, look.found.get(pair)))
        if pair not in look.open:
            break
    return tuple(found)


def _verdict(ours: Outcome, theirs: Outcome, found: Compared | None, metric: Metric) -> Verdict:
    """Returns what a setting's last look says of it."""
    if ours.diverged and not ours.values:
        return Verdict.DIVERGES
    if found is None:
        return Verdict.UNSTABLE if ours.diverged else Verdict.CANNOT_TELL
    return verdict_of(found, ours, theirs, metric)
