"""What the database holds of a study's grid, as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from hpstudy.metric import ALIKE, Metric, Spreads
from hpstudy.numeric import mean
from hpstudy.results.looks import Looks
from hpstudy.sampler import Level
from hpstudy.store.records import Epoch
from hpstudy.store.studies import Pairing
from hpstudy.studyfile.sections import Claim


@dataclass(frozen=True)
class Run:
    """A complete trial of a grid.

    Attributes:
        seed: The replicate.
        value: The trial's value; infinite where it diverged.
        key: The key of its training.
        epochs: The training's epochs up to the trial's last one.
        has_diverged: Whether its metric became NaN or infinite.
    """

    seed: int
    value: float
    key: str = ""
    epochs: tuple[Epoch, ...] = ()
    has_diverged: bool = False


@dataclass(frozen=True, kw_only=True)
class Replicates:
    """What became of a setting's seeds.

    Attributes:
        runs: The replicates that have a value.
        diverged: The replicates that diverged: finished, but they take part in no mean.
        failed: The replicates whose latest attempt raised: they wait.
    """

    runs: tuple[Run, ...]
    diverged: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The replicates that have a value."""
        return tuple(run.seed for run in self.runs)

    @property
    def values(self) -> tuple[float, ...]:
        """Their values."""
        return tuple(run.value for run in self.runs)

    @property
    def average(self) -> float | None:
        """The values' mean; None without a value."""
        return mean(self.values) if self.runs else None

    @property
    def losses(self) -> str:
        """How many of its replicates diverged: "3 of 20 seeds"."""
        return f"{len(self.diverged)} of {len(self.diverged) + len(self.runs)} seeds"


@dataclass(frozen=True, kw_only=True)
class LevelResult(Replicates):
    """One level of a factor, everything else at the baseline.

    Attributes:
        level: The factor's value.
        is_baseline: Whether it is the baseline's.
        published: What the published report printed.
    """

    level: Level
    is_baseline: bool
    published: float | None = None


@dataclass(frozen=True, kw_only=True)
class CombinedResult(Replicates):
    """A setting of several levels at once, everything else at the baseline.

    Attributes:
        levels: The levels, by factor.
        wanted: The replicates that were asked for.
    """

    levels: Mapping[str, Level]
    wanted: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all its replicates are finished, or raised."""
        return {*self.wanted} <= {*self.seeds, *self.diverged, *self.failed}


@dataclass(frozen=True)
class FactorResult:
    """A factor's levels, in the study file's order."""

    name: str
    levels: tuple[LevelResult, ...]


@dataclass(frozen=True)
class TrialCounts:
    """How many points are in which state.

    Attributes:
        complete: Those with a value.
        pruned: Those that were stopped early.
        failed: Those whose latest attempt raised.
        running: Those at work.
        waiting: Those without an attempt, or whose attempt was interrupted.
        diverged: Those whose metric became NaN or infinite: finished, but without a value.
    """

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    diverged: int = 0

    @property
    def finished(self) -> int:
        """How many did what they were asked for."""
        return self.complete + self.pruned + self.diverged

    @property
    def total(self) -> int:
        """How many there are."""
        return self.finished + self.failed + self.running + self.waiting

    @property
    def others(self) -> dict[str, int]:
        """How many are in a state worth a word, by the state: all but the complete ones."""
        states = ("pruned", "diverged", "failed", "running", "waiting")
        return {state: count for state in states if (count := getattr(self, state))}


@dataclass(frozen=True)
class Failure:
    """A point whose latest attempt raised: why, in a line, and the traceback."""

    params: Mapping[str, Level]
    seed: int
    error: str
    trace: str = ""


@dataclass(frozen=True)
class GridResults:
    """A grid's results.

    Attributes:
        metric: The metric that is compared.
        baseline: The baseline, settings that are factors included.
        settings: The settings that the trials were trained with.
        trials: How many points are in which state.
        epochs_asked: Epochs when every table row is counted by itself, from its first epoch.
        epochs_trained: Distinct epochs behind these trials.
        factors: The factors' levels with their values.
        claims: The study file's claims.
        failed: The points that failed.
        runtime: The trials' device type, precision and threads.
        targets: The values of the metric that trainings are to reach.
        gaps: The metrics that were no finite number in some epoch, though the one that is compared
            was, and in how many trainings.
        published_examples: Of how many test examples the published figures are shares, if the
            study file says so.
        margin: What difference counts, in the metric's unit; None where any does.
        looks: The looks that were announced; None where the seeds are fixed.
        spreads: Whether luck is learned from all levels, or each difference tells its own.
        combined: The setting that combines better levels; None where none was asked for.
        pairing: What the seeds of imported trials are; None where none were imported.
    """

    metric: Metric
    baseline: Mapping[str, Level]
    settings: Mapping[str, object]
    trials: TrialCounts
    epochs_asked: int
    epochs_trained: int
    factors: tuple[FactorResult, ...]
    claims: tuple[Claim, ...]
    failed: tuple[Failure, ...]
    runtime: Mapping[str, object] = field(default_factory=dict)
    targets: tuple[float, ...] = ()
    gaps: Mapping[str, int] = field(default_factory=dict)
    published_examples: int | None = None
    margin: float | None = None
    looks: Looks | None = None
    spreads: Spreads = ALIKE
    combined: CombinedResult | None = None
    pairing: Pairing | None = None

    @property
    def overlap(self) -> float:
        """Test examples by training ones, of folds that share these; 0 where seeds are apart."""
        folds = 0 if self.pairing is None else self.pairing.folds
        return 1 / (folds - 1) if folds > 1 else 0.0

    def upto(self, seeds: Collection[int]) -> GridResults:
        """Returns what these seeds alone came to."""

        def row_of(row: LevelResult) -> LevelResult:
            runs = tuple(run for run in row.runs if run.seed in seeds)
            lost = tuple(seed for seed in row.diverged if seed in seeds)
            return replace(row, runs=runs, diverged=lost)

        factors = [replace(f, levels=tuple(map(row_of, f.levels))) for f in self.factors]
        return replace(self, factors=tuple(factors))
