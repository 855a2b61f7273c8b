"""How far points and trials have come, and what has no value and why, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hpstudy.results.grid import Failure, GridResults, TrialCounts
from hpstudy.running.failures import alike
from hpstudy.wording import counted, setting, words


def points_done(counts: TrialCounts) -> str:
    """Says how many points of a grid are done: "15 of 18 points done, 2 of them diverged"."""
    diverged = counts.others.get("diverged")
    told = [f"{counts.finished} of {counted(counts.total, 'point')} done"]
    told += [f"{diverged} of them diverged"] if diverged else []
    return _with_others(told, {k: v for k, v in counts.others.items() if k != "diverged"})


def trials_done(counts: TrialCounts) -> str:
    """Says how many trials of a search are finished: "16 trials finished, 7 pruned"."""
    return _with_others([f"{counted(counts.finished, 'trial')} finished"], counts.others)


def _with_others(told: list[str], others: Mapping[str, int]) -> str:
    return ", ".join([*told, *(f"{count} {state}" for state, count in others.items())])


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
