"""What an objective can show: its images, its network's layers, what it finds in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pictures:
    """Grey images with their labels.

    Attributes:
        training: Some training images, shape (n, height, width), 0 black to 255 white.
        training_labels: Their classes, shape (n,).
        test: All test images, in the order of a training's predictions, shape (m, height, width).
        test_labels: Their classes, shape (m,).
        classes: What the classes are called, from class 0; their numbers where left out.
    """

    training: NDArray[np.uint8]
    training_labels: NDArray[np.uint8]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One step of a network, in the order in which data pass.

    Attributes:
        name: What the model calls it, such as "conv1"; empty for a bare function.
        kind: What it does, such as "Conv2d", with what matters of its options.
        shape: Its output's shape, without the batch.
        parameters: How many numbers it learns; 0 where it learns nothing.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Found:
    """What a network finds at one place of a picture.

    Attributes:
        label: The name of its class.
        probability: How sure the network is, 0 to 1.
        box: Where it is: left, top, width and height in pixels.
        seen: What the network was shown of it, grey, shape (height, width), 0 black to 255 white;
            None where there is nothing to show.
    """

    label: str
    probability: float
    box: tuple[int, int, int, int]
    seen: NDArray[np.uint8] | None = None
