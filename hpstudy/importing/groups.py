"""What was measured, in groups: the rows of a sheet by what tells them apart, and by seed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hpstudy.errors import UserError
from hpstudy.expected import listed
from hpstudy.importing.sheet import Row, Sheet
from hpstudy.wording import enumerated

_WHOLE = re.compile(r"(\d{1,15})(?:\.0*)?", re.ASCII)
MOST_SEEDS = 2000  # where some are missing, the time of comparing grows with the third power


@dataclass
class Group:
    """The runs of one group.

    Attributes:
        values: The metric by seed.
        diverged: The seeds on which it is NaN or infinite.
        empty: The seeds that have no value, with the row that should.
    """

    values: dict[int, float] = field(default_factory=dict)
    diverged: set[int] = field(default_factory=set)
    empty: dict[int, Row] = field(default_factory=dict)

    @property
    def seeds(self) -> set[int]:
        """The seeds on which it was run to the end."""
        return {*self.values, *self.diverged}


@dataclass(frozen=True)
class Groups:
    """Groups to compare.

    Attributes:
        by_name: The groups by name, as the sheet has them.
        seeds: All seeds of any of them, as numbers, by what the sheet calls them.
        notes: What is to be known of the runs, a line each.
    """

    by_name: Mapping[str, Group]
    seeds: Mapping[str, int]
    notes: tuple[str, ...]


def groups_of(sheet: Sheet, columns: Sequence[str], metric: str, seed: str | None) -> Groups:
    """Returns a sheet's runs in groups.

    Args:
        sheet: The sheet.
        columns: What tells the groups apart.
        metric: The column with the values.
        seed: The column of the seeds, which pair the runs of groups; None where nothing does.

    Raises:
        UserError: A cell is wrong, or two rows are of one group and one seed.
    """
    for option, names in {"--column": columns, "--metric": [metric]}.items():
        for name in names:
            sheet.check_column(name, option)
    if seed is not None:
        sheet.check_column(seed, "--seed")
    seeds = _numbered(sheet, seed)
    groups: dict[str, Group] = {}
    lines: dict[tuple[str, int], int] = {}
    for row in sheet.rows:
        name, at = _name(sheet, row, columns), seeds[_seed(row, seed)]
        group = groups.setdefault(name, Group())
        value = sheet.number(row, metric)
        if value is None:
            group.empty[at] = row
            continue
        if (first := lines.setdefault((name, at), row.line)) != row.line:
            also = "" if seed is None else f", {seed} {row.cells[seed]}"
            raise sheet.wrong(
                row,
                f"the second row of {name}{also}, after line {first}: expected one; what else "
                "tells runs apart is another --column",
            )
        if math.isfinite(value):
            group.values[at] = value
        else:
            group.diverged.add(at)
    _check_groups(sheet, groups, columns)
    is_whole = all(len(group.values) == len(seeds) for group in groups.values())
    if len(seeds) > MOST_SEEDS and not is_whole:
        raise UserError(
            f"{sheet.path}: expected {MOST_SEEDS:,} seeds at most where not all groups have all "
            f"(without --seed each row is one), found {len(seeds):,}"
        )
    return Groups(groups, seeds, tuple(_notes(groups, seeds, metric, seed)))


def _check_groups(sheet: Sheet, groups: Mapping[str, Group], columns: Sequence[str]) -> None:
    if len(groups) < 2:
        found = f"only {next(iter(groups))}" if groups else "no row"
        raise UserError(
            f"{sheet.path}: expected two groups or more in {listed(columns, 'and')}, found {found}"
        )


def _name(sheet: Sheet, row: Row, columns: Sequence[str]) -> str:
    for column in columns:
        if not row.cells[column]:
            raise sheet.wrong(row, f"{column}: expected the name of a group, found an empty cell")
    if len(columns) == 1:
        return row.cells[columns[0]]
    return ", ".join(f"{column}={row.cells[column]}" for column in columns)


def _seed(row: Row, seed: str | None) -> str:
    return f"line {row.line}" if seed is None else row.cells[seed]


def _numbered(sheet: Sheet, seed: str | None) -> dict[str, int]:
    """Returns a number for each seed: its own where all are whole, else its place in the sheet."""
    found = {_seed(row, seed): row for row in sheet.rows}
    if seed is not None and "" in found:
        raise sheet.wrong(found[""], f"{seed}: expected a seed, found an empty cell")
    whole = [_WHOLE.fullmatch(text) for text in found]
    numbers = [int(match[1]) for match in whole if match is not None]
    if len(numbers) < len(found):
        numbers = [*range(len(found))]
    return dict(zip(found, numbers, strict=True))


def _notes(
    groups: Mapping[str, Group], seeds: Mapping[str, int], metric: str, seed: str | None
) -> Iterable[str]:
    names = {number: name for name, number in seeds.items()}
    empty = {
        row.line: name
        for name, group in groups.items()
        for at, row in group.empty.items()
        if at not in group.seeds
    }
    if empty:
        lines = enumerated([f"{line}" for line in sorted(empty)])
        yield (
            f"no {metric} in line{'s' if len(empty) > 1 else ''} {lines}: taken for runs that "
            "failed; one that diverged says nan"
        )
    if seed is None:
        return
    for name, group in groups.items():
        missing = sorted({*seeds.values()} - group.seeds - {*group.empty})
        if missing:
            lacking = enumerated([names[at] for at in missing])
            yield f"{name} lacks {seed} {lacking}, which others have: compared on what there is"
