"""The report's network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hpstudy.mnist.networks.architecture import CLASSES, SIDE, Architecture

WIDTH = 32
_KERNEL = 5
_PLACES = (SIDE // 4) ** 2  # of a map after both poolings


class Cnn(nn.Module):
    """Two convolutions and two linear layers (source: the report).

    conv 1→32, 5x5 · pool 2 · conv 32→64, 5x5 · pool 2 · linear 3136→hidden · linear hidden→10;
    with another width, conv 1→width and conv width→2 width.

    Args:
        made_of: Its sizes and its head.
    """

    def __init__(self, made_of: Architecture) -> None:
        super().__init__()
        width = made_of.width or WIDTH
        self.conv1 = nn.Conv2d(1, width, kernel_size=_KERNEL, padding=2)
        self.conv2 = nn.Conv2d(width, 2 * width, kernel_size=_KERNEL, padding=2)
        self.linear1 = nn.Linear(2 * width * _PLACES, made_of.hidden)
        self.linear2 = nn.Linear(made_of.hidden, CLASSES)
        self.head = made_of.head

    def forward(self, images: Tensor) -> Tensor:
        """Returns outputs of shape (n, 10) for images of shape (n, 1, 28, 28) in [0, 1]."""
        # ReLU and max-pooling commute; after the pooling there is a quarter to do.
        maps = functional.relu_(functional.max_pool2d(self.conv1(images), 2))
        maps = functional.relu_(functional.max_pool2d(self.conv2(maps), 2))
        outputs: Tensor = self.linear2(functional.relu_(self.linear1(maps.flatten(1))))
        return torch.softmax(outputs, dim=1) if self.head == "softmax" else outputs


def parameter_count(made_of: Architecture) -> int:
    """Returns the number of the network's parameters."""
    width, hidden = made_of.width or WIDTH, made_of.hidden
    convolutions = width * (_KERNEL**2 + 1) + 2 * width * (width * _KERNEL**2 + 1)
    return convolutions + hidden * (2 * width * _PLACES + 1) + CLASSES * (hidden + 1)


def operations_per_image(made_of: Architecture) -> int:
    """Returns floating-point operations of one training image, forward and backward.

    A multiply and an add count as two; the gradient of the weights and that of the inputs cost
    as much as the forward pass each, but the first layer's inputs need none.
    """
    width = made_of.width or WIDTH
    conv1 = 2 * SIDE**2 * width * _KERNEL**2
    conv2 = 2 * (SIDE // 2) ** 2 * 2 * width * width * _KERNEL**2
    linear = 2 * made_of.hidden * (2 * width * _PLACES + CLASSES)
    return 2 * conv1 + 3 * (conv2 + linear)
