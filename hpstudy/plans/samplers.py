"""The samplers and pruners that workers use."""

from __future__ import annotations

import hashlib
from typing import Any

import optuna
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from hpstudy.sampler import Point

SAMPLERS = ("tpe", "gp", "random")
PRUNERS = ("none", "median", "halving", "hyperband")
DEFAULT_SAMPLER = "tpe"
DEFAULT_PRUNER = "median"


def sampler(name: str, seed: int, number: int) -> BaseSampler:
    """Returns a sampler for one trial.

    It draws from (seed, trial number): so a search that is resumed doesn't repeat its first draws,
    and workers don't share theirs.

    Args:
        name: One of `SAMPLERS`.
        seed: The search's seed.
        number: The trial's number.
    """
    digest = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    derived = int.from_bytes(digest[:4])
    if name == "gp":
        return optuna.samplers.GPSampler(seed=derived)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=derived)
    return optuna.samplers.TPESampler(seed=derived)


def pruner(name: str, last_epoch: int | None) -> BasePruner:
    """Returns a pruner; each compares trials after the same number of epochs.

    Args:
        name: One of `PRUNERS`.
        last_epoch: The longest trial's epochs; None where only the first one will tell.
    """
    if name == "median":
        # Few trials are long: a median of fewer than four values at an epoch says little.
        return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1, n_min_trials=4)
    if name == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(
            min_resource=1, max_resource=last_epoch or "auto", reduction_factor=3
        )
    return optuna.pruners.NopPruner()


class GivenSampler(BaseSampler):
    """Gives the next trial a point that was chosen before it was asked for.

    Args:
        point: The point.
    """

    def __init__(self, point: Point) -> None:
        self._point = point

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Returns nothing: each parameter is given by itself."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Returns nothing: each parameter is given by itself."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:  # noqa: ANN401 - Optuna's signature
        """Returns the point's value, or where it has none, any."""
        if param_name in self._point:
            return self._point[param_name]
        anyhow = optuna.samplers.RandomSampler(seed=trial.number)
        return anyhow.sample_independent(study, trial, param_name, param_distribution)
