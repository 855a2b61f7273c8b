"""What a grid that runs until its levels are decided has announced, before its first look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import optuna

from hpstudy.metric import ALIKE, Metric, Spreads
from hpstudy.sampler import Level
from hpstudy.store.database import Database
from hpstudy.store.studies import find_study, grid_name, looks_of


@dataclass(frozen=True)
class Looks:
    """The looks that were announced.

    Attributes:
        counts: After how many seeds.
        seeds: The seeds, in the order in which they are trained; as many as the last look has.
        margin: Differences up to this count as none, in the metric's own unit; None: all count.
        spreads: Whether luck is learned from all settings, or each difference tells its own.
    """

    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    margin: float | None
    spreads: Spreads = ALIKE


@dataclass(frozen=True)
class Announcement:
    """Looks as they were announced and are stored: when no value says yet what the metric is.

    Attributes:
        counts: After how many seeds.
        seeds: The seeds, in the order in which they are trained.
        margin: Differences up to this count as none; None: all count.
        in_points: Whether the margin is in percentage points; else in the metric's own unit.
        baseline: What a grid's levels are compared with; None where it isn't known.
        settings: How many settings a grid had; None where it isn't known.
        spreads: Whether luck is learned from all settings, or each difference tells its own.
    """

    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    margin: float | None
    in_points: bool = False
    baseline: Mapping[str, Level] | None = None
    settings: int | None = None
    spreads: Spreads = ALIKE

    def looks(self, metric: Metric) -> Looks:
        """Returns the looks at a metric whose unit is known."""
        scale = metric.scale if self.in_points else 1
        margin = None if self.margin is None else self.margin / scale
        return Looks(self.counts, self.seeds, margin, self.spreads)


def announced(study: optuna.Study) -> Announcement | None:
    """Returns what was announced of a grid's Optuna study; None where it has fixed seeds."""
    found = looks_of(study)
    if found is None:
        return None
    return Announcement(
        counts=tuple(found["counts"]),
        seeds=tuple(found["seeds"]),
        margin=found["margin"],
        in_points=bool(found["in_points"]),
        baseline=found.get("baseline"),
        settings=found.get("settings"),
        spreads=found.get("spreads", ALIKE),
    )


def read_announcement(name: str, database: Database | None) -> Announcement | None:
    """Returns what was announced of a study's grid; None where nothing was.

    Args:
        name: The study's name, without `/grid`.
        database: The database; None where there is none yet.
    """
    study = None if database is None else find_study(grid_name(name), database)
    return None if study is None else announced(study)
