"""What a sampler is told of a study: settings that diverged or raised are the worst of all."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from hpstudy.metric import Metric, worst_value
from hpstudy.store.in_memory import study_of
from hpstudy.store.trials import (
    has_diverged,
    invocation_of,
    is_finished,
    is_measured,
    known_key,
    raised,
    value_of,
)


def told(trials: Sequence[FrozenTrial], metric: Metric) -> list[FrozenTrial]:
    """Returns trials as a sampler is to see them; those given stay as they are.

    Optuna's samplers leave failed trials out and would ask for their like for ever. So a trial
    that diverged or raised is complete here, its value a hair worse than the worst one measured:
    finite, as a Gaussian process wants it. What was killed or interrupted says nothing of its
    setting, nor does a setting that raised and has its value by now, nor an invocation whose
    trials all raised: that is the objective's fault.

    Args:
        trials: A study's trials.
        metric: What is searched for.
    """
    finished = [t for t in trials if is_finished(t)]
    worked = {invocation_of(t) for t in finished}
    known = {known_key(t) for t in finished}
    worst = _worse_than([value_of(t) for t in finished if is_measured(t)], metric)

    def is_bad(trial: FrozenTrial) -> bool:
        return has_diverged(trial) or (
            raised(trial)
            and bool(trial.params)  # a trial without any would empty the samplers' search space
            and invocation_of(trial) in worked
            and known_key(trial) not in known
        )

    return [_with_value(t, worst) if is_bad(t) else t for t in trials]


def _worse_than(values: Sequence[float], metric: Metric) -> float:
    worst = metric.sorted(values or [0.0], float)[-1]
    worse = math.nextafter(worst, worst_value(metric.direction))
    return worse if math.isfinite(worse) else worst


def _with_value(trial: FrozenTrial, value: float) -> FrozenTrial:
    changed = copy.copy(trial)
    changed.state = TrialState.COMPLETE
    changed.value = value
    return changed


class ToldSampler(BaseSampler):
    """Draws as another sampler does, which is told of the study what `told` says.

    Args:
        inner: The sampler that draws.
        study: The study whose trials it is told of.
        metric: What is searched for.
    """

    def __init__(self, inner: BaseSampler, study: Study, metric: Metric) -> None:
        self._inner = inner
        self._study = study
        self._metric = metric
        self._seen = study

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Reads the study's trials anew."""
        trials = told(self._study.get_trials(deepcopy=False), self._metric)
        self._seen = study_of(trials, self._metric.direction)
        self._inner.before_trial(self._seen, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Returns the other sampler's search space."""
        return self._inner.infer_relative_search_space(self._seen, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Returns what the other sampler draws together."""
        return self._inner.sample_relative(self._seen, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:  # noqa: ANN401 - Optuna's signature
        """Returns what the other sampler draws for one parameter."""
        return self._inner.sample_independent(self._seen, trial, param_name, param_distribution)

    def reseed_rng(self) -> None:
        """Reseeds the other sampler."""
        self._inner.reseed_rng()
