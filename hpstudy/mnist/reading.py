"""What a saved network reads in pictures: found, brought to its form, cut where that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image
from safetensors.torch import load_file

from hpstudy.datasets import MNIST, dataset_of
from hpstudy.errors import UserError
from hpstudy.expected import one_line
from hpstudy.files import shown
from hpstudy.mnist.boxes import Digit, digits_of
from hpstudy.mnist.broken import pieces
from hpstudy.mnist.centred import box_of, centred, in_form
from hpstudy.mnist.framed import framed
from hpstudy.mnist.hyperparameters import architecture, checked
from hpstudy.mnist.ink import ink_of
from hpstudy.mnist.networks import network_of
from hpstudy.mnist.touching import cuts
from hpstudy.objective import Params, Settings
from hpstudy.objective.shown import Found

_BATCH = 250
_SURE = 0.97  # that both halves of what is cut are digits
_SURER = 0.03  # doubt of a whole, as a share of that of its pieces
_DOUBTED = 0.02  # doubt of pieces at least: some networks are sure of whatever they see
_DEEPEST = 4  # times that what was cut is cut again

Network = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]


def read_pictures(
    pictures: Iterable[Image], *, model: Path, params: Params, settings: Settings, device: str
) -> Iterator[Sequence[Found]]:
    """Yields the digits of each picture; of data other than MNIST, the one thing that is in it."""
    network = _loaded(model, params, settings, device)
    data = dataset_of(settings)
    read = _digits if data is MNIST else _thing
    for picture in pictures:
        yield read(picture, network, data.classes)


def _loaded(model: Path, params: Params, settings: Settings, device: str) -> Network:
    """Returns what gives the probabilities of the classes for 28x28 images, in float32."""
    made_of = architecture(params, settings)
    try:
        checked(params, settings)
        network = network_of(made_of)
        network.load_state_dict(load_file(model))
    except Exception as error:  # a file may hold anything
        raise UserError(
            f"{shown(model)}: not the network that its card tells of: {one_line(f'{error}')}"
        ) from error
    if not all(one.isfinite().all() for one in network.state_dict().values()):
        raise UserError(f"{shown(model)}: has weights that are no finite numbers")
    network.to(device).eval()

    @torch.inference_mode()
    def probabilities(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        batches = torch.from_numpy(np.stack(images)).unsqueeze(1).split(_BATCH)
        outputs = torch.cat([network(batch.to(device) / 255).cpu() for batch in batches])
        found: NDArray[np.float32] = (
            outputs if made_of.head == "softmax" else outputs.softmax(dim=1)
        ).numpy()
        return found

    return probabilities


def _thing(picture: Image, network: Network, classes: Sequence[str]) -> list[Found]:
    seen = framed(picture)
    if seen is None:
        return []
    return [_found(network([seen])[0], seen, (0, 0, *picture.size), classes)]


def _digits(picture: Image, network: Network, classes: Sequence[str]) -> list[Found]:
    if (made := in_form(picture)) is not None:
        return [_found(network([made])[0], made, box_of(made > 0), classes)]
    ink = ink_of(picture)
    digits = digits_of(ink) if ink else []
    if not digits:
        return []
    read = _mended(_read(digits, network), network)
    told = [one for part in read for one in _cut(part, network, alone=len(read) == 1)]
    return [_found(sure, seen, digit.box, classes) for digit, seen, sure in told]


def _mended(read: list[_Read], network: Network) -> list[_Read]:
    """Puts together what is read far more surely as one digit than as two."""
    while ways := [*pieces([digit for digit, _, _ in read])]:
        wholes = _read([read[one][0].joined(read[other][0]) for one, other in ways], network)
        doubts = [_doubt([read[place] for place in way]) for way in ways]
        shares = [
            _doubt([whole]) / doubt if doubt > _DOUBTED else 1.0
            for doubt, whole in zip(doubts, wholes, strict=True)
        ]
        there: dict[int, _Read] = dict(enumerate(read))
        whole_now: set[int] = set()
        for share, (one, other), whole in sorted(
            zip(shares, ways, wholes, strict=True), key=lambda way: way[0]
        ):
            if share <= _SURER and not whole_now & {one, other}:
                there[one] = whole
                del there[other]
                whole_now |= {one, other}
        if not whole_now:
            break
        read = [*there.values()]
    return read


def _doubt(read: Sequence[_Read]) -> float:
    return 1 - _surety(read)


_Read = tuple[Digit, NDArray[np.uint8], NDArray[np.float32]]


def _read(digits: Sequence[Digit], network: Network) -> list[_Read]:
    images = [centred(digit.ink) for digit in digits]
    return list(zip(digits, images, network(images), strict=True))


def _cut(whole: _Read, network: Network, *, alone: bool, depth: int = 0) -> list[_Read]:
    """Returns what a part is read as: itself, or the digits that it can be cut into."""
    ways = [_read(halves, network) for halves in cuts(whole[0], alone=alone)]
    best = max(ways, key=_surety, default=None)
    if best is None or _surety(best) < _SURE or depth == _DEEPEST:
        return [whole]
    return [one for half in best for one in _cut(half, network, alone=False, depth=depth + 1)]


def _surety(read: Sequence[_Read]) -> float:
    """Returns how sure the network is of the one that it is least sure of."""
    return min(float(sure.max()) for _, _, sure in read)


def _found(
    sure: NDArray[np.float32],
    seen: NDArray[np.uint8],
    box: tuple[int, int, int, int],
    classes: Sequence[str],
) -> Found:
    best = int(sure.argmax())
    return Found(classes[best], float(sure[best]), box, seen)
