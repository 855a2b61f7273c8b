"""What the database holds of the trainings of one setting, and what they took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hpstudy.metric import WALL_SECONDS
from hpstudy.results.grid import Failure
from hpstudy.sampler import SEED, Point
from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.studies import find_study, trials_of
from hpstudy.store.trials import (
    distinct_epochs,
    error_of,
    has_diverged,
    is_complete,
    latest_attempts,
    point_key,
    trace_of,
    value_of,
)

# Seeds from here on are kept fresh for comparing what was chosen by values on the others.
FIRST_COMPARING_SEED = 300


@dataclass(frozen=True)
class Ran:
    """What became of a setting's trainings.

    Attributes:
        values: The values, by seed.
        diverged: The seeds on which it diverged.
        failed: Those whose latest attempt raised, by seed.
        epochs: How many epochs its trainings went, by their key.
    """

    values: Mapping[int, float] = field(default_factory=dict)
    diverged: frozenset[int] = frozenset()
    failed: Mapping[int, Failure] = field(default_factory=dict)
    epochs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What trainings took, whenever they were trained.

    Attributes:
        trainings: How many they are.
        epochs: How many epochs they went.
        seconds: How long that took, one after the other; None where it is not known.
    """

    trainings: int
    epochs: int
    seconds: float | None


def read_setting(name: str, setting: Point, seeds: Iterable[int], database: Database) -> Ran:
    """Reads what became of a setting.

    Args:
        name: The Optuna study's name.
        setting: The setting.
        seeds: The seeds that count.
        database: The database.
    """
    attempts = latest_attempts(trials_of(find_study(name, database)))
    found = {
        seed: trial
        for seed in seeds
        if (trial := attempts.get(point_key({**setting, SEED: seed}))) is not None
    }
    complete = {seed: trial for seed, trial in found.items() if is_complete(trial)}
    diverged = frozenset(seed for seed, trial in complete.items() if has_diverged(trial))
    return Ran(
        {seed: value_of(trial) for seed, trial in complete.items() if seed not in diverged},
        diverged,
        {
            seed: Failure(setting, seed, error, trace_of(trial))
            for seed, trial in found.items()
            if (error := error_of(trial)) is not None
        },
        distinct_epochs(complete.values()),
    )


def read_cost(sides: Iterable[Ran], database: Database) -> Cost:
    """Reads what the trainings of some settings took."""
    last = {key: epochs for side in sides for key, epochs in side.epochs.items()}
    recorded = Records(database.engine).epochs_of(last)
    seconds = [
        epoch.metrics.get(WALL_SECONDS)
        for key, epochs in recorded.items()
        for epoch in epochs
        if epoch.number <= last[key]
    ]
    known = [one for one in seconds if one is not None]
    return Cost(len(last), sum(last.values()), sum(known) if known else None)
