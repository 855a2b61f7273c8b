"""Results as one JSON document: its keys are a contract, so each stands here by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpstudy import __version__
from hpstudy.analysis.answer import Answer
from hpstudy.analysis.cells import Cell
from hpstudy.analysis.combined import Combined
from hpstudy.analysis.family import Compared, Pair
from hpstudy.analysis.findings import GridFindings, LevelFinding
from hpstudy.analysis.importance import Importance
from hpstudy.analysis.looks import LooksFinding
from hpstudy.analysis.search import SearchFindings
from hpstudy.results.grid import TrialCounts
from hpstudy.store.studies import Pairing
from hpstudy.summary import StudySummary
from hpstudy.views.files.comparison import comparison_document
from hpstudy.views.files.fresh import (
    ablation_document,
    confirmation_document,
    confirmed_document,
    finalist_document,
)
from hpstudy.views.files.parts import (
    failure_document,
    flat,
    looks_document,
    metric_epochs,
    spreads_own,
)


def document(summary: StudySummary, sections: Sequence[str] = ("grid", "search")) -> dict[str, Any]:
    """Returns the document that `--json` prints.

    Values are as the objective returned them (`unit` says "share" of 1, "%", or what the study file
    says), times seconds, memory MiB; what is not known is None.

    Args:
        summary: What the study's results come to.
        sections: Which of them it holds; the others are None.
    """
    chosen = summary.answer
    found = summary.grid if "grid" in sections else None
    search = summary.search if "search" in sections else None
    return {
        "study": summary.name,
        "title": summary.title,
        "storage": summary.address,
        "version": __version__,
        "answer": None if chosen is None else _answer(chosen),
        "grid": None if found is None else _grid(found),
        "search": None if search is None else _search(search),
        "comparisons": _comparisons(summary),
    }


def _comparisons(summary: StudySummary) -> list[dict[str, Any]]:
    found = zip(summary.comparisons, summary.compared, strict=True)
    return [
        comparison_document(
            one, {one.baseline.name: both.baseline, one.best.side.name: both.setting}, None
        )
        for one, both in found
    ]


def _answer(chosen: Answer) -> dict[str, Any]:
    return {
        "headline": chosen.headline,
        "why": chosen.why,
        "params": dict(chosen.params),
        "metric": chosen.metric.name,
        **flat(chosen.value, "value"),
        "trainings": chosen.trainings,
        "notes": list(chosen.notes),
    }


def _grid(found: GridFindings) -> dict[str, Any]:
    grid, more = found.results, found.more_seeds
    return {
        "metric": grid.metric.name,
        **metric_epochs(grid.metric),
        **spreads_own(grid.spreads),
        "direction": grid.metric.direction,
        "unit": grid.metric.unit,
        "baseline": dict(grid.baseline),
        "settings": dict(grid.settings),
        "runtime": dict(grid.runtime),
        "trials": _counts(grid.trials),
        "epochs": {"asked": grid.epochs_asked, "trained": grid.epochs_trained},
        "factors": [
            {"factor": factor.name, "levels": [_level(row) for row in factor.levels]}
            for factor in found.factors
        ],
        "importance": [_importance(row) for row in found.importances.rows],
        "tradeoffs": [
            {
                "label": one.label,
                "seconds": one.seconds,
                "value": one.value,
                "is_on_front": one.is_on_front,
            }
            for one in found.tradeoffs
        ],
        "more_seeds": None
        if more is None
        else {"seeds": more.seeds, "epochs": more.epochs, "seconds": more.seconds},
        "claims": [
            {"says": claim.says, "verdict": claim.verdict, "why": claim.why}
            for claim in found.claims
        ],
        "failed": [failure_document(failure) for failure in grid.failed],
        "gaps": dict(grid.gaps),
        "looks": None if found.looks is None else _looks(found.looks),
        "combined": None if found.combined is None else _combined(found.combined),
        **({} if grid.pairing is None else {"imported": _imported(grid.pairing)}),
    }


def _imported(pairing: Pairing) -> dict[str, Any]:
    return {"source": pairing.source, "by": pairing.by, "folds": pairing.folds}


def _looks(found: LooksFinding) -> dict[str, Any]:
    return {
        **looks_document(found.looks),
        "made": [
            {
                "after": look.count,
                "alpha": look.alpha,
                "found": [_compared(pair, one) for pair, one in look.found.items()],
            }
            for look in found.made
        ],
        "next": found.next,
        "trainings": {"asked": found.asked, "done": found.done},
        "open": [_pair(pair) for pair in found.open],
    }


def _compared(pair: Pair[Cell], one: Compared) -> dict[str, Any]:
    return {
        **_pair(pair),
        **flat(one.difference, "difference"),
        "p": one.p,
        "is_shown": one.is_shown,
        "is_equal": one.is_equal,
        "has_no_gain": one.has_no_gain,
    }


def _pair(pair: Pair[Cell]) -> dict[str, Any]:
    first, second = ({} if cell is None else dict([cell]) for cell in pair)
    return {"params": first, "against": second}


def _combined(found: Combined) -> dict[str, Any]:
    added = found.sum
    return {
        "params": dict(found.levels),
        "wanted": list(found.wanted),
        "seeds": list(found.seeds),
        "diverged": list(found.diverged),
        "failed": list(found.failed),
        "values": list(found.values),
        **flat(found.mean, "mean"),
        **flat(found.difference, "effect", "effect_"),
        "p": found.p,
        "verdict": found.verdict,
        "best": dict([found.best]),
        **flat(found.beside_best, "beside_best", "beside_best_"),
        "is_below_best": found.is_below_best,
        "sum": None if added is None else added.apart,
        **flat(None if added is None else added.interaction, "interaction", "interaction_"),
        "additive_within": None if added is None else added.within,
    }


def _level(level: LevelFinding) -> dict[str, Any]:
    seconds, images = level.speed.seconds_per_epoch, level.speed.images_per_second
    agreement = level.agreement
    figure = flat(None if agreement is None else agreement.figure, "published", "published_")
    return {
        "level": level.level,
        "seeds": list(level.seeds),
        "diverged": list(level.diverged),
        "failed": list(level.failed),
        "values": list(level.values),
        **flat(level.mean, "mean"),
        **figure,
        "published": level.published,
        "published_p": None if agreement is None else agreement.p,
        "published_verdict": None if agreement is None else agreement.verdict,
        **flat(level.difference, "effect", "effect_"),
        "p": level.p,
        "test": level.test,
        "verdict": level.verdict,
        "within": level.within,
        "look": level.look,
        "seeds_needed": level.seeds_needed,
        "seconds_per_epoch": None if seconds is None else seconds.mean,
        "seconds_per_epoch_sd": None if seconds is None else seconds.deviation,
        "images_per_second": None if images is None else images.mean,
        "peak_memory_mb": level.speed.peak_memory_mb,
        "epochs_to": [
            {"target": reached.target, "epochs": list(reached.epochs)} for reached in level.reached
        ],
    }


def _search(found: SearchFindings) -> dict[str, Any]:
    search = found.results
    best, won, progress = search.best, found.confirmed, search.confirmation
    return {
        "metric": search.metric.name,
        **metric_epochs(search.metric),
        "direction": search.metric.direction,
        "unit": search.metric.unit,
        "baseline": dict(search.baseline),
        "settings": dict(search.settings),
        "runtime": dict(search.runtime),
        "trials": _counts(search.counts),
        "epochs": {"asked": search.epochs_asked, "trained": search.epochs_trained},
        "best": None
        if best is None
        else {"trial": best.number, "params": best.params, "value": best.values[0]},
        "finalists": [finalist_document(finalist) for finalist in found.finalists],
        "confirmed": None if won is None else confirmed_document(won),
        "confirmation": None if progress is None else confirmation_document(progress),
        "ablation": None if found.ablation is None else ablation_document(found.ablation),
        "importance": [_importance(row) for row in found.importances.rows],
        "failed": [failure_document(failure) for failure in search.failed],
    }


def _counts(trials: TrialCounts) -> dict[str, int]:
    return {
        "complete": trials.complete,
        "pruned": trials.pruned,
        "failed": trials.failed,
        "running": trials.running,
        "waiting": trials.waiting,
        "diverged": trials.diverged,
    }


def _importance(row: Importance) -> dict[str, Any]:
    return {"param": row.param, "evaluator": row.evaluator, **flat(row.amount, "value")}
