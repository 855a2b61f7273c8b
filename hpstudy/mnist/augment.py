"""Training images moved, turned, zoomed or mirrored, anew each epoch."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from hpstudy.mnist.networks.architecture import SIDE

NONE = "none"
SHIFT = 2  # pixels, in each direction
ROTATION = 15.0  # degrees, either way
ZOOM = 0.1  # smaller or larger
KINDS = ("shift", "rotation", "zoom", "flip")


def checked_augmentation(augmentation: str) -> str:
    """Returns an augmentation that is one.

    Raises:
        ValueError: It is neither "none" nor some kinds joined by "+", each once.
    """
    kinds = augmentation.split("+")
    if augmentation != NONE and (not {*kinds} <= {*KINDS} or len({*kinds}) < len(kinds)):
        raise ValueError(
            f'expected "none", or one or more of {", ".join(KINDS)} joined by "+", '
            f"found {augmentation!r}"
        )
    return augmentation


class Augmentation:
    """Draws a change for each training image of an epoch, and makes it on a whole batch at once.

    "shift" moves an image by up to two whole pixels (a random crop of the image with two pixels of
    black around it), "rotation" turns it by up to 15 degrees, "zoom" makes it up to 10 % smaller
    or larger, "flip" mirrors every other one. What is moved by whole pixels alone keeps its grey
    levels, all else is interpolated. An image's change depends on the epoch's generator and its
    place in the dataset, not on the batches.

    Args:
        augmentation: What is done.
        images: How many training images there are.
        device: The device type.
    """

    def __init__(self, augmentation: str, images: int, device: str) -> None:
        self._kinds = checked_augmentation(augmentation).split("+")
        self._maps = torch.zeros(images, 2, 3, device=device)

    def draw(self, generator: torch.Generator) -> None:
        """Draws the changes of an epoch.

        Args:
            generator: The epoch's own, on the processor.
        """
        # All is drawn whatever is used: a shift is then the same with a rotation and without one.
        drawn = torch.rand(len(self._maps), 5, generator=generator)
        across, down = (self._shift(drawn[:, column]) for column in (0, 1))
        turn = self._within("rotation", drawn[:, 2], math.radians(ROTATION))
        size = 1 / (1 + self._within("zoom", drawn[:, 3], ZOOM))
        side = torch.where(drawn[:, 4] < 0.5, -1.0, 1.0) if "flip" in self._kinds else 1.0
        cos, sin = turn.cos() * size, turn.sin() * size
        rows = (cos * side, -sin, across, sin * side, cos, down)
        # In place, as a recorded CUDA graph reads from where they lie.
        self._maps.copy_(torch.stack(rows, dim=1).unflatten(1, (2, 3)))

    def apply(self, images: Tensor, index: Tensor) -> Tensor:
        """Returns changed images, float32, 0 to 255.

        Args:
            images: Unsigned bytes of shape (n, 1, height, width).
            index: Their places in the dataset, shape (n,).
        """
        grid = functional.affine_grid(self._maps[index], list(images.shape), align_corners=False)
        return functional.grid_sample(images.float(), grid, align_corners=False)

    def _shift(self, drawn: Tensor) -> Tensor:
        """Returns whole pixels as shares of half an image, as torch's grids count them."""
        if "shift" not in self._kinds:
            return torch.zeros_like(drawn)
        return ((drawn * (2 * SHIFT + 1)).floor() - SHIFT) * 2 / SIDE

    def _within(self, kind: str, drawn: Tensor, most: float) -> Tensor:
        return (2 * drawn - 1) * most if kind in self._kinds else torch.zeros_like(drawn)
