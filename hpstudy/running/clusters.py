"""What `--cluster` may name: a scheduler, a file that tells of one, or what asks for machines.

Whoever reaches a Dask scheduler can run code on its workers, and sees the database's address: keep
it in a network of your own, or give a `tls://` address (Dask's configuration says with which
certificates).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, listed
from hpstudy.raised import described
from hpstudy.running.cluster import Cluster
from hpstudy.running.crew import Crew
from hpstudy.running.interrupts import kept_handlers

if TYPE_CHECKING:
    from distributed import Client

_ANSWER_SECONDS = 5.0
_ADDRESS = re.compile(r"([a-z]+://)?\S+:\d+")
_PODS = "kubernetes"
# What asks for machines, by Dask's configuration, and its class in dask_jobqueue.
_QUEUES = {
    "htcondor": "HTCondorCluster",
    "lsf": "LSFCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "slurm": "SLURMCluster",
}
_NAMES = ("local", _PODS, *_QUEUES)


@contextmanager
def crew_at(where: str | None, workers: int | None, *, plan: bool = False) -> Iterator[Crew]:
    """Gives who does the work for the block, on a cluster if one is given.

    One that is made for the block ends with it.

    Args:
        where: `--cluster`: the address of a scheduler, the file that it wrote, "local", or the
            name of what is asked for machines, such as "slurm"; None for processes here.
        workers: How many workers to run; as many as are of use where None.
        plan: Whether nothing is to be run: then they are counted alone.

    Raises:
        UserError: There is no such cluster.
    """
    if where is None:
        yield Crew(workers)
        return
    if find_spec("distributed") is None:
        raise UserError("--cluster: needs Dask: pip install 'hpstudy[cluster]'")
    _silence()
    with ExitStack() as stack:
        ask_for: Callable[[int], object] | None = None
        if where not in _NAMES:
            to: Any = _address(where)
            places = asyncio.run(_places(to, where))
            if plan:
                yield Crew(workers or places)
                return
        elif where != "local" and workers is None:
            raise UserError(f"--cluster {where}: expected --workers N, how many to ask for")
        elif plan:
            yield Crew(workers)
            return
        elif where == "local":
            to = stack.enter_context(_local(workers))
        else:
            to = stack.enter_context(_asking(where))
            ask_for = to.scale
        yield Crew(workers, Cluster(_connected(to, where, stack), where, ask_for))


def _silence() -> None:
    """Keeps Dask from logging here: what is wrong, we say."""
    import distributed  # noqa: F401 - it sets levels as it is imported

    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _address(where: str) -> str:
    """Returns the address of a scheduler that runs."""
    if Path(where).is_file():
        try:
            return str(json.loads(Path(where).read_bytes())["address"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"--cluster {where}: expected what `dask scheduler --scheduler-file` writes, found "
                f"something else: {described(error)}"
            ) from error
    if where.endswith(".json"):
        raise UserError(
            f"--cluster {where}: no such file; `dask scheduler --scheduler-file` writes it"
        )
    if not _ADDRESS.fullmatch(where):
        raise UserError(
            "--cluster: expected the address of a Dask scheduler, such as tcp://host:8786, the "
            f"file that it wrote, {listed(_NAMES)}, found {where!r}{did_you_mean(where, _NAMES)}"
        )
    return where


async def _places(address: str, where: str) -> int:
    """Asks who is at an address, and for how many threads it has workers.

    Dask's client would ask for ever where it is something else.
    """
    from distributed import Security
    from distributed.core import rpc

    try:
        secured = Security().get_connection_args("client")
        async with rpc(address, timeout=_ANSWER_SECONDS, connection_args=secured) as at:
            found = await asyncio.wait_for(at.identity(), _ANSWER_SECONDS)
    except Exception as error:  # of the address, the network, the certificates, or of versions
        reason = _reason(error)
        raise UserError(f"--cluster {where}: expected a Dask scheduler: {reason}") from error
    if found.get("type") != "Scheduler":
        raise UserError(f"--cluster {where}: expected a Dask scheduler, found {found.get('type')}")
    return int(found.get("total_threads", 0))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):  # Dask tries again and again
        return f"nobody answers within {_ANSWER_SECONDS:g} s"
    if isinstance(error, TypeError) and "ssl" in f"{error}":
        return "for tls:// Dask's configuration has to name certificates (distributed.comm.tls)"
    return described(error)


def _connected(to: Any, where: str, stack: ExitStack) -> Client:  # noqa: ANN401
    from distributed import Client

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions: what has to be the same, each task says
            client = Client(to, timeout=_ANSWER_SECONDS, set_as_default=False)
    except Exception as error:
        raise UserError(f"--cluster {where}: can't connect: {_reason(error)}") from error
    stack.callback(client.close, timeout=_ANSWER_SECONDS)
    return client


@contextmanager
def _local(workers: int | None) -> Iterator[Any]:
    from multiprocessing import resource_tracker

    from distributed import LocalCluster

    resource_tracker.ensure_running()  # as it begins, it lets signals through that are held back
    # Ctrl-C at a terminal is for this process: Dask's would be gone before their tasks have ended.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with cluster:
        yield cluster


def _asking(where: str) -> AbstractContextManager[Any]:
    """Returns what asks for machines, none of which it has asked for yet."""
    package = "dask-kubernetes" if where == _PODS else "dask-jobqueue"
    try:
        if where == _PODS:
            make = partial(import_module("dask_kubernetes.operator").KubeCluster, quiet=True)
        else:
            with kept_handlers():  # it ends the process on Ctrl-C, with exit code 0
                kind = getattr(import_module("dask_jobqueue"), _QUEUES[where])
            make = partial(kind, silence_logs=logging.CRITICAL)
    except ImportError as error:
        raise UserError(f"--cluster {where}: needs {package}: pip install {package}") from error
    try:
        made: AbstractContextManager[Any] = make(n_workers=0)
    except Exception as error:
        raise UserError(
            f"--cluster {where}: {package} can't make one by Dask's configuration: "
            f"{described(error)}"
        ) from error
    return made
