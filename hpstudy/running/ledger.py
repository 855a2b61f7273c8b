"""What a study's trials come to, kept up to date at the cost of what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import optuna
from optuna.trial import FrozenTrial, TrialState

from hpstudy.sampler import Point
from hpstudy.trials import ERROR, TRAINING, PointKey, invocation_of, known_key, point_key


class Ledger:
    """Keeps count of a study's trials; each finished one is looked at once.

    Args:
        study: The Optuna study.
        invocation: The invocation whose failures count: a point that raised is tried once in each.

    Attributes:
        invocation: The invocation.
        complete: How many trials are complete.
        pruned: How many are pruned.
        done: The points that have their value.
        raised: The points that raised in this invocation.
        deaths: How often this invocation lost a process, by point and the epoch it had reached.
        errors_in_a_row: The errors of this invocation's latest trials, if all of them raised.
    """

    def __init__(self, study: optuna.Study, invocation: str) -> None:
        self._study = study
        self.invocation = invocation
        self._seen = 0
        self._open: dict[int, FrozenTrial] = {}
        self._lost: dict[PointKey, Point] = {}
        self._epochs: dict[str, int] = {}
        self._attempted: set[PointKey] = set()
        self.complete = 0
        self.pruned = 0
        self.done: set[PointKey] = set()
        self.raised: set[PointKey] = set()
        self.deaths: Counter[tuple[PointKey, int]] = Counter()
        self.errors_in_a_row: list[str] = []

    def read(self) -> None:
        """Looks at the trials that are new, or were not finished at the last look."""
        trials = self._study.get_trials(deepcopy=False)
        for number in [*self._open, *range(self._seen, len(trials))]:
            trial = trials[number]
            if trial.state.is_finished():
                self._open.pop(number, None)
                self._count(trial)
            else:
                self._open[number] = trial
        self._seen = len(trials)

    @property
    def next_number(self) -> int:
        """The number that the next trial will have."""
        return self._seen

    @property
    def has_worked(self) -> bool:
        """Whether any trial came to an end, whoever ran it: the objective can be trained."""
        return self.complete + self.pruned > 0

    def is_ours(self, trial: FrozenTrial) -> bool:
        """Tells whether a trial was asked for by this invocation."""
        return invocation_of(trial) == self.invocation

    def running(self) -> list[FrozenTrial]:
        """Returns the trials that are running, or whose worker died and was not noticed yet."""
        return [t for t in self._open.values() if t.state == TrialState.RUNNING]

    def waiting(self) -> FrozenTrial | None:
        """Returns the trial that somebody enqueued: Optuna hands it out first."""
        return next((t for t in self._open.values() if t.state == TrialState.WAITING), None)

    def held(self) -> set[PointKey]:
        """Returns the points of the trials that are not finished."""
        return {known_key(trial) for trial in self._open.values()}

    def lost(self) -> list[Point]:
        """Returns the points whose trial was interrupted or killed, and that nobody took up."""
        held = self.held()
        return [point for key, point in self._lost.items() if key not in held]

    def was_attempted(self, point: Mapping[str, object]) -> bool:
        """Tells whether a point has a trial, in whatever state."""
        return point_key(point) in self._attempted | self.held()

    def epochs(self) -> int:
        """Returns how many distinct epochs were reported by all trials together."""
        epochs = dict(self._epochs)
        for trial in self._open.values():
            _count_epochs(trial, epochs)
        return sum(epochs.values())

    def _count(self, trial: FrozenTrial) -> None:
        key = point_key(trial.params)
        self._attempted.add(key)
        _count_epochs(trial, self._epochs)
        is_ours = self.is_ours(trial)
        if trial.state == TrialState.FAIL and ERROR not in trial.user_attrs:
            if trial.params:  # else it died before it was given any
                self._lost[key] = trial.params
            if is_ours:
                self.deaths[key, len(trial.intermediate_values)] += 1
            return
        self._lost.pop(key, None)
        if trial.state == TrialState.FAIL:
            if is_ours:
                self.raised.add(key)
                self.errors_in_a_row.append(str(trial.user_attrs[ERROR]))
            return
        self.errors_in_a_row.clear()
        if trial.state == TrialState.PRUNED:
            self.pruned += 1
        else:
            self.complete += 1
            self.done.add(key)


def _count_epochs(trial: FrozenTrial, epochs: dict[str, int]) -> None:
    training = trial.user_attrs.get(TRAINING)
    if training is not None:
        last = max(trial.intermediate_values, default=0)
        epochs[training] = max(epochs.get(training, 0), last)
