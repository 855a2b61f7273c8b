"""Comparing what others have measured: the groups of a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hpstudy.analysis.compare import Comparison, compare
from hpstudy.analysis.sequential import Outcome
from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, listed, shown
from hpstudy.importing.groups import groups_of
from hpstudy.importing.sheet import read_sheet
from hpstudy.metric import ALIKE, OWN, Metric, Spreads, direction_of
from hpstudy.results.looks import Looks
from hpstudy.study.announcing import margin_of
from hpstudy.studyfile.find import first_line
from hpstudy.studyfile.sections import Measure


@dataclass(frozen=True)
class Columns:
    """What is asked of a CSV file, as given.

    Attributes:
        column: What tells its groups apart.
        metric: The column with the values.
        seed: The column of the seeds; None where no runs belong together.
        baseline: The group that others are compared with; the first one where None.
        minimize: Whether less is better.
        unit: What the values are: "share", "%" or any other text; what they tell where None.
        spreads: Whether luck is learned from all groups, as where None, or each tells its own.
    """

    column: Sequence[str] = ()
    metric: str | None = None
    seed: str | None = None
    baseline: str | None = None
    minimize: bool = False
    unit: str | None = None
    spreads: str | None = None


def compared_sheet(
    path: Path, asked: Columns, until: str | None = None
) -> tuple[Comparison, tuple[str, ...]]:
    """Compares the groups of a CSV file, by all that there is.

    Args:
        path: The file.
        asked: What is asked of it.
        until: The margin, as given; None where every difference counts.

    Returns:
        The comparison, and what is to be known of the runs, a line each.

    Raises:
        UserError: The file, or one of these, is wrong.
    """
    if not asked.column or not asked.metric:
        option = "--metric" if asked.column else "--column"
        raise UserError(f"{option}: missing: expected a column of {path}")
    groups = groups_of(read_sheet(path), asked.column, asked.metric, asked.seed)
    first = next(iter(groups.by_name)) if asked.baseline is None else asked.baseline
    if first not in groups.by_name:
        near = did_you_mean(first, [*groups.by_name])
        known = ", ".join(groups.by_name)
        raise UserError(f"--baseline: expected one of {known}, found {shown(first)}{near}")
    found = [value for group in groups.by_name.values() for value in group.values.values()]
    direction = direction_of(minimize=asked.minimize)
    metric = Metric.named(asked.metric, direction, checked_unit(asked.unit)).seeing(found)
    margin = None if until is None else margin_of(until, metric)[0] / metric.scale
    seeds = tuple(groups.seeds.values())
    outcomes = {
        name: Outcome(group.values, frozenset(group.diverged), frozenset(group.empty))
        for name, group in groups.by_name.items()
    }
    looks = Looks((len(seeds),), seeds, margin, _spreads(asked.spreads))
    return compare(outcomes, first, looks, metric, is_all=True), groups.notes


def _spreads(asked: str | None) -> Spreads:
    known: tuple[Spreads, ...] = (ALIKE, OWN)
    found = next((one for one in known if one == (asked or ALIKE)), None)
    if found is None:
        raise UserError(f"--spreads: expected {listed(known)}, found {shown(asked)}")
    return found


def checked_unit(unit: str | None) -> str | None:
    """Returns a metric's unit as a study file may say it.

    Raises:
        UserError: It is none.
    """
    try:
        return None if unit is None else Measure(unit=unit).unit
    except ValidationError as error:
        raise UserError(f"--{first_line(error)}") from error
