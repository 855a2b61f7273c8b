"""A program that is told how long to train, as the fidelity: it says its epochs one by one.

It is told the longest that is planned, and runs once: shorter levels are its earlier epochs, as its
user says that these don't depend on the length. It runs on while nobody asks for the next. A longer
level later runs it anew, or on from its own checkpoint; what it says again is recorded already.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from hpstudy.objective import Objective, Room, Runtime
from hpstudy.objective.command_training import CommandTraining
from hpstudy.objective.numbers import as_metrics
from hpstudy.plans.points import Plan
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.running.failures import ObjectiveFailedError, objectives_own_code
from hpstudy.running.interrupts import deferred_interrupts
from hpstudy.running.resume import TrainingSession
from hpstudy.running.versions import versions
from hpstudy.running.watcher import MisfitError, Watcher
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import Runs
from hpstudy.store.records import Epoch, Identity, Records


def room_of(plan: Plan, planned: PlannedPoint, checkpoints: Checkpoints, runs: Runs) -> Room:
    """Returns a program's folders, and how far it is to go.

    Args:
        plan: What is to run.
        planned: The point whose training it is.
        checkpoints: Where its own checkpoint is.
        runs: Where a run's files go.
    """
    home = runs.programs / planned.key
    fidelity = plan.study.fidelity if plan.scenario.incremental else None
    return Room(
        run_dir=home / "run",
        checkpoint=checkpoints.folder_of(planned.key),
        log=home / "output.txt",
        epochs={} if fidelity is None else {fidelity: plan.longest(planned)},
    )


def begun(
    plan: Plan,
    planned: PlannedPoint,
    objective: Objective,
    records: Records,
    checkpoints: Checkpoints,
    runs: Runs,
) -> TrainingSession | PacedSession:
    """Returns a point's training, to be asked for epochs; the caller holds its key's lock.

    Args:
        plan: What is to run.
        planned: The point.
        objective: What trains.
        records: Where finished epochs are.
        checkpoints: Where last states are.
        runs: Where a run's files go.
    """
    room = room_of(plan, planned, checkpoints, runs) if objective.is_program else None
    what = objective, planned.identity, plan.scenario.runtime, records, checkpoints
    if room is not None and plan.scenario.incremental:
        return PacedSession(*what, room)
    return TrainingSession(*what, room)


_SHARE = 10  # packing takes at most this part of the time: it runs on meanwhile


class PacedSession:
    """Such a training under its key; the caller holds the key's lock.

    Args:
        objective: What trains.
        identity: The training.
        runtime: How it runs.
        records: Where finished epochs are.
        checkpoints: Where its folder for its own checkpoints is.
        room: Its folders, and how far it is to go.
    """

    def __init__(
        self,
        objective: Objective,
        identity: Identity,
        runtime: Runtime,
        records: Records,
        checkpoints: Checkpoints,
        room: Room,
    ) -> None:
        self._objective = objective
        self._identity = identity
        self._runtime = runtime
        self._records = records
        self._checkpoints = checkpoints
        self._room = room
        self._training: CommandTraining | None = None
        self._deadline: float | None = None
        self._sends_after = 0.0

    @property
    def key(self) -> str:
        """The training's key."""
        return self._identity.key

    @property
    def printed(self) -> Path | None:
        """The file that holds what it printed, if it ran here."""
        return None if self._training is None else self._room.log

    def epochs(self, last: int, metric: str, watcher: Watcher) -> Iterator[Epoch]:
        """Yields the epochs up to `last`, each as soon as it is finished and recorded.

        Not every one has the metric, but the last has it. It ends early where that is None: the
        training has diverged there.

        Args:
            last: The last epoch that is wanted.
            metric: The metric that counts.
            watcher: Is told how many epochs were found recorded.

        Raises:
            ObjectiveFailedError: It failed, or doesn't say the wanted epoch.
            MisfitError: It has no such metric.
        """
        with deferred_interrupts():
            recorded = self._records.epochs(self.key, last)
        self._deadline = watcher.deadline
        whole = any(self._is_last(epoch, last, metric) for epoch in recorded)
        course = self._found(recorded, watcher) if whole else self._run(recorded, last, watcher)
        for epoch in course:
            if epoch.number == last and metric not in epoch.metrics:
                assert self._training is not None  # else it is not whole
                raise MisfitError(self._training.missing(metric))
            yield epoch
            if epoch.number == last or epoch.metrics.get(metric, 0.0) is None:
                return

    def drop_state(self) -> None:
        """Drops its checkpoints: nothing goes on from them."""
        self.stop()
        self._checkpoints.drop(self.key)

    def stop(self) -> None:
        """Ends it, if it runs."""
        training, self._training = self._training, None
        if training is not None:
            training.stop()

    def _is_last(self, epoch: Epoch, last: int, metric: str) -> bool:
        """Tells whether nothing is to be trained after a recorded epoch."""
        if metric not in epoch.metrics:
            return False
        return epoch.number == last or epoch.metrics[metric] is None

    def _found(self, recorded: Sequence[Epoch], watcher: Watcher) -> Iterator[Epoch]:
        if recorded:
            with deferred_interrupts():
                watcher.taken_up(len(recorded), 0)
        yield from recorded

    def _run(self, recorded: Sequence[Epoch], last: int, watcher: Watcher) -> Iterator[Epoch]:
        """Yields what is recorded before the epoch that it is at, and then its own."""
        if self._training is not None:  # it runs on, from a shorter level
            yield from self._found(recorded, watcher)
        else:
            begun = self._begin({epoch.number for epoch in recorded}, last)
            before = [epoch for epoch in recorded if epoch.number < begun[0].number]
            yield from self._found(before, watcher)
            yield from map(self._recorded, begun)
        while True:
            yield self._recorded(self._next(last))

    def _begin(self, known: Set[int], last: int) -> list[Epoch]:
        """Starts it, and returns the first epoch that it comes to.

        What an earlier run had said before it was ended comes before that. It starts over where its
        checkpoint has left the wanted epoch behind.

        Args:
            known: The recorded epochs.
            last: The epoch that is wanted.
        """
        with self._sending():
            self._checkpoints.fetch_program(self.key, self._room.said)
        kept = self._room.checkpoint
        had_checkpoint = kept.is_dir() and any(kept.iterdir())
        training = self._start()
        try:
            first = self._next(last)
        except ObjectiveFailedError:
            if not had_checkpoint or training.number <= last:
                raise
            self.drop_state()
            return self._begin(known, last)
        before = [
            _epoch(number, as_metrics(metrics))
            for number, metrics in sorted(training.before.items())
            if number not in known
        ]
        return [*before, first]

    def _start(self) -> CommandTraining:
        with deferred_interrupts(), objectives_own_code():  # what is half begun is nobody's
            training = self._objective.start(
                self._identity.params,
                seed=self._identity.seed,
                settings=self._identity.settings,
                runtime=self._runtime,
                room=self._room,
            )
            assert isinstance(training, CommandTraining)
            self._training = training
        return training

    def _next(self, last: int) -> Epoch:
        """Waits for its next epoch."""
        training = self._training
        assert training is not None  # it is at work
        training.deadline = self._deadline
        with objectives_own_code():
            metrics = as_metrics(training.epoch())
            if training.number > last:
                raise training.failed(f"says no epoch {last}, but {training.number}")
            if training.has_ended and training.number < last:
                name = next(iter(self._room.epochs))
                raise training.failed(
                    f"ended after epoch {training.number}: with fidelity = {name!r} it is to say "
                    f"each epoch up to {last}"
                )
        return _epoch(training.number, metrics)

    def _recorded(self, epoch: Epoch) -> Epoch:
        with deferred_interrupts():
            self._records.add(self._identity, epoch, versions=versions(self._identity.objective))
        start = time.monotonic()
        if start >= self._sends_after or (self._training is not None and self._training.has_ended):
            with self._sending():
                self._checkpoints.send_program(self.key, epoch.number, self._room.said)
            self._sends_after = start + _SHARE * (time.monotonic() - start)
        return epoch

    def _sending(self) -> AbstractContextManager[None]:
        return deferred_interrupts() if self._checkpoints.is_in_database else nullcontext()


def _epoch(number: int, metrics: Mapping[str, float | None]) -> Epoch:
    return Epoch(number, {**metrics, "wall_seconds": metrics["seconds"]})
