"""The looks of a grid that runs until its levels are decided: chosen once, before the first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, islice

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.metric import OWN, Metric
from hpstudy.plans.grid import grid_of, settings_of
from hpstudy.results.grid import GridResults
from hpstudy.results.looks import Announcement, read_announcement
from hpstudy.results.reading import read_grid
from hpstudy.store.database import Database
from hpstudy.study.opened import Opened
from hpstudy.wording import enumerated, unit_of_differences, within

FILES_MARGIN = ""  # `--until` without a number

_MARGIN = re.compile(r"([0-9.]+(?:e[+-]?[0-9]+)?) *(.*)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Announced:
    """The looks of a grid, announced or to be announced.

    Attributes:
        looks: The looks.
        told: What to say of them, a line each.
    """

    looks: Announcement
    told: tuple[str, ...]


def announced(
    opened: Opened,
    database: Database | None,
    *,
    until: str | None,
    factors: Sequence[str] | None = None,
    seeds: object = None,
) -> Announced | None:
    """Returns the looks that a grid has announced, or else is to announce.

    Args:
        opened: The study.
        database: The database; None where there is none yet.
        until: The margin as given, "" for the study file's; None where no looks are asked for.
        factors: The factors that are asked for.
        seeds: The seeds that are asked for.

    Returns:
        The looks; None for a grid with fixed seeds.

    Raises:
        UserError: No margin is known, or looks don't go with what else is asked for.
    """
    stored = read_announcement(opened.name, database)
    if until is None and stored is None:
        return None
    for option, value in (("--seeds", seeds), ("--factor", factors)):
        if value is not None and value != []:
            who = "--until announces" if stored is None else f"study {opened.name!r} has announced"
            raise UserError(
                f"{option}: {who} looks, which say what seeds each level gets; leave {option} out, "
                "or give --name for a study of its own with fixed seeds"
            )
    grid = None if database is None else read_grid(opened.file, opened.name, database)
    metric = _metric(opened, grid)
    if stored is None:
        return _announce(opened, until or FILES_MARGIN, grid, metric)
    section = grid_of(opened.file)
    if until is None or (until == FILES_MARGIN and section.equal_within is None):
        return _as_announced(opened, stored, metric)
    margin, in_points = _margin(until, section.equal_within, metric)
    counts = _with_first(section.looks, stored.counts[0])
    now = replace(stored, counts=counts, margin=margin, in_points=in_points)
    if counts == stored.counts and is_same_margin(now, stored, metric):
        return _as_announced(opened, stored, metric)
    return _announce(opened, until, None, metric)  # refused where a value is known


def _metric(opened: Opened, grid: GridResults | None) -> Metric:
    section = grid_of(opened.file)
    return opened.file.measured(section.metric, section.direction) if grid is None else grid.metric


def _announce(opened: Opened, until: str, grid: GridResults | None, metric: Metric) -> Announced:
    """Returns new looks; the seeds that a grid has begun with are the first."""
    section = grid_of(opened.file)
    margin, in_points = _margin(until, section.equal_within, metric)
    levels = [] if grid is None else [row for factor in grid.factors for row in factor.levels]
    begun = sorted({seed for row in levels for seed in (*row.seeds, *row.diverged)})
    counts = _with_first(section.looks, len(begun))
    seeds = _seeds([*begun, *section.seeds], counts[-1])
    looks = _of_file(opened, Announcement(counts, seeds, margin, in_points))
    told = [f"Announced: {_sentence(looks, metric)}"]
    if len(begun) == counts[0]:
        told.append(f"The {counts[0]} seeds that this grid has begun with are its first look.")
    return Announced(looks, tuple(told))


def _as_announced(opened: Opened, stored: Announcement, metric: Metric) -> Announced:
    looks = _of_file(opened, stored)
    told = [f"Goes on as announced: {_sentence(looks, metric)}"]
    if stored.settings is not None and (looks.settings or 0) > stored.settings:
        told.append(
            f"{looks.settings} settings, {stored.settings} when that was announced: all share the "
            "rate of wrong verdicts, so what was decided may be open again."
        )
    return Announced(looks, tuple(told))


def _of_file(opened: Opened, looks: Announcement) -> Announcement:
    """Returns looks with what the study file has them look at."""
    settings = settings_of(opened.file)
    spreads = grid_of(opened.file).spreads
    return replace(looks, baseline=settings[None], settings=len(settings), spreads=spreads)


def _sentence(looks: Announcement, metric: Metric) -> str:
    after = enumerated([f"{n}" for n in looks.counts])
    margin = within(looks.looks(metric).margin, metric)
    told = f"looks after {after} seeds, until each level is better, worse or equal {margin}"
    return f"{told}{', by its own seeds alone' if looks.spreads == OWN else ''}."


def _with_first(looks: Sequence[int], first: int) -> tuple[int, ...]:
    """Returns after how many seeds to look where there are some already: from two on, a look."""
    return (first, *(n for n in looks if n > first)) if first > 1 else tuple(looks)


def _seeds(first: Iterable[int], total: int) -> tuple[int, ...]:
    """Returns so many seeds: those given, then the next unused whole numbers."""
    known = dict.fromkeys(first)
    unused = (seed for seed in count() if seed not in known)
    return tuple(islice(chain(known, unused), total))


def is_same_margin(one: Announcement, other: Announcement, metric: Metric) -> bool:
    """Tells whether two announcements have one margin, in points or in the metric's unit."""
    margins = [looks.looks(metric).margin or 0.0 for looks in (one, other)]
    return math.isclose(*margins, rel_tol=1e-9)


def _margin(until: str, of_file: float | None, metric: Metric) -> tuple[float, bool]:
    """Returns the margin of `--until`, or else the file's, and whether it is in points."""
    if until != FILES_MARGIN:
        return margin_of(until, metric)
    if of_file is None:
        raise UserError(f"--until: expected {_wanted(metric)}, or equal_within in [grid]")
    return of_file, False


def margin_of(until: str, metric: Metric) -> tuple[float, bool]:
    """Reads a margin, and tells whether it is in points.

    Raises:
        UserError: It says none.
    """
    unit = unit_of_differences(metric)
    units = ("", "%", "point", "points") if metric.in_per_cent else ("", unit)
    match = _MARGIN.fullmatch(until.strip())
    try:
        margin = float(match[1]) if match and match[2] in units else math.nan
    except ValueError:  # such as 1.2.3
        margin = math.nan
    most = 100 if metric.in_per_cent else math.inf
    if not 0 < margin < most:
        raise UserError(f"--until: expected {_wanted(metric)}, found {shown(until)}")
    return margin, metric.in_per_cent


def _wanted(metric: Metric) -> str:
    unit = unit_of_differences(metric)
    return f"a margin such as 0.3{f' ({unit})' if unit else ''}"
