"""One epoch of the report's own training loop against one epoch of hpstudy's, in one run.

The report's loop, written anew from its description: a DataLoader over torchvision's MNIST with
ToTensor, shuffled, batches of 100; the network with ReLU before each pooling and a softmax at its
end; Adam; cross-entropy of that softmax; one process with all of torch's threads. Both train the
full 60,000 images at the report's baseline, in turn.

Run by hand, on a quiet machine:

    python tests/bench/report_loop.py --data runs/data -n 3
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time

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

    def epoch(self) -> float:
        start = time.perf_counter()
        right = 0
        for images, labels in self.loader:
            outputs = self.network(images)
            loss = self.loss(outputs, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            right += (outputs.argmax(dim=1) == labels).sum().item()
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="runs/data")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("-n", type=int, default=3, help="epochs of each")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    report = ReportLoop(args.data)
    runtime = Runtime(threads=args.threads, data=args.data)
    ours = CnnTraining(
        {"lr": 0.001, "hidden": 512, "batch_size": 100},
        seed=0,
        settings={"test_images": 1},
        runtime=runtime,
    )
    pairs = []
    for number in range(1, args.n + 1):
        pairs.append((report.epoch(), ours.epoch()["seconds"]))
        print(f"pair {number}: report {pairs[-1][0]:.1f} s, hpstudy {pairs[-1][1]:.1f} s")
    print(
        f"{platform.processor() or platform.machine()}, {args.threads} threads, torch "
        f"{torch.__version__}, n = {args.n}: report's loop median "
        f"{statistics.median(p[0] for p in pairs):.1f} s, hpstudy "
        f"{statistics.median(p[1] for p in pairs):.1f} s, ratio of pairs "
        f"{min(a / b for a, b in pairs):.2f} to {max(a / b for a, b in pairs):.2f}, median "
        f"{statistics.median(a / b for a, b in pairs):.2f}"
    )


if __name__ == "__main__":
    main()
