"""A program's run as a training: the lines that it prints become epochs while it runs."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from hpstudy.expected import did_you_mean, one_line
from hpstudy.objective.command import Command, Room
from hpstudy.objective.command_epochs import Epochs, Finished, History
from hpstudy.objective.command_process import Lines, Process
from hpstudy.objective.training import Params, Runtime, Settings
from hpstudy.objective.whole import TOO_LONG, Runner, WholeTraining

_LAST_LINES = 20
_CHUNK = 1 << 20


class ProgramFailedError(Exception):
    """A program came to no good end: why, in a line, and the last that it printed."""

    def __init__(self, line: str, last: str = "") -> None:
        super().__init__(line)
        self.last = last


class CommandTraining(WholeTraining):
    """A run of a program, as a training; its epochs are those of `Epochs`.

    It runs to its end by itself, or is asked for one epoch after the other.

    Attributes:
        number: The last finished epoch; 0 before the first.
        has_ended: Whether the program has ended, and so there is no more.
    """

    version = 1

    def __init__(
        self,
        command: Command,
        folder: Path,
        params: Params,
        *,
        seed: int,
        settings: Settings,
        room: Room | None = None,
        runtime: Runtime | None = None,  # which no program is told
    ) -> None:
        self.number = 0
        self.has_ended = False
        self._command = command
        self._folder = folder
        self._room = _room_of_its_own() if room is None else room
        own = {k: v for k, v in settings.items() if k != "validation"}
        self._options = {**params, **self._room.epochs, **own}
        self._values = {**settings, **self._options}
        self._seed = seed
        self._epochs = Epochs(command.output, keeps_all=bool(self._room.epochs))
        self._unread: deque[str] = deque()  # whoever asks may be interrupted in between
        self._history = History(self._room.said, goes_on="checkpoint" in command.names)
        self._epochs.shift = self._history.shift
        file = command.file(self._values, seed=seed, room=self._room)
        self._file = None if file is None else _Growing(folder / file)
        self._is_over = False
        self._process = self._started()
        self._course = self._run()

    def epoch(self) -> Mapping[str, float]:
        """Waits until one more epoch is finished, and returns its metrics and `seconds`.

        Raises:
            ProgramFailedError: The program failed, or ran longer than it may.
        """
        try:
            finished = next(self._course)
        except TimeoutError:
            raise self.failed(f"was ended: {TOO_LONG}") from None
        except ValueError as error:  # what it says is no number
            self.stop()
            raise ProgramFailedError(f"{error}", self._told()) from error
        if not self.number:
            self._history.begin(finished.number)
        self.number = finished.number
        self._history.add(finished, self._epochs.shift)
        return _timed(finished)

    def run(self, runner: Runner) -> Mapping[str, float]:
        """Runs to the end; what an earlier run had said before its checkpoint is told first.

        Raises:
            ProgramFailedError: The program failed, or ran longer than it may.
            TrialPruned: It was of no use to go on.
        """
        try:
            metrics = self.epoch()
            for earlier in self.before.values():
                _tell(runner, earlier)
            while not self.has_ended:
                _tell(runner, metrics)
                metrics = self.epoch()
            if self._epochs.number:
                runner.tell(metrics)
        except BaseException:
            self.stop()
            raise
        return metrics

    @property
    def before(self) -> Mapping[int, Mapping[str, float]]:
        """The epochs that an earlier run had come to before this one went on, by number."""
        return {number: _timed(earlier) for number, earlier in self._history.before.items()}

    def failed(self, why: str) -> ProgramFailedError:
        """Ends it, and returns why it failed, with what it printed last."""
        self.stop()
        return ProgramFailedError(f"{self._command.program} {why}", self._told())

    def missing(self, metric: str) -> str:
        """Says that it has not said a metric, and what it has."""
        program, names = self._command.program, [*self._epochs.names]
        last = " | ".join(self._process.last_lines(3))
        printed = f"it printed {one_line(last, 200)!r}" if last else "it printed nothing"
        pattern = self._command.output.patterns.get(metric)
        if pattern is not None:
            return f"output.{metric}: {pattern!r} matches nothing of {program}: {printed}"
        if not names:
            return (
                f"metric {metric!r}: {program} says no number with a name: {printed}; [output] "
                "says where one stands"
            )
        return (
            f"metric {metric!r} is not among what {program} says: {', '.join(names)}"
            f"{did_you_mean(metric, names)}"
        )

    def last_lines(self) -> str:
        """Returns the last lines that it printed, on stderr if there are any."""
        return "\n".join(self._process.last_lines(_LAST_LINES))

    def stop(self) -> None:
        """Ends it; what it says meanwhile is kept."""
        if self._is_over:
            return
        self._is_over = True
        for lines in self._process.stop():
            self._hear(lines)
        with suppress(ValueError):  # it is too late to complain
            for finished in self._finished():
                self._history.add(finished, self._epochs.shift)
        if not self.has_ended and self._epochs.number:
            self._history.add(self._epochs.broken_off(), self._epochs.shift)

    def _told(self) -> str:
        return f"{self.last_lines()}\nAll that it printed: {self._room.log}".lstrip()

    def _started(self) -> Process:
        names = self._command.names
        shutil.rmtree(self._room.run_dir, ignore_errors=True)
        folders = {"run_dir": self._room.run_dir, "checkpoint": self._room.checkpoint}
        for name in names & folders.keys():
            folders[name].mkdir(parents=True, exist_ok=True)
        arguments = self._command.filled(
            self._values, self._options, seed=self._seed, room=self._room
        )
        try:
            return Process(arguments, self._folder, self._room.log)
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            name = one_line(arguments[0], 60)
            raise ProgramFailedError(f"{name} can't be started: {error.strerror}") from error

    def _run(self) -> Iterator[Finished]:
        """Yields the epochs as they are finished."""
        for lines in self._process.lines(lambda: self.deadline):
            self._hear(lines)
            yield from self._finished()
        self._check_end()
        if self._file is not None:
            self._unread.extend(self._file.rest())
            yield from self._finished()
        self.has_ended = True
        yield self._epochs.last()

    def _hear(self, printed: Sequence[str]) -> None:
        """Takes in the lines that metrics are looked for in."""
        self._unread.extend(printed if self._file is None else self._file.lines())

    def _finished(self) -> Iterator[Finished]:
        """Yields the epochs that the lines that are taken in have finished."""
        while self._unread:
            if (finished := self._epochs.take(self._unread.popleft())) is not None:
                yield finished

    def _check_end(self) -> None:
        code = self._process.exit_code
        last = self._process.last_lines(1)
        why = f": {one_line(last[0])}" if last else ""
        if code < 0:
            raise self.failed(f"was killed by {signal.Signals(-code).name}{why}")
        if code > 0:
            hint = self._command.hint(why, self._options)
            raise self.failed(f"ended with exit code {code}{why}{hint}")
        if self._file is not None and not self._file.exists():
            raise self.failed(f"wrote no {self._command.output.file}")


class _Growing:
    """A file that a program writes to; what was there before is not its."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = Lines()
        self._at = self._size()

    def lines(self) -> Iterator[str]:
        """Yields the lines that are new."""
        if self._size() < self._at:  # it was begun anew
            self._at = 0
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._at)
            while chunk := file.read(_CHUNK):
                self._at += len(chunk)
                yield from self._lines.feed(chunk)

    def rest(self) -> Iterator[str]:
        """Yields the lines that are new, as it grows no more."""
        yield from self.lines()
        yield from self._lines.rest()

    def exists(self) -> bool:
        """Tells whether there is such a file."""
        return self._path.is_file()

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0


def _timed(finished: Finished) -> Mapping[str, float]:
    return {"seconds": finished.seconds, **finished.metrics}


def _tell(runner: Runner, metrics: Mapping[str, float]) -> None:
    if runner.tell(metrics):
        from optuna import TrialPruned

        raise TrialPruned


def _room_of_its_own() -> Room:
    folder = Path(tempfile.mkdtemp(prefix="hpstudy-"))
    return Room(folder / "run", folder / "checkpoint", folder / "output.txt", {})
