"""The built-in objective's hook `predict`; what it takes is imported when it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from hpstudy.objective import Params, Runtime, Settings
from hpstudy.objective.shown import Found

if TYPE_CHECKING:
    from PIL.Image import Image


def predict(
    pictures: Iterable[Image], *, model: Path, params: Params, settings: Settings, runtime: Runtime
) -> Iterator[Sequence[Found]]:
    """Yields the digits of each picture; of data other than MNIST, the one thing that is in it."""
    from hpstudy.mnist.reading import read_pictures

    torch.set_num_threads(runtime.threads)
    yield from read_pictures(
        pictures, model=model, params=params, settings=settings, device=runtime.device
    )
