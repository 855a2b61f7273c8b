"""The report's own training loop, written anew from its description.

A DataLoader over torchvision's MNIST with ToTensor, shuffled; the network with ReLU before each
pooling and a softmax at its end; Adam; cross-entropy of that softmax; one process with all of
torch's threads.
"""

from __future__ import annotations

import time

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms


class ReportNetwork(nn.Module):
    def __init__(self, hidden: int) -> None:
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
    def __init__(self, data: str, hidden: int = 512, batch_size: int = 100) -> None:
        dataset = torchvision.datasets.MNIST(data, train=True, transform=transforms.ToTensor())
        self._loader = DataLoader(dataset, batch_size=batch_size, shuffle=True)
        self._network = ReportNetwork(hidden)
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=0.001)
        self._loss = nn.CrossEntropyLoss()
        self._batches = iter(self._loader)

    def seconds(self, images: int) -> float:
        """Trains on about so many images and returns the seconds that these would take."""
        seen, right = 0, 0
        start = time.perf_counter()
        while seen < images:
            batch = next(self._batches, None)
            if batch is None:
                self._batches = iter(self._loader)
                batch = next(self._batches)
            inputs, labels = batch
            outputs = self._network(inputs)
            loss = self._loss(outputs, labels)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            right += (outputs.argmax(dim=1) == labels).sum().item()
            seen += len(labels)
        return (time.perf_counter() - start) * images / seen
