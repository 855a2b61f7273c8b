"""What a program prints, line by line: its metrics, and the epochs that they belong to.

Without patterns, a metric is a number behind its name: `val_loss: 0.3`, `acc=0.9`, `Accuracy
93.1%`, or a key of a JSON line. Names are written in lower case with `_` for what is no letter:
`Average loss: 0.03` is `average_loss`. A count of so many is a share: `Accuracy: 9914/10000` is
0.9914. A line that has `epoch 3`, `Epoch: 3/10`, `[epoch=3]` begins the epoch, and what stands in
it and in the lines that follow belongs to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from hpstudy.expected import one_line

EPOCH = "epoch"

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NUMBER = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|(?:nan|inf(?:inity)?)\b)"
_WORD = r"[^\W\d][\w.\-/@]*"
# Behind a name: ": 0.03", "=0.9", ": tensor(0.03)", ": 9914/10000"; not "{loss:.3f}" of a program
# that prints its own source, nor the 0 of "0,91", the 1 of "1,234.5" or the 12 of "12:30". Or
# " 93.1%".
_VALUE = re.compile(
    rf"[:=]\s*(?:tensor\(|np\.float\d+\(|[\[(])?({_NUMBER})(?![\d.]*[a-z]\}})"
    r"(?!\d|e[-+]?\d|[.,:]\d)(?:/(\d+)(?![\w./]))?",
    re.IGNORECASE,
)
_NAME = re.compile(rf"({_WORD}(?: {_WORD}){{0,2}})['\"]?\s*\Z")
_PER_CENT = re.compile(rf"({_WORD}(?: {_WORD}){{0,2}})\s+({_NUMBER})\s*\Z", re.IGNORECASE)
_LONGEST_NAME = 120
_EPOCH = re.compile(
    rf"(?<![a-z_\-])(?<!best.)epoch['\"]?\s*[:=#]?\s*[\[(]?\s*({_NUMBER})", re.IGNORECASE
)
_MOST_EPOCH = 2**31


@dataclass(frozen=True)
class Output:
    """Where metrics stand in what a program prints.

    Attributes:
        patterns: A regular expression with one group a metric; all numbers with a name if empty.
        epoch: One whose group is the epoch; None for the usual ways of saying it.
        file: The file that holds the metrics, with placeholders; None where they are printed.
    """

    patterns: Mapping[str, str] = field(default_factory=dict)
    epoch: str | None = None
    file: str | None = None

    def told(self) -> dict[str, Any]:
        """Returns what is not left out."""
        found = {"output": dict(self.patterns), EPOCH: self.epoch, "file": self.file}
        return {name: value for name, value in found.items() if value}


class Said(NamedTuple):
    """What a line says.

    Attributes:
        metrics: The metrics in it; a name's last value.
        epoch: The epoch in it, as the program counts; None where it says none.
    """

    metrics: Mapping[str, float]
    epoch: float | None = None


class Reader:
    """Reads lines by an `Output`.

    Args:
        output: Where metrics stand.
    """

    def __init__(self, output: Output) -> None:
        self._patterns = {name: re.compile(p) for name, p in output.patterns.items()}
        self._epoch = re.compile(output.epoch) if output.epoch is not None else None

    def read(self, line: str) -> Said | None:
        """Returns what a line says; None for nothing.

        Raises:
            ValueError: A pattern's group is no number.
        """
        if "\x1b" in line:
            line = _COLOUR.sub("", line)
        entries = _entries(line)
        epoch = self._epoch_of(line, entries)
        metrics = self._named(line) if self._patterns else _all_of(line, entries)
        return Said(metrics, epoch) if metrics or epoch is not None else None

    def _epoch_of(self, line: str, entries: Mapping[str, float]) -> float | None:
        if self._epoch is not None:
            texts = self._epoch.findall(line)
            epoch = _number(EPOCH, texts[-1], line) if texts else None
        elif EPOCH in entries:
            epoch = entries[EPOCH]
        elif "poch" in line or "POCH" in line:
            found = _EPOCH.search(line)
            epoch = float(found[1]) if found else None
        else:
            return None
        return epoch if epoch is not None and 0 <= epoch < _MOST_EPOCH else None

    def _named(self, line: str) -> dict[str, float]:
        return {
            name: _number(name, texts[-1], line)
            for name, pattern in self._patterns.items()
            if (texts := pattern.findall(line))
        }


def _all_of(line: str, entries: Mapping[str, float]) -> dict[str, float]:
    """Returns all numbers of a line that have a name, the epoch aside."""
    if entries:
        return {name: value for name, value in entries.items() if name != EPOCH}
    found: dict[str, float] = {}
    for match in re.finditer("%", line) if "%" in line else ():
        end = match.start()
        if before := _PER_CENT.search(line[max(0, end - _LONGEST_NAME) : end]):
            found[_named(before[1])] = float(before[2])
    end = 0
    for match in _VALUE.finditer(line) if ":" in line or "=" in line else ():
        begin, number, whole = match.start(), match[1], match[2]
        if words := _NAME.search(line[max(end, begin - _LONGEST_NAME) : begin]):
            found[_named(words[1])] = _share(float(number), int(whole)) if whole else float(number)
        end = match.end()
    found.pop("", None)
    return found


@lru_cache(maxsize=1000)
def _named(words: str) -> str:
    """Returns a metric's name in lower case with `_`; "" for an epoch."""
    name = re.sub(r"\W+", "_", words).strip("_").lower()
    return "" if name.endswith(EPOCH) else name


def _share(number: float, whole: int) -> float:
    return number / whole if whole and 0 <= number <= whole else number


def _entries(line: str) -> dict[str, float]:
    """Returns the numbers of a JSON line by key; those of an inner table as "outer.inner".

    A time, or what else a log begins with, may stand before it.
    """
    begin = line.find("{")
    if begin < 0 or not line.rstrip().endswith("}"):
        return {}
    try:
        found = json.loads(line[begin:])
    except (ValueError, RecursionError):
        return {}
    return dict(_flat(found, ""))


def _flat(table: Mapping[str, Any], before: str) -> Iterator[tuple[str, float]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                yield f"{before}{key}", float(value)
            except OverflowError:  # 10**400
                continue


def _number(name: str, text: str, line: str) -> float:
    try:
        return float(text.strip().rstrip("%"))
    except ValueError as error:
        raise ValueError(
            f"output.{name}: expected a pattern whose group is a number, found {text[:40]!r} in "
            f"{one_line(line, 80)!r}"
        ) from error
