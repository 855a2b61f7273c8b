"""Durations, sizes and settings in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from hpstudy.analysis.effects import Effect
from hpstudy.analysis.results import Failure, GridResults, LevelResult
from hpstudy.running.failures import alike
from hpstudy.wording import level


def duration(seconds: float | None) -> str:
    """Formats a duration: "41 s", "12 min", "3 h 05 min"."""
    if seconds is None:
        return "unknown"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int | None) -> str:
    """Formats a number of bytes in MB."""
    return "unknown" if count is None else f"{count / 1e6:,.0f} MB"


def elapsed(seconds: float) -> str:
    """Formats a wall time exactly enough to compare runs: "0:31:07"."""
    return str(timedelta(seconds=round(seconds)))


def setting(params: Mapping[str, object]) -> str:
    """Formats hyperparameters: "lr 0.00083, epochs 7"."""
    return ", ".join(f"{name} {level(value)}" for name, value in params.items())


def judged(row: LevelResult, effect: Effect) -> str:
    """Says a level's verdict, and which of its seeds have no number: "unstable: 3 of 6 seeds …"."""
    finished = len(row.seeds) + len(row.diverged)
    gaps = []
    if row.diverged:
        gaps.append(f"{len(row.diverged)} of {finished} seeds diverged")
    if row.failed:
        gaps.append(f"{finished} of {finished + len(row.failed)} seeds, the others failed")
    verdict = "" if row.is_baseline else effect.verdict or ""
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


def how_trained(runtime: Mapping[str, object]) -> str:
    """Says on what and in which precision: "Trained on cpu, in bf16, 1 thread each."."""
    threads = runtime.get("threads")
    words = {
        "device": f"on {runtime.get('device')}",
        "precision": f"in {runtime.get('precision')}",
        "threads": f"{threads} thread{'' if threads == 1 else 's'} each",
    }
    known = [text for name, text in words.items() if name in runtime]
    return f"Trained {', '.join(known)}." if known else ""
