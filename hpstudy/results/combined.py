"""The setting that combines levels of a grid, each of them better by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import optuna

from hpstudy.results.grid import CombinedResult, Run
from hpstudy.sampler import SEED, Level, Point
from hpstudy.store.studies import combined_of
from hpstudy.store.trials import PointKey, point_key


@dataclass(frozen=True)
class Combination:
    """A setting of several levels at once, stored before its first training.

    Attributes:
        setting: All hyperparameters.
        seeds: The replicates.
    """

    setting: Mapping[str, Level]
    seeds: tuple[int, ...]

    @property
    def points(self) -> list[Point]:
        """Its points, a seed each."""
        return [{**self.setting, SEED: seed} for seed in self.seeds]

    def levels(self, baseline: Mapping[str, Level]) -> dict[str, Level]:
        """Returns what of it is not the baseline's."""
        return {name: level for name, level in self.setting.items() if baseline[name] != level}


def combination(
    study: optuna.Study,
    baseline: Mapping[str, Level],
    factors: Mapping[str, Sequence[Level]],
) -> Combination | None:
    """Returns what was asked for of a grid's Optuna study, as far as it is of the study file.

    Args:
        study: The Optuna study.
        baseline: The study file's baseline.
        factors: The levels that are looked at.

    Returns:
        The combination; None without one, or where it combines no such levels.
    """
    stored = combined_of(study)
    if stored is None or stored["setting"].keys() != baseline.keys():
        return None
    found = Combination(stored["setting"], tuple(stored["seeds"]))
    levels = found.levels(baseline)
    is_known = all(level in factors.get(name, ()) for name, level in levels.items())
    return found if is_known and len(levels) > 1 else None


def combined_result(
    asked: Combination,
    baseline: Mapping[str, Level],
    runs: Mapping[PointKey, Run],
    failed: Collection[PointKey],
) -> CombinedResult:
    """Returns what became of a combination.

    Args:
        asked: The combination.
        baseline: The baseline.
        runs: The complete trials, by point.
        failed: The points that failed.
    """
    keys = {seed: point_key(p) for seed, p in zip(asked.seeds, asked.points, strict=True)}
    done = [runs[key] for key in keys.values() if key in runs]
    return CombinedResult(
        levels=asked.levels(baseline),
        wanted=asked.seeds,
        runs=tuple(run for run in done if not run.has_diverged),
        diverged=tuple(run.seed for run in done if run.has_diverged),
        failed=tuple(seed for seed, key in keys.items() if key in failed),
    )
