"""What a Dask worker does for us: it starts a process of ours, and passes on what that tells.

Nothing of an objective runs in the Dask worker itself: its memory limit, its threads and its
daemonic processes don't touch a training. The process ends with the worker that started it, be that
killed: it goes on only as long as its standard input is open.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from hpstudy import __version__

if TYPE_CHECKING:
    from distributed import Worker

_LOOK_SECONDS = 0.2
_STOP_SECONDS = 40.0  # a process that was told to stop; its own worker gets 30 of these
_AT_WORK = {"init", "running", "paused"}  # a Dask worker's; else it is about to end
_COMMAND = (sys.executable, "-P", "-m", "hpstudy.running.remote")


def software() -> dict[str, str]:
    """Returns the versions that who asks and who works have to have in common, by name."""
    return {"Python": ".".join(platform.python_version_tuple()[:2]), "hpstudy": __version__}


@dataclass(frozen=True)
class Errand:
    """What a Dask worker is asked to do.

    Dask shows it in its logs and on its pages: so its text holds nothing of the job.

    Attributes:
        topic: Dask's name for what is told of it: what objectives write, begin and end.
        folder: Where the command was started; the process starts there too, where there is one.
        software: The versions where it was asked.
        orders: The pickled orders of the process.
    """

    topic: str
    folder: str
    software: dict[str, str]
    orders: bytes = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What came of an errand.

    Attributes:
        code: The process's exit code: 0 where nothing is left to do.
        error: Why it can't go on; None where it said nothing of the kind.
        is_stopped: Whether that is no wrong input: it was good when it began.
    """

    code: int
    error: str | None = None
    is_stopped: bool = False


def carry_out(errand: Errand) -> Outcome:
    """Runs in a thread of a Dask worker, to the end of the process that it starts."""
    from distributed import get_worker

    if (here := software()) != errand.software:
        found, expected = (" ".join(map(" ".join, one.items())) for one in (here, errand.software))
        return Outcome(2, f"Dask's worker on {platform.node()} has {found}; expected {expected}")
    return _Process(errand, get_worker()).run()


class _Process:
    def __init__(self, errand: Errand, worker: Worker) -> None:
        self._errand = errand
        self._worker = worker
        self._key = worker.get_current_task()
        self._error: dict[str, Any] = {}

    def run(self) -> Outcome:
        folder = self._errand.folder
        with subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder if Path(folder).is_dir() else None,
            start_new_session=True,  # Ctrl-C at a terminal: who asked for it decides
        ) as process:
            assert process.stdin is not None
            self._tell(is_at_work=True)
            try:
                reader = threading.Thread(target=self._pass_on, args=(process.stdout,))
                reader.start()
                with suppress(BrokenPipeError):  # it has ended, and says why
                    process.stdin.write(self._errand.orders)
                    process.stdin.flush()
                self._follow(process, process.stdin)
                reader.join()
            finally:
                process.kill()
                self._tell(is_at_work=False)
        return Outcome(process.returncode, **self._error)

    def _follow(self, process: subprocess.Popen[bytes], wanted: IO[bytes]) -> None:
        """Waits for the process; asks it to stop as soon as nobody wants it any more."""
        deadline = None
        while process.poll() is None:
            if deadline is None and not self._is_wanted():
                deadline = time.monotonic() + _STOP_SECONDS
                with suppress(BrokenPipeError):
                    wanted.close()
            if deadline is not None and time.monotonic() > deadline:
                process.kill()
            time.sleep(_LOOK_SECONDS)

    def _is_wanted(self) -> bool:
        """Tells whether Dask still wants this task, and the worker is not about to end.

        It doesn't where the task was cancelled, or whoever asked for it is gone.
        """
        task = self._worker.state.tasks.get(self._key)
        is_executing = task is not None and task.state in ("executing", "long-running")
        return is_executing and self._worker.status.name in _AT_WORK

    def _pass_on(self, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                told = json.loads(line)
                if "line" in told:
                    self._tell(**told)
                else:
                    self._error = told

    def _tell(self, **told: Any) -> None:  # noqa: ANN401
        with suppress(Exception):  # the worker is about to end: nobody hears of it
            self._worker.log_event(
                self._errand.topic, {"key": self._key, "at": self._worker.address, **told}
            )
