"""Trials shown to Optuna as a study of their own, without copying them into one."""

from __future__ import annotations

import copy
from collections.abc import Container, Sequence

import optuna
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from hpstudy.metric import Direction


def study_of(trials: Sequence[FrozenTrial], direction: Direction) -> optuna.Study:
    """Returns a study in memory that has these trials, to be read only."""
    return optuna.create_study(direction=direction, storage=_Given(trials))


class _Given(InMemoryStorage):
    """Some trials as they are; what a sampler notes on one is nobody else's to read.

    Samplers note there what they drew, for the others that ask at the same time: here one asks
    at a time, and a trial has all its parameters when the next one does.
    """

    def __init__(self, trials: Sequence[FrozenTrial]) -> None:
        super().__init__()
        self._given = trials

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Returns the trials; the arguments are Optuna's."""
        found = [t for t in self._given if states is None or t.state in states]
        return copy.deepcopy(found) if deepcopy else found

    def set_trial_system_attr(self, trial_id: int, key: str, value: object) -> None:
        """Notes nothing."""
