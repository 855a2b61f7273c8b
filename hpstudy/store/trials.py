"""What a trial is: what hpstudy writes onto Optuna's trials, and what it reads from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

from hpstudy.expected import harmless
from hpstudy.sampler import SEED, Point, known_params
from hpstudy.store.locks import is_free, trial_lock

# User attributes of a trial: why it failed and the traceback, the epoch at which its metric was no
# finite number any more, who ran it, whether that process died of it (else it was interrupted), the
# key of its training, and the epoch at which that was taken up with how many of its epochs were
# trained again to get there.
ERROR = "error"
TRACE = "trace"
DIVERGED = "diverged"
INVOCATION = "invocation"
DIED = "died"
TRAINING = "training"
TAKEN_UP = "taken_up"
OURS = {ERROR, TRACE, DIVERGED, INVOCATION, DIED, TRAINING, TAKEN_UP}

PointKey = frozenset[tuple[str, object]]


def point_key(params: Mapping[str, object]) -> PointKey:
    """Returns a point, the seed included, as a key."""
    return frozenset(params.items())


def known_key(trial: FrozenTrial) -> PointKey:
    """Returns what is known of a trial's point: what it was enqueued with counts."""
    return point_key(known_params(trial))


def worker_of(trial: FrozenTrial) -> str | None:
    """Returns the worker that asked for a trial: "invocation/pool/process".

    Process ids are of one machine alone; a pool's word is its own on all of them. Trials of earlier
    versions lack it.
    """
    return trial.user_attrs.get(INVOCATION)


def invocation_of(trial: FrozenTrial) -> str | None:
    """Returns the invocation that asked for a trial, whichever of its workers did."""
    worker = worker_of(trial)
    return None if worker is None else worker.partition("/")[0]


def pool_of(trial: FrozenTrial) -> str | None:
    """Returns the pool of processes that asked for a trial, whichever of them did."""
    worker = worker_of(trial)
    return None if worker is None else worker.rpartition("/")[0]


def is_running(trial: FrozenTrial) -> bool:
    """Tells whether a trial is running, or its worker died and nobody noticed yet."""
    return trial.state == TrialState.RUNNING


def is_alive(trial: FrozenTrial, study: str, url: str) -> bool:
    """Tells whether a running trial's worker still holds its lock."""
    return is_running(trial) and not is_free(url, trial_lock(study, trial.number))


def is_complete(trial: FrozenTrial) -> bool:
    """Tells whether a trial came to its end, be it without a number."""
    return trial.state == TrialState.COMPLETE


def is_pruned(trial: FrozenTrial) -> bool:
    """Tells whether a trial was stopped early."""
    return trial.state == TrialState.PRUNED


def is_finished(trial: FrozenTrial) -> bool:
    """Tells whether a trial did what it was asked for: it is complete or pruned."""
    return is_complete(trial) or is_pruned(trial)


def has_diverged(trial: FrozenTrial) -> bool:
    """Tells whether a trial's metric became NaN or infinite: complete, but without a number."""
    return is_complete(trial) and DIVERGED in trial.user_attrs


def is_measured(trial: FrozenTrial) -> bool:
    """Tells whether a trial is complete and has a number as its value."""
    return is_complete(trial) and DIVERGED not in trial.user_attrs


def is_failed(trial: FrozenTrial) -> bool:
    """Tells whether a trial came to nothing: it raised, or was interrupted or killed."""
    return trial.state == TrialState.FAIL


def raised(trial: FrozenTrial) -> bool:
    """Tells whether a trial's objective raised, or ended its process by itself."""
    return is_failed(trial) and ERROR in trial.user_attrs


def was_lost(trial: FrozenTrial) -> bool:
    """Tells whether a trial was interrupted or killed: its point is free again."""
    return is_failed(trial) and ERROR not in trial.user_attrs


def has_died(trial: FrozenTrial) -> bool:
    """Tells whether a trial was lost because its process died; one interrupted ends by itself."""
    return was_lost(trial) and DIED in trial.user_attrs


def error_of(trial: FrozenTrial) -> str | None:
    """Returns why a trial raised, in a line; None where it did not."""
    return harmless(str(trial.user_attrs[ERROR])) if raised(trial) else None


def trace_of(trial: FrozenTrial) -> str:
    """Returns the traceback of a trial that raised; "" where it left none."""
    return harmless(str(trial.user_attrs.get(TRACE, "")))


def training_of(trial: FrozenTrial) -> str | None:
    """Returns the key of a trial's training; None before it has one."""
    return trial.user_attrs.get(TRAINING)


def seed_of(trial: FrozenTrial) -> int:
    """Returns the replicate of a trial whose parameters name it."""
    return int(trial.params[SEED])


def without_seed(trial: FrozenTrial) -> Point:
    """Returns a trial's setting."""
    return {name: value for name, value in trial.params.items() if name != SEED}


def epoch_of(trial: FrozenTrial) -> int:
    """Returns the epoch that a trial reached: the last that it reported, or diverged at."""
    return max([*trial.intermediate_values, int(trial.user_attrs.get(DIVERGED, 0))])


def value_of(trial: FrozenTrial) -> float:
    """Returns the value of a complete trial."""
    return float(trial.values[0])


def last_value(trial: FrozenTrial) -> float | None:
    """Returns a trial's value; of one that has none, the last that it reported."""
    if is_complete(trial):
        return value_of(trial)
    steps = trial.intermediate_values
    return steps[max(steps)] if steps else None


def latest_attempts(trials: Iterable[FrozenTrial]) -> dict[PointKey, FrozenTrial]:
    """Returns the trial that counts of each point: its complete one, else the latest."""
    latest: dict[PointKey, FrozenTrial] = {}
    for trial in trials:
        point = point_key(trial.params)
        if point not in latest or not is_complete(latest[point]):
            latest[point] = trial
    return latest


def failed(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Returns the latest attempt of each point that has failed: the one that raised."""
    return [trial for trial in latest_attempts(trials).values() if raised(trial)]


def distinct_epochs(
    trials: Iterable[FrozenTrial], before: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Returns how far each training was taken for some trials, by key.

    Args:
        trials: The trials.
        before: How far trainings were taken for other trials, which count as well.
    """
    last = dict(before or {})
    for trial in trials:
        if (key := training_of(trial)) is not None:
            last[key] = max(last.get(key, 0), epoch_of(trial))
    return last


@dataclass(frozen=True)
class TrainedEpochs:
    """How many epochs were really trained.

    Attributes:
        count: Epochs, each as often as it was trained.
        again: How many of these were recorded before, but their last state was gone.
    """

    count: int
    again: int


def trained_epochs(trials: Iterable[FrozenTrial]) -> TrainedEpochs:
    """Returns what some trials trained; what they found recorded is not among it."""
    count = again = 0
    for trial in trials:
        start, repeated = trial.user_attrs.get(TAKEN_UP, (0, 0))
        count += max(epoch_of(trial) - start, 0) + repeated
        again += repeated
    return TrainedEpochs(count, again)
