"""The report's own training loop against hpstudy's, on one machine in one run.

The report's loop, written anew from its description: a DataLoader over torchvision's MNIST with
ToTensor, shuffled, batches of 100; the network with ReLU before each pooling and a softmax at its
end; Adam; cross-entropy of that softmax; one process with all of torch's threads. Both train at
the report's baseline. They take turns every 10,000 images, a sixth of an epoch, so that a machine
whose speed drifts treats both alike; hpstudy's parts shuffle the first 10,000 images each time.

Run by hand, on a quiet machine:

    python tests/bench/report_loop.py --data runs/data --epochs 3
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms

from hpstudy.mnist import CnnTraining
from hpstudy.objective import Runtime


class ReportNetwork(nn.Module):
    def __init__(self, hidden: int = 512) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(7 * 7 * 64, hidden), nn.ReLU(), nn.Linear(hidden, 10), nn.Softmax(dim=1)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images).flatten(1))


class ReportLoop:
    def __init__(self, data: str) -> None:
        dataset = torchvision.datasets.MNIST(data, train=True, transform=transforms.ToTensor())
        self.loader = DataLoader(dataset, batch_size=100, shuffle=True)
        self.network = ReportNetwork()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=0.001)
        self.loss = nn.CrossEntropyLoss()

    def parts(self) -> Iterator[float]:
        """Trains on and on; yields the seconds of every 10,000 images."""
        while True:
            start = time.perf_counter()
            right = 0
            for batch, (images, labels) in enumerate(self.loader, 1):
                outputs = self.network(images)
                loss = self.loss(outputs, labels)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                right += (outputs.argmax(dim=1) == labels).sum().item()
                if batch % 100 == 0:
                    yield time.perf_counter() - start
                    start = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="runs/data")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--epochs", type=int, default=3, help="epochs of each")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    report = ReportLoop(args.data).parts()
    ours = CnnTraining(
        {"lr": 0.001, "hidden": 512, "batch_size": 100},
        seed=0,
        settings={"train_images": 10_000, "test_images": 1},
        runtime=Runtime(threads=args.threads, data=args.data),
    )
    next(report), ours.epoch()  # both warm up
    pairs = [(next(report), ours.epoch()["seconds"]) for _ in range(6 * args.epochs)]
    theirs, mine = ([6 * part for part in parts] for parts in zip(*pairs, strict=True))
    ratios = [a / b for a, b in pairs]
    print(f"{cpu()}, {args.threads} threads, torch {torch.__version__}, n = {len(pairs)} pairs")
    print(f"report's loop, s/epoch: {spread(theirs)}")
    print(f"hpstudy,       s/epoch: {spread(mine)}")
    print(f"ratio:                  {spread(ratios)}")


def spread(values: list[float]) -> str:
    low, *_, high = sorted(values)
    return (
        f"median {statistics.median(values):.2f}, mean {statistics.fmean(values):.2f}, "
        f"standard deviation {statistics.stdev(values):.2f}, {low:.2f} to {high:.2f}"
    )


def cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))


if __name__ == "__main__":
    main()
