"""A process on a cluster: a pool of one, run for a Dask worker as long as that is there.

It reads its orders from standard input, which stays open as long as it is wanted, and tells what it
has to tell on standard output, a JSON object a line.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import threading
from typing import Any

from hpstudy.errors import StoppedError, UserError
from hpstudy.files import started_here
from hpstudy.running.interrupts import heed_interrupts
from hpstudy.running.processes import prepare


def main() -> int:
    """Runs the orders to their end and returns the exit code."""
    heed_interrupts(ignored=(signal.SIGINT,))
    wanted, told = _apart()
    prepare()  # beside what this process imports

    from hpstudy.running.orders import accepted
    from hpstudy.running.pool import launch

    lock = threading.Lock()  # each of a pool's workers has a thread that tells of it

    def tell(**what: Any) -> None:  # noqa: ANN401
        with lock:
            os.write(told, f"{json.dumps(what)}\n".encode())

    try:
        with open(wanted, "rb", closefd=False) as given:
            orders = pickle.load(given)
        threading.Thread(target=_follow, args=(wanted,), daemon=True).start()
        with started_here():
            launch(accepted(orders), 1, lambda line: tell(line=line))
    except UserError as error:
        tell(error=f"{error}", is_stopped=isinstance(error, StoppedError))
        return error.exit_code
    except (KeyboardInterrupt, EOFError):  # it is wanted no more
        return 128 + signal.SIGTERM
    return 0


def _apart() -> tuple[int, int]:
    """Returns what is read and written here, which nothing that this process starts inherits."""
    wanted, told = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return wanted, told


def _follow(wanted: int) -> None:
    while os.read(wanted, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
