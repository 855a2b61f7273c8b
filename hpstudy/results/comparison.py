"""What the database holds of settings that were compared, and what their trainings took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hpstudy.metric import WALL_SECONDS, Metric
from hpstudy.results.grid import Failure
from hpstudy.results.looks import Looks, announced
from hpstudy.sampler import SEED, Point
from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.studies import (
    comparisons_of,
    find_study,
    fingerprint_of,
    metric_epochs_of,
    trials_of,
)
from hpstudy.store.trials import (
    distinct_epochs,
    error_of,
    has_diverged,
    is_complete,
    latest_attempts,
    point_key,
    trace_of,
    value_of,
    without_seed,
)
from hpstudy.studyfile.file import StudyFile

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
class ComparisonResults:
    """A setting that was compared with the baseline, by itself.

    Attributes:
        metric: The metric.
        looks: The looks that were announced.
        baseline: The baseline.
        setting: What is compared with it.
        ran: What became of the trainings of both, in this order.
    """

    metric: Metric
    looks: Looks
    baseline: Point
    setting: Point
    ran: tuple[Ran, Ran]

    @property
    def changes(self) -> Point:
        """What the setting changes of the baseline."""
        return {k: v for k, v in self.setting.items() if v != self.baseline.get(k)}


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


_NEEDED = {"baseline", "metric", "direction"}  # of what trials have in common


def read_comparisons(
    file: StudyFile, name: str, database: Database
) -> tuple[ComparisonResults, ...]:
    """Reads what was compared with a study's baseline, as it is in its file now.

    Args:
        file: The study file.
        name: The study's name.
        database: The database.
    """
    found = (_comparison(file, each, database) for each in comparisons_of(name, database))
    return tuple(one for one in found if one is not None)


def _comparison(file: StudyFile, name: str, database: Database) -> ComparisonResults | None:
    study = find_study(name, database)
    looks = None if study is None else announced(study)
    fingerprint = {} if study is None else fingerprint_of(study)
    if study is None or looks is None or not fingerprint.keys() >= _NEEDED:
        return None
    base: Point = fingerprint["baseline"]
    known = {**file.settings, **file.full_baseline()}
    others = [s for trial in trials_of(study) if (s := without_seed(trial)) != base]
    if not others or any(known.get(key, value) != value for key, value in base.items()):
        return None  # of a baseline that was
    ran = (
        read_setting(name, base, looks.seeds, database),
        read_setting(name, others[0], looks.seeds, database),
    )
    seen = [value for one in ran for value in one.values.values()]
    metric = file.measured(
        fingerprint["metric"],
        fingerprint["direction"],
        seen,
        epochs=metric_epochs_of(fingerprint),
    )
    return ComparisonResults(metric, looks.looks(metric), base, others[0], ran)


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
