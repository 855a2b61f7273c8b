"""Pictures made of MNIST's test images: as scans, photos and programs give them."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter, ImageOps

Make = Callable[[np.ndarray, np.random.Generator], Image.Image]


def sized(side: int, how: Image.Resampling = Image.Resampling.BICUBIC) -> Make:
    return lambda digit, _: Image.fromarray(digit).resize((side, side), how)


def inverted(digit, random) -> Image.Image:
    return ImageOps.invert(sized(120)(digit, random))


def padded(digit, random) -> Image.Image:
    place = (int(random.integers(0, 188)), int(random.integers(0, 88)))
    picture = Image.new("L", (300, 200), 0)
    picture.paste(sized(112)(digit, random), place)
    return picture


def blurred(digit, random) -> Image.Image:
    return sized(84)(digit, random).filter(ImageFilter.GaussianBlur(2.5))


def noisy(digit, random) -> Image.Image:
    pixels = np.asarray(inverted(digit, random), dtype=float)
    return picture_of(pixels + random.normal(0, 25, pixels.shape))


def with_gradient(digit, random) -> Image.Image:
    light = np.rot90(np.tile(np.linspace(0.45, 1, 120), (120, 1)), random.integers(4))
    return picture_of(np.asarray(inverted(digit, random)) * light)


def with_shadow(digit, random) -> Image.Image:
    y, x = np.mgrid[:200, :300]
    turn = random.uniform(0, 2 * np.pi)
    off = (x - random.uniform(90, 210)) * np.cos(turn) + (y - random.uniform(60, 140)) * np.sin(
        turn
    )
    paper = 50 + 0.7 * np.asarray(ImageOps.invert(padded(digit, random)), dtype=float)
    shadow = 1 - 0.45 / (1 + np.exp(-off / 5))
    return picture_of(paper * shadow + random.normal(0, 4, paper.shape))


def jpeg(digit, random) -> Image.Image:
    file = io.BytesIO()
    inverted(digit, random).save(file, "JPEG", quality=30)
    return Image.open(file)


def transparent(digit, random) -> Image.Image:
    picture = Image.new("RGBA", (100, 100), (10, 20, 80, 0))
    picture.putalpha(sized(100)(digit, random))
    return picture


def deep(digit, random) -> Image.Image:
    return Image.fromarray(60_000 - 200 * np.asarray(sized(100)(digit, random), dtype=np.uint16))


def with_palette(digit, random) -> Image.Image:
    return ImageOps.colorize(sized(100)(digit, random), "#fff8e0", "#203080").quantize(16)


def bilevel(digit, random) -> Image.Image:
    return inverted(digit, random).convert("1", dither=Image.Dither.NONE)


def printed(digit, random) -> Image.Image:
    return inverted(digit, random).convert("RGB").convert("CMYK")


def picture_of(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


MADE: dict[str, Make] = {
    "as it is": sized(28),
    "14 pixels": sized(14, Image.Resampling.BOX),
    "20 pixels": sized(20),
    "56 pixels": sized(56),
    "300 pixels": sized(300),
    "1000 pixels": sized(1000),
    "inverted": inverted,
    "padded": padded,
    "blurred": blurred,
    "noisy": noisy,
    "gradient": with_gradient,
    "shadow": with_shadow,
    "JPEG": jpeg,
    "alpha": transparent,
    "16 bit": deep,
    "palette": with_palette,
    "1 bit": bilevel,
    "CMYK": printed,
}


def row(
    images: np.ndarray, random: np.random.Generator, *, touching: float = 0.0
) -> tuple[Image.Image, list[int]]:
    """Returns a row of 2 to 8 digits of random sizes, gaps, slants, and which images it shows."""
    places = [int(n) for n in random.integers(0, len(images), random.integers(2, 9))]
    usual = random.uniform(24, 70)
    digits = [_slanted(images[n], usual, random) for n in places]
    gaps = [
        round(usual * (random.uniform(-0.08, 0) if random.random() < touching else gap))
        for gap in random.uniform(0.08, 0.6, len(digits))
    ]
    width = sum(digit.width + max(gap, 0) for digit, gap in zip(digits, gaps, strict=True))
    canvas = np.zeros((round(2 * usual), width + round(usual)), dtype=np.uint8)
    left = round(usual / 2)
    for digit, gap in zip(digits, gaps, strict=True):
        top = round(max(0, (len(canvas) - digit.height) / 2 + usual * random.uniform(-0.15, 0.15)))
        there = canvas[top : top + digit.height, left : left + digit.width]
        np.maximum(there, np.asarray(digit)[: len(there)], out=there)
        left += digit.width + gap
    return picture_of(255 - canvas if random.random() < 0.5 else canvas), places


def _slanted(image: np.ndarray, usual: float, random: np.random.Generator) -> Image.Image:
    digit = Image.fromarray(image)
    digit = digit.crop(digit.getbbox())
    scale = usual * random.uniform(0.8, 1.2) / 20
    digit = digit.resize([max(2, round(side * scale)) for side in digit.size])
    slant = random.uniform(-0.2, 0.2)
    aside = int(abs(slant) * digit.height) + 1
    framed = ImageOps.expand(digit, (aside, 0))
    sheared = framed.transform(
        framed.size,
        Image.Transform.AFFINE,
        (1, slant, -slant * digit.height / 2, 0, 1, 0),
        Image.Resampling.BICUBIC,
    )
    return sheared.crop(sheared.point(lambda level: 255 * (level > 20)).getbbox())


def right(wanted: list[str], found: list[str]) -> int:
    """Returns how many digits of a row are right, whatever was left out or put in between."""
    best = np.zeros((len(wanted) + 1, len(found) + 1), dtype=int)
    for i, one in enumerate(wanted):
        for j, other in enumerate(found):
            best[i + 1, j + 1] = max(best[i, j] + (one == other), best[i, j + 1], best[i + 1, j])
    return int(best[-1, -1])
