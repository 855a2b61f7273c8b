"""Starting the workers: processes of their own, replaced when they die.

However few they are, they are processes: what an objective does to the one that it runs in (an
exit, a crash, a changed folder) must not touch the run.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import NoReturn
from uuid import uuid4

import optuna

from hpstudy.errors import UserError
from hpstudy.files import started_here
from hpstudy.objective.beside import entered
from hpstudy.running.deadlines import Clock, grace, hung
from hpstudy.running.deaths import bury, reason_of, starved
from hpstudy.running.failures import Failure, stopped_by
from hpstudy.running.gpus import gpus, take_gpu
from hpstudy.running.interrupts import (
    Interrupted,
    check_interrupts,
    default_interrupts,
    deferred_interrupts,
    heed_interrupts,
    is_asked_to_stop,
    unblock_signals,
)
from hpstudy.running.ledger import Ledger
from hpstudy.running.member import Member
from hpstudy.running.memory import Killings, killed_so_far, room
from hpstudy.running.output import Marks, Relay, Say, Warnings
from hpstudy.running.processes import (
    GUARDED,
    end,
    end_with_parent,
    guarded,
    kill_all,
    prepare,
    starting,
    take_over,
)
from hpstudy.running.worker import Job, Worker
from hpstudy.store.database import Database, writing
from hpstudy.store.locks import ask_lock, hold
from hpstudy.store.postgres import rely_on
from hpstudy.store.records import Records
from hpstudy.store.server_trouble import again
from hpstudy.store.trials import PointKey, epoch_of, point_key, worker_of
from hpstudy.wording import counted

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 30.0  # a worker that was told to stop gets this long before it is killed
_REST_SECONDS = 2.0  # what a dead worker wrote is read this long
_STOPPED = 128 + signal.SIGTERM  # exit code of a worker that was asked to stop
_PROBLEM = 2  # of one that can't go on
_UNKNOWN = 255  # of one whose fork server was killed
_RAISED = 1  # of one that Python ends, as what it imports raises


def default_workers(groups: int, device: str) -> int:
    """Returns one worker per core, or per GPU; never more than there are trainings."""
    if device == "cpu":
        affinity = getattr(os, "sched_getaffinity", None)
        places = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    else:
        places = len(gpus()) if device == "cuda" else 1
    return max(1, min(groups, places))


def launch(job: Job, workers: int, say: Say) -> None:
    """Runs a job to its end.

    Args:
        job: What to run.
        workers: How many processes.
        say: Shows a line of what objectives write.

    Raises:
        UserError: A worker can't go on, or they die again and again.
        KeyboardInterrupt: Interrupted; the workers have stopped and kept their finished epochs.
    """
    _Pool(job, workers, say).run()


class _Pool:
    """Worker processes; one that dies before the work is done is replaced."""

    def __init__(self, job: Job, size: int, say: Say) -> None:
        self._job = replace(job, pool=f"{job.pool}.{uuid4().hex[:16]}")
        rely_on(job.runs.url, unless=is_asked_to_stop)
        self._size = size
        self._say = say
        self._warnings = Warnings()
        with guarded():
            self._context = prepare()
        self._members: list[Member] = []
        self._killings = Killings()
        self._starved: Counter[PointKey] = Counter()  # who was killed for want of memory, how often
        self._deaths_in_a_row = 0
        self._last_progress = (0, 0)

    def run(self) -> None:
        try:
            for _ in range(self._size):
                self._start()
            while self._members:
                connection.wait([m.process.sentinel for m in self._members], _LOOK_SECONDS)
                check_interrupts()
                for member in self._members:
                    member.look()
                for member in [m for m in self._members if m.process.exitcode is not None]:
                    self._members.remove(member)
                    self._ended(member)
        finally:
            self._stop()

    def _start(self) -> None:
        with deferred_interrupts():  # a process that is half begun is nobody's
            lines, pipe = self._context.Pipe(duplex=False)
            told, teller = self._context.Pipe(duplex=False)
            trace, tracer = self._context.Pipe(duplex=False)
            news, sender = self._context.Pipe(duplex=False)
            with guarded(), starting(self._job.plan.scenario.runtime.threads) as environment:
                clock = Clock(teller, tracer, grace(self._job.plan.scenario.trial_timeout))
                process = self._context.Process(
                    target=_work, args=(self._job, environment, pipe, clock, sender)
                )
                process.start()
            for theirs in (pipe, teller, tracer, sender):
                theirs.close()
            relay = Relay(lines, self._warnings, self._say)
            self._members.append(Member(process, told, trace, news, relay, killed_so_far()))

    def _ended(self, member: Member) -> None:
        code, pid = member.process.exitcode or 0, member.process.pid
        if code == _UNKNOWN and pid and not member.news.poll():  # still at work, and nobody's
            code = -signal.SIGKILL
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        member.relay.join(_REST_SECONDS)
        said = member.last_words()
        if said and said[0] is not None:
            raise said[0]
        if said:
            return
        if code == _RAISED and not member.has_begun:
            raise UserError(f"a worker could not begin, its error stands above: {GUARDED}")
        if code == _STOPPED:  # in the moment between asking for a trial and beginning it
            code = -signal.SIGTERM
        is_starved = self._killings.tell(code, member.killed_before)
        has_failed = self._put_in_order(member, code, is_starved=is_starved)
        if is_starved and not has_failed and self._members:
            fewer = counted(len(self._members), "worker")
            self._say(f"A worker was killed for want of memory{room(member.had)}: on with {fewer}")
        else:
            self._start()

    @again
    def _put_in_order(self, member: Member, code: int, *, is_starved: bool) -> bool:
        with deferred_interrupts(), writing(self._job.runs) as database:
            has_failed = self._bury(member, code, database, is_starved=is_starved)
            self._check_progress(code, database)
            return has_failed

    def _bury(self, member: Member, code: int, database: Database, *, is_starved: bool) -> bool:
        """Tells what came of the trial that a worker had when it died, and whether it failed."""
        failure: Failure | None = None
        with hold(database.url, ask_lock(self._job.plan.name)):
            study = optuna.load_study(study_name=self._job.plan.name, storage=database.storage)
            ledger = Ledger(study, self._job.invocation)
            ledger.read()
            owner = f"{self._job.owner}/{member.process.pid}"
            for trial in ledger.running():
                if worker_of(trial) == owner:
                    self._starved[point_key(trial.params)] += is_starved
                    if member.was_too_slow(trial.number):
                        failure = self._hung(member, epoch_of(trial))
                    elif is_starved:
                        times = self._starved[point_key(trial.params)]
                        failure = starved(times, member.had, self._size)
                    else:
                        failure = reason_of(code, ledger.deaths_with(trial))
                    bury(study, database.storage, trial, failure)
        return failure is not None

    def _hung(self, member: Member, epoch: int) -> Failure:
        scenario = self._job.plan.scenario
        return hung(member.trace, scenario.home, epoch=epoch + 1 if scenario.incremental else None)

    def _check_progress(self, code: int, database: Database) -> None:
        """Ends a run whose workers die before they do anything."""
        study = optuna.load_study(study_name=self._job.plan.name, storage=database.storage)
        epochs = sum(Records(database.engine).counts().values())
        progress = len(study.get_trials(deepcopy=False)), epochs
        self._deaths_in_a_row = 1 if progress != self._last_progress else self._deaths_in_a_row + 1
        self._last_progress = progress
        if self._deaths_in_a_row > 10 + self._size:
            raise UserError(
                f"{self._deaths_in_a_row} workers in a row died before they began a trial, the "
                f"last with exit code {code}; finished epochs are kept"
            )

    def _stop(self) -> None:
        for member in self._members:
            member.process.terminate()
        for member in self._members:
            member.process.join(_STOP_SECONDS)
            if member.process.exitcode is None:
                kill_all(member.process)
                member.process.join()
            member.relay.join(_REST_SECONDS)


def _work(
    job: Job,
    environment: Mapping[str, str],
    pipe: Connection,
    clock: Clock,
    news: Connection,
) -> NoReturn:
    """A worker process: stops on SIGTERM, and when its parent is gone."""
    clock.begin()
    code = 0
    try:
        take_over(environment)
        if job.plan.scenario.runtime.device == "cuda":
            take_gpu()
        heed_interrupts(ignored=(signal.SIGINT,))  # Ctrl-C: the parent decides, and says SIGTERM
        mark = Marks(pipe)
        end_with_parent()
        unblock_signals()
        with started_here(), entered(job.plan.scenario.home.resolve()):
            Worker(job, mark, clock).run()
        news.send(None)
    except Interrupted:
        code = _STOPPED
    except UserError as error:
        news.send(error)
        code = _PROBLEM
    except Exception as error:  # ours: what an objective raises is its trial's outcome
        news.send(stopped_by(error, "a worker"))
        code = _PROBLEM
    finally:
        default_interrupts()  # whoever ends it now ends it without a word
    end(code)
