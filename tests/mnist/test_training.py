from __future__ import annotations

import functools
import io
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from hpstudy.datasets import DATASETS
from hpstudy.mnist import CnnTraining, data
from hpstudy.mnist.hyperparameters import architecture
from hpstudy.mnist.memory import PeakMemory
from hpstudy.mnist.networks import Architecture, network_of, operations_per_image, parameter_count
from hpstudy.objective import Runtime

PARAMS = {"lr": 0.001, "hidden": 64, "batch_size": 50}
SETTINGS = {"head": "logits", "train_images": 400, "test_images": 300}
TIMES = ("seconds", "images_per_second", "peak_memory_mb")


@pytest.fixture
def make(mnist_root: Path):
    def start(
        seed: int = 0,
        settings: dict | None = None,
        precision: str = "fp32",
        **params: object,
    ) -> CnnTraining:
        return CnnTraining(
            {**PARAMS, **params},
            seed=seed,
            settings={**SETTINGS, **(settings or {})},
            runtime=Runtime(precision=precision, data=str(mnist_root)),
        )

    return start


def untimed(metrics):
    return {name: value for name, value in metrics.items() if name not in TIMES}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_it_learns(make, precision: str):
    training = make(precision=precision)
    first = training.epoch()
    for _ in range(5):
        last = training.epoch()
    assert last["test_accuracy"] > 0.8 > first["test_accuracy"]
    assert last["train_loss"] < first["train_loss"]


def test_it_learns_other_data_by_the_same_code(fashion_root: Path):
    settings = SETTINGS | {"dataset": "fashion_mnist"}
    runtime = Runtime(data=str(fashion_root))
    CnnTraining.prepare(settings=settings, runtime=runtime)
    training = CnnTraining(PARAMS, seed=0, settings=settings, runtime=runtime)
    assert training.epoch()["test_accuracy"] == 1.0  # its classes are plain to see
    shown = CnnTraining.pictures(settings=settings, runtime=runtime)
    assert [shown.classes[label] for label in shown.test_labels[:2]] == ["T-shirt/top", "Trouser"]


def test_the_settings_know_all_data_sets():
    for name in DATASETS:
        CnnTraining.check(PARAMS, settings={"dataset": name})


def test_an_epoch_gives_every_metric(make):
    metrics = make(settings={"validation": 500}).epoch()
    assert set(metrics) - {"peak_memory_mb"} == {
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
        "test_loss",
        "test_accuracy",
        "seconds",
        "images_per_second",
    }
    assert metrics["images_per_second"] == pytest.approx(400 / metrics["seconds"])
    assert "validation_loss" not in make().epoch()


def test_the_predictions_are_the_test_accuracy(make, mnist_root: Path):
    training = make()
    metrics = training.epoch()
    labels = data.load(mnist_root)[1].labels[:300].tolist()
    right = [p == y for p, y in zip(training.predictions(), labels, strict=True)]
    assert metrics["test_accuracy"] == sum(right) / 300


IMPROVED = {"network": "residual", "width": 4, "augmentation": "shift+rotation", "decay": 0.5}


@pytest.mark.parametrize(
    ("head", "precision", "more"),
    [
        ("softmax", "fp32", {}),
        ("logits", "fp32", {}),
        ("logits", "bf16", {}),
        ("logits", "bf16", IMPROVED),
    ],
)
def test_resumed_is_bit_for_bit_what_was_never_stopped(
    make, head: str, precision: str, more, monkeypatch
):
    monkeypatch.setattr("hpstudy.mnist.training._STEP_IMAGES", 1600)  # an epoch has 600
    settings = {"head": head, "validation": 100, "train_images": 600}
    make = functools.partial(make, settings=settings, precision=precision, **more)
    through = make()
    expected = [untimed(through.epoch()) for _ in range(3)]
    stopped = make()
    stopped.epoch()
    file = io.BytesIO()
    torch.save(stopped.state_dict(), file)
    file.seek(0)
    torch.manual_seed(99)  # wherever the process happens to be
    resumed = make()
    resumed.load_state_dict(torch.load(file, weights_only=True))
    steps = []
    assert untimed(resumed.epoch()) == expected[1]
    steps += resumed.steps()
    assert untimed(resumed.epoch()) == expected[2]
    steps += resumed.steps()
    assert [s.seen for s in steps] == [1600]
    assert steps == list(through.steps())
    for ours, theirs in zip(
        resumed.state_dict()["model"].values(), through.state_dict()["model"].values(), strict=True
    ):
        assert torch.equal(ours, theirs)
    assert resumed.predictions() == through.predictions()


def test_the_seed_decides_everything(make):
    torch.manual_seed(1)
    one = untimed(make(seed=3).epoch())
    torch.manual_seed(2)
    assert untimed(make(seed=3).epoch()) == one
    assert untimed(make(seed=4).epoch()) != one


def test_making_a_training_leaves_torchs_own_generator_alone(make):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    make().epoch()
    assert torch.equal(torch.rand(3), expected)


@pytest.fixture
def steps_of_1000(monkeypatch):
    """A step every 1,000 images, so that a few hundred a test are enough."""
    monkeypatch.setattr("hpstudy.mnist.training._STEP_IMAGES", 1000)


@pytest.mark.usefixtures("steps_of_1000")
def test_the_curve_counts_on_across_epochs(make):
    training = make(batch_size=100, settings={"train_images": 500})
    epochs, curve = [], []
    for _ in range(4):
        epochs.append(training.epoch())
        curve += training.steps()
    assert [step.seen for step in curve] == [1000, 2000]
    for step, first, second in zip(curve, epochs[::2], epochs[1::2], strict=True):
        assert step.loss == pytest.approx((first["train_loss"] + second["train_loss"]) / 2)
        both = first["train_accuracy"] + second["train_accuracy"]
        assert step.accuracy == pytest.approx(both / 2)


@pytest.mark.usefixtures("steps_of_1000")
def test_a_batch_that_crosses_the_mark_ends_the_step(make):
    training = make(batch_size=128, settings={"train_images": 600})
    curve = [step for _ in range(4) for step in (training.epoch(), training.steps())[1]]
    assert [step.seen for step in curve] == [1112, 2056]


def test_held_out_images_are_never_trained_on(make, mnist_root: Path, monkeypatch):
    train, test = data.load(mnist_root)
    few = train.take(slice(500)), test.take(slice(50))
    monkeypatch.setattr(data, "load", lambda root, dataset: few)
    metrics = make(settings={"validation": 380, "train_images": 60_000}).epoch()
    assert metrics["images_per_second"] * metrics["seconds"] == pytest.approx(120)


@pytest.mark.parametrize(
    ("params", "settings", "message"),
    [
        ({"lr": -1}, {}, "lr: expected more than 0, found -1"),
        ({"hidden": 2.5}, {}, "hidden: expected a whole number, found 2.5"),
        ({"batchsize": 3}, {}, "batchsize: unknown; expected .*did you mean 'batch_size'"),
        ({}, {"head": "sotfmax"}, "head: expected 'softmax' or 'logits', found 'sotfmax'"),
        (
            {},
            {"dataset": "cifar"},
            "dataset: expected 'mnist', 'fashion_mnist' or 'kmnist', found 'cifar'",
        ),
        ({}, {"train_images": 0}, "train_images: .* found 0"),
        ({}, {"validation": 60_000}, "validation: expected less than 60000, found 60000"),
        ({}, {"haed": 1}, "haed: .*expected dataset, head, validation"),
    ],
)
def test_what_it_cannot_train_with(params, settings, message: str):
    with pytest.raises(ValueError, match=message):
        CnnTraining.check({**PARAMS, **params}, settings={**SETTINGS, **settings})


def test_an_unknown_precision_is_refused(mnist_root: Path):
    runtime = Runtime(precision="fp8", data=str(mnist_root))
    with pytest.raises(ValueError, match="precision: expected fp32 or bf16, found 'fp8'"):
        CnnTraining(PARAMS, seed=0, settings=SETTINGS, runtime=runtime)


def test_bf16_is_another_training_of_the_same_start_and_order(make):
    full, half = make().epoch(), make(precision="bf16").epoch()
    assert untimed(full) != untimed(half)
    assert half["train_loss"] == pytest.approx(full["train_loss"], rel=0.02)


def test_auto_takes_bf16_where_the_hardware_has_it(monkeypatch):
    for capabilities, precision in (({"avx512_bf16": True}, "bf16"), ({"avx2": True}, "fp32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda c=capabilities: c, raising=False)
        assert CnnTraining.auto_precision(device="cpu") == precision
    assert CnnTraining.auto_precision(device="mps") == "fp32"
    monkeypatch.delattr(torch.cpu, "get_capabilities")  # torch before 2.10
    assert CnnTraining.auto_precision(device="cpu") == "fp32"


def test_relu_after_pooling_is_the_reports_network():
    ours = network_of(Architecture("cnn", "softmax", 32))
    reports = nn.Sequential(
        ours.conv1,
        nn.ReLU(),
        nn.MaxPool2d(2),
        ours.conv2,
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        ours.linear1,
        nn.ReLU(),
        ours.linear2,
        nn.Softmax(dim=1),
    )
    images = torch.rand(8, 1, 28, 28)
    torch.testing.assert_close(ours(images), reports(images))
    torch.testing.assert_close(ours(images).sum(dim=1), torch.ones(8))


@pytest.mark.parametrize(
    "made_of",
    [
        Architecture("cnn", "logits", 512),
        Architecture("cnn", "logits", 4096, width=8),
        Architecture("residual", "logits", 512),
        Architecture("residual", "softmax", 0, width=8),
    ],
)
def test_counts_and_estimates_fit_the_network(made_of: Architecture):
    network = network_of(made_of)
    assert parameter_count(made_of) == sum(p.numel() for p in network.parameters())
    params = {"hidden": made_of.hidden or 1, "network": made_of.network}
    if made_of.width is not None:
        params["width"] = made_of.width
    estimate = CnnTraining.estimate({**PARAMS, **params}, settings=SETTINGS)
    assert estimate.checkpoint_bytes == 12 * parameter_count(made_of)
    assert estimate.operations > 400 * operations_per_image(made_of)


def test_operations_of_the_baseline():
    baseline = Architecture("cnn", "softmax", 512)
    assert operations_per_image(baseline) == pytest.approx(72.4e6, rel=0.02)
    residual = Architecture("residual", "softmax", 512)
    assert operations_per_image(residual) == pytest.approx(72.4e6, rel=0.1)


def test_peak_memory_is_this_trainings_own():
    before = PeakMemory("cpu").megabytes()
    if before is None:
        pytest.skip("this system doesn't tell a process's peak memory")
    memory = PeakMemory("cpu")
    block = bytearray(b"x" * 300_000_000)
    high = memory.megabytes()
    del block
    later = PeakMemory("cpu").megabytes()
    assert high - before > 250
    assert high - later > 250


def test_a_rate_is_measured():
    assert CnnTraining.measure_rate(runtime=Runtime()) > 1e9


@pytest.mark.parametrize("network", [{}, {"network": "residual", "width": 8}])
def test_its_model_is_the_network_by_name(make, tmp_path: Path, network: dict):
    training = make(precision="bf16", **network)
    training.save_model(tmp_path / "x.safetensors")
    weights = load_file(tmp_path / "x.safetensors")
    made = network_of(architecture({**PARAMS, **network}, SETTINGS))
    made.load_state_dict(weights)
    assert {w.dtype for w in made.parameters()} == {torch.float32}
    assert sum(w.numel() for w in made.parameters()) > 1000
