"""Results as one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hpstudy import __version__
from hpstudy.analysis.answer import Answer
from hpstudy.analysis.confirmed import Confirmation, Confirmed
from hpstudy.analysis.findings import Findings
from hpstudy.analysis.importance import Importances
from hpstudy.analysis.results import Failure, LevelResult
from hpstudy.analysis.search import SearchResults


def document(
    name: str,
    title: str,
    storage: str,
    found: Findings | None,
    search: SearchResults | None = None,
    importances: Importances | None = None,
    chosen: Answer | None = None,
) -> dict[str, Any]:
    """Returns the document that `--json` prints.

    Values are as the objective returned them (`unit` says "share" of 1, "%", or what the study file
    says), times seconds, memory MiB; what is not known is None.

    Args:
        name: The study's name.
        title: The study file's title.
        storage: The database's address, without a password.
        found: What the grid shows, if it was run.
        search: What the search found, if it was run.
        importances: What matters in the search.
        chosen: Which setting to use.
    """
    return {
        "study": name,
        "title": title,
        "storage": storage,
        "version": __version__,
        "answer": _answer(chosen) if chosen is not None else None,
        "grid": _grid(found) if found is not None else None,
        "search": _search(search, importances) if search is not None else None,
    }


def _answer(chosen: Answer) -> dict[str, Any]:
    return {
        "headline": chosen.headline,
        "why": chosen.why,
        "params": dict(chosen.params),
        "metric": chosen.metric.name,
        "value": chosen.value,
        "low": chosen.low,
        "high": chosen.high,
        "trainings": chosen.trainings,
        "notes": list(chosen.notes),
    }


def _grid(found: Findings) -> dict[str, Any]:
    grid = found.grid
    return {
        "metric": grid.metric.name,
        "direction": grid.metric.direction,
        "unit": grid.metric.unit,
        "baseline": dict(grid.baseline),
        "settings": dict(grid.settings),
        "runtime": dict(grid.runtime),
        "trials": asdict(grid.trials),
        "epochs": {"asked": grid.epochs_asked, "trained": grid.epochs_trained},
        "factors": [
            {
                "factor": f.factor,
                "levels": [_level(f.factor, row, found) for row in f.levels],
            }
            for f in grid.factors
        ],
        "importance": [asdict(row) for row in found.importances.rows],
        "tradeoffs": [asdict(tradeoff) for tradeoff in found.tradeoffs],
        "more_seeds": asdict(found.more_seeds) if found.more_seeds is not None else None,
        "claims": [asdict(claim) for claim in found.claims],
        "failed": [_failure(failure) for failure in grid.failed],
        "gaps": dict(grid.gaps),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {"params": dict(failure.params), "seed": failure.seed, "error": failure.error}


def _level(factor: str, level: LevelResult, found: Findings) -> dict[str, Any]:
    at = factor, level.level
    effect, agreement, speed = found.effects[at], found.agreements.get(at), found.speeds[at]
    seconds, images = speed.seconds_per_epoch, speed.images_per_second
    return {
        "level": level.level,
        "seeds": list(level.seeds),
        "diverged": list(level.diverged),
        "failed": list(level.failed),
        "values": list(level.values),
        "mean": level.mean,
        "low": effect.low,
        "high": effect.high,
        "published": level.published,
        "published_low": agreement.low if agreement is not None else None,
        "published_high": agreement.high if agreement is not None else None,
        "published_p": agreement.p if agreement is not None else None,
        "published_verdict": agreement.verdict if agreement is not None else None,
        "effect": effect.difference,
        "effect_low": effect.difference_low,
        "effect_high": effect.difference_high,
        "p": effect.p,
        "test": effect.test,
        "verdict": effect.verdict,
        "within": effect.within,
        "seeds_needed": effect.seeds_needed,
        "seconds_per_epoch": level.seconds_per_epoch,
        "seconds_per_epoch_sd": seconds.deviation if seconds is not None else None,
        "images_per_second": images.mean if images is not None else None,
        "peak_memory_mb": level.peak_memory_mb,
        "epochs_to": [asdict(reached) for reached in found.convergence[at]],
    }


def _search(search: SearchResults, importances: Importances | None) -> dict[str, Any]:
    best = search.best
    return {
        "metric": search.metric.name,
        "direction": search.metric.direction,
        "unit": search.metric.unit,
        "baseline": dict(search.baseline),
        "settings": dict(search.settings),
        "runtime": dict(search.runtime),
        "trials": asdict(search.counts),
        "epochs": {"asked": search.epochs_asked, "trained": search.epochs_trained},
        "best": None
        if best is None
        else {"trial": best.number, "params": best.params, "value": best.values[0]},
        "finalists": [asdict(finalist) for finalist in search.finalists],
        "confirmed": _confirmed(search.confirmed) if search.confirmed is not None else None,
        "confirmation": _confirmation(search.confirmation)
        if search.confirmation is not None
        else None,
        "importance": [asdict(row) for row in importances.rows] if importances is not None else [],
        "failed": [_failure(failure) for failure in search.failed],
    }


def _confirmation(found: Confirmation) -> dict[str, Any]:
    failed = [_failure(failure) for failure in found.failed]
    return {"seeds": list(found.seeds), "failed": failed, "waiting": found.waiting}


def _confirmed(confirmed: Confirmed) -> dict[str, Any]:
    fields = asdict(confirmed)
    parts = ("values", "mean", "low", "high", "diverged")
    baseline = {part: fields.pop(f"baseline_{part}") for part in parts}
    metric = confirmed.metric
    return {**fields, "metric": metric.name, "unit": metric.unit, "baseline": baseline}
