"""What of a plan is not done: known before the workers start, and a run's last act."""

from __future__ import annotations

from dataclasses import dataclass

import optuna

from hpstudy.plans.points import PointsPlan
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.running.ledger import Ledger
from hpstudy.running.schedulers import is_hopeless
from hpstudy.store.database import Database
from hpstudy.store.studies import find_study, pairing_of, trials_of
from hpstudy.store.trials import is_complete, point_key, training_of


@dataclass(frozen=True)
class Leftover:
    """What of a plan is not done.

    Attributes:
        planned: How many points it has.
        failed: How many of them failed in this invocation.
        untried: How many are not done and did not fail in it.
        is_asked_for: Whether somebody enqueued a trial beside the plan.
        stopped_by: The error that the first trials had in common, where it stopped the run.
    """

    planned: int
    failed: int
    untried: int
    is_asked_for: bool
    stopped_by: str | None

    @property
    def points(self) -> int:
        """How many points are not done."""
        return self.failed + self.untried

    def __str__(self) -> str:
        """Returns it in a sentence."""
        counts = {"failed": self.failed, "not tried": self.untried}
        parts = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        return f"{self.points} of {self.planned} points are left: {parts}."


def leftover(plan: PointsPlan, invocation: str, database: Database) -> Leftover:
    """Compares what is planned with what is done.

    Args:
        plan: The plan; its study has begun.
        invocation: The invocation whose failures count.
        database: The database.
    """
    study = optuna.load_study(study_name=plan.name, storage=database.storage)
    ledger = Ledger(study, invocation)
    ledger.read()
    keys = {point_key(planned.point) for planned in plan.points}
    left = keys - ledger.done
    return Leftover(
        planned=len(keys),
        failed=len(left & ledger.raised),
        untried=len(left - ledger.raised),
        is_asked_for=ledger.waiting() is not None,
        stopped_by=ledger.errors_in_a_row[0] if is_hopeless(ledger) else None,
    )


def not_imported(plan: PointsPlan, database: Database | None) -> tuple[PlannedPoint, ...]:
    """Returns the points of a plan whose values were not imported: those have no training here.

    Args:
        plan: The plan.
        database: The database; None where there is none yet.
    """
    study = None if database is None else find_study(plan.name, database)
    if study is None or pairing_of(study) is None:
        return plan.points
    done = {point_key(t.params): training_of(t) for t in trials_of(study) if is_complete(t)}
    return tuple(p for p in plan.points if done.get(point_key(p.point), p.key) == p.key)
