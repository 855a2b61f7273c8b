"""Looks at growing numbers of seeds, announced before the first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Looks:
    """After how many seeds a study is looked at, and what difference counts.

    Attributes:
        counts: After how many seeds; rising.
        seeds: The seeds, in the order in which they are trained; as many as the last look has.
        margin: What difference counts, in the metric's unit; None where any does.
    """

    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    margin: float | None = None
