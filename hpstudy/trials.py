"""What a trial is: what hpstudy writes onto Optuna's trials, and what it reads from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

from hpstudy.sampler import known_params
from hpstudy.storage import is_free

# User attributes of a trial: why it failed and the traceback, the epoch at which its metric was no
# finite number any more, who ran it, the key of its training, and the epoch at which that was taken
# up with how many of its epochs were trained again to get there.
ERROR = "error"
TRACE = "trace"
DIVERGED = "diverged"
INVOCATION = "invocation"
TRAINING = "training"
TAKEN_UP = "taken_up"

PointKey = frozenset[tuple[str, object]]


def point_key(params: Mapping[str, object]) -> PointKey:
    """Returns a point, the seed included, as a key."""
    return frozenset(params.items())


def known_key(trial: FrozenTrial) -> PointKey:
    """Returns what is known of a trial's point: what it was enqueued with counts."""
    return point_key(known_params(trial))


def invocation_of(trial: FrozenTrial) -> str | None:
    """Returns the invocation that asked for a trial, whichever of its workers did."""
    asked_by = trial.user_attrs.get(INVOCATION)
    return None if asked_by is None else str(asked_by).partition("/")[0]


def trial_lock(study: str, number: int) -> str:
    """Returns the name of the lock that a trial's worker holds while the trial is running."""
    return f"trial/{study}/{number}"


def training_lock(key: str) -> str:
    """Returns the name of the lock that a worker holds while it is at a training."""
    return f"training/{key}"


def is_alive(trial: FrozenTrial, study: str, url: str) -> bool:
    """Tells whether a running trial's worker still holds its lock."""
    return trial.state == TrialState.RUNNING and not is_free(url, trial_lock(study, trial.number))


def worst_value(direction: str) -> float:
    """Returns the value that a diverged trial is told: the worst, so that samplers keep away."""
    return -math.inf if direction == "maximize" else math.inf


def has_diverged(trial: FrozenTrial) -> bool:
    """Tells whether a trial's metric became NaN or infinite: finished, but without a number."""
    return trial.state == TrialState.COMPLETE and DIVERGED in trial.user_attrs


def is_measured(trial: FrozenTrial) -> bool:
    """Tells whether a trial is complete and has a number as its value."""
    return trial.state == TrialState.COMPLETE and DIVERGED not in trial.user_attrs


def latest_attempts(
    trials: Iterable[FrozenTrial],
) -> dict[frozenset[tuple[str, object]], FrozenTrial]:
    """Returns the trial that counts of each point: its complete one, else the latest."""
    latest: dict[PointKey, FrozenTrial] = {}
    for trial in trials:
        point = point_key(trial.params)
        if point not in latest or latest[point].state != TrialState.COMPLETE:
            latest[point] = trial
    return latest


def last_epochs(trials: Iterable[FrozenTrial]) -> dict[str, int]:
    """Returns how far each training was taken for some trials, by key."""
    last: dict[str, int] = {}
    for trial in trials:
        if (key := trial.user_attrs.get(TRAINING)) is not None:
            last[key] = max(last.get(key, 0), max(trial.intermediate_values, default=0))
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
        reached = max([*trial.intermediate_values, trial.user_attrs.get(DIVERGED, 0)])
        count += max(reached - start, 0) + repeated
        again += repeated
    return TrainedEpochs(count, again)


def last_value(trial: FrozenTrial) -> float | None:
    """Returns a trial's value; of a pruned one, the last that it reported."""
    if trial.state == TrialState.COMPLETE:
        return float(trial.values[0])
    steps = trial.intermediate_values
    return steps[max(steps)] if steps else None
