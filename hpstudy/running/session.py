"""One training, taken up where it was left: finished epochs are read, missing ones trained."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from numbers import Real
from pathlib import Path
from platform import machine, processor, python_version

from hpstudy.checkpoints import Checkpoints
from hpstudy.objective import Objective, Runtime, Training, predictions_of, steps_of
from hpstudy.records import Epoch, Identity, Records
from hpstudy.running.interrupts import deferred_interrupts


class TrainingSession:
    """A training under its key; the caller holds the key's lock.

    Args:
        objective: What trains.
        identity: The training.
        runtime: How it runs; the precision is the training's own.
        records: Where finished epochs are.
        checkpoints: Where its last state is.
    """

    def __init__(
        self,
        objective: Objective,
        identity: Identity,
        runtime: Runtime,
        records: Records,
        checkpoints: Checkpoints,
    ) -> None:
        self._objective = objective
        self._identity = identity
        self._runtime = runtime
        self._records = records
        self._checkpoints = checkpoints
        self._training: Training | None = None
        self._at = 0  # the epoch that self._training has reached

    @property
    def key(self) -> str:
        """The training's key."""
        return self._identity.key

    def epochs(self, last: int, *, keep_state: bool) -> Iterator[Epoch]:
        """Yields the epochs 1 to `last`, each as soon as it is finished and recorded.

        Args:
            last: The last epoch that is wanted.
            keep_state: Whether the state after `last` is kept, to go on from it later.
        """
        with deferred_interrupts():
            recorded = self._records.epochs(self.key, last)
        yield from recorded
        if len(recorded) < last:
            training = self._taken_up(len(recorded))
            for number in range(len(recorded) + 1, last + 1):
                yield self._train(training, number, keep_state=keep_state or number < last)

    def drop_state(self) -> None:
        """Drops the checkpoints: nothing needs them any more."""
        self._checkpoints.drop(self.key)

    def _taken_up(self, epoch: int) -> Training:
        """Returns the training at a finished epoch, from the latest state that is still good."""
        if self._training is None or self._at != epoch:
            self._training, self._at = self._restored(epoch)
            while self._at < epoch:  # its state was lost: what is recorded is trained again
                self._next_epoch(self._training)
        return self._training

    def _restored(self, epoch: int) -> tuple[Training, int]:
        saved = self._checkpoints.load(self.key, at_most=epoch)
        if saved is not None:
            training = self._start()
            try:
                training.load_state_dict(saved[1])
            except Exception:  # a state that the training can't take up is as good as none
                return self._start(), 0
            return training, saved[0]
        return self._start(), 0

    def _start(self) -> Training:
        return self._objective.start(
            self._identity.params,
            seed=self._identity.seed,
            settings=self._identity.settings,
            runtime=replace(self._runtime, precision=self._identity.precision),
        )

    def _next_epoch(self, training: Training) -> Mapping[str, float]:
        with redirect_stdout(sys.stderr):  # stdout is for results
            metrics = training.epoch()
        self._at += 1
        return metrics

    def _train(self, training: Training, number: int, *, keep_state: bool) -> Epoch:
        start = time.perf_counter()
        metrics = _checked(self._next_epoch(training))
        wall = time.perf_counter() - start
        epoch = Epoch(number, {"seconds": wall, **metrics, "wall_seconds": wall})
        with deferred_interrupts():  # this epoch is finished: whatever happens now, it is kept
            self._record(training, epoch, keep_state=keep_state)
        return epoch

    def _record(self, training: Training, epoch: Epoch, *, keep_state: bool) -> None:
        keep_state = keep_state and not self._objective.is_function
        if keep_state:
            self._checkpoints.save(self.key, epoch.number, training.state_dict())
        self._records.add(
            self._identity,
            epoch,
            steps=steps_of(training),
            predictions=predictions_of(training),
            versions=_versions(),
        )
        if keep_state:  # the state before this one was good until this epoch was recorded
            self._checkpoints.keep_only(self.key, epoch.number)


def _checked(metrics: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(metrics, Mapping):
        raise TypeError(f"expected metrics as a mapping, found {type(metrics).__name__}")
    for name, value in metrics.items():
        if not isinstance(value, Real):
            raise TypeError(f"metric {name!r}: expected a number, found {value!r}")
    return {str(name): float(value) for name, value in metrics.items()}


def metric_value(epoch: Epoch, metric: str) -> float:
    """Returns the metric that counts.

    Raises:
        ValueError: The training gives no such metric, or it is no finite number.
    """
    if metric not in epoch.metrics:
        raise ValueError(
            f"metric {metric!r} is not among what the objective returns: "
            f"{', '.join(m for m in epoch.metrics if m != 'wall_seconds')}"
        )
    value = epoch.metrics[metric]
    if value is None or not math.isfinite(value):
        raise ValueError(f"metric {metric!r} is not a finite number after epoch {epoch.number}")
    return value


def _versions() -> dict[str, str]:
    """Returns what sums may round by: the software's versions and the kind of processor."""
    found = {"python": python_version(), "processor": _processor()}
    for package in ("hpstudy", "optuna", *(["torch"] if "torch" in sys.modules else [])):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a folder that was not installed
            found[package] = "unknown"
    return found


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")  # Linux: `platform.processor` is mostly empty there
    lines = cpus.read_text().splitlines() if cpus.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or processor() or machine()
