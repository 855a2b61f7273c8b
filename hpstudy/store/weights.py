"""What a training has learned as one file of tensors: safetensors, which runs no code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def save_weights(state: Mapping[str, Any], file: Path) -> None:
    """Writes a state's tensors by their names, those of nested parts joined with dots.

    What is no tensor stands in the file's metadata, as JSON.

    Args:
        state: What a training's `state_dict` gives.
        file: The file.
    """
    tensors: dict[str, Any] = {}
    metadata = {"format": "pt"}
    for name, value in _flat(state, ""):
        if not _is_tensor(value):
            metadata[name] = json.dumps(value, default=repr)
        elif name in tensors:
            raise ValueError(f"state_dict: expected one tensor {name!r}, found two")
        else:
            tensors[name] = _kept(value, name)
    file.write_bytes(_bytes(tensors, metadata))  # by its path, nothing is said of a full disk


def _kept(tensor: Any, name: str) -> Any:  # noqa: ANN401
    """Returns a tensor as the format has it: its own, dense, of a type that it knows."""
    from safetensors.torch import save

    try:
        kept = tensor.detach().cpu().contiguous().clone()  # tied ones are refused
        save({"": kept.flatten()[:0]})
    except Exception as error:
        what = f"{tensor.dtype}, {tensor.layout}, on {tensor.device}"
        raise ValueError(
            f"state_dict: {name}: safetensors can't hold such a tensor ({what}); give the class a "
            "save_model(file)"
        ) from error
    return kept


def _bytes(tensors: dict[str, Any], metadata: dict[str, str]) -> bytes:
    if tensors:
        from safetensors.torch import save

        return bytes(save(tensors, metadata))
    from safetensors import serialize  # torch takes a second to import

    return bytes(serialize({}, metadata))


def _flat(part: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yields what a state holds; lists are taken apart only where tensors are in them."""
    is_list = isinstance(part, (list, tuple)) and _has_tensor(part)
    if not is_list and not (isinstance(part, Mapping) and part):
        yield name, part
        return
    for key, value in enumerate(part) if is_list else part.items():
        yield from _flat(value, f"{name}.{key}" if name else f"{key}")


def _has_tensor(part: Any) -> bool:  # noqa: ANN401
    if isinstance(part, Mapping):
        return any(map(_has_tensor, part.values()))
    if isinstance(part, (list, tuple)):
        return any(map(_has_tensor, part))
    return _is_tensor(part)


def _is_tensor(value: object) -> bool:
    torch = sys.modules.get("torch")  # without it there are none
    return torch is not None and isinstance(value, torch.Tensor)
