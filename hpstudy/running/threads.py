"""How many processor threads the libraries of a worker use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@contextmanager
def threads_for_children(threads: int) -> Iterator[None]:
    """Tells processes started in the block how many threads to use, before they import anything.

    Args:
        threads: Threads of one training.
    """
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, f"{threads}"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def limit_threads(threads: int) -> None:
    """Makes the libraries that are loaded by now follow, whatever they were told on the way."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=threads)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(threads)
