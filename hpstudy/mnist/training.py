"""Training the report's network, one epoch at a time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from hpstudy.datasets import dataset_named, dataset_of
from hpstudy.mnist import data
from hpstudy.mnist.augment import NONE, Augmentation
from hpstudy.mnist.hyperparameters import MnistSettings, architecture, checked
from hpstudy.mnist.learner import Learner, has_bfloat16
from hpstudy.mnist.memory import PeakMemory
from hpstudy.mnist.networks import (
    Architecture,
    network_of,
    operations_per_image,
    parameter_count,
)
from hpstudy.mnist.pictures import layers, pictures
from hpstudy.mnist.predict import predict
from hpstudy.mnist.replay import ReplayedStep
from hpstudy.objective import Estimate, Params, Runtime, Settings, Step

_EVALUATION_BATCH = 250  # larger ones fall out of the cache
_STEP_IMAGES = 10_000  # the report's hundred batches at its batch size of 100
_BASELINE = Architecture("cnn", "softmax", hidden=512)


@dataclass
class _Sums:
    examples: int = 0
    loss_sum: float = 0.0
    right: int = 0

    def loss(self) -> float:
        return self.loss_sum / self.examples

    def accuracy(self) -> float:
        return self.right / self.examples


class CnnTraining:
    """The report's CNN on MNIST, or on data of its form; batches are shuffled anew each epoch.

    The images lie on the device as one tensor; a batch is an index into it. Everything random
    comes from (seed, epoch). Hyperparameters: `lr`, `hidden`, `batch_size`, and, beyond the
    report, `network`, `width`, `head`, `augmentation`, `decay`
    (`hpstudy.mnist.hyperparameters`). Settings: `dataset`, `head` ("softmax" as in the report, or
    "logits"), `validation`, and `train_images` and `test_images`, which take only the first so
    many.

    Source: the report.

    Args:
        params: The hyperparameters.
        seed: The replicate.
        settings: The settings.
        runtime: Device, precision, threads, and the folder of the data.
    """

    version = 1
    quick: ClassVar[Mapping[str, Any]] = {"train_images": 6000}
    default_params: ClassVar[Mapping[str, Any]] = {
        "network": "cnn",
        "augmentation": NONE,
        "decay": 1,
    }
    preprocessing: ClassVar[str] = (
        "28×28 grey pixels, light on black (a digit fitted into 20×20, its centre of mass in the "
        "middle), divided by 255."
    )
    pictures = staticmethod(pictures)
    layers = staticmethod(layers)
    predict = staticmethod(predict)

    def __init__(self, params: Params, *, seed: int, settings: Settings, runtime: Runtime) -> None:
        self._params, known = checked(params, settings)
        self._seed = seed
        self._device = runtime.device
        torch.set_num_threads(runtime.threads)
        # A network that diverged fills Adam's averages with denormals, each a hundred times slower.
        torch.set_flush_denormal(True)
        self._train, self._validation, self._test = _splits(
            Path(runtime.data), known, runtime.device
        )
        with torch.random.fork_rng():
            torch.manual_seed(_derived_seed(seed, 0))
            network = network_of(architecture(params, settings))
        self._learner = Learner(
            network,
            lr=self._params.lr,
            precision=runtime.precision,
            device=runtime.device,
            lr_moves=self._params.decay != 1,
        )
        self._augmentation = None
        if self._params.augmentation != NONE:
            self._augmentation = Augmentation(
                self._params.augmentation, len(self._train), runtime.device
            )
        on_cuda = runtime.device == "cuda"
        self._step = ReplayedStep(self._on, self._params.batch_size) if on_cuda else self._on
        self._epoch = 0
        self._seen = 0
        self._since_step = _Sums()
        self._this_epoch = _Sums()
        self._uncounted = torch.zeros(2, device=runtime.device)  # loss and right, not yet counted
        self._steps: list[Step] = []
        self._predictions = b""

    @classmethod
    def check(cls, params: Params, *, settings: Settings) -> None:
        """Raises `ValueError` for a hyperparameter or setting that it can't train with."""
        checked(params, settings)

    @classmethod
    def prepare(cls, *, settings: Settings, runtime: Runtime) -> None:
        """Fetches the dataset where it is not there yet."""
        data.fetch(Path(runtime.data), dataset_of(settings))

    @classmethod
    def devices(cls) -> list[str]:
        """Returns the device types that torch can use here, best first."""
        found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        return [*(device for device, usable in found.items() if usable), "cpu"]

    @classmethod
    def auto_precision(cls, *, device: str) -> str:
        """Returns "bf16" where the hardware computes in it, else "fp32"."""
        return "bf16" if has_bfloat16(device) else "fp32"

    @classmethod
    def estimate(cls, params: Params, *, settings: Settings) -> Estimate:
        """Returns the operations of one epoch and the size of weights and Adam's two averages."""
        known, made_of = MnistSettings(**settings), architecture(params, settings)
        evaluated = (known.test_images + known.validation) / 3
        # Adam moves every weight once a batch: some 30 operations' worth of time each.
        updates = known.images_per_epoch() / int(params["batch_size"])
        weights = parameter_count(made_of)
        return Estimate(
            operations=operations_per_image(made_of) * (known.images_per_epoch() + evaluated)
            + 30 * weights * updates,
            checkpoint_bytes=12 * weights,
        )

    @classmethod
    def measure_rate(cls, *, runtime: Runtime) -> float:
        """Times a few batches of the report's baseline on random images.

        Adam is left out: it takes a twentieth of the time, and torch a second to import it.
        """
        torch.set_num_threads(runtime.threads)
        operations = 100 * operations_per_image(_BASELINE)
        dtype = torch.bfloat16 if runtime.precision == "bf16" else torch.float32
        layout, device = torch.channels_last, runtime.device
        network = network_of(_BASELINE).to(device, dtype).to(memory_format=layout)
        images = torch.zeros(100, 1, 28, 28, dtype=dtype, device=device)
        labels = torch.zeros(100, dtype=torch.long, device=device)
        seconds = []
        for _ in range(7):
            start = time.perf_counter()
            loss = functional.cross_entropy(network(images).float(), labels)
            network.zero_grad()
            loss.backward()
            loss.item()
            seconds.append(time.perf_counter() - start)
        return operations / median(seconds[2:])  # the first two warm up

    def epoch(self) -> Mapping[str, float]:
        """Trains one more epoch.

        Returns:
            train_loss and train_accuracy over the epoch's batches as they were trained;
            validation_loss and validation_accuracy if images are held out; test_loss and
            test_accuracy; seconds of the training alone and its images_per_second; and
            peak_memory_mb, where the system tells it.
        """
        self._epoch += 1
        self._steps = []
        self._this_epoch = _Sums()
        memory = PeakMemory(self._device)
        start = time.perf_counter()
        self._train_epoch()
        seconds = time.perf_counter() - start
        metrics = {
            "train_loss": self._this_epoch.loss(),
            "train_accuracy": self._this_epoch.accuracy(),
        }
        if len(self._validation):
            validated, _ = self._evaluate(self._validation)
            metrics["validation_loss"] = validated.loss()
            metrics["validation_accuracy"] = validated.accuracy()
        tested, predicted = self._evaluate(self._test)
        self._predictions = bytes(predicted)
        metrics |= {
            "test_loss": tested.loss(),
            "test_accuracy": tested.accuracy(),
            "seconds": seconds,
            "images_per_second": len(self._train) / seconds,
        }
        if (peak := memory.megabytes()) is not None:
            metrics["peak_memory_mb"] = peak
        return metrics

    def steps(self) -> Sequence[Step]:
        """Returns the last epoch's steps: one every 10,000 images, counted on across epochs."""
        return self._steps

    def last_step(self) -> Step | None:
        """Returns the last step of the epoch that runs, or ran last."""
        return self._steps[-1] if self._steps else None

    def predictions(self) -> bytes:
        """Returns the digits that the last epoch's network reads in the test images."""
        return self._predictions

    def state_dict(self) -> dict[str, Any]:
        """Returns weights, Adam's state, and how far the training and its curve have come."""
        return {
            **self._learner.state_dict(),
            "epoch": self._epoch,
            "seen": self._seen,
            "since_step": vars(self._since_step).copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from what `state_dict` gave."""
        self._learner.load_state_dict(state)
        self._epoch = state["epoch"]
        self._seen = state["seen"]
        self._since_step = _Sums(**state["since_step"])

    def save_model(self, file: Path) -> None:
        """Writes the network's float32 weights by name, as safetensors."""
        from safetensors.torch import save

        weights = self._learner.state_dict()["model"].items()
        file.write_bytes(save({n: w.cpu().contiguous() for n, w in weights}, {"format": "pt"}))

    def _train_epoch(self) -> None:
        shuffle = torch.Generator().manual_seed(_derived_seed(self._seed, self._epoch))
        order = torch.randperm(len(self._train), generator=shuffle).to(self._device)
        if self._augmentation is not None:
            self._augmentation.draw(shuffle)
        if self._params.decay != 1:
            self._learner.set_lr(self._params.lr * self._params.decay ** (self._epoch - 1))
        for index in order.split(self._params.batch_size):
            self._step(index)
            self._count(len(index))
        self._collect()

    def _on(self, index: Tensor) -> None:
        """Trains on the images at an index; all of it happens on the device."""
        batch = self._train.take(index)
        images = batch.images
        if self._augmentation is not None:
            images = self._augmentation.apply(images, index)
        loss, outputs = self._learner.step(images, batch.labels)
        right = (outputs.argmax(dim=1) == batch.labels).sum()
        self._uncounted += torch.stack((loss * len(index), right))

    def _count(self, examples: int) -> None:
        """Counts a batch, and makes a step of what has come together every 10,000 images."""
        before = self._seen
        self._seen += examples
        self._since_step.examples += examples
        self._this_epoch.examples += examples
        if self._seen // _STEP_IMAGES > before // _STEP_IMAGES:
            self._collect()
            sums, self._since_step = self._since_step, _Sums()
            self._steps.append(Step(self._seen, sums.loss(), sums.accuracy()))

    def _collect(self) -> None:
        """Fetches the sums from the device: seldom, as each time the device must finish first."""
        loss, right = self._uncounted.tolist()
        self._uncounted.zero_()
        for sums in (self._since_step, self._this_epoch):
            sums.loss_sum += loss
            sums.right += int(right)

    @torch.inference_mode()
    def _evaluate(self, split: data.Split) -> tuple[_Sums, list[int]]:
        """Returns the sums over a split and the digits read in it."""
        sums = _Sums(examples=len(split))
        predicted: list[int] = []
        for start in range(0, len(split), _EVALUATION_BATCH):
            batch = split.take(slice(start, start + _EVALUATION_BATCH))
            outputs = self._learner.outputs(batch.images)
            loss = functional.cross_entropy(outputs, batch.labels, reduction="sum")
            digits = outputs.argmax(dim=1)
            sums.loss_sum += loss.item()
            sums.right += int((digits == batch.labels).sum())
            predicted += digits.tolist()
        return sums, predicted


def _splits(root: Path, settings: MnistSettings, device: str) -> tuple[data.Split, ...]:
    train, test = data.load(root, dataset_named(settings.dataset))
    train, validation = data.hold_out(train, settings.validation)
    train = train.take(slice(settings.images_per_epoch()))
    test = test.take(slice(settings.test_images))
    return train.to(device), validation.to(device), test.to(device)


def _derived_seed(seed: int, epoch: int) -> int:
    """Returns a generator's seed for one epoch; epoch 0 draws the first weights."""
    digest = hashlib.sha256(f"{seed}/{epoch}".encode()).digest()
    return int.from_bytes(digest[:7])
