"""Optuna's own kind of objective, `objective(trial)`, as a training; it is imported late."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from optuna import Study, create_study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FixedTrial

from hpstudy.expected import shown
from hpstudy.objective.running_seed import seed_generators
from hpstudy.objective.training import Params, Runtime, Settings
from hpstudy.objective.whole import Runner, WholeTraining
from hpstudy.sampler import SEED

_SCALARS = (bool, int, float, str)
_NO_ANSWER = object()
_OURS = "validation"  # a setting of hpstudy's own, which nobody suggests


class TrialTraining(WholeTraining):
    """An objective that takes a trial: what it reports are its epochs.

    Args:
        function: The objective.
        params: What the point gives.
        seed: The replicate: `trial.user_attrs["seed"]`, or `suggest_int("seed", …)`.
        settings: What the study file fixes; it answers suggestions too.
        runtime: How it runs, which no objective of Optuna's is told.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        params: Params,
        *,
        seed: int,
        settings: Settings,
        runtime: Runtime | None = None,
    ) -> None:
        self._function = function
        fixed = {name: value for name, value in settings.items() if name != _OURS}
        self._given = {**fixed, **params, SEED: seed}

    def run(self, runner: Runner) -> Mapping[str, float]:
        """Calls the objective; a bare number becomes the metric `value`.

        It may know nothing of its seed: what it draws from the generators that all code shares
        follows from that even so.
        """
        seed_generators(self._given[SEED])
        result = self._function(GivenTrial(self._given, runner))
        if isinstance(result, Mapping):
            return result
        if isinstance(result, Sequence) and len(result) == 1:
            (result,) = result
        if isinstance(result, (tuple, list)):
            raise TypeError(
                f"it returns {len(result)} values: expected one number, or metrics by name, such "
                'as {"accuracy": 0.9, "seconds": 3.1}, of which the study file\'s `metric` names '
                "the one that is compared"
            )
        return {"value": result}


class GivenTrial(FixedTrial):
    """A trial whose suggestions are given, each checked against what the objective asks for.

    What isn't given is chosen by the search, if it is one. What is reported goes to the runner.

    Args:
        given: The values, by name.
        runner: Who runs the training.
    """

    def __init__(self, given: Mapping[str, Any], runner: Runner) -> None:
        super().__init__({}, number=runner.number)
        super().set_user_attr(SEED, given[SEED])
        self._runner = runner
        self._given = dict(given)
        self._answers: dict[str, Any] = {}
        self._asked: dict[str, BaseDistribution] = {}
        self._steps: set[int] = set()
        self._is_hopeless = False

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Returns the number given."""
        asked = FloatDistribution(low, high, log=log, step=step)
        value = self._value("suggest_float", name, low, high, step=step, log=log)
        return float(self._answered(name, asked, value if _holds(asked, value) else _NO_ANSWER))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """Returns the whole number given."""
        asked = IntDistribution(low, high, log=log, step=step)
        value = self._value("suggest_int", name, low, high, step=step, log=log)
        return int(self._answered(name, asked, value if _holds(asked, value) else _NO_ANSWER))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:  # noqa: ANN401
        """Returns the choice given; what a study file can't write, such as None, by its text."""
        asked = CategoricalDistribution(choices)
        named = [choice if isinstance(choice, _SCALARS) else f"{choice}" for choice in choices]
        value = self._value("suggest_categorical", name, named)
        pairs = zip(named, choices, strict=True)
        found = (choice for one, choice in pairs if _is_same(one, value))
        return self._answered(name, asked, next(found, _NO_ANSWER))

    def report(self, value: float, step: int) -> None:
        """Tells of one more epoch; a step that was reported before is none, as in Optuna."""
        if step not in self._steps:
            self._steps.add(step)
            self._is_hopeless = self._runner.tell({self._runner.metric: value})

    def should_prune(self) -> bool:
        """Returns what the search's pruner says of what was reported last."""
        return self._is_hopeless

    def set_user_attr(self, key: str, value: Any) -> None:  # noqa: ANN401
        """Keeps an attribute, beside the trial in the database too."""
        super().set_user_attr(key, value)
        self._runner.note(key, value)

    @property
    def params(self) -> dict[str, Any]:
        """What was suggested so far."""
        return dict(self._answers)

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """What it was suggested from."""
        return dict(self._asked)

    @cached_property
    def study(self) -> Study:
        """A study of the same direction, which callbacks ask for; hpstudy's own has the trials."""
        return create_study(direction=self._runner.direction)

    def _value(self, method: str, name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        if name not in self._given:
            self._given[name] = self._runner.suggest(method, name, *args, **options)
        return self._given[name]

    def _answered(self, name: str, asked: BaseDistribution, value: Any) -> Any:  # noqa: ANN401
        if value is _NO_ANSWER:
            given = f"{name} = {shown(self._given[name])}"
            raise ValueError(f"{given} lies outside what the objective suggests, {_said(asked)}")
        self._answers[name], self._asked[name] = value, asked
        return value


def _is_same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _holds(asked: FloatDistribution | IntDistribution, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if not asked.low <= value <= asked.high:
        return False
    steps = (value - asked.low) / asked.step if asked.step is not None else 0
    return math.isclose(steps, round(steps), abs_tol=1e-9)


def _said(asked: BaseDistribution) -> str:
    if isinstance(asked, CategoricalDistribution):
        return f"one of {shown(list(asked.choices))}"
    assert isinstance(asked, (FloatDistribution, IntDistribution))
    steps = f" in steps of {asked.step}" if asked.step not in (None, 1) else ""
    return f"{asked.low} to {asked.high}{steps}"
