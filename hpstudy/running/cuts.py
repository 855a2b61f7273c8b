"""A worker whose connection was cut: it lets go of what it was at, and takes the next point.

Its locks went with the connection, so others may have taken up its trial's point; its finished
epochs are recorded, and whoever goes on finds them.
"""

from __future__ import annotations

from collections.abc import Callable

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from hpstudy.errors import CutError
from hpstudy.running.ledger import Ledger
from hpstudy.store.locks import Held, ask_lock, hold
from hpstudy.store.trials import worker_of

_MOST_CUTS = 20  # in a row; each waits for the server


def take_turns(work: Callable[[], bool], let_go: Callable[[], None]) -> None:
    """Works until all is over.

    Args:
        work: Takes a point and runs its trial; tells whether all is over.
        let_go: Lets go of what it was at when a connection was cut, or its trial was ended by
            another.
    """
    cuts = 0
    while True:
        try:
            if cuts:
                let_go()
            if work():
                return
            cuts = 0
        except (CutError, UpdateFinishedTrialError):
            cuts += 1
            if cuts > _MOST_CUTS:
                raise


def check_held(*locks: Held | None) -> None:
    """Checks that locks are held still.

    Raises:
        CutError: One went with its connection.
    """
    if not all(lock is None or lock.is_held() for lock in locks):
        raise CutError("the connection to the database was cut")


def free_trials(study: optuna.Study, ledger: Ledger, worker: str, url: str) -> None:
    """Frees the points of the trials that a worker was at."""
    with hold(url, ask_lock(study.study_name)):
        ledger.read()
        for trial in ledger.running():
            if worker_of(trial) == worker:
                study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
