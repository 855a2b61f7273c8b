"""What came of checking an objective: a line each, and as JSON holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from hpstudy.running.promises import Checked, Finding, Holds
from hpstudy.wording import counted, duration

_MARKS = {Holds.YES: "✓", Holds.NO: "✗", Holds.UNKNOWN: "–"}
_PROMISES = {
    "trains": "trains",
    "metrics": "metrics are there",
    "same_seed": "same seed, same numbers",
    "other_seed": "another seed, other numbers",
    "goes_on": "goes on where it was stopped",
    "parameters": "hyperparameters are used",
    "arguments": "arguments are left alone",
    "folder": "nothing is left behind",
}


def line(finding: Finding) -> str:
    """Returns what was found out of a promise, and what to do."""
    do = f" → {finding.do}" if finding.do else ""
    return f"{_MARKS[finding.holds]} {_PROMISES[finding.name]}: {finding.seen}{do}"


def closing(checked: Checked) -> Iterator[str]:
    """Yields what the study would take, and what the check comes to."""
    for what, expected in (("grid", checked.grid), ("search", checked.search)):
        if expected is not None and expected.seconds_left is not None:
            workers = counted(expected.workers, "worker")
            yield f"The {what} would take about {duration(expected.seconds_left)} with {workers}."
    took = f"in {duration(checked.seconds)}"
    if checked.broken:
        yield f"Checked {took}: {counted(checked.broken, 'promise')} broken."
    elif not checked.is_whole:
        yield f"Not all was checked {took}: give it more time with --timeout."
    else:
        yield f"Checked {took}: nothing that is relied on is broken."


def document(study: str, objective: str, checked: Checked) -> dict[str, Any]:
    """Returns a check as JSON holds it."""
    return {
        "study": study,
        "objective": objective,
        "passed": checked.passed,
        "is_whole": checked.is_whole,
        "seconds": checked.seconds,
        "findings": [asdict(finding) for finding in checked.findings],
        "grid": asdict(checked.grid) if checked.grid is not None else None,
        "search": asdict(checked.search) if checked.search is not None else None,
    }
