"""A small residual network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hpstudy.mnist.networks.architecture import CLASSES, SIDE, Architecture

WIDTH = 24  # an epoch then takes about as long as one of the report's network
_STAGES = ((1, 1, 14), (1, 2, 7), (2, 4, 4))  # maps in and out, in widths, and a map's side
# Normalising, adding and clipping wait for memory: measured beside the convolutions' time.
_TIME_OF_THE_REST = 2.0


class Block(nn.Module):
    """Two normalised convolutions, and a way around them.

    Args:
        maps_in: Maps that it takes.
        maps: Maps that it gives.
        stride: 2 halves a map's side.
    """

    def __init__(self, maps_in: int, maps: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(maps_in, maps, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(maps)
        self.conv2 = nn.Conv2d(maps, maps, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(maps)
        self.around = None
        if stride > 1 or maps_in != maps:
            around = nn.Conv2d(maps_in, maps, 1, stride, bias=False)
            self.around = nn.Sequential(around, nn.BatchNorm2d(maps))

    def forward(self, maps: Tensor) -> Tensor:
        """Returns the block's maps."""
        around = maps if self.around is None else self.around(maps)
        inner = functional.relu_(self.norm1(self.conv1(maps)))
        return functional.relu_(self.norm2(self.conv2(inner)) + around)


class Residual(nn.Module):
    """A convolution and three residual blocks, each batch-normalised, and the maps' means.

    conv 1→width, 3x3 · pool 2 · block width · block 2 width, half the side · block 4 width, half
    the side · mean of each map · linear 4 width→10.

    Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, with one
    block a stage.

    Args:
        made_of: Its width and its head.
    """

    def __init__(self, made_of: Architecture) -> None:
        super().__init__()
        width = made_of.width or WIDTH
        self.conv = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.block1 = Block(width, width, 1)
        self.block2 = Block(width, 2 * width, 2)
        self.block3 = Block(2 * width, 4 * width, 2)
        self.linear = nn.Linear(4 * width, CLASSES)
        self.head = made_of.head

    def forward(self, images: Tensor) -> Tensor:
        """Returns outputs of shape (n, 10) for images of shape (n, 1, 28, 28) in [0, 1]."""
        maps = functional.relu_(self.norm(functional.max_pool2d(self.conv(images), 2)))
        maps = self.block3(self.block2(self.block1(maps)))
        outputs: Tensor = self.linear(maps.mean(dim=(2, 3)))
        return torch.softmax(outputs, dim=1) if self.head == "softmax" else outputs


def parameter_count(made_of: Architecture) -> int:
    """Returns the number of the network's parameters."""
    width = made_of.width or WIDTH
    count = width * 9 + 2 * width + CLASSES * (4 * width + 1)
    for maps_in, maps, _ in _STAGES:
        of_around = maps_in * maps * width**2 + 2 * maps * width if maps_in != maps else 0
        count += 9 * width**2 * maps * (maps_in + maps) + 4 * maps * width + of_around
    return count


def operations_per_image(made_of: Architecture) -> int:
    """Returns the work of one training image, forward and backward.

    It is counted as the CNN's is: floating-point operations of the convolutions, three times over.
    What is done between them is counted by the time that it takes.
    """
    width = made_of.width or WIDTH
    forward = 2 * SIDE**2 * 9 * width
    for maps_in, maps, side in _STAGES:
        of_around = maps_in * maps * width**2 if maps_in != maps else 0
        forward += 2 * side**2 * (9 * width**2 * maps * (maps_in + maps) + of_around)
    return round(3 * forward * _TIME_OF_THE_REST)
