"""Results as one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hpstudy import __version__
from hpstudy.analysis.effects import Effect, Effects
from hpstudy.analysis.results import GridResults, LevelResult


def document(
    name: str, title: str, storage: str, grid: GridResults | None, judged: Effects
) -> dict[str, Any]:
    """Returns the document that `--json` prints.

    Accuracies are fractions, times seconds, memory MiB; what is not known is None.

    Args:
        name: The study's name.
        title: The study file's title.
        storage: The database's address, without a password.
        grid: The grid's results, if it was run.
        judged: The effects of its levels.
    """
    return {
        "study": name,
        "title": title,
        "storage": storage,
        "version": __version__,
        "grid": _grid(grid, judged) if grid is not None else None,
        "search": None,
    }


def _grid(grid: GridResults, judged: Effects) -> dict[str, Any]:
    return {
        "metric": grid.metric,
        "direction": grid.direction,
        "baseline": dict(grid.baseline),
        "settings": dict(grid.settings),
        "trials": asdict(grid.trials),
        "epochs": {"asked": grid.epochs_asked, "trained": grid.epochs_trained},
        "factors": [
            {
                "factor": factor.factor,
                "levels": [_level(row, judged[factor.factor, row.level]) for row in factor.levels],
            }
            for factor in grid.factors
        ],
        "claims": [{"says": says, "verdict": None, "why": None} for says in grid.claims],
        "failed": [asdict(failure) for failure in grid.failed],
    }


def _level(level: LevelResult, effect: Effect) -> dict[str, Any]:
    return {
        "level": level.level,
        "seeds": list(level.seeds),
        "values": list(level.values),
        "mean": level.mean,
        "low": effect.low,
        "high": effect.high,
        "published": level.published,
        "effect": effect.difference,
        "effect_low": effect.difference_low,
        "effect_high": effect.difference_high,
        "p": effect.p,
        "test": effect.test,
        "verdict": effect.verdict,
        "within": effect.within,
        "seconds_per_epoch": level.seconds_per_epoch,
        "peak_memory_mb": level.peak_memory_mb,
    }
