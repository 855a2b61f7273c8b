"""Results as one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hpstudy import __version__
from hpstudy.analysis.effects import Effect
from hpstudy.analysis.findings import Findings
from hpstudy.analysis.results import LevelResult


def document(name: str, title: str, storage: str, found: Findings | None) -> dict[str, Any]:
    """Returns the document that `--json` prints.

    Accuracies are fractions, times seconds, memory MiB; what is not known is None.

    Args:
        name: The study's name.
        title: The study file's title.
        storage: The database's address, without a password.
        found: What the grid shows, if it was run.
    """
    return {
        "study": name,
        "title": title,
        "storage": storage,
        "version": __version__,
        "grid": _grid(found) if found is not None else None,
        "search": None,
    }


def _grid(found: Findings) -> dict[str, Any]:
    grid = found.grid
    return {
        "metric": grid.metric,
        "direction": grid.direction,
        "baseline": dict(grid.baseline),
        "settings": dict(grid.settings),
        "trials": asdict(grid.trials),
        "epochs": {"asked": grid.epochs_asked, "trained": grid.epochs_trained},
        "factors": [
            {
                "factor": f.factor,
                "levels": [_level(row, found.effects[f.factor, row.level]) for row in f.levels],
            }
            for f in grid.factors
        ],
        "claims": [asdict(claim) for claim in found.claims],
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
