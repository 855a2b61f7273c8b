"""Seeds as a user gives them: how many, or which."""

from __future__ import annotations

import re

from hpstudy.expected import shown

MOST_SEEDS = 10_000
LARGEST_WHOLE = 2**53  # a database keeps floats, and up to here they hold each whole number

_PART = re.compile(r"(\d+)(?:-(\d+))?", re.ASCII)


def seeds_of(text: str) -> list[int]:
    """Reads seeds: "3" are the first three, "0-4" and "0,1,7" the ones named, "3-3" one alone.

    Raises:
        ValueError: The text says no seeds, too many, or too large ones.
    """
    wanted = (
        "expected a number of seeds such as 3 (0 to 2), or which ones, such as 0-4, 0,1,7 or 3-3"
    )
    parts = [_PART.fullmatch(part.strip()) for part in text.split(",")]
    spans: list[range] = []
    for part in parts:
        if part is None or max(map(len, part.groups(""))) > len(str(LARGEST_WHOLE)):
            raise ValueError(f"{wanted}, found {shown(text)}")
        first, last = int(part[1]), int(part[2] or part[1])
        is_count = len(parts) == 1 and part[2] is None
        spans.append(range(first) if is_count else range(first, last + 1))
        if not spans[-1]:
            raise ValueError(f"{wanted}, found {shown(text)}")
        if spans[-1][-1] > LARGEST_WHOLE:
            raise ValueError(f"expected seeds up to {LARGEST_WHOLE:,} (2**53), found {shown(text)}")
    if sum(map(len, spans)) > MOST_SEEDS:
        raise ValueError(f"expected at most {MOST_SEEDS:,} seeds, found {shown(text)}")
    return list(dict.fromkeys(seed for span in spans for seed in span))
