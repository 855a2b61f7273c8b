"""What was found in a picture, as a line and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from hpstudy.objective.shown import Found

# Of the test images that the report's network misreads after 20 epochs, a third are less sure than
# this, and of those that it reads, 3 in 1,000.
UNSURE = 0.95
UNSURE_MARK = "?"


def is_unsure(found: Found) -> bool:
    """Tells whether a person should look at it."""
    return found.probability < UNSURE


def lines_of(found: Sequence[Found]) -> list[list[Found]]:
    """Returns what was found, line by line; in a line it goes to the right."""
    lines: list[list[Found]] = []
    for one in found:
        if lines and one.box[0] > lines[-1][-1].box[0] and _is_beside(lines[-1][-1], one):
            lines[-1].append(one)
        else:
            lines.append([one])
    return lines


def _is_beside(one: Found, other: Found) -> bool:
    (_, top, _, height), (_, other_top, _, other_height) = one.box, other.box
    return top < other_top + other_height and other_top < top + height


def share(probability: float) -> str:
    """Returns a probability in per cent; only what is certain is 100."""
    return f"{math.floor(1000 * probability) / 10:.1f}"


def text_of(found: Sequence[Found], mark: str = "") -> str:
    """Returns what is written; what is unsure has the mark behind it: "10?115"."""
    between = "" if all(len(one.label) == 1 for one in found) else " "
    return between.join(one.label + mark * is_unsure(one) for one in found)


def told(file: str, found: Sequence[Found]) -> list[str]:
    """Returns a picture's lines: what is written, and how sure the network is of each."""
    lines = [(text_of(line, UNSURE_MARK), line) for line in lines_of(found)]
    width = max((len(text) for text, _ in lines), default=0)
    return [
        f"{file + ':' if place == 0 else ' ' * (len(file) + 1)} {text:<{width}}  "
        f"{' '.join(share(one.probability) for one in line)} %"
        for place, (text, line) in enumerate(lines)
    ]


def predictions_document(
    model: str,
    images: Iterable[tuple[str, Sequence[Found]]],
    errors: Sequence[tuple[str, str]],
    *,
    page: str | None,
) -> dict[str, Any]:
    """Returns the document that `predict --json` prints: its keys are a contract.

    Args:
        model: The model's file.
        images: The pictures' files, and what is in each.
        errors: The files that weren't read, and why.
        page: The page that shows it all, if one was written.
    """
    return {
        "model": model,
        "page": page,
        "images": [_image(file, found) for file, found in images],
        "errors": [{"file": file, "error": error} for file, error in errors],
    }


def _image(file: str, found: Sequence[Found]) -> dict[str, Any]:
    """Returns a picture; of several, `digit` is null and `probability` that all are right."""
    return {
        "file": file,
        **(_label(found[0]) if len(found) == 1 else {"digit": None}),
        "probability": math.prod(one.probability for one in found),
        "text": "\n".join(map(text_of, lines_of(found))),
        "digits": [
            {
                **_label(one),
                "probability": one.probability,
                "unsure": is_unsure(one),
                "box": list(one.box),
            }
            for one in found
        ],
    }


def _label(found: Found) -> dict[str, Any]:
    """Returns a digit as a number, any other class by its name."""
    is_digit = found.label in set("0123456789")
    return {"digit": int(found.label)} if is_digit else {"label": found.label}
