"""What fresh seeds said of a search, as JSON holds it."""

from __future__ import annotations

from typing import Any

from hpstudy.analysis.ablation import Effect, Steps
from hpstudy.analysis.chosen import WinnersLook
from hpstudy.analysis.confirmed import Confirmed, Finalist
from hpstudy.results.confirmation import Confirmation
from hpstudy.views.files.parts import failure_document, flat, metric_epochs


def finalist_document(finalist: Finalist) -> dict[str, Any]:
    """Returns a finalist on fresh seeds."""
    return {
        "params": dict(finalist.params),
        "searched": finalist.searched,
        "seeds": list(finalist.seeds),
        "values": list(finalist.values),
        "mean": finalist.mean,
        "diverged": list(finalist.diverged),
        "is_baseline": finalist.is_baseline,
    }


def confirmed_document(won: Confirmed) -> dict[str, Any]:
    """Returns the winner beside the baseline."""
    return {
        "metric": won.metric.name,
        **metric_epochs(won.metric),
        "params": dict(won.params),
        "seeds": list(won.seeds),
        "values": list(won.values),
        **flat(won.mean, "mean"),
        **flat(won.difference, "difference", "difference_"),
        "seeds_needed": won.seeds_needed,
        "is_baseline": won.is_baseline,
        "diverged": list(won.diverged),
        "unit": won.metric.unit,
        "verdict": won.verdict,
        "margin": won.margin,
        "announced": list(won.announced),
        "next_look": won.next,
        "chosen_from": won.chosen_from,
        "looks": [_winners_look(look) for look in won.looks],
        "baseline": {
            "values": list(won.baseline_values),
            **flat(won.baseline_mean, "mean"),
            "diverged": list(won.baseline_diverged),
        },
    }


def _winners_look(look: WinnersLook) -> dict[str, Any]:
    return {
        "seeds": look.count,
        "alpha": look.alpha,
        **flat(look.difference, "difference", "difference_"),
        "verdict": look.verdict,
    }


def ablation_document(found: Steps) -> dict[str, Any]:
    """Returns what each of the winner's changes does."""

    def effect(one: Effect) -> dict[str, Any]:
        return {**flat(one.difference, "difference", "difference_"), "verdict": one.verdict}

    return {
        "metric": found.metric.name,
        "total": found.total,
        "seeds": found.seeds,
        "is_whole": found.is_whole,
        "steps": [
            {
                "param": step.name,
                "before": step.before,
                "after": step.after,
                "alone": effect(step.alone),
                "added": effect(step.added),
            }
            for step in found.steps
        ],
    }


def confirmation_document(found: Confirmation) -> dict[str, Any]:
    """Returns how far the confirmation has come."""
    failed = [failure_document(failure) for failure in found.failed]
    return {"seeds": list(found.seeds), "failed": failed, "waiting": found.waiting}
