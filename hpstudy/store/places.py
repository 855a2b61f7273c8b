"""Where the checkpoints of a database's trainings lie."""

from __future__ import annotations

from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import Database, Runs


def checkpoints_of(runs: Runs, database: Database | None) -> Checkpoints:
    """Returns the checkpoints of a run's trainings.

    Args:
        runs: Where its files are.
        database: Its database; None where there is none yet.
    """
    return Checkpoints(runs.checkpoints)
