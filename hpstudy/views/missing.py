"""What has no value, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.results.grid import Failure, GridResults
from hpstudy.running.failures import alike
from hpstudy.wording import counted, setting, words


def alike_failures(failures: Sequence[Failure]) -> list[str]:
    """Says why points failed, a line for those that failed alike."""
    kinds: dict[str, list[Failure]] = {}
    for failure in failures:
        kinds.setdefault(alike(failure.error), []).append(failure)
    return [
        f"{setting(found[0].params)}, seed {found[0].seed}: {found[0].error}"
        if len(found) == 1
        else f"{len(found)} points, the first at {setting(found[0].params)}, seed "
        f"{found[0].seed}: {found[0].error}"
        for found in kinds.values()
    ]


def missing_numbers(grid: GridResults) -> list[str]:
    """Says which metrics beside the compared one were no numbers somewhere."""
    return [
        f"{words(metric)} was no finite number in {counted(count, 'training')}: there it is "
        "not known, and no verdict depends on it."
        for metric, count in grid.gaps.items()
    ]
