"""How many processor threads the libraries of a worker use."""

from __future__ import annotations

import sys

_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def thread_variables(threads: int) -> dict[str, str]:
    """Returns the environment variables that libraries follow which are imported after them."""
    return dict.fromkeys(_VARIABLES, f"{threads}")


def limit_threads(threads: int) -> None:
    """Makes the libraries that are loaded by now follow, whatever they were told on the way."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=threads)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(threads)
