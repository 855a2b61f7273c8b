"""One training, taken up where it was left: finished epochs are read, missing ones trained."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from hpstudy.expected import did_you_mean
from hpstudy.objective import Objective, Room, Runtime, Step, Training, predictions_of, steps_of
from hpstudy.objective.numbers import as_metrics, as_number
from hpstudy.objective.running_seed import seeded
from hpstudy.objective.whole import WholeTraining
from hpstudy.raised import described
from hpstudy.running.failures import ObjectiveFailedError, objectives_own_code
from hpstudy.running.interrupts import deferred_interrupts
from hpstudy.running.versions import versions
from hpstudy.running.watcher import MisfitError, Onlooker, Watcher
from hpstudy.running.whole import run_whole
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.records import Epoch, Identity, Records

_OUR_OWN = {"seconds", "wall_seconds"}  # metrics that every training has


class TrainingSession:
    """A training under its key; the caller holds the key's lock.

    Args:
        objective: What trains.
        identity: The training.
        runtime: How it runs; the precision is the training's own.
        records: Where finished epochs are.
        checkpoints: Where its last state is.
        room: The folders of a program's run.
    """

    def __init__(
        self,
        objective: Objective,
        identity: Identity,
        runtime: Runtime,
        records: Records,
        checkpoints: Checkpoints,
        room: Room | None = None,
    ) -> None:
        self._room = room
        self._has_run = False
        self._objective = objective
        self._identity = identity
        self._runtime = runtime
        self._records = records
        self._checkpoints = checkpoints
        self._training: Training | None = None
        self._at = 0  # the epoch that self._training has reached
        self._seen: int | None = -1  # examples, at its last step; None if not known
        self._is_saved = False  # whether a state of it was saved, and could be read back
        self._is_stale = False  # whether recorded epochs after it are of a faulty objective

    @property
    def key(self) -> str:
        """The training's key."""
        return self._identity.key

    @property
    def training(self) -> Training | None:
        """What trains, once it has begun."""
        return self._training

    @property
    def printed(self) -> Path | None:
        """The file that holds what a program printed, if it ran here."""
        return self._room.log if self._room is not None and self._has_run else None

    def epochs(self, last: int, metric: str, watcher: Onlooker) -> Iterator[Epoch]:
        """Yields the epochs 1 to `last`, each as soon as it is finished and recorded.

        It ends early at an epoch whose metric is None: the training has diverged there. Recorded
        epochs without the metric are of an objective that was mended since: they are trained again.

        Args:
            last: The last epoch that is wanted.
            metric: The metric that every epoch must have.
            watcher: Is told how many epochs were found recorded, if any, and how many of these
                had to be trained again so far.

        Raises:
            ObjectiveFailedError: The objective raised.
            MisfitError: An epoch has no such metric; it is not recorded.
        """
        with deferred_interrupts():
            recorded = self._records.epochs(self.key, last)
            found = list(takewhile(lambda epoch: metric in epoch.metrics, recorded))
            if found:
                watcher.taken_up(len(found), 0)
        for epoch in found:
            yield epoch
            if epoch.metrics[metric] is None:
                return
        number = len(found)
        if number == last:
            return
        self._is_stale = number < len(recorded)
        self._seen = None
        training = self.taken_up(number, watcher)
        while number < last:
            number += 1
            epoch = self._train(training, number, metric)
            yield epoch
            if epoch.metrics[metric] is None:
                return

    def whole(self, metric: str, watcher: Watcher) -> Epoch:
        """Returns the last epoch of a training that runs to its end by itself.

        All of its epochs are recorded at its end, at once: what is recorded is whole.

        Args:
            metric: The metric that the last epoch must have.
            watcher: Is told each epoch as soon as it is finished, and what is found recorded.

        Raises:
            ObjectiveFailedError: The objective raised.
            MisfitError: It doesn't return such a metric; nothing is recorded.
        """
        with deferred_interrupts():
            epochs = self._records.epochs(self.key)
        if epochs and metric in epochs[-1].metrics:
            with deferred_interrupts():
                watcher.taken_up(len(epochs), 0)
            for epoch in epochs:
                watcher.report(epoch)
            return epochs[-1]
        self._has_run = True
        training = self._start()
        assert isinstance(training, WholeTraining)
        training.deadline = watcher.deadline
        is_stale = bool(epochs)
        with seeded(self._identity.seed):
            epochs = run_whole(training, metric, watcher)
        if metric not in epochs[-1].metrics and (words := training.missing(metric)):
            raise MisfitError(words)
        _check_metric(epochs[-1], metric)
        params = {**self._identity.params, **watcher.chosen}
        identity = replace(self._identity, params=params) if watcher.chosen else self._identity
        with deferred_interrupts():
            if is_stale:
                self._records.forget(identity.key, from_epoch=1)
            self._records.add(identity, *epochs, versions=versions(identity.objective))
        return epochs[-1]

    def drop_state(self) -> None:
        """Drops the checkpoints: nothing goes on from them."""
        self._checkpoints.drop(self.key)

    def stop(self) -> None:
        """Leaves the training: nothing of it runs by itself."""

    def taken_up(self, epoch: int, watcher: Onlooker) -> Training:
        """Returns the training at a finished epoch, from the latest state that is still good."""
        if self._training is None or self._at != epoch:
            self._training, first = self._restored(epoch)
            self._at = first
            while self._at < epoch:  # its state was lost: what is recorded is trained again
                self._next_epoch(self._training)
                with deferred_interrupts():
                    watcher.taken_up(epoch, self._at - first)
        return self._training

    def _restored(self, epoch: int) -> tuple[Training, int]:
        saved = self._checkpoints.load(self.key, at_most=epoch)
        if saved is not None:
            training = self._start()
            try:
                with self.own_code():
                    training.load_state_dict(saved[1])
            except ObjectiveFailedError as error:  # it is as good as none
                why = described(error.cause)
                print(f"The state of epoch {saved[0]} can't be taken up: {why}", file=sys.stderr)
                return self._start(), 0
            return training, saved[0]
        return self._start(), 0

    @contextmanager
    def own_code(self) -> Iterator[None]:
        """Runs a block of the objective's under the training's seed.

        Raises:
            ObjectiveFailedError: It raised.
        """
        with seeded(self._identity.seed), objectives_own_code():
            yield

    def _start(self) -> Training:
        with self.own_code():
            return self._objective.start(
                self._identity.params,
                seed=self._identity.seed,
                settings=self._identity.settings,
                runtime=replace(self._runtime, precision=self._identity.precision),
                room=self._room,
            )

    def _next_epoch(self, training: Training) -> dict[str, float | None]:
        with self.own_code():
            metrics = as_metrics(training.epoch())
        self._at += 1
        return metrics

    def _train(self, training: Training, number: int, metric: str) -> Epoch:
        start = time.perf_counter()
        metrics = self._next_epoch(training)
        wall = time.perf_counter() - start
        epoch = Epoch(number, {"seconds": wall, **metrics, "wall_seconds": wall})
        _check_metric(epoch, metric)
        with deferred_interrupts():  # this epoch is finished: whatever happens now, it is kept
            self._record(training, epoch, has_diverged=epoch.metrics[metric] is None)
        with deferred_interrupts() if self._checkpoints.is_in_database else nullcontext():
            self._checkpoints.send(self.key, number)  # that may take long, and fail
        return epoch

    def _record(self, training: Training, epoch: Epoch, *, has_diverged: bool) -> None:
        keep_state = not has_diverged and self._objective.keeps_state
        seen = self._last_seen(epoch.number)
        with self.own_code():
            state = training.state_dict() if keep_state else None
            steps = _checked_steps(steps_of(training), seen)
            predictions = _checked_predictions(predictions_of(training))
        if state is not None:
            self._save(epoch.number, state)
        self._seen = steps[-1].seen if steps else seen
        if self._is_stale:
            self._records.forget(self.key, epoch.number)
            self._is_stale = False
        self._records.add(
            self._identity,
            epoch,
            steps=steps,
            predictions=predictions,
            versions=versions(self._identity.objective),
        )
        if keep_state:  # the state before this one was good until this epoch was recorded
            self._checkpoints.keep_only(self.key, epoch.number)

    def _last_seen(self, epoch: int) -> int:
        """Returns the examples seen before an epoch, as far as steps tell; -1 for none."""
        if self._seen is None:  # it was taken up at a recorded epoch
            before = self._records.steps(self.key, epoch - 1)
            self._seen = before[-1].seen if before else -1
        return self._seen

    def _save(self, epoch: int, state: dict[str, Any]) -> None:
        """Saves a state; one that can't be saved is the objective's, a disk that fails isn't."""
        try:
            with objectives_own_code():
                self._checkpoints.save(self.key, epoch, state)
                if not self._is_saved and not self._checkpoints.has(self.key, epoch):
                    raise TypeError(
                        "state_dict: expected a dict of JSON values or tensors, which can be read "
                        f"back, found {_kinds(state)}"
                    )
            self._is_saved = True
        except ObjectiveFailedError as error:
            if isinstance(error.cause, OSError):
                raise error.cause from None
            raise


def _kinds(state: object) -> str:
    """Names the parts of a state with their types."""
    if not isinstance(state, Mapping):
        return type(state).__name__
    return ", ".join(f"{name} ({type(value).__name__})" for name, value in state.items())


def _checked_steps(steps: Sequence[Step], seen: int) -> list[Step]:
    """Returns an epoch's steps as plain numbers; `seen` is what was seen before it."""
    found = []
    for step in steps:
        now = int(as_number(step.seen))
        if now <= seen:
            raise ValueError(
                f"steps: expected `seen` to grow over the whole training, found {now} after {seen}"
            )
        found.append(Step(now, as_number(step.loss), as_number(step.accuracy)))
        seen = now
    return found


def _checked_predictions(predictions: bytes | None) -> bytes | None:
    if predictions is not None and not isinstance(predictions, (bytes, bytearray)):
        raise TypeError(f"expected predictions as bytes, found {type(predictions).__name__}")
    return predictions


def _check_metric(epoch: Epoch, metric: str) -> None:
    if metric not in epoch.metrics:
        names = [name for name in epoch.metrics if name not in _OUR_OWN]
        raise MisfitError(
            f"metric {metric!r} is not among what the objective returns: "
            f"{', '.join(names) or 'nothing'}{did_you_mean(metric, names)}"
        )
