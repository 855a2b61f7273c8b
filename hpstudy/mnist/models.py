"""The report's network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES = 10
_FEATURES = 7 * 7 * 64


class Cnn(nn.Module):
    """Two convolutions and two linear layers (source: the report).

    conv 1→32, 5x5 · pool 2 · conv 32→64, 5x5 · pool 2 · linear 3136→hidden · linear hidden→10.

    Args:
        hidden: Units of the hidden linear layer.
        head: "softmax" gives probabilities, as the report's network does before its
            cross-entropy takes the softmax once more; "logits" gives the raw outputs.
    """

    def __init__(self, hidden: int, head: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=5, padding=2)
        self.linear1 = nn.Linear(_FEATURES, hidden)
        self.linear2 = nn.Linear(hidden, CLASSES)
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Returns outputs of shape (n, 10) for images of shape (n, 1, 28, 28) in [0, 1]."""
        # ReLU and max-pooling commute; after the pooling there is a quarter to do.
        maps = functional.relu_(functional.max_pool2d(self.conv1(images), 2))
        maps = functional.relu_(functional.max_pool2d(self.conv2(maps), 2))
        outputs: Tensor = self.linear2(functional.relu_(self.linear1(maps.flatten(1))))
        return torch.softmax(outputs, dim=1) if self.head == "softmax" else outputs


def parameter_count(hidden: int) -> int:
    """Returns the number of the network's parameters."""
    convolutions = 32 * (25 + 1) + 64 * (32 * 25 + 1)
    return convolutions + hidden * (_FEATURES + 1) + CLASSES * (hidden + 1)


def operations_per_image(hidden: int) -> int:
    """Returns floating-point operations of one training image, forward and backward.

    A multiply and an add count as two; the gradient of the weights and that of the inputs cost
    as much as the forward pass each, but the first layer's inputs need none.
    """
    conv1 = 2 * 28 * 28 * 32 * 25
    conv2 = 2 * 14 * 14 * 64 * 32 * 25
    linear = 2 * hidden * (_FEATURES + CLASSES)
    return 2 * conv1 + 3 * (conv2 + linear)
