"""What augmentation costs: one batch, ours beside Kornia's and torchvision's, in turns.

Kornia changes a whole batch, each image by its own draw, as ours does; torchvision's transforms
change a whole batch alike, so that they are called image by image. Printed are milliseconds of
processor time for a batch, mean and spread over the rounds, and their share of a training step of
the report's network on the same batch.

    pip install --no-deps --target /some/folder kornia kornia_rs
    PYTHONPATH=/some/folder python tests/bench/augmentation.py
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable

import torch
import torchvision
from torchvision.transforms import v2

from hpstudy.mnist.augment import ROTATION, SHIFT, Augmentation
from hpstudy.mnist.learner import Learner, has_bfloat16
from hpstudy.mnist.networks import Architecture, network_of

BATCH, ROUNDS = 100, 30


def main() -> None:
    torch.set_num_threads(1)
    precision = "bf16" if has_bfloat16("cpu") else "fp32"
    network = network_of(Architecture("cnn", "softmax", 512))
    learner = Learner(network, lr=0.001, precision=precision, device="cpu")
    images = torch.randint(256, (BATCH, 1, 28, 28)).byte()
    labels = torch.randint(10, (BATCH,))
    calls: dict[str, Callable[[], object]] = {"step": lambda: learner.step(images, labels)}
    calls |= ours(images) | torchvisions(images) | kornias(images)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(ROUNDS + 3):  # three warm up
        for name, call in calls.items():
            start = time.process_time()
            call()
            if turn >= 3:
                times[name].append(1000 * (time.process_time() - start))
    print(f"{platform.processor() or platform.machine()}, one thread, {precision}, batch {BATCH},")
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, n = {ROUNDS}")
    step = statistics.mean(times["step"])
    for name, found in times.items():
        mean, spread = statistics.mean(found), statistics.stdev(found)
        print(f"{name:32} {mean:7.2f} ± {spread:5.2f} ms {mean / step:7.1%} of a step")


def ours(images: torch.Tensor) -> dict[str, Callable[[], object]]:
    index = torch.arange(BATCH)
    made = {kind: Augmentation(kind, BATCH, "cpu") for kind in ("shift", "shift+rotation")}

    def run(augmentation: Augmentation) -> None:
        augmentation.draw(torch.Generator().manual_seed(0))
        augmentation.apply(images, index)

    return {f"ours: {kind}": lambda a=a: run(a) for kind, a in made.items()}  # type: ignore[misc]


def torchvisions(images: torch.Tensor) -> dict[str, Callable[[], object]]:
    share = SHIFT / images.shape[-1]
    both = v2.RandomAffine(ROTATION, (share, share), interpolation=v2.InterpolationMode.BILINEAR)
    crop = v2.RandomCrop(images.shape[-1], padding=SHIFT)
    return {
        "torchvision: crop": lambda: torch.stack([crop(image) for image in images]),
        "torchvision: shift+rotation": lambda: torch.stack([both(image) for image in images]),
    }


def kornias(images: torch.Tensor) -> dict[str, Callable[[], object]]:
    try:
        from kornia.augmentation import RandomAffine, RandomCrop
    except ImportError:
        return {}
    share = SHIFT / images.shape[-1]
    both = RandomAffine(ROTATION, (share, share), p=1.0)
    crop = RandomCrop((images.shape[-1], images.shape[-1]), padding=SHIFT, p=1.0)
    return {
        "kornia: crop": lambda: crop(images.float()),
        "kornia: shift+rotation": lambda: both(images.float()),
    }


if __name__ == "__main__":
    main()
