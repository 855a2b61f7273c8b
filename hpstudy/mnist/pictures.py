"""What the report shows of the data and the network: images, and layers as the model runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn

from hpstudy.datasets import dataset_of
from hpstudy.mnist import data
from hpstudy.mnist.hyperparameters import architecture
from hpstudy.mnist.networks import network_of
from hpstudy.objective import Params, Runtime, Settings
from hpstudy.objective.shown import Layer, Pictures

_SHOWN_TRAINING = 100  # the report shows one batch


def pictures(*, settings: Settings, runtime: Runtime) -> Pictures:
    """Returns the first hundred training images and the test images that are predicted."""
    dataset = dataset_of(settings)
    train, test = data.load(Path(runtime.data), dataset)
    train = train.take(slice(_SHOWN_TRAINING))
    test = test.take(slice(settings.get("test_images")))
    return Pictures(*_arrays(train), *_arrays(test), dataset.classes)


def _arrays(split: data.Split) -> tuple[Any, Any]:
    return split.images.squeeze(1).numpy(), split.labels.to(torch.uint8).numpy()


def layers(params: Params, *, settings: Settings) -> list[Layer]:
    """Returns the network's layers by running the model on one image without memory behind it."""
    with torch.device("meta"):
        model = network_of(architecture(params, settings))
        watch = _Watch(fx.symbolic_trace(model))
        watch.run(torch.empty(1, 1, 28, 28))
    return watch.layers


class _Watch(fx.Interpreter):
    """Runs a traced model and notes every step's output."""

    def __init__(self, traced: fx.GraphModule) -> None:
        super().__init__(traced)
        self.layers: list[Layer] = []

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401 - torch's signature
        result = super().run_node(n)
        if n.op != "output":
            self.layers.append(self._layer(n, result))
        return result

    def _layer(self, node: fx.Node, result: Tensor) -> Layer:
        shape = tuple(result.shape[1:])
        if node.op == "call_module":
            module = self.fetch_attr(str(node.target))
            count = sum(weights.numel() for weights in module.parameters())
            return Layer(node.name, _kind(module), shape, count)
        if node.op == "placeholder":
            return Layer(node.name, "input", shape, 0)
        return Layer("", _function_name(node), shape, 0)


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        height, width = module.kernel_size
        return f"Conv2d {height}×{width}"
    return type(module).__name__


def _function_name(node: fx.Node) -> str:
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    return str(name).strip("_")
