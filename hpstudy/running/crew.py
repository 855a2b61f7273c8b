"""Who does the work of a command: so many processes, and whoever joins them from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import uuid4

from optuna.trial import FrozenTrial

from hpstudy.plans.points import Plan
from hpstudy.running.cluster import Cluster
from hpstudy.running.output import Say
from hpstudy.running.pool import default_workers, launch
from hpstudy.running.worker import Job
from hpstudy.store.trials import pool_of


def _word() -> str:
    return uuid4().hex[:16]


@dataclass(frozen=True)
class Crew:
    """The workers of one command.

    Attributes:
        workers: How many processes; as many as are of use where None.
        cluster: Where they run; None for here.
        invocation: Tells this command, and all who join it, from others: a point that raised is
            tried once in each.
        asked: What the command was asked for, which is noted with its study for those who join;
            None where there is nothing to note.
        joins: Whether it has joined a command, and so has nothing to note.
        word: Tells its trials from those of others who work for the same command.
    """

    workers: int | None = None
    cluster: Cluster | None = None
    invocation: str = field(default_factory=_word)
    asked: Mapping[str, Any] | None = None
    joins: bool = False
    word: str = field(default_factory=_word)

    def asked_for(self, asked: Mapping[str, Any]) -> Self:
        """Returns the same crew with what it was asked for."""
        noted = {**asked, "invocation": self.invocation}
        return self if self.joins else replace(self, asked=noted)

    def size(self, plan: Plan) -> int:
        """Returns how many workers run: what is wanted, else as many as are of use."""
        if self.cluster is not None:
            return self.cluster.size(plan, self.workers)
        return workers_for(self.workers, plan)

    def launch(self, job: Job, workers: int, say: Say) -> None:
        """Runs a job to its end; as `hpstudy.running.pool.launch`."""
        if self.cluster is not None:
            self.cluster.launch(job, workers, say, grows=self.workers is None)
        else:
            launch(job, workers, say)

    def new_pool(self) -> str:
        """Returns a word for those who are launched now."""
        return f"{self.word}.{_word()}"

    def ran(self, trial: FrozenTrial, pool: str = "") -> bool:
        """Tells whether this crew ran a trial, or one pool of it did."""
        return f"{pool_of(trial)}.".startswith(f"{self.invocation}/{pool or self.word}.")


def workers_for(wanted: int | None, plan: Plan) -> int:
    """Returns how many workers run: what is wanted, else one a core; never more than trainings."""
    if wanted:
        return min(wanted, plan.most_workers)
    return default_workers(plan.most_workers, plan.scenario.runtime.device)
