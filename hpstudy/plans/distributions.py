"""Optuna's distributions for the parameters of a plan's points.

Optuna wants one kind of distribution for a parameter through all of a study, and of a categorical
one the same choices. So a parameter's kind follows from all the values that it may ever take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from hpstudy.errors import UserError
from hpstudy.sampler import Level, Point


def known_distributions(trials: Iterable[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Returns the distributions with which a study's parameters have begun."""
    return {
        name: distribution for trial in trials for name, distribution in trial.distributions.items()
    }


def distributions(
    points: Iterable[Point],
    known: Mapping[str, BaseDistribution] | None = None,
    space: Mapping[str, BaseDistribution] | None = None,
) -> dict[str, BaseDistribution]:
    """Returns the distribution of each parameter: numbers span the levels, the rest are choices.

    Args:
        points: The points that are to fit.
        known: The distributions of earlier trials: Optuna wants the same choices again, so these
            stay where they hold all levels.
        space: The distributions that are known beforehand.

    Raises:
        UserError: Optuna can't have a parameter otherwise than it has begun, or the database would
            give a level back as another value.
    """
    levels: dict[str, dict[Level, None]] = {}
    for point in points:
        for name, value in point.items():
            levels.setdefault(name, {})[value] = None
    found = {
        name: _as_begun(
            name, (space or {}).get(name) or spanning(values), list(values), (known or {}).get(name)
        )
        for name, values in levels.items()
    }
    for name, distribution in found.items():
        for level in levels[name]:
            stored = distribution.to_external_repr(distribution.to_internal_repr(level))
            if stored != level:  # it would never be found done
                raise UserError(f"{name}: the database would give {level!r} back as {stored!r}")
    return found


def spanning(values: Iterable[Level]) -> BaseDistribution:
    """Returns a distribution that holds some values and keeps their kind."""
    levels = list(values)
    numbers = [level for level in levels if type(level) in (int, float)]
    if len(numbers) < len(levels) or len({type(level) for level in levels}) > 1:
        return CategoricalDistribution(levels)
    if isinstance(levels[0], int):
        return IntDistribution(int(min(numbers)), int(max(numbers)))
    return FloatDistribution(float(min(numbers)), float(max(numbers)))


def holding(space: Mapping[str, BaseDistribution], baseline: Point) -> dict[str, BaseDistribution]:
    """Returns distributions for any setting of a search, and for its baseline.

    Args:
        space: What is searched; the baseline lies in it.
        baseline: All hyperparameters.
    """
    fixed = {name: spanning([v]) for name, v in baseline.items() if name not in space}
    return {**fixed, **{name: _unsampled(one) for name, one in space.items()}}


def _unsampled(distribution: BaseDistribution) -> BaseDistribution:
    """Returns the same values without what only a sampler needs."""
    if isinstance(distribution, CategoricalDistribution):
        return spanning(_levels(distribution.choices))
    assert isinstance(distribution, (IntDistribution, FloatDistribution))
    if isinstance(distribution, IntDistribution):
        return IntDistribution(distribution.low, distribution.high)
    return FloatDistribution(distribution.low, distribution.high)


def _levels(choices: Iterable[object]) -> list[Level]:
    return [choice for choice in choices if isinstance(choice, (bool, int, float, str))]


def fitted(point: Point, space: Mapping[str, BaseDistribution]) -> Point:
    """Returns a point as trials have it: 2 is 2.0 in a range of such numbers.

    Args:
        point: Its values; each lies in its distribution.
        space: The distributions; what is in none of them stays as it is.
    """
    return {
        name: space[name].to_external_repr(space[name].to_internal_repr(value))
        if name in space
        else value
        for name, value in point.items()
    }


def _as_begun(
    name: str, wanted: BaseDistribution, levels: Sequence[Level], known: BaseDistribution | None
) -> BaseDistribution:
    """Returns the known distribution where Optuna wants it again and it holds all levels."""
    if known is None or not _clash(wanted, known):
        return wanted
    if isinstance(known, CategoricalDistribution):
        new = [level for level in levels if level not in known.choices]
        if not new:
            return known
        raise UserError(
            f"factor {name!r}: Optuna can't add {new} to the choices {list(known.choices)} "
            "of a study that has begun; give --name for a study of its own"
        )
    raise UserError(
        f"factor {name!r}: Optuna can't change its kind in a study that has begun, from {known} "
        f"to {wanted}; give --name for a study of its own"
    )


def _clash(one: BaseDistribution, other: BaseDistribution) -> bool:
    """Tells whether Optuna can't have both in one study."""
    if type(one) is not type(other):
        return True
    if isinstance(one, CategoricalDistribution):
        return one != other
    return getattr(one, "log", False) != getattr(other, "log", False)
