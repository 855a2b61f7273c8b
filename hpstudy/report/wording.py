"""What of a grid's results is told in the same words everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.analysis.findings import LevelFinding
from hpstudy.analysis.results import Failure, GridResults
from hpstudy.running.failures import alike
from hpstudy.wording import setting


def judged(row: LevelFinding) -> str:
    """Says a level's verdict, and which of its seeds have no number: "unstable: 3 of 6 seeds …"."""
    finished = len(row.seeds) + len(row.diverged)
    gaps = []
    if row.diverged:
        gaps.append(f"{len(row.diverged)} of {finished} seeds diverged")
    if row.failed:
        gaps.append(f"{finished} of {finished + len(row.failed)} seeds, the others failed")
    verdict = "" if row.is_baseline else row.verdict or ""
    return ": ".join(part for part in (verdict, "; ".join(gaps)) if part)


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
        f"{metric} was no finite number in {count} training{'' if count == 1 else 's'}: there it "
        "is not known, and no verdict depends on it."
        for metric, count in grid.gaps.items()
    ]
