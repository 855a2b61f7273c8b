"""Runs as a study has them: a baseline, the grid around it, and a search of all there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from hpstudy.errors import UserError
from hpstudy.expected import listed, shown
from hpstudy.importing.groups import MOST_SEEDS
from hpstudy.importing.levels import State, is_number
from hpstudy.importing.runs import Measured, Run
from hpstudy.sampler import Level
from hpstudy.wording import counted, setting

_MOST_SETTINGS = 200  # of a grid
_ENDED = (State.COMPLETE, State.FAILED)

Key = tuple[tuple[str, Level], ...]


@dataclass(frozen=True)
class Placed:
    """A run with all hyperparameters: one that it doesn't have is as elsewhere.

    Attributes:
        run: The run.
        key: Its setting.
        seed: Its seed; its number among those of its setting where nothing pairs runs.
    """

    run: Run
    key: Key
    seed: int

    @property
    def is_complete(self) -> bool:
        """Whether it came to its end with a value."""
        return self.run.state == State.COMPLETE and self.run.value is not None


@dataclass(frozen=True)
class Design:
    """How runs lie to one another.

    Attributes:
        baseline: The setting that others are compared with.
        factors: The levels of what the grid varies, by name; empty where there is no grid.
        grid: The runs of the grid.
        beside: Runs that would be of the grid at another baseline.
        values: All values of each hyperparameter.
        rest: How many runs with a value are none of the grid's.
        said: What was guessed, a line each.
    """

    baseline: Mapping[str, Level]
    factors: Mapping[str, Sequence[Level]]
    grid: Sequence[Placed]
    beside: Sequence[Placed]
    values: Mapping[str, Sequence[Level]]
    rest: int
    said: Sequence[str]


def design_of(found: Measured, asked: Mapping[str, str]) -> Design:
    """Lays runs out around a baseline.

    Args:
        found: The runs.
        asked: The baseline's values of some hyperparameters, as text; the rest is guessed.

    Raises:
        UserError: No run has such a baseline, or two runs are of one setting and one seed.
    """
    placed = list(_placed(found))
    _check_repeats(found, placed)
    complete = [one for one in placed if one.is_complete]
    values = {
        name: _sorted(dict.fromkeys(dict(one.key)[name] for one in placed)) for name in found.params
    }
    baseline, said = _baseline(Counter(one.key for one in complete), found.metric, values, asked)
    star = {key for one in placed if _steps(key := one.key, baseline) <= 1}
    levels: dict[str, dict[Level, None]] = {name: {value: None} for name, value in baseline}
    for one in complete:
        if one.key in star:
            for name, value in one.key:
                levels[name][value] = None
    factors = {name: _sorted(known) for name, known in levels.items() if len(known) > 1}
    grid = [one for one in placed if one.key in star and one.run.state in _ENDED]
    grid = [one for one in grid if all(value in levels[name] for name, value in one.key)]
    valued = sum(one.run.value is not None for one in placed)
    if not _is_grid(found, grid, valued, factors):
        grid, factors = [], {}
    _check_size(found, grid)
    rest = valued - sum(one.is_complete for one in grid)
    ended = [one for one in placed if one.run.state in _ENDED and one.key not in star]
    told = [*said, *_told(grid, rest, factors)]
    return Design(dict(baseline), factors, grid, ended if grid else [], values, rest, told)


def _is_grid(
    found: Measured,
    grid: Sequence[Placed],
    valued: int,
    factors: Mapping[str, Sequence[Level]],
) -> bool:
    """Tells whether runs were meant as a grid: settings were repeated, or most lie on it.

    Of a search, some settings differ in one hyperparameter by chance.
    """
    ended = [one.key for one in grid if one.is_complete]
    if not factors or len({*ended}) > _MOST_SETTINGS:
        return False
    if len({*ended}) < len(ended):
        return True
    is_of_few = max(map(len, factors.values())) <= valued / 2
    return not found.ranges and (len(ended) == valued or (is_of_few and 2 * len(ended) >= valued))


def _check_size(found: Measured, grid: Sequence[Placed]) -> None:
    """Checks that a grid can be compared in a time that one waits for."""
    seeds = {one.seed for one in grid}
    settings = {one.key for one in grid}
    is_whole = len(grid) == len(seeds) * len(settings)
    if found.pairs is not None and len(seeds) > MOST_SEEDS and not is_whole:
        raise UserError(
            f"{found.source}: expected {MOST_SEEDS:,} seeds at most where not all settings around "
            f"the baseline have all, found {len(seeds):,}"
        )


def _placed(found: Measured) -> Iterator[Placed]:
    """Yields the runs whose setting is known, be they without a value."""
    filled: dict[str, Level] = {}
    for run in found.runs:
        if len(filled) < len(found.params):
            filled = {**run.setting, **filled}
    filled = {name: filled[name] for name in found.params if name in filled}
    whole = {frozenset(run.setting) for run in found.runs if run.value is not None}
    numbers: dict[Key, count[int]] = {}
    for run in found.runs:
        if run.state == State.RUNNING or frozenset(run.setting) not in whole:
            continue
        key = tuple({**filled, **run.setting}.items())
        if found.pairs is None:
            yield Placed(run, key, next(numbers.setdefault(key, count())))
        elif run.seed is not None:
            yield Placed(run, key, run.seed)


def _check_repeats(found: Measured, placed: Iterable[Placed]) -> None:
    """Checks that no setting has two values of one seed."""
    first: dict[tuple[Key, int], Run] = {}
    for one in placed:
        if not one.is_complete or first.setdefault((one.key, one.seed), one.run) is one.run:
            continue
        raise UserError(
            f"{found.source}: {one.run.place}: a second value of {setting(dict(one.key))}, "
            f"{found.pairs} {one.seed}, after {first[one.key, one.seed].place}: expected one row a "
            "run (of a row an epoch, the last); what else tells runs apart is another --column"
        )


def _baseline(
    counts: Mapping[Key, int],
    metric: str,
    values: Mapping[str, Sequence[Level]],
    asked: Mapping[str, str],
) -> tuple[Key, list[str]]:
    """Returns the setting with most values; of several, the one with most beside it, the first."""
    fitting = [key for key in counts if all(_is(dict(key)[n], text) for n, text in asked.items())]
    if not fitting:
        for name, text in asked.items():
            if not any(_is(level, text) for level in values[name]):
                known = shown(list(values[name]))
                raise UserError(f"--baseline: expected a {name} of {known}, found {shown(text)}")
        wanted = listed((f"{name}={text}" for name, text in asked.items()), "and")
        raise UserError(f"--baseline: no run with a value of {metric} has {wanted}")
    most = max(counts[key] for key in fitting)
    tied = [key for key in fitting if counts[key] == most]
    beside = _beside(tied, counts)
    chosen = max(tied, key=lambda key: beside[key])
    told = f"Baseline: {setting(dict(chosen))}"
    if len(asked) == len(chosen):
        return chosen, [f"{told}, as asked"]
    if len(tied) == 1:
        why = f"the only setting with {counted(most, 'value')}"
        return chosen, [f"{told}: {why if len(fitting) > 1 else 'the only one that fits'}"]
    equal = sum(beside[key] == beside[chosen] for key in tied)
    why = f"the first of {equal:,} settings with {counted(most, 'value')}"
    if beside[chosen]:
        why += f" and {counted(beside[chosen], 'setting')} one step away"
    return chosen, [f"{told}: {why if equal > 1 else why.replace('first of 1 settings', 'one')}"]


def _beside(tied: Iterable[Key], known: Iterable[Key]) -> dict[Key, int]:
    """Returns how many settings differ from each in one hyperparameter alone."""
    near: Counter[tuple[int, Key]] = Counter()
    for key in known:
        near.update((at, key[:at] + key[at + 1 :]) for at in range(len(key)))
    return {
        key: sum(near[at, key[:at] + key[at + 1 :]] - 1 for at in range(len(key))) for key in tied
    }


def _steps(key: Key, baseline: Key) -> int:
    return sum(one != other for one, other in zip(key, baseline, strict=True))


def _told(grid: Sequence[Placed], rest: int, factors: Iterable[str]) -> Iterable[str]:
    if grid:
        yield (
            f"Grid: {counted(len(grid), 'run')} at the baseline or one step from it, in "
            f"{listed(factors, 'and')}"
        )
    if rest and grid:
        yield (
            f"Search: {counted(rest, 'run')} further away, or pruned: with all others they tell "
            "what matters"
        )
    elif rest:
        yield f"Search: {counted(rest, 'run')}, as few differ from one setting in one thing alone"


def _is(level: Level, text: str) -> bool:
    """Tells whether a level is what a text says."""
    if isinstance(level, bool):
        return text.lower() == f"{level}".lower()
    if isinstance(level, str):
        return text == level
    return is_number(text) and float(text) == level


def _sorted(levels: Iterable[Level]) -> list[Level]:
    """Returns numbers in their order, other levels as they come."""
    found = list(levels)
    if all(isinstance(level, (int, float)) and not isinstance(level, bool) for level in found):
        return sorted(found, key=float)
    return found
