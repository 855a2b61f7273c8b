"""What is trained: the `Training` protocol, and the plain data that it takes and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Params = Mapping[str, Any]
Settings = Mapping[str, Any]

PRECISIONS = ("fp32", "bf16")
DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True)
class Runtime:
    """How a training runs.

    Attributes:
        device: The device type: "cpu", "cuda" or "mps".
        precision: "fp32" or "bf16".
        threads: Processor threads that one training uses.
        data: The folder for datasets; not part of a training's identity.
    """

    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 1
    data: str = "runs/data"


@dataclass(frozen=True)
class Step:
    """A point of a learning curve between epochs.

    Attributes:
        seen: Examples trained on since the training began.
        loss: Mean loss since the last step.
        accuracy: Share of these examples that were right, 0 to 1.
    """

    seen: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Estimate:
    """What one epoch costs.

    Attributes:
        operations: Work of one epoch, in floating-point operations or any unit that is
            proportional to time.
        checkpoint_bytes: Size of the training's state on disk.
    """

    operations: float
    checkpoint_bytes: int


class Training(Protocol):
    """A training that goes on epoch by epoch, and can be saved and resumed.

    What is random must be drawn from (seed, epoch), so that a resumed training ends with the
    same bits as one that was never stopped. `version` is raised when the same input would give
    other numbers: epochs that an earlier version trained are then not used any more.
    """

    version: int

    def __init__(self, params: Params, *, seed: int, settings: Settings, runtime: Runtime) -> None:
        """Starts at epoch 0. `params` come without the fidelity."""

    def epoch(self) -> Mapping[str, float]:
        """Trains one more epoch and returns its metrics."""

    def state_dict(self) -> dict[str, Any]:
        """Returns the state: JSON values, or tensors and plain containers of them."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes up the state that `state_dict` gave."""
