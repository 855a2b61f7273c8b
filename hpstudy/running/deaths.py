"""Trials whose worker is gone: told FAIL, so that their points are free again or have failed."""

from __future__ import annotations

import signal

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from hpstudy.running.failures import Failure
from hpstudy.running.ledger import Ledger
from hpstudy.running.memory import room
from hpstudy.store.trials import DIED, ERROR, TRACE, is_alive, pool_of

MOST_DEATHS = 5  # a point whose worker died this often at one epoch has failed
MOST_STARVED = 2  # one whose worker was killed for want of memory this often


def bury(
    study: optuna.Study, storage: BaseStorage, trial: FrozenTrial, failure: Failure | None = None
) -> None:
    """Tells FAIL for a running trial whose worker is gone; the caller holds the ask lock.

    Args:
        study: The trial's study.
        storage: The storage that it lies in.
        trial: The trial.
        failure: Why its point has failed; None where it is to be tried again.
    """
    study_id = storage.get_study_id_from_name(study.study_name)
    trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, trial.number)
    if storage.get_trial(trial_id).state.is_finished():
        return  # between the look at it and the look at its lock
    if failure is not None:
        storage.set_trial_user_attr(trial_id, ERROR, failure.line)
        storage.set_trial_user_attr(trial_id, TRACE, failure.trace)
    storage.set_trial_user_attr(trial_id, DIED, True)
    study.tell(trial.number, state=TrialState.FAIL)


def bury_the_dead(
    study: optuna.Study, storage: BaseStorage, ledger: Ledger, url: str, *, but: str
) -> None:
    """Buries running trials whose worker is gone; the caller holds the ask lock.

    Args:
        study: The study.
        storage: The storage that it lies in.
        ledger: Its trials.
        url: The database.
        but: A pool whose trials are left to its parent: it knows how their worker ended.
    """
    dead = [
        trial
        for trial in ledger.running()
        if pool_of(trial) != but and not is_alive(trial, study.study_name, url)
    ]
    for trial in dead:
        bury(study, storage, trial, reason_of(None, ledger.deaths_with(trial)))
    if dead:
        ledger.read()


def reason_of(exit_code: int | None, deaths: int) -> Failure | None:
    """Says why the point of a worker that died has failed; None where it is to be tried again.

    Args:
        exit_code: The worker's, as `multiprocessing` gives it: negative for a signal; None where
            whoever started it is gone, too.
        deaths: How often workers died at this point and epoch, this one included.
    """
    if exit_code is not None and exit_code >= 0:  # its own doing: it would come to the same again
        return Failure(f"its worker ended without a word, exit code {exit_code}", "")
    if deaths < MOST_DEATHS:
        return None
    last = "with its parent" if exit_code is None else f"by {signal.Signals(-exit_code).name}"
    return Failure(f"its process died {deaths} times, the last time {last}", "")


def starved(times: int, had: int | None, workers: int) -> Failure | None:
    """Says why a point has failed that has no room; None where it is to be tried again.

    Args:
        times: How often its workers were killed for want of memory.
        had: How many bytes the last one had; None where that is not known.
        workers: How many there were.
    """
    if times < MOST_STARVED:
        return None
    fewer = "fewer --workers, or " if workers > 1 else ""
    line = f"its process was killed for want of memory {times} times{room(had)}: try {fewer}"
    return Failure(f"{line}what takes less, such as a smaller batch", "")
