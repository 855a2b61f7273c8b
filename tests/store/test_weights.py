"""A training's state as one file of tensors."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from hpstudy.store.weights import save_weights


def test_tensors_have_their_names_and_what_is_none_stands_in_the_metadata(tmp_path):
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    state = {
        "net": net.state_dict(),
        "tied": net.weight.detach(),
        "optimizer": optimizer.state_dict(),
    }
    save_weights({**state, "seen": [1, 2], "at": (3, 4), "": {}}, tmp_path / "x.safetensors")
    found = load_file(tmp_path / "x.safetensors")
    assert torch.equal(found["net.weight"], net.weight)
    assert torch.equal(found["tied"], net.weight)
    assert {"net.bias", "optimizer.state.0.exp_avg", "optimizer.state.1.step"} <= set(found)
    with safe_open(tmp_path / "x.safetensors", "pt") as file:
        told = file.metadata()
    assert (told["format"], told["seen"], told["at"], told[""]) == ("pt", "[1, 2]", "[3, 4]", "{}")
    assert json.loads(told["optimizer.param_groups"])[0]["lr"] == 0.001


def test_a_list_of_tensors_is_taken_apart(tmp_path):
    save_weights({"layers": [torch.zeros(2), {"bias": torch.ones(1)}]}, tmp_path / "x")
    assert set(load_file(tmp_path / "x")) == {"layers.0", "layers.1.bias"}


def test_two_tensors_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one tensor 'a.b', found two"):
        save_weights({"a": {"b": torch.zeros(1)}, "a.b": torch.ones(1)}, tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "odd",
    [torch.eye(2).to_sparse(), torch.ones(1, dtype=torch.complex128), torch.ones(1, device="meta")],
)
def test_a_tensor_that_the_format_cannot_hold_is_named(tmp_path, odd):
    state = {"mine": [torch.ones(2, dtype=torch.bfloat16), torch.tensor(3), odd]}
    with pytest.raises(ValueError, match="mine.2: safetensors can't hold such a tensor .torch."):
        save_weights(state, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_state_without_tensors_is_metadata_alone(tmp_path):
    save_weights({"position": 0.5}, tmp_path / "x")
    with safe_open(tmp_path / "x", "np") as file:
        assert file.metadata() == {"format": "pt", "position": "0.5"}
