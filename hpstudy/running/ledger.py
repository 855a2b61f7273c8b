"""What a study's trials come to, kept up to date at the cost of what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import optuna
from optuna.trial import FrozenTrial, TrialState

from hpstudy.sampler import Point
from hpstudy.store.trials import (
    PointKey,
    distinct_epochs,
    epoch_of,
    error_of,
    has_died,
    invocation_of,
    is_pruned,
    is_running,
    known_key,
    point_key,
    was_lost,
)


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
        deaths: How often a process of this invocation died, by point and the epoch it had reached.
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
        looked_at = [trials[number] for number in [*self._open, *range(self._seen, len(trials))]]
        self._open = {t.number: t for t in looked_at if not t.state.is_finished()}
        ended = [t for t in looked_at if t.state.is_finished()]
        for trial in ended:
            self._count(trial)
        self._epochs = distinct_epochs(ended, self._epochs)
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

    def deaths_with(self, trial: FrozenTrial) -> int:
        """Returns how often a trial's invocation, if it is this, died there, this time included."""
        before = self.deaths[point_key(trial.params), epoch_of(trial)]
        return 1 + (before if self.is_ours(trial) else 0)

    def running(self) -> list[FrozenTrial]:
        """Returns the trials that are running, or whose worker died and was not noticed yet."""
        return [t for t in self._open.values() if is_running(t)]

    def waiting(self) -> FrozenTrial | None:
        """Returns the trial that somebody enqueued: Optuna hands it out first."""
        return next((t for t in self._open.values() if t.state == TrialState.WAITING), None)

    def held(self) -> set[PointKey]:
        """Returns the points of the trials that are not finished."""
        return {known_key(trial) for trial in self._open.values()}

    def lost(self) -> list[Point]:
        """Returns the points whose trial was interrupted or killed, and that nobody took up."""
        held = self.held()
        return [point for key, point in self._lost.items() if not any(key <= h for h in held)]

    def was_attempted(self, point: Mapping[str, object]) -> bool:
        """Tells whether a point has a trial, in whatever state; more may be chosen in that."""
        wanted = point_key(point)
        return any(wanted <= key for key in self._attempted | self.held())

    def epochs(self) -> int:
        """Returns how many distinct epochs all trials have reached together."""
        return sum(distinct_epochs(self._open.values(), self._epochs).values())

    def _count(self, trial: FrozenTrial) -> None:
        key = point_key(trial.params)
        self._attempted.add(key)
        is_ours = self.is_ours(trial)
        if was_lost(trial):
            if trial.params:  # else it died before it was given any
                self._lost[key] = trial.params
            if is_ours and has_died(trial):
                self.deaths[key, epoch_of(trial)] += 1
            return
        self._lost = {lost: p for lost, p in self._lost.items() if not lost <= key}
        if (error := error_of(trial)) is not None:
            if is_ours:
                self.raised.add(key)
                self.errors_in_a_row.append(error)
            return
        self.errors_in_a_row.clear()
        if is_pruned(trial):
            self.pruned += 1
        else:
            self.complete += 1
            self.done.add(key)
