"""The network and its optimizer together, in one precision on one device."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hpstudy.objective import PRECISIONS


def has_bfloat16(device: str) -> bool:
    """Tells whether a device type computes in bfloat16 in hardware, as far as torch can say."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device != "cpu" or not hasattr(torch.cpu, "get_capabilities"):  # torch < 2.10 doesn't tell
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))


class Learner:
    """Trains a network by Adam on the cross-entropy of its outputs.

    With "bf16" the network computes in bfloat16. Its weights are rounded from float32 ones, which
    Adam moves: in bfloat16 alone most of its small steps would be lost. The loss is float32, and so
    is what normalisation keeps of the batches.

    Sources: Kingma and Ba, "Adam: a method for stochastic optimization", 2015; Micikevicius et
    al., "Mixed precision training", 2018.

    Args:
        network: The network, in float32.
        lr: Adam's learning rate.
        precision: "fp32" or "bf16".
        device: The device type.
        lr_moves: Whether the learning rate will be set anew.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        lr: float,
        precision: str,
        device: str,
        lr_moves: bool = False,
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision: expected {' or '.join(PRECISIONS)}, found {precision!r}")
        # channels_last first: the convolutions take their output's layout from their weights'.
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._weights: dict[str, Tensor] = dict(network.named_parameters())
        self._dtype = torch.float32
        if precision == "bf16":
            self._weights = {name: w.detach().clone() for name, w in self._weights.items()}
            for weight in self._weights.values():
                weight.grad = torch.zeros_like(weight)
            self._dtype = torch.bfloat16
            network.to(self._dtype)
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.float()
        # A recorded CUDA graph keeps a plain number for ever.
        rate = torch.tensor(lr, device=device) if lr_moves and device == "cuda" else lr
        self._optimizer = torch.optim.Adam(
            self._weights.values(), lr=rate, fused=True, capturable=device == "cuda"
        )

    def set_lr(self, lr: float) -> None:
        """Sets Adam's learning rate."""
        for group in self._optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr

    def outputs(self, images: Tensor) -> Tensor:
        """Returns the trained network's outputs, float32, of shape (n, 10).

        Args:
            images: Shape (n, 1, 28, 28), 0 to 255.
        """
        self._network.eval()
        return self._forward(images)

    def _forward(self, images: Tensor) -> Tensor:
        pixels = images.to(self._dtype).div_(255).contiguous(memory_format=torch.channels_last)
        outputs: Tensor = self._network(pixels).float()
        return outputs

    def step(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Makes one step of Adam.

        Args:
            images: Shape (n, 1, 28, 28), 0 to 255; float32 ones are written over.
            labels: Their classes, shape (n,).

        Returns:
            The batch's mean loss, and its outputs, both before the step.
        """
        self._network.train()
        outputs = self._forward(images)
        loss = functional.cross_entropy(outputs, labels)
        self._network.zero_grad()
        loss.backward()
        if self._dtype == torch.float32:
            self._optimizer.step()
        else:
            self._step_in_float32()
        return loss.detach(), outputs.detach()

    @torch.no_grad()
    def _step_in_float32(self) -> None:
        pairs = list(zip(self._weights.values(), self._network.parameters(), strict=True))
        for weight, rounded in pairs:
            assert weight.grad is not None
            assert rounded.grad is not None
            weight.grad.copy_(rounded.grad)
        self._optimizer.step()
        for weight, rounded in pairs:
            rounded.copy_(weight)

    def state_dict(self) -> dict[str, Any]:
        """Returns the network's float32 state by name, and Adam's."""
        weights = {name: weight.detach() for name, weight in self._weights.items()}
        kept = {name: buffer.detach() for name, buffer in self._network.named_buffers()}
        return {"model": {**weights, **kept}, "optimizer": self._optimizer.state_dict()}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from what `state_dict` gave."""
        for name, weight in self._weights.items():
            weight.copy_(state["model"][name])
        self._network.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
