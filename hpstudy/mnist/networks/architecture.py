"""What a network is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Head = Literal["softmax", "logits"]
Name = Literal["cnn", "residual"]

CLASSES = 10
SIDE = 28  # pixels of an image


@dataclass(frozen=True)
class Architecture:
    """A network's name and sizes.

    Attributes:
        network: "cnn", the report's, or "residual".
        head: "softmax" gives probabilities, as the report's network does before its
            cross-entropy takes the softmax once more; "logits" gives the raw outputs.
        hidden: Units of the CNN's hidden linear layer; a residual network has none.
        width: Maps of the first convolution; None for the network's own number.
    """

    network: Name
    head: Head
    hidden: int
    width: int | None = None
