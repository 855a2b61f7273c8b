"""Pictures as people have them: files, folders, a pipe; what can't be read is said in a line."""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hpstudy.errors import UserError
from hpstudy.expected import one_line

if TYPE_CHECKING:
    from PIL import Image

PIPE = "-"
_OPENED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF", "JPEG2000")
_SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".dib"),
    *(".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".jp2"),
)
_MOST_PIXELS = 90_000_000  # a photo of the largest cameras has 60 million
_MOST_BYTES = 500_000_000
_LONGEST = 150  # letters of Pillow's reasons
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        image: Upright, in the mode of its file.
        note: What else is to be known, such as that there are more pages; mostly empty.
    """

    image: Image.Image
    note: str


def picture_files(given: Sequence[str]) -> list[str]:
    """Returns the files that are meant: a folder's pictures in the order of their numbers.

    Raises:
        UserError: There is no such file, or a folder has no picture.
    """
    found: list[str] = []
    for one in given:
        path = Path(one)
        if one == PIPE:
            found.append(one)
        elif _is_folder(path):
            found += _in_folder(path)
        else:
            found.append(one)
    return found


def _is_folder(path: Path) -> bool:
    try:
        path.stat()
        return path.is_dir()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise UserError(f"{path}: no such file or folder") from error
    except OSError:  # a folder that may not be entered, a name too long: said when it is opened
        return False


def _in_folder(folder: Path) -> list[str]:
    try:
        there = [file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES]
    except OSError as error:
        raise UserError(f"{folder}: can't be read: {error.strerror}") from error
    files = [f for f in there if not f.name.startswith(".") and not f.is_dir()]
    if not files:
        raise UserError(f"{folder}: no picture in there (PNG, JPEG, WebP, TIFF, BMP, GIF)")
    return [f"{file}" for file in sorted(files, key=_by_numbers)]


def _by_numbers(file: Path) -> list[tuple[int, str]]:
    """Sorts 2 before 10."""
    parts = _DIGITS.split(file.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def open_picture(name: str) -> Picture:
    """Reads a picture.

    Raises:
        UserError: It can't be read: it is broken, no picture, or too large.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    content = _content(name)
    Image.init()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken metadata
            opened = Image.open(
                io.BytesIO(content), formats=[f for f in _FORMATS if f in Image.OPEN]
            )
            if opened.width * opened.height > _MOST_PIXELS:
                raise UserError(
                    f"{name}: {opened.width:,} × {opened.height:,} pixels: expected at most "
                    f"{_MOST_PIXELS // 1_000_000} million"
                )
            opened.load()
            upright = ImageOps.exif_transpose(opened)
    except Image.DecompressionBombError as error:
        raise UserError(
            f"{name}: expected at most {_MOST_PIXELS // 1_000_000} million pixels, found far more"
        ) from error
    except UnidentifiedImageError as error:
        raise UserError(
            f"{name}: no picture that can be read; expected PNG, JPEG, WebP, TIFF, BMP or GIF"
        ) from error
    except UserError:
        raise
    except Exception as error:  # of a broken file Pillow's decoders raise anything
        reason = one_line(f"{error}", _LONGEST) or type(error).__name__
        raise UserError(f"{name}: a broken picture: {reason}") from error
    return Picture(upright, _more(name, opened))


def _content(name: str) -> bytes:
    try:
        if name == PIPE:
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            if _may_block(name):
                raise UserError(f"{name}: a pipe or a device; `-` reads what is piped in")
            with Path(name).open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{name}: can't be read: {error.strerror}") from error
    if not content:
        raise UserError(f"{name}: empty")
    if len(content) > _MOST_BYTES:
        raise UserError(f"{name}: expected at most {_MOST_BYTES // 1_000_000} MB, found more")
    return content


def _may_block(name: str) -> bool:
    """Tells whether reading might never end: what a shell opens is written to by somebody."""
    path = Path(name)
    return path.exists() and not path.is_file() and not name.startswith(_OPENED)


def _more(name: str, opened: Image.Image) -> str:
    count = getattr(opened, "n_frames", 1)
    if count == 1 or opened.format == "MPO":  # a camera's own preview
        return ""
    kind = "pages" if opened.format == "TIFF" else "frames"
    return f"{name}: the first of {count} {kind} is read"


def readable(names: Sequence[str]) -> Iterator[tuple[str, Picture | UserError]]:
    """Yields each picture, or why it can't be read."""
    for name in names:
        try:
            yield name, open_picture(name)
        except UserError as error:
            yield name, error
