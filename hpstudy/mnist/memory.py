"""A training's own peak memory."""

from __future__ import annotations

from pathlib import Path

import torch

_MIB = 2**20


class PeakMemory:
    """Measures the highest memory use since it was made.

    On the processor this is the process's resident memory, interpreter and dataset included; on
    CUDA it is what tensors took of the device.

    Args:
        device: The device type.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._counts = True
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        else:
            try:
                # A process's high-water mark never falls by itself; Linux resets it on a "5".
                Path("/proc/self/clear_refs").write_text("5")
            except OSError:
                self._counts = False

    def megabytes(self) -> float | None:
        """Returns the peak in MiB, or None where the system doesn't tell it."""
        if self._device == "cuda":
            return torch.cuda.max_memory_allocated() / _MIB
        if not self._counts or self._device != "cpu":
            return None
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return None
