"""What an objective can show: its images, its network's layers, what it finds in a picture."""

from __future__ import annotations

from collections.abc import Sequence
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

    Raises:
        ValueError: The classes' names are no texts, not told apart by them, or too few.
    """

    training: NDArray[np.uint8]
    training_labels: NDArray[np.uint8]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Checks the names, which a user's objective gives: a report would show them wrongly."""
        names = (self.classes,) if isinstance(self.classes, str) else (*self.classes,)
        object.__setattr__(self, "classes", names)
        for place, name in enumerate(names):
            if not isinstance(name, str) or not name.strip():
                raise ValueError(f"classes: expected a name, found {name!r}")
            if name in names[:place]:
                raise ValueError(f"classes: expected names that differ, found {name!r} twice")
        labels = map(int, (*self.training_labels, *self.test_labels)) if names else ()
        if (most := max(labels, default=-1)) >= len(names):
            expected = f"expected the names of {most + 1}, as labels go up to {most}"
            raise ValueError(f"classes: {expected}, found {len(names)}")


def name_of(label: int, classes: Sequence[str]) -> str:
    """Returns what a class is called: its number, where classes have no names."""
    return classes[label] if classes else f"{label}"


def thing_of(classes: Sequence[str]) -> str:
    """Returns what an image of such classes is called: a digit or, of any others, an image."""
    return "digit" if classes and set(classes) <= set("0123456789") else "image"


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
