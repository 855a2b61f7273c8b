"""Trainings that run to their end by themselves: how many epochs they have is their own affair."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hpstudy.errors import UserError
from hpstudy.metric import Direction, direction_of

_MORE = direction_of(minimize=False)

TOO_LONG = "it ran longer than trial_timeout"


class Runner(Protocol):
    """Who runs a training: what it may tell and ask on its way.

    Attributes:
        metric: The metric that is compared.
        direction: Which direction of it is better.
        last: The epoch that is wanted, where the study file's fidelity names it; else None.
        number: The number of the trial that it is trained for.
    """

    metric: str
    direction: Direction
    last: int | None
    number: int

    def tell(self, metrics: Mapping[str, float]) -> bool:
        """Takes the metrics of one more finished epoch.

        Returns:
            Whether it is of no use to go on: then the training stops, by `optuna.TrialPruned`.
        """

    def suggest(self, method: str, name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Chooses a hyperparameter that the training wasn't given.

        Args:
            method: How: a method of an Optuna trial, such as "suggest_float".
            name: The hyperparameter.
            *args: What that method takes.
            **options: What it takes by name.
        """

    def note(self, name: str, value: object) -> None:
        """Keeps something that the training has to say of itself, beside its trial."""


@dataclass
class Alone:
    """A runner that nobody listens to: a training by itself."""

    metric: str = "value"
    direction: Direction = _MORE
    last: int | None = None
    number: int = 0

    def tell(self, metrics: Mapping[str, float]) -> bool:
        """Goes on."""
        return False

    def suggest(self, method: str, name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Refuses: there is no search that could choose."""
        raise UserError(f"the objective suggests {name!r}, which it was not given")

    def note(self, name: str, value: object) -> None:
        """Forgets it."""


class WholeTraining(ABC):
    """A training that runs to its end in one go; it leaves no state to go on from.

    Attributes:
        deadline: When it may end itself, as `time.monotonic` counts; None for never. One that looks
            at no clock is asked to stop when it tells of an epoch.
    """

    deadline: float | None = None

    @abstractmethod
    def run(self, runner: Runner) -> Mapping[str, float]:
        """Trains to the end and returns the final metrics, those of its last epoch among them.

        Args:
            runner: Is told each epoch as soon as it is finished, should there be several.
        """

    def missing(self, metric: str) -> str:
        """Says in its own words that its final metrics lack one; "" where it has none."""
        return ""

    def epoch(self) -> Mapping[str, float]:
        """Trains to the end, as if that were one epoch."""
        return self.run(Alone())
