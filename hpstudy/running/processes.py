"""How worker processes begin and end.

They are forked from a clean process that has imported what all of them import: multiprocessing's
fork server, which runs nothing of an objective and has neither a second thread nor a GPU. Where
forking is not safe even so (macOS), or not there (Windows), each is spawned and imports for itself.
"""

from __future__ import annotations

import atexit
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NoReturn

from hpstudy.errors import UserError
from hpstudy.files import flush_files
from hpstudy.running.interrupts import blocked_signals
from hpstudy.running.threads import thread_variables

_FORKS = sys.platform == "linux"

GUARDED = 'what a script does belongs under `if __name__ == "__main__":`: workers import it too'

Context = ForkServerContext | SpawnContext


@contextmanager
def guarded() -> Iterator[None]:
    """Says of a script whose workers would start workers what is wrong with it.

    Raises:
        UserError: This is a worker, at its script's first lines.
    """
    try:
        yield
    except RuntimeError as error:
        if "bootstrapping" not in f"{error}":
            raise
        raise UserError(GUARDED) from None


def prepare() -> Context:
    """Returns what starts workers; what they need is being imported from now on, aside."""
    if not _FORKS:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver, resource_tracker

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["hpstudy.running.preloaded"])
    resource_tracker.ensure_running()  # as it begins, it lets signals through that are held back
    path = os.pathsep.join(sys.path)  # what this process would import, and no other of its name
    with blocked_signals(), _environment({"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}, threads=1):
        forkserver.ensure_running()
    return context


@contextmanager
def starting(threads: int) -> Iterator[dict[str, str]]:
    """In the block, a worker can be started, which will `take_over` the environment that it gives.

    Signals that ask it to stop are held back until it heeds them.

    Args:
        threads: Threads of one training.
    """
    prepare()
    with blocked_signals(), _environment({}, threads) as environment:
        yield environment


@contextmanager
def spawning(threads: int) -> Iterator[SpawnContext]:
    """In the block, a process can be started from nothing: with a hash seed of its own, too.

    Signals that ask it to stop are held back until it heeds them.

    Args:
        threads: Threads of one training.
    """
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # as it begins, it lets signals through that are held back
    with blocked_signals(), _environment({}, threads):
        yield multiprocessing.get_context("spawn")


def take_over(environment: Mapping[str, str]) -> None:
    """Makes a worker that was forked what it would be if it had been spawned now."""
    atexit.register(flush_files)  # after all that an objective registers
    os.environ.clear()
    os.environ.update(environment)
    if (random := sys.modules.get("numpy.random")) is not None:
        random.seed()  # else what is drawn without a seed were the same in all (NumPy 1)


def end_with_parent() -> None:
    """Asks this process to stop as soon as its parent is gone."""
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def kill_all(process: BaseProcess) -> None:
    """Kills a process and, where the system tells which (Linux), all that it has started."""
    below = _started_by(process.pid)
    process.kill()
    for pid in below:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _started_by(pid: int | None) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return [one for one in found[1:] if one is not None]


def end(code: int) -> NoReturn:
    """Ends a worker as Python ends: what is to be done at exit is done, files are flushed."""
    if _FORKS:
        ctypes.pythonapi.Py_Exit(code)  # by itself a forked process just stops
    sys.exit(code)


@contextmanager
def _environment(changes: Mapping[str, str], threads: int) -> Iterator[dict[str, str]]:
    """Changes the environment for the block: of processes that are started in it."""
    before = dict(os.environ)
    os.environ.update({**changes, **thread_variables(threads)})
    try:
        yield dict(os.environ)
    finally:
        os.environ.clear()
        os.environ.update(before)
