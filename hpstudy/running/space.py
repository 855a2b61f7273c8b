"""Optuna's distributions for the parameters of a plan's points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from hpstudy.errors import UserError
from hpstudy.sampler import Level, Point


def fixed_choices(trials: Iterable[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Returns the categorical distributions that a study's trials have fixed."""
    return {
        name: distribution
        for trial in trials
        for name, distribution in trial.distributions.items()
        if isinstance(distribution, CategoricalDistribution)
    }


def distributions(
    points: Iterable[Point], known: Mapping[str, BaseDistribution] | None = None
) -> dict[str, BaseDistribution]:
    """Returns the distribution of each parameter: numbers span the levels, the rest are choices.

    Args:
        points: The points that are to fit.
        known: The distributions of earlier trials: Optuna wants the same choices again, so these
            stay where they hold all levels.

    Raises:
        UserError: A level is new to a parameter whose choices Optuna has fixed, or the database
            would give it back as another value.
    """
    levels: dict[str, dict[Level, None]] = {}
    for point in points:
        for name, value in point.items():
            levels.setdefault(name, {})[value] = None
    found = {
        name: _distribution(name, list(values), (known or {}).get(name))
        for name, values in levels.items()
    }
    for name, distribution in found.items():
        for level in levels[name]:
            stored = distribution.to_external_repr(distribution.to_internal_repr(level))
            if stored != level:  # it would never be found done
                raise UserError(f"{name}: the database would give {level!r} back as {stored!r}")
    return found


def _distribution(
    name: str, levels: list[Level], known: BaseDistribution | None
) -> BaseDistribution:
    if isinstance(levels[0], (bool, str)):
        if isinstance(known, CategoricalDistribution):
            new = [level for level in levels if level not in known.choices]
            if new:
                raise UserError(
                    f"factor {name!r}: Optuna can't add {new} to the choices {list(known.choices)} "
                    "of a study that has begun; give --name for a study of its own"
                )
            return known
        return CategoricalDistribution(levels)
    numbers = [level for level in levels if not isinstance(level, str)]
    if all(isinstance(level, int) for level in numbers):
        return IntDistribution(int(min(numbers)), int(max(numbers)))
    return FloatDistribution(float(min(numbers)), float(max(numbers)))
