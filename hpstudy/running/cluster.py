"""Running a job on a Dask cluster: what `hpstudy.running.pool` does here, on other machines.

Each worker is a Dask task that starts a process of ours, with a pool of one. Which trial is whose
is known by the database alone, as everywhere: so a task that Dask runs once more does no harm, and
what a machine that is gone has left undone is taken up by the others. Should whoever asked be gone,
Dask wants the tasks no more, and they stop within seconds; the same command goes on.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hpstudy.errors import StoppedError, UserError
from hpstudy.plans.points import Plan
from hpstudy.raised import described
from hpstudy.running.errand import Errand, Outcome, carry_out, software
from hpstudy.running.interrupts import check_interrupts
from hpstudy.running.orders import orders_of
from hpstudy.running.output import Say
from hpstudy.running.worker import Job
from hpstudy.store.connections import connections
from hpstudy.store.records import Records
from hpstudy.store.studies import find_study, trials_of
from hpstudy.store.trials import is_finished, raised
from hpstudy.wording import counted

if TYPE_CHECKING:
    from distributed import Client, Future

_LOOK_SECONDS = 0.2
_ROOM_SECONDS = 2.0  # so often it is looked whether more workers have come
_PATIENCE_SECONDS = 10.0  # after so long without a task that has begun, that is said
_STOP_SECONDS = 45.0  # what tasks get that were told to stop
_ANSWER_SECONDS = 10.0
_MOST_LOST = 3  # times in a row that tasks came to nothing; Dask has tried each on four workers
_LOST = Outcome(code=-1)
_GPU = "GPU"  # what Dask's own examples call it: dask worker --resources GPU=1


class Cluster:
    """A Dask cluster that runs workers.

    Args:
        client: Connected to it.
        name: What it is called.
        ask_for: Asks for so many of Dask's workers; None where they come by themselves.
    """

    def __init__(
        self, client: Client, name: str, ask_for: Callable[[int], object] | None = None
    ) -> None:
        self.client = client
        self.name = name
        self._ask_for = ask_for

    def size(self, plan: Plan, wanted: int | None) -> int:
        """Returns how many workers run: what is wanted, else as many as find room.

        There is room for one on each GPU that Dask knows of, else on each of its workers; without
        a GPU, for one on so many of their threads as a training has. Never more run than there are
        trainings.
        """
        return min(wanted or max(self._room(plan), 1), plan.most_workers)

    def launch(self, job: Job, workers: int, say: Say, *, grows: bool) -> None:
        """Runs a job to its end, as `hpstudy.running.pool.launch` does.

        Args:
            job: What to run.
            workers: How many workers.
            say: Shows a line of what objectives write.
            grows: Whether there are to be more as soon as they find room.

        Raises:
            UserError: A worker can't go on, or they die again and again, or the cluster is gone.
            KeyboardInterrupt: Interrupted; the workers have stopped and kept their finished epochs.
        """
        if self._ask_for is not None:
            self._ask_for(workers)
        _Run(self, job, workers, say, grows=grows).run()

    def resources(self, plan: Plan) -> dict[str, float]:
        """Returns what a worker takes of what Dask's workers offer: a GPU, if they tell of any."""
        return {_GPU: 1} if _is_for_gpus(plan) and any(map(_gpus, self._machines())) else {}

    def _room(self, plan: Plan) -> int:
        machines = self._machines()
        if _is_for_gpus(plan):
            return int(sum(map(_gpus, machines))) or len(machines)
        return sum(max(one["nthreads"] // plan.scenario.runtime.threads, 1) for one in machines)

    def _machines(self) -> list[dict[str, Any]]:
        return list(self.client.scheduler_info(n_workers=-1)["workers"].values())


def _is_for_gpus(plan: Plan) -> bool:
    return plan.scenario.runtime.device == "cuda"


def _gpus(machine: dict[str, Any]) -> float:
    return float(machine["resources"].get(_GPU, 0))


class _Run:
    """One job on a cluster, from its first task to its last."""

    def __init__(self, cluster: Cluster, job: Job, size: int, say: Say, *, grows: bool) -> None:
        self._cluster = cluster
        self._size = size
        self._grows = grows
        self._client = cluster.client
        self._job = job
        self._say = say
        orders = pickle.dumps(orders_of(job))
        self._errand = Errand(f"hpstudy-{uuid4().hex}", f"{Path.cwd()}", software(), orders)
        self._resources = cluster.resources(job.plan)
        self._futures: list[Future[Outcome]] = []
        self._at_work: dict[str, str] = {}  # tasks that have begun, each with its Dask worker
        self._is_over = False
        self._lost_in_a_row = 0
        self._last_progress = (0, 0)
        self._since = self._looked = time.monotonic()
        self._is_patient = True

    def run(self) -> None:
        self._client.subscribe_topic(self._errand.topic, self._hear)
        try:
            self._fill(self._size)
            while self._futures:
                time.sleep(_LOOK_SECONDS)
                check_interrupts()
                self._check_connection()
                self._take_up([future for future in self._futures if future.done()])
                self._look_for_room()
        finally:
            self._stop()

    def _fill(self, size: int) -> None:
        for _ in range(size - len(self._futures)):
            key = f"hpstudy {self._job.plan.name}-{uuid4().hex}"
            self._futures.append(
                self._client.submit(
                    carry_out, self._errand, key=key, pure=False, resources=self._resources
                )
            )

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Takes what a task tells: that it has begun or ended, or a line of an objective's."""
        told = event[1]
        if "line" in told:
            self._say(told["line"])
        elif told["is_at_work"]:
            self._at_work[told["key"]] = told["at"]
        else:
            self._at_work.pop(told["key"], None)

    def _check_connection(self) -> None:
        """Waits where the scheduler is out of reach, as long as Dask's client tries again."""
        while self._client.status == "connecting":
            time.sleep(_LOOK_SECONDS)
            check_interrupts()
        if self._client.status != "running":
            raise StoppedError(
                f"the Dask scheduler at {self._cluster.name} is gone; finished epochs are kept"
            )

    def _take_up(self, ended: list[Future[Outcome]]) -> None:
        """Takes what tasks came to: they say when all is over, or that they can't go on."""
        self._futures = [future for future in self._futures if future not in ended]
        outcomes = [self._outcome(future) for future in ended]
        for outcome in outcomes:
            if outcome.error is not None:
                raise (StoppedError if outcome.is_stopped else UserError)(outcome.error)
        if any(outcome.code == 0 for outcome in outcomes):
            self._is_over = True
            idle = [future for future in self._futures if future.key not in self._at_work]
            self._client.cancel(idle)
            self._futures = [future for future in self._futures if future not in idle]
        elif outcomes and not self._is_over:
            self._check_progress()
            self._fill(self._size)

    def _outcome(self, future: Future[Outcome]) -> Outcome:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            return future.result(timeout=_ANSWER_SECONDS)
        except (KilledWorker, CancelledError, TimeoutError, OSError):
            return _LOST
        except Exception as error:  # whatever Dask says of a task that it can't begin
            raise UserError(
                f"{self._cluster.name}: Dask can't begin a task, as {described(error)}; hpstudy is "
                "needed where its scheduler and its workers run"
            ) from error

    def _check_progress(self) -> None:
        """Ends a run whose tasks come to nothing again and again, with nothing done meanwhile."""
        with connections(self._job.runs) as database:
            assert database.reader is not None  # what was begun is there
            study = find_study(self._job.plan.name, database.reader)
            trials = [] if study is None else trials_of(study)
            ended = sum(is_finished(trial) or raised(trial) for trial in trials)
            progress = ended, sum(Records(database.reader.engine).counts().values())
        self._lost_in_a_row = 1 if progress != self._last_progress else self._lost_in_a_row + 1
        self._last_progress = progress
        if self._lost_in_a_row >= _MOST_LOST:
            raise UserError(
                f"the workers of {self._cluster.name} die before an epoch is finished: Dask gave "
                f"up {counted(self._lost_in_a_row, 'time')} in a row; their logs say why, and "
                "finished epochs are kept"
            )

    def _look_for_room(self) -> None:
        now = time.monotonic()
        if self._is_over or now - self._looked < _ROOM_SECONDS:
            return
        self._looked = now
        if self._grows:
            with suppress(OSError):  # the scheduler is out of reach, which the next look finds
                self._size = max(self._size, self._cluster.size(self._job.plan, None))
                self._fill(self._size)
        if self._at_work or now - self._since < _PATIENCE_SECONDS:
            return
        if self._is_patient:
            self._say(f"Waiting for a worker of {self._cluster.name} that is free …")
        self._is_patient = False

    def _is_awaited(self) -> bool:
        """Tells whether a task has begun that will say when it ends: its Dask worker is there."""
        if not self._at_work or self._client.status != "running":
            return False
        try:
            there = self._client.scheduler_info(n_workers=-1)["workers"]
        except OSError:  # the scheduler is gone, or will be seen to be
            return True
        return not there.keys().isdisjoint(self._at_work.values())

    def _stop(self) -> None:
        """Has all tasks stopped, and waits for those that have begun."""
        with suppress(Exception):  # the scheduler is gone, and so will they be
            self._client.cancel(self._futures)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline and self._is_awaited():
            time.sleep(_LOOK_SECONDS)
        with suppress(Exception):
            self._client.unsubscribe_topic(self._errand.topic)
