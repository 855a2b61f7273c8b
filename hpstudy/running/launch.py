"""Starting the workers: in this process, or as processes that are replaced when they die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import NoReturn

import optuna

from hpstudy.errors import UserError
from hpstudy.records import Records
from hpstudy.running.worker import Job, Worker
from hpstudy.storage import open_database

_STOP_SECONDS = 30.0  # a worker that was told to stop gets this long before it is killed
_USER_ERROR = 2  # exit code of a worker that met something the user can fix


def default_workers(groups: int, device: str) -> int:
    """Returns one worker per core, never more than there are trainings; one on a GPU."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(groups, cores or 1)) if device == "cpu" else 1


def launch(job: Job, workers: int) -> None:
    """Runs a job to its end.

    Args:
        job: What to run.
        workers: How many processes; 1 works in this one.

    Raises:
        UserError: The workers can't start, or die again and again.
        KeyboardInterrupt: Interrupted; the workers have stopped and kept their finished epochs.
    """
    if workers == 1:
        Worker(job).run()
    else:
        _Pool(job, workers).run()


class _Pool:
    """Worker processes; one that dies before the work is done is replaced."""

    def __init__(self, job: Job, size: int) -> None:
        self._job = job
        self._context = multiprocessing.get_context("spawn")
        self._processes = [self._start() for _ in range(size)]
        self._deaths_in_a_row = 0
        self._deaths_allowed = 10 + size
        self._last_progress = (0, 0)

    def run(self) -> None:
        try:
            while self._processes:
                connection.wait([p.sentinel for p in self._processes])
                for process in [p for p in self._processes if p.exitcode is not None]:
                    self._processes.remove(process)
                    self._ended(process)
        finally:
            self._stop()

    def _start(self) -> SpawnProcess:
        process = self._context.Process(target=_work, args=(self._job,))
        process.start()
        return process

    def _ended(self, process: SpawnProcess) -> None:
        if process.exitcode == 0:
            return
        if process.exitcode == _USER_ERROR:
            raise UserError("a worker could not go on; its own message is above")
        progress = self._progress()
        self._deaths_in_a_row = 1 if progress != self._last_progress else self._deaths_in_a_row + 1
        self._last_progress = progress
        if self._deaths_in_a_row > self._deaths_allowed:
            raise UserError(
                f"{self._deaths_in_a_row} workers in a row died before they began a trial, the "
                f"last with exit code {process.exitcode}; finished epochs are kept"
            )
        self._processes.append(self._start())

    def _progress(self) -> tuple[int, int]:
        """Returns the numbers of trials begun and of epochs finished."""
        database = open_database(self._job.runs.url, write=False)
        study = optuna.load_study(study_name=self._job.plan.name, storage=database.storage)
        epochs = sum(Records(database.engine).counts().values())
        database.engine.dispose()
        return len(study.get_trials(deepcopy=False)), epochs

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(_STOP_SECONDS)
            if process.exitcode is None:
                process.kill()
                process.join()


def _work(job: Job) -> None:
    """A worker process: stops on SIGTERM, and when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and says SIGTERM
    signal.signal(signal.SIGTERM, _interrupt)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # stdout is for results
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        Worker(job).run()
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(_USER_ERROR)
    except KeyboardInterrupt:
        sys.exit(0)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
