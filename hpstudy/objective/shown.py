"""What an objective can show: its images, its network's layers, what it finds in a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpstudy.objective.numbers import as_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROUNDED = 1e-4  # by which a sum of probabilities, in half precision, may be off


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

    Raises:
        TypeError: Something is of another kind; NumPy's numbers and tensors of one are numbers.
        ValueError: The probability is none, or the box has not four sides.
    """

    label: str
    probability: float
    box: tuple[int, int, int, int]
    seen: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        """Checks what a user's objective gives, and keeps Python's own numbers."""
        label = self.label if isinstance(self.label, str) else _whole("label", self.label)
        if label == "":
            raise ValueError("Found: label: expected the name of a class, found ''")
        sure = _number("probability", self.probability)
        if not -_ROUNDED <= sure <= 1 + _ROUNDED:
            raise ValueError(f"Found: probability: expected 0 to 1, found {sure:g}")
        box = tuple(_whole("box", side) for side in self.box)
        if len(box) != 4:
            raise ValueError(f"Found: box: expected left, top, width and height, found {box}")
        object.__setattr__(self, "label", f"{label}")
        object.__setattr__(self, "probability", min(max(sure, 0.0), 1.0))
        object.__setattr__(self, "box", box)
        object.__setattr__(self, "seen", None if self.seen is None else _grey(self.seen))


def _number(name: str, value: object) -> float:
    try:
        return as_number(value)
    except TypeError as error:
        raise TypeError(f"Found: {name}: {error}") from error


def _whole(name: str, value: object) -> int:
    number = _number(name, value)
    if not math.isfinite(number):
        raise ValueError(f"Found: {name}: expected whole numbers, found {number}")
    return round(number)


def _grey(seen: object) -> NDArray[np.uint8]:
    import numpy as np  # what finds something has it

    found = np.asarray(seen)
    if found.ndim != 2 or found.dtype != np.uint8:
        raise TypeError(
            "Found: seen: expected grey pixels, uint8 of shape (height, width), found "
            f"{found.dtype} of shape {found.shape}"
        )
    return found
