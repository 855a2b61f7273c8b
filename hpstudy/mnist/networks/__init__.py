"""The networks, a file each: the module, its parameters and its operations.

`network_of` makes one; `parameter_count` and `operations_per_image` say what it takes without
making it.
"""

from __future__ import annotations

from torch import nn

from hpstudy.mnist.networks import cnn, residual
from hpstudy.mnist.networks.architecture import CLASSES, Architecture, Head, Name
from hpstudy.mnist.networks.cnn import Cnn
from hpstudy.mnist.networks.residual import Residual

__all__ = [
    "CLASSES",
    "Architecture",
    "Head",
    "Name",
    "network_of",
    "operations_per_image",
    "parameter_count",
]


def network_of(made_of: Architecture) -> nn.Module:
    """Returns a network with weights drawn from torch's generator.

    It takes images of shape (n, 1, 28, 28) in [0, 1] and returns outputs of shape (n, 10).
    """
    return Cnn(made_of) if made_of.network == "cnn" else Residual(made_of)


def parameter_count(made_of: Architecture) -> int:
    """Returns the number of a network's parameters."""
    of = cnn.parameter_count if made_of.network == "cnn" else residual.parameter_count
    return of(made_of)


def operations_per_image(made_of: Architecture) -> int:
    """Returns the work of one training image, in operations of the report's network."""
    of = cnn.operations_per_image if made_of.network == "cnn" else residual.operations_per_image
    return of(made_of)
