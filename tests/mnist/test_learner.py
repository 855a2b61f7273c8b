from __future__ import annotations

import pytest
import torch

from hpstudy.mnist.learner import Learner
from hpstudy.mnist.networks import Architecture, network_of

SMALL = Architecture("cnn", "logits", 16)


def made(precision: str, *, lr: float = 0.001) -> Learner:
    torch.manual_seed(0)
    return Learner(network_of(SMALL), lr=lr, precision=precision, device="cpu")


IMAGES = torch.randint(256, (8, 1, 28, 28), generator=torch.Generator().manual_seed(1)).byte()
LABELS = torch.arange(8)


def test_the_weights_it_gives_are_float32_in_either_precision():
    for precision in ("fp32", "bf16"):
        state = made(precision).state_dict()
        assert set(state["model"]) == set(network_of(SMALL).state_dict())
        assert {w.dtype for w in state["model"].values()} == {torch.float32}
        assert made(precision).outputs(IMAGES).dtype == torch.float32


def test_outputs_of_bf16_are_rounded():
    full, half = made("fp32").outputs(IMAGES), made("bf16").outputs(IMAGES)
    torch.testing.assert_close(half, full, atol=0.02, rtol=0.05)
    assert not torch.equal(half, full)
    assert torch.equal(half, half.bfloat16().float())


def test_steps_too_small_for_bfloat16_add_up():
    learner = made("bf16", lr=1e-6)
    before = {name: w.clone() for name, w in learner.state_dict()["model"].items()}
    for _ in range(20):
        learner.step(IMAGES, LABELS)
    after = learner.state_dict()["model"]
    moved = (after["linear2.weight"] - before["linear2.weight"]).abs()
    assert moved.median() == pytest.approx(20e-6, rel=0.2)


def test_a_step_is_adams():
    learner = made("fp32")
    torch.manual_seed(0)
    network = network_of(SMALL)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001)
    for _ in range(3):
        loss, outputs = learner.step(IMAGES, LABELS)
        expected = torch.nn.functional.cross_entropy(network(IMAGES / 255), LABELS)
        optimizer.zero_grad()
        expected.backward()
        optimizer.step()
        torch.testing.assert_close(loss, expected.detach())
        assert outputs.shape == (8, 10)
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(learner.state_dict()["model"][name], weight)
