"""Margins of a study file: smaller than what their metric spans, where that is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hpstudy.metric import Direction

if TYPE_CHECKING:
    from hpstudy.studyfile.file import StudyFile


def check_margins(study: StudyFile) -> None:
    """Checks the margins of grid, search and claims: of a share, 5 is none.

    Raises:
        ValueError: One is as wide as its metric.
    """
    for where, name, direction, margin in _margins(study):
        metric = study.measured(name, direction)
        if metric.in_per_cent and margin * metric.scale >= 100:
            raise ValueError(
                f"{where}: expected less than {100 / metric.scale:g}, as it is in the metric's own "
                f"unit, found {margin:g}"
            )


def _margins(study: StudyFile) -> Iterator[tuple[str, str, Direction, float]]:
    grid, search = study.grid, study.search
    if search is not None and search.equal_within is not None:
        measured = search.confirming_metric, search.confirming_direction
        yield "search.equal_within", *measured, search.equal_within
    if grid is None:
        return
    if grid.equal_within is not None:
        yield "grid.equal_within", grid.metric, grid.direction, grid.equal_within
    for number, claim in enumerate(study.claims, 1):
        if (margin := claim.expect.equal_within) is not None:
            yield f"claims[{number}].expect.equal_within", grid.metric, grid.direction, margin
