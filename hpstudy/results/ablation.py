"""Between a search's baseline and its winner: settings that have a part of the winner's changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from hpstudy.numeric import finite, mean
from hpstudy.results.confirmation import Winner, diverged_of, failed_of, values_of
from hpstudy.sampler import Level, Point

Changes = frozenset[str]  # which of the winner's hyperparameters a setting has


@dataclass(frozen=True)
class Part:
    """A setting between the baseline and the winner.

    Attributes:
        values: Its values on the seeds that the two share, by seed.
        diverged: The seeds on which it diverged.
        failed: The seeds on which its latest attempt raised.
    """

    values: Mapping[int, float]
    diverged: tuple[int, ...] = ()
    failed: frozenset[int] = frozenset()

    def has(self, seeds: Iterable[int]) -> bool:
        """Tells whether all these seeds are finished, or raised."""
        return {*seeds} <= {*self.values, *self.diverged, *self.failed}


@dataclass(frozen=True)
class Ablation:
    """What each of a winner's changes does by itself, and one after the other.

    Attributes:
        seeds: The seeds that winner and baseline share: all settings are trained on these.
        changes: The hyperparameters that differ: that which gains most by itself first, once all
            of them are trained.
        parts: What settings with a part of the changes came to.
    """

    seeds: tuple[int, ...]
    changes: tuple[str, ...]
    parts: Mapping[Changes, Part]

    @property
    def singles(self) -> tuple[Changes, ...]:
        """The settings with one change."""
        return tuple(frozenset([name]) for name in self.changes)

    @property
    def is_ordered(self) -> bool:
        """Whether it is known in which order the changes are made."""
        return all(self.parts[one].has(self.seeds) for one in self.singles)

    @property
    def path(self) -> tuple[Changes, ...]:
        """The settings from the baseline to the winner, a change more each."""
        return tuple(frozenset(self.changes[:count]) for count in range(len(self.changes) + 1))


def setting_of(changes: Changes, baseline: Mapping[str, Level], winner: Point) -> Point:
    """Returns the baseline with some of the winner's values."""
    return {name: winner[name] if name in changes else value for name, value in baseline.items()}


def changed(baseline: Mapping[str, Level], winner: Point) -> tuple[str, ...]:
    """Returns the hyperparameters in which a winner differs from the baseline."""
    return tuple(name for name, value in baseline.items() if winner[name] != value)


def read_ablation(
    baseline: Mapping[str, Level], won: Winner, trials: Sequence[FrozenTrial]
) -> Ablation:
    """Reads what is known of the settings between a baseline and a winner.

    Args:
        baseline: All hyperparameters of the baseline.
        won: The winner.
        trials: The confirmation's trials.
    """
    seeds = tuple(sorted(won.values.keys() & won.baseline_values.keys()))

    def part(changes: Changes) -> Part:
        setting = setting_of(changes, baseline, won.setting)
        at = setting, 0, seeds, trials
        return Part(values_of(*at), diverged_of(*at), failed_of(*at))

    names = changed(baseline, won.setting)
    singles = {frozenset([name]): part(frozenset([name])) for name in names}
    found = Ablation(seeds, names, singles)
    if found.is_ordered:
        found = Ablation(seeds, _ordered(found, won), singles)
    return Ablation(seeds, found.changes, {**{one: part(one) for one in found.path}, **singles})


def _ordered(found: Ablation, won: Winner) -> tuple[str, ...]:
    """Returns the changes, that which gains most first; those that diverge or fail come last."""

    def height(name: str) -> tuple[bool, float]:
        part = found.parts[frozenset([name])]
        gains = [finite(value - won.baseline_values[seed]) for seed, value in part.values.items()]
        is_steady = bool(gains) and not part.diverged
        return not is_steady, -won.metric.sign * mean(gains) if is_steady else 0.0

    return tuple(sorted(found.changes, key=height))
