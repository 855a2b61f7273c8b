"""The space of a search: its ranges, and which hyperparameters others depend on."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from hpstudy.expected import did_you_mean, shown
from hpstudy.sampler import Level
from hpstudy.studyfile.sections import Dimension
from hpstudy.studyfile.values import is_same

if TYPE_CHECKING:
    from hpstudy.studyfile.file import StudyFile

Space = Mapping[str, Dimension]


def is_active(name: str, setting: Mapping[str, Level], space: Space) -> bool:
    """Tells whether a hyperparameter counts in a setting: those that it depends on say so.

    Args:
        name: The hyperparameter.
        setting: The others; one that doesn't count, or isn't known yet, fulfils no condition.
        space: The space, which says what depends on what.
    """
    when = space[name].when if name in space else None
    return all(
        other in setting
        and any(is_same(setting[other], value) for value in values)
        and is_active(other, setting, space)
        for other, values in (when or {}).items()
    )


def check_space(study: StudyFile) -> None:
    """Checks a study file's space: its conditions first, then its ranges.

    Raises:
        ValueError: It can't be searched so.
    """
    space = study.search.space if study.search is not None else {}
    for name, dimension in space.items():
        for other, values in (dimension.when or {}).items():
            _check_condition(f"search.space.{name}.when", name, other, values, study, space)
    _check_cycles(space)
    for name, dimension in space.items():
        _check_dimension(name, dimension, study, space)
    for name in study.grid.factors if study.grid is not None else ():
        if not is_active(name, study.baseline, space):
            raise ValueError(
                f"grid.factors.{name}: expected what counts at the baseline, which doesn't fulfil "
                f"search.space.{name}.when"
            )


def _check_condition(
    where: str, name: str, other: str, values: list[Level], study: StudyFile, space: Space
) -> None:
    known = [one for one in {**study.baseline, **space} if one != name]
    if other not in known:
        hint = did_you_mean(other, known)
        raise ValueError(
            f"{where}: expected another hyperparameter ({', '.join(known)}), found {other!r}{hint}"
        )
    for value in values:
        if other in space and not space[other].holds(value):
            raise ValueError(f"{where}.{other}: {shown(value)} is not in search.space.{other}")
        if other not in space and not is_same(study.baseline[other], value):
            raise ValueError(
                f"{where}.{other}: expected the baseline's {shown(study.baseline[other])}, as "
                f"{other} is not searched, found {shown(value)}"
            )


def _check_cycles(space: Space) -> None:
    try:
        TopologicalSorter({name: one.when or {} for name, one in space.items()}).prepare()
    except CycleError as error:
        first, *others = error.args[1]
        raise ValueError(
            f"search.space.{first}.when: expected hyperparameters that don't depend on each other "
            f"in a circle, found {' on '.join([first, *others])}"
        ) from error


def _check_dimension(name: str, dimension: Dimension, study: StudyFile, space: Space) -> None:
    where, baseline = f"search.space.{name}", study.baseline
    if name not in baseline and (dimension.when is None or is_active(name, baseline, space)):
        also = "" if dimension.when is None else ", as the baseline fulfils its condition"
        raise ValueError(
            f"{where}: expected a key of [baseline] ({', '.join(baseline)}){also}"
            f"{did_you_mean(name, list(baseline))}"
        )
    if name in baseline and not dimension.holds(baseline[name]):
        raise ValueError(
            f"{where}: expected a range that holds the baseline's {shown(baseline[name])}, as the "
            "search begins there"
        )
    if name == study.fidelity:
        if dimension.when is not None:
            raise ValueError(f"{where}.when: the fidelity depends on nothing, found a condition")
        ends = dimension.choices or [dimension.low]
        if not (dimension.choices or dimension.is_whole(baseline[name])) or not all(
            type(end) is int and end >= 1 for end in ends
        ):
            raise ValueError(
                f"{where}: the fidelity expects whole numbers from 1, found {shown(ends)}"
            )
