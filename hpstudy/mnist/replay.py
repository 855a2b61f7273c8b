"""A CUDA step recorded once and replayed: launched one by one its kernels wait for Python."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_WARM_UP = 3  # torch asks for some iterations on a side stream before recording


class ReplayedStep:
    """Runs a training step as a CUDA graph.

    The first few full batches run as they are, then one recording serves all further ones. A
    batch of another size, such as an epoch's last, always runs as it is. Only what lies on the
    device may differ between the calls, and only through the index.

    Source: torch's notes on CUDA graphs.

    Args:
        step: Trains on the images at an index; returns nothing.
        batch_size: The size of a full batch.
    """

    def __init__(self, step: Callable[[Tensor], None], batch_size: int) -> None:
        self._step = step
        self._batch_size = batch_size
        self._stream = torch.cuda.Stream()
        self._warmed = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._index: Tensor | None = None

    def __call__(self, index: Tensor) -> None:
        """Trains on the images at an index of shape (n,)."""
        if len(index) != self._batch_size:
            self._step(index)
        elif self._warmed < _WARM_UP:
            self._warm_up(index)
        else:
            if self._graph is None or self._index is None:
                self._index = index.clone()
                self._graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self._graph):  # records, and runs nothing
                    self._step(self._index)
            self._index.copy_(index)
            self._graph.replay()

    def _warm_up(self, index: Tensor) -> None:
        self._warmed += 1
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            self._step(index)
        torch.cuda.current_stream().wait_stream(self._stream)
