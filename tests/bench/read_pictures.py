"""How well a saved model reads pictures, beside MNIST's own tensors.

Test images are drawn as pictures of several kinds and read as `hpstudy predict` does; a picture is
right where one digit is found in it and that is right. Then rows of two to eight digits, some of
which touch.

    PYTHONPATH=. python tests/bench/read_pictures.py best --runs runs --images 1000
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from hpstudy.mnist import CnnTraining
from hpstudy.mnist.data import load
from hpstudy.mnist.hyperparameters import architecture
from hpstudy.mnist.networks import network_of
from hpstudy.objective import Runtime
from hpstudy.store.models import Model, find_model
from tests.mnist.made_pictures import MADE, right, row

ROWS = 200


def labels(model: Model, pictures: Iterable[Image.Image]) -> list[list[str]]:
    card = model.card
    found = CnnTraining.predict(
        pictures,
        model=model.file,
        params=card.params,
        settings=card.settings,
        runtime=Runtime(),
    )
    return [[one.label for one in digits] for digits in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="its name, or the path of its card")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--images", type=int, default=1000, help="so many test images")
    parser.add_argument("--skip", type=int, default=0, help="not the first so many")
    args = parser.parse_args()
    model = find_model(args.model, args.runs / "models")
    card = model.card
    split = load(args.runs / "data")[1]
    some = split.take(slice(args.skip, args.skip + args.images))
    images, wanted = some.images[:, 0].numpy(), some.labels.numpy()
    network = network_of(architecture(card.params, card.settings)).eval()
    network.load_state_dict(load_file(model.file))
    with torch.inference_mode():
        read = [network(batch / 255).argmax(dim=1) for batch in some.images.split(250)]
    tensors = torch.cat(read).numpy() == wanted
    print(f"{model.card.study}: {100 * tensors.mean():.1f} % of {len(wanted)} tensors")
    for name, draw in MADE.items():
        random = np.random.default_rng(0)
        found = labels(model, (draw(image, random) for image in images))
        hits = np.array([one == [f"{n}"] for one, n in zip(found, wanted, strict=True)])
        off = 100 * (hits.astype(float) - tensors)
        lost = sum(len(one) != 1 for one in found)
        print(
            f"{name:20} {100 * hits.mean():5.1f} % ({off.mean():+.1f}, standard error "
            f"{off.std() / len(off) ** 0.5:.1f}); {lost} not read as one digit",
            flush=True,
        )
    digits, truth = split.images[:, 0].numpy(), split.labels.tolist()
    for touching in (0.0, 0.1, 0.3):
        random = np.random.default_rng(1)
        made = [row(digits, random, touching=touching) for _ in range(ROWS)]
        found = labels(model, (picture for picture, _ in made))
        rows = [[f"{truth[n]}" for n in places] for _, places in made]
        hits = sum(right(want, one) for want, one in zip(rows, found, strict=True))
        share = 100 * hits / sum(map(len, rows))
        print(f"{ROWS} rows, {touching:.0%} of gaps touching: {share:.1f} % of digits", flush=True)


if __name__ == "__main__":
    main()
