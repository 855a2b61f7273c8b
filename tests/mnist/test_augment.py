from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from hpstudy.mnist.augment import SHIFT, Augmentation
from hpstudy.mnist.hyperparameters import architecture, checked

INDEX = torch.arange(64)


@pytest.fixture
def images() -> torch.Tensor:
    """64 images with a grey ring of black around them, so that nothing is pushed out."""
    inner = torch.randint(1, 256, (64, 1, 16, 16), generator=torch.Generator().manual_seed(1))
    return functional.pad(inner, (6, 6, 6, 6)).byte()


def changed(kind: str, images: torch.Tensor, seed: int = 0) -> torch.Tensor:
    augmentation = Augmentation(kind, len(images), "cpu")
    augmentation.draw(torch.Generator().manual_seed(seed))
    return augmentation.apply(images, INDEX[: len(images)])


def test_a_shift_moves_by_whole_pixels_in_all_directions(images: torch.Tensor):
    found = set()
    for before, after in zip(images.float(), changed("shift", images), strict=True):
        fits = [
            (down, across)
            for down in range(-SHIFT, SHIFT + 1)
            for across in range(-SHIFT, SHIFT + 1)
            if torch.allclose(before.roll((down, across), (1, 2)), after, atol=0.1)
        ]
        assert len(fits) == 1
        found |= {*fits}
    assert {down for down, _ in found} == {across for _, across in found} == {-2, -1, 0, 1, 2}


def test_a_flip_mirrors_about_half_of_the_images(images: torch.Tensor):
    after = changed("flip", images)
    as_it_was = [torch.allclose(a, b.float(), atol=0.1) for a, b in zip(after, images, strict=True)]
    mirrored = [
        torch.allclose(a, b.float().flip(2), atol=0.1) for a, b in zip(after, images, strict=True)
    ]
    assert all(one != other for one, other in zip(as_it_was, mirrored, strict=True))
    assert 20 < sum(mirrored) < 44


def test_a_rotation_and_a_zoom_keep_the_middle_and_the_ink(images: torch.Tensor):
    bar = torch.zeros(64, 1, 28, 28).byte()
    bar[:, :, 4:24, 12:16] = 200
    for kind, least, most in (("rotation", 0.97, 1.03), ("zoom", 0.75, 1.3)):
        after = changed(kind, bar)
        ink = after.sum(dim=(1, 2, 3)) / bar[0].float().sum()
        assert least < ink.min() < ink.max() < most
        assert (after[:, 0, 13:15, 13:15] > 150).all()
        assert len({a.sum().item() for a in after[:, 0, :6]}) > 5  # each by its own


def test_what_is_drawn_is_the_epochs_and_the_images_own(images: torch.Tensor):
    one = changed("shift+rotation+zoom+flip", images)
    assert torch.equal(one, changed("shift+rotation+zoom+flip", images))
    assert not torch.equal(one, changed("shift+rotation+zoom+flip", images, seed=1))
    augmentation = Augmentation("shift+rotation+zoom+flip", 64, "cpu")
    augmentation.draw(torch.Generator().manual_seed(0))
    some = torch.tensor([40, 3, 12])
    torch.testing.assert_close(augmentation.apply(images[some], some), one[some])


@pytest.mark.parametrize("wrong", ["shear", "", "shift+", "shift+shift", "none+flip", "Shift"])
def test_an_unknown_augmentation_is_refused_with_those_there_are(wrong: str):
    params = {"lr": 0.001, "hidden": 8, "batch_size": 10, "augmentation": wrong}
    with pytest.raises(ValueError, match="augmentation: expected .*shift, rotation, zoom, flip"):
        checked(params, {})


def test_the_head_stands_in_one_place():
    params = {"lr": 0.001, "hidden": 8, "batch_size": 10}
    assert architecture(params, {}).head == "softmax"
    assert architecture(params, {"head": "logits"}).head == "logits"
    assert architecture({**params, "head": "logits"}, {}).head == "logits"
    with pytest.raises(ValueError, match="head: is given as a setting, too"):
        checked({**params, "head": "logits"}, {"head": "softmax"})


def test_only_the_cnn_needs_hidden_units():
    params = {"lr": 0.001, "batch_size": 10}
    assert architecture({**params, "network": "residual"}, {}).width is None
    with pytest.raises(ValueError, match="hidden: missing"):
        checked(params, {})
