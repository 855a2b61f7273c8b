"""The seed of the training that this process is at, for code that isn't handed it."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hpstudy.errors import UserError

_running: list[int] = []  # of the process, not of a thread: what an objective starts has it too


def seed() -> int:
    """Returns the seed of the training that is running.

    Raises:
        UserError: None is.
    """
    if not _running:
        raise UserError(
            "hpstudy.seed(): no training is running here; it is known while hpstudy runs an "
            "objective, and in the processes that this forks"
        )
    return _running[-1]


def seed_generators(number: int) -> None:
    """Seeds the generators that all code shares: Python's, NumPy's and torch's, where loaded."""
    random.seed(number)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(number % 2**32)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(number)


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """In the block, a training with this seed is running."""
    _running.append(number)
    try:
        yield
    finally:
        _running.pop()
