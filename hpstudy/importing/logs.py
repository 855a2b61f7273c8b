"""Logs as a table: a file a run, its last metrics, its setting from its name or from a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.expected import one_line, printable, shown
from hpstudy.importing import names
from hpstudy.importing.table import Table, table_of
from hpstudy.objective.output import Output, Reader

_ENDINGS = (".log", ".txt", ".out", ".jsonl")
_MOST_FILES = 20_000
_PART = re.compile(r"[_,;&+ /\\]+|(?<=[0-9a-zA-Z])-(?=[a-zA-Z])")
_SAID = re.compile(r"([^\W\d][\w.]*?)(?:=|:)(.+)", re.DOTALL)  # lr=0.1, as Hydra names folders
_GLUED = re.compile(r"([^\W\d]+?)(\d+(?:\.\d+)?(?:e[-+]?\d+)?)", re.IGNORECASE)  # lr0.1, s11


def table_of_logs(folder: Path, metric: str | None, patterns: Mapping[str, str]) -> Table:
    """Reads the logs in a folder and below, each named by its setting.

    Args:
        folder: The folder.
        metric: The metric that counts; what has a metric's name is read as well.
        patterns: A regular expression with one group a metric; names with numbers where empty.

    Raises:
        UserError: There is no log, or none says a metric.
    """
    records, lines = [], []
    for file in _files(folder):
        path = file.relative_to(folder)
        said = dict(_setting(f"{path.with_suffix('')}"))
        found = {n: f"{v!r}" for n, v in _last(file, metric, patterns).items() if n not in said}
        records.append({**said, **found})
        lines.append(f"{path}")
    if not any(records):
        raise UserError(
            f"{folder}: the logs' names say no setting, as in lr=0.1_seed=3.log or lr0.1_s3.log: "
            "give a table of the runs, and this folder as --logs"
        )
    return replace(table_of(records, f"{folder}", lines), place="log")


def with_logs(table: Table, folder: Path, metric: str | None, patterns: Mapping[str, str]) -> Table:
    """Adds to a table of settings what the logs of its runs say.

    Args:
        table: The table; a column of it names the logs.
        folder: Where they are.
        metric: The metric that counts.
        patterns: A regular expression with one group a metric.

    Raises:
        UserError: No column names logs, or one of them is missing.
    """
    files = {name: file for file in _files(folder) for name in _names(file, folder)}
    counts = {n: sum(cell in files for cell in cells) for n, cells in table.columns.items()}
    column = max(counts, key=lambda name: counts[name])
    if not counts[column]:
        raise UserError(f"{table.source}: expected a column with the names of logs in {folder}")
    columns = {name: list(cells) for name, cells in table.columns.items()}
    for row, cell in enumerate(table.columns[column]):
        if cell not in files:
            raise table.wrong(row, f"{column}: expected a log in {folder}, found {shown(cell)}")
        for name, value in _last(files[cell], metric, patterns).items():
            columns.setdefault(name, [""] * len(table.lines))[row] = repr(value)
    return table.with_columns({**columns, column: table.columns[column]})


def check_patterns(patterns: Mapping[str, str]) -> None:
    """Checks that each pattern is a regular expression with one group.

    Raises:
        UserError: One is not.
    """
    for name, pattern in patterns.items():
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise UserError(f"--pattern {name}: no regular expression: {error}") from error
        if groups != 1:
            raise UserError(
                f"--pattern {name}: expected one group, around the number, as in "
                f"'{name}: ([0-9.]+)', found {groups} in {shown(pattern)}"
            )


def _files(folder: Path) -> list[Path]:
    files = [f for f in sorted(folder.rglob("*")) if f.suffix.lower() in _ENDINGS and f.is_file()]
    if not files:
        raise UserError(f"{folder}: expected logs ({', '.join(_ENDINGS)}), found none")
    if len(files) > _MOST_FILES:
        raise UserError(f"{folder}: expected {_MOST_FILES:,} logs at most, found {len(files):,}")
    return files


def _names(file: Path, folder: Path) -> Sequence[str]:
    """Returns what a table may call a log: its path, from here or there, its name, its folder."""
    inner = file.relative_to(folder)
    return [f"{file}", f"{inner}", file.name, file.stem, f"{inner.parent}", f"{file.parent}"]


def _setting(path: str) -> Iterator[tuple[str, str]]:
    """Returns what a path says of a setting: "lr=0.1,seed=3", or "grid_lr0.002_s11"."""
    for part in _PART.split(path):
        if (said := _SAID.fullmatch(part) or _GLUED.fullmatch(part)) is not None:
            yield ("seed" if said[1] == "s" else printable(said[1])), said[2]


def _last(file: Path, metric: str | None, patterns: Mapping[str, str]) -> dict[str, float]:
    """Returns the last value of each metric that a log says."""
    reader = Reader(Output(patterns))
    found: dict[str, float] = {}
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                for part in line.split("\r"):  # a progress bar writes over itself
                    if (said := reader.read(part)) is not None:
                        found |= said.metrics
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: {one_line(f'{error}')}") from error
    wanted = {metric, *patterns}
    return {n: v for n, v in found.items() if n in wanted or names.metric_rank(n) is not None}
