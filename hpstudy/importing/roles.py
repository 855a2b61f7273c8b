"""What each column of a table is, as far as names and values tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, one_line, shown
from hpstudy.importing import names
from hpstudy.importing.levels import STATES, are_numbers, is_empty
from hpstudy.importing.shapes import FOLD, Shaped
from hpstudy.importing.table import Table
from hpstudy.wording import enumerated

_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|\d+ days .*")
_NO_LEVEL = re.compile(r"[{<].*", re.DOTALL)
_NAME = re.compile(r".*/.*/.*|\[.*|(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}", re.DOTALL)  # if seldom alike

_REST = "what is left"


class Role(StrEnum):
    """What a column is."""

    PARAM = "hyperparameter"
    METRIC = "metric"
    SEED = "seed"
    STATE = "state"
    TIME = "time"
    FIXED = "fixed"
    LEFT = "left aside"


@dataclass(frozen=True)
class Guess:
    """What one column is taken for, and why."""

    column: str
    role: Role
    why: str = ""


@dataclass(frozen=True)
class Asked:
    """What is asked of a table, as given; what is left out is guessed.

    Attributes:
        metric: The column with the values.
        direction: Which direction of it is better.
        seed: The column of the seeds.
        columns: The columns of the hyperparameters.
        baseline: The baseline's values of some hyperparameters, as text.
        unit: What the values are.
        logs: The folder with the logs of a table's runs.
        patterns: Where metrics stand in logs: a regular expression with one group each.
    """

    metric: str | None = None
    direction: str | None = None
    seed: str | None = None
    columns: Sequence[str] = ()
    baseline: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    logs: Path | None = None
    patterns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Roles:
    """What all columns are."""

    guesses: tuple[Guess, ...]

    def of(self, role: Role) -> list[str]:
        """Returns the columns that are taken for something."""
        return [guess.column for guess in self.guesses if guess.role == role]

    def first(self, role: Role) -> str | None:
        """Returns the first such column; None of none."""
        return next(iter(self.of(role)), None)

    def said(self) -> Iterator[str]:
        """Says what was left aside and what never changes, reason by reason."""
        reasons: dict[str, list[str]] = {}
        for guess in self.guesses:
            if guess.role == Role.LEFT:
                reasons.setdefault(guess.why, []).append(guess.column or "the one without a name")
        if reasons:
            parts = [f"{enumerated(columns)} ({why})" for why, columns in reasons.items()]
            yield f"Left aside: {'; '.join(parts)}"


def roles_of(shape: Shaped, asked: Asked) -> Roles:
    """Guesses what each column is.

    Args:
        shape: The table.
        asked: What is known of it.

    Raises:
        UserError: A column that was asked for isn't there, or none has a metric's name.
    """
    table = shape.table
    for option, column in _named(asked):
        _check_column(table, column, option)
    guesses = {name: _guess(name, shape, asked) for name in table.columns}
    _keep_one(guesses, Role.STATE, "a second state")
    _keep_one(guesses, Role.TIME, "what a run took, again")
    _choose_seed(guesses, table, asked)
    if not any(guess.role == Role.METRIC for guess in guesses.values()):
        raise UserError(
            f"{table.source}: no column of numbers has a metric's name{_text_in(table)}: give "
            "--metric, one of "
            f"{one_line(', '.join(table.columns))}"
        )
    _leave_followers(guesses, table)
    _leave_measured(guesses, table)
    _fix_constants(guesses, table, asked)
    return Roles((*guesses.values(), *(Guess(n, Role.LEFT, why) for n, why in shape.left.items())))


def _text_in(table: Table) -> str:
    """Says where a column of a metric's name has text, if there is such a one."""
    for name in (n for n in table.columns if names.metric_rank(n) is not None):
        for row, cell in enumerate(table.columns[name]):
            if not are_numbers([cell], has_commas=table.has_commas):
                return f" ({table.at(row)} has {name} {shown(cell)})"
    return ""


def _named(asked: Asked) -> Iterator[tuple[str, str]]:
    for option in ("metric", "seed"):
        if (column := getattr(asked, option)) is not None:
            yield f"--{option}", column
    yield from (("--column", column) for column in asked.columns)
    yield from (("--baseline", column) for column in asked.baseline)


def _check_column(table: Table, name: str, option: str) -> None:
    if name not in table.columns:
        known = [column for column in table.columns if column]
        raise UserError(
            f"{option}: expected a column of {table.source} ({one_line(', '.join(known))}), found "
            f"{shown(name)}{did_you_mean(name, known)}"
        )


def _guess(name: str, shape: Shaped, asked: Asked) -> Guess:
    """Guesses what a column is by itself."""
    cells, given = shape.table.columns[name], shape.params
    is_numeric = are_numbers(cells, has_commas=shape.table.has_commas)
    known = [cell for cell in {*cells} if not is_empty(cell)]
    if (role := _asked(name, asked)) is not None:
        return Guess(name, role, "as asked")
    if not known:
        return Guess(name, Role.LEFT, "empty")
    if (name == FOLD and shape.folds) or (is_numeric and names.is_fold(name)):
        return Guess(name, Role.SEED, "folds")
    if names.is_seed(name):
        return Guess(name, Role.SEED, "its name")
    if given is not None and name in given and not asked.columns:
        return Guess(name, Role.PARAM, "its prefix")
    if names.is_state(name) and all(cell.lower() in STATES for cell in known):
        return Guess(name, Role.STATE, "its name")
    if names.is_time(name):
        return Guess(name, Role.TIME if is_numeric else Role.LEFT, "what a run took")
    is_whole_precision = name == "precision" and max(map(len, known)) <= 2  # of 16 or 32 bits
    if is_numeric and names.metric_rank(name) is not None and not is_whole_precision:
        return Guess(name, Role.METRIC, "its name")
    if names.is_bookkeeping(name):
        return Guess(name, Role.LEFT, "bookkeeping, by its name")
    if any(_DATE.fullmatch(cell) for cell in known):
        return Guess(name, Role.LEFT, "dates or times")
    is_unlike = len(known) > len(cells) / 2
    if any(_NO_LEVEL.fullmatch(c) or (is_unlike and _NAME.fullmatch(c)) for c in known):
        return Guess(name, Role.LEFT, "no value of a hyperparameter, by its looks")
    if asked.columns:
        return Guess(name, Role.LEFT, "not named by --column")
    if given is not None:
        return Guess(name, Role.LEFT, "not among what was set")
    return Guess(name, Role.PARAM, _REST)


def _asked(name: str, asked: Asked) -> Role | None:
    if name == asked.metric:
        return Role.METRIC
    if name == asked.seed:
        return Role.SEED
    return Role.PARAM if name in asked.columns or name in asked.baseline else None


def _keep_one(guesses: dict[str, Guess], role: Role, why: str) -> None:
    for name in [name for name, guess in guesses.items() if guess.role == role][1:]:
        guesses[name] = Guess(name, Role.LEFT, why)


def _choose_seed(guesses: dict[str, Guess], table: Table, asked: Asked) -> None:
    """Keeps the one seed: that asked for, else one that varies, of the plainest name."""
    found = [name for name, guess in guesses.items() if guess.role == Role.SEED]
    found.sort(key=lambda n: (n != asked.seed, len({*table.columns[n]}) < 2, n == FOLD, len(n)))
    for name in found[1:]:
        guesses[name] = Guess(name, Role.LEFT, "another seed")


def _leave_followers(guesses: dict[str, Guess], table: Table) -> None:
    """Leaves columns aside that say the same as one before, such as a model's size in MB."""
    params = [name for name, guess in guesses.items() if guess.role == Role.PARAM]
    for place, name in enumerate(params):
        is_given = guesses[name].why != _REST
        if is_given or len({*table.columns[name]}) < 2:
            continue
        for before in params[:place]:
            if guesses[before].role == Role.PARAM and _is_same_split(table, before, name):
                guesses[name] = Guess(name, Role.LEFT, f"goes with {before} in every row")
                break


def _is_same_split(table: Table, one: str, other: str) -> bool:
    first, second = table.columns[one], table.columns[other]
    pairs = {*zip(first, second, strict=True)}
    if len(pairs) == len(table.lines):  # as in a search, where no value comes twice
        return False
    return len(pairs) == len({*first}) == len({*second})


def _leave_measured(guesses: dict[str, Guess], table: Table) -> None:
    """Leaves numbers aside that are others in each row of settings that were repeated."""
    seed = next((name for name, guess in guesses.items() if guess.role == Role.SEED), None)
    rows = len(table.lines)
    if seed is None or not 1 < len({*table.columns[seed]}) <= rows / 2:
        return
    params = [name for name, guess in guesses.items() if guess.role == Role.PARAM]
    doubtful = [
        name
        for name in params
        if guesses[name].why == _REST
        and len({*table.columns[name]}) > 0.9 * rows
        and any("." in cell for cell in table.columns[name])
    ]
    solid = [table.columns[name] for name in params if name not in doubtful]
    if doubtful and solid and len({*zip(*solid, strict=True)}) <= rows / 2:
        for name in doubtful:
            guesses[name] = Guess(name, Role.LEFT, "another in each row: measured, not set")


def _fix_constants(guesses: dict[str, Guess], table: Table, asked: Asked) -> None:
    for name, guess in guesses.items():
        is_given = name in (*asked.columns, *asked.baseline)
        if guess.role == Role.PARAM and not is_given and len({*table.columns[name]}) == 1:
            guesses[name] = Guess(name, Role.FIXED, "the same in all rows")
