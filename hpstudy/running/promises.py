"""What is relied on of an objective, and whether a few small trainings kept it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hpstudy.metric import IMAGES_PER_SECOND, PEAK_MEMORY, SECONDS, WALL_SECONDS
from hpstudy.plans.forecast_points import Forecast
from hpstudy.plans.forecast_search import SearchForecast
from hpstudy.running.probing import Probed
from hpstudy.sampler import Level
from hpstudy.wording import counted, enumerated, level, words

_OF_THE_MACHINE = {SECONDS, WALL_SECONDS, IMAGES_PER_SECOND, PEAK_MEMORY}
_MOST_FILES = 3  # that are named
_DIVERGED = "the metric is no finite number"

Metrics = Mapping[str, float | None]


class Holds(StrEnum):
    """Whether a promise is kept."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """What was found out of a promise.

    Attributes:
        name: The promise's name.
        holds: Whether it is kept.
        seen: What was seen.
        do: What to do about it; "" where there is nothing to do.
    """

    name: str
    holds: Holds
    seen: str
    do: str = ""


@dataclass(frozen=True)
class Checked:
    """What came of checking a study's objective.

    Attributes:
        findings: What was found out of each promise.
        grid: What the grid would take, by what was measured; None where there is none.
        search: What the search would take, likewise.
        seconds: How long the check took.
        is_whole: Whether there was time for all of it.
    """

    findings: tuple[Finding, ...]
    grid: Forecast | None
    search: SearchForecast | None
    seconds: float
    is_whole: bool

    @property
    def broken(self) -> int:
        """How many promises are not kept."""
        return sum(finding.holds is Holds.NO for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Whether all was tried and no promise is broken."""
        return self.is_whole and not self.broken


@dataclass(frozen=True)
class Changed:
    """A training with one value changed, and what it is the same as otherwise."""

    value: Level
    probed: Probed
    beside: Probed


@dataclass(kw_only=True)
class Seen:
    """What the small trainings came to; None, or nothing, of what was not tried.

    Attributes:
        label: What the first one's setting is called.
        metric: The metric that is compared.
        seeds: The seed of the first, and another.
        keeps_state: Whether it goes on epoch by epoch; the first then has two epochs.
        base: The first one.
        again: The same once more, by the same process.
        later: The same in another process: of what keeps state, taken up after its first epoch.
        other_seed: The same from another seed.
        changed: The same with one value changed, by the value's name.
        searched: The same as a search would train it, where that is something else.
        searched_by: The metrics that a search looks at.
        written: The files that were written to the working folder meanwhile.
    """

    label: str
    metric: str
    seeds: tuple[int, int]
    keeps_state: bool
    base: Probed = field(default_factory=Probed)
    again: Probed | None = None
    later: Probed | None = None
    other_seed: Probed | None = None
    changed: dict[str, list[Changed]] = field(default_factory=dict)
    searched: Probed | None = None
    searched_by: Sequence[str] = ()
    written: Sequence[str] = ()

    def all(self) -> Iterator[tuple[str, Probed]]:
        """Yields each training that was tried, with its name."""
        named = {
            self.label: self.base,
            f"{self.label}, again": self.again,
            f"{self.label}, {'taken up' if self.keeps_state else 'in another process'}": self.later,
            f"seed {self.seeds[1]}": self.other_seed,
            "as the search trains it": self.searched,
        }
        yield from ((name, probed) for name, probed in named.items() if probed is not None)
        for name, tried in self.changed.items():
            yield from ((f"{words(name)} {level(one.value)}", one.probed) for one in tried)


def findings(seen: Seen) -> list[Finding]:
    """Returns what was found out of each promise."""
    return [
        _trains(seen),
        _metrics(seen),
        _same_seed(seen),
        _other_seed(seen),
        _goes_on(seen),
        _parameters(seen),
        _arguments(seen),
        _folder(seen),
    ]


def differs(seen: Seen, one: Probed, other: Probed) -> bool:
    """Tells whether two trainings' numbers are not the same, in an epoch that both have.

    What the same seed doesn't give twice, such as a time, tells nothing.
    """
    first, again = (_first(probed) for probed in (seen.base, seen.again or seen.base))
    steady = {n for n in first if n == seen.metric or first[n] == again.get(n)} - _OF_THE_MACHINE
    pairs = zip(one.epochs, other.epochs, strict=False)
    return any(ours.get(name) != theirs.get(name) for ours, theirs in pairs for name in steady)


def _trains(seen: Seen) -> Finding:
    failed = [f"{name}: {probed.failure}" for name, probed in seen.all() if probed.failure]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        do = "" if seen.base.failure else "mend it, or leave the value out"
        return Finding("trains", Holds.NO, f"{failed[0]}{more}", do)
    count = sum(1 for _ in seen.all())
    return Finding("trains", Holds.YES, f"{counted(count, 'small training')} came to the end")


def _metrics(seen: Seen) -> Finding:
    missing = next((probed.missing for _, probed in seen.all() if probed.missing), "")
    if missing:
        return Finding("metrics", Holds.NO, missing, "return or print it, or name another")
    if not seen.base.epochs:
        return _unknown("metrics")
    first = _first(seen.base)
    last = (seen.searched or seen.base).epochs[-1]
    for name in seen.searched_by:
        if name not in last:
            said = f"{name!r}, which the search looks at, is not returned"
            return Finding("metrics", Holds.NO, said, "name another in [search]")
    if first[seen.metric] is None:
        said = f"{words(seen.metric)} is no finite number at {seen.label}"
        return Finding("metrics", Holds.NO, said, "a study's baseline should not diverge")
    others = [words(name) for name in first if name != seen.metric and name not in _OF_THE_MACHINE]
    also = f", beside {enumerated(others)}" if others else ""
    return Finding("metrics", Holds.YES, f"{_shown(seen.metric, first)}{also}")


def _same_seed(seen: Seen) -> Finding:
    again, later = seen.again, None if seen.keeps_state else seen.later
    if not _have_worked(seen.base, again):
        return _unknown("same_seed")
    assert again is not None
    first = _first(seen.base)
    for found, where, do in (
        (again, "", "draw all that is random from seed, and from nothing that others have used"),
        (later, " in another process", "sort sets and lists of files; use no time and no id"),
    ):
        if found is not None and found.epochs and _first(found)[seen.metric] != first[seen.metric]:
            said = f"{_both(seen.metric, first, _first(found), ', then ')}{where}"
            return Finding("same_seed", Holds.NO, said, do)
    where = "" if later is None else ", and in another process"
    return Finding("same_seed", Holds.YES, f"{_shown(seen.metric, first)} twice{where}")


def _other_seed(seen: Seen) -> Finding:
    if not _have_worked(seen.base, seen.other_seed):
        return _unknown("other_seed")
    if _first(seen.base).get(seen.metric) is None:
        return _unknown("other_seed", _DIVERGED)
    assert seen.other_seed is not None
    first, other = _first(seen.base), _first(seen.other_seed)
    named = f"seeds {seen.seeds[0]} and {seen.seeds[1]}"
    if differs(seen, seen.base, seen.other_seed):
        both = _both(seen.metric, first, other, " and ")
        return Finding("other_seed", Holds.YES, f"{named}: {both}")
    return Finding(
        "other_seed",
        Holds.NO,
        f"{named} gave the same: {_shown(seen.metric, first)}",
        "split, shuffle and begin by seed; where nothing is random, one seed is enough",
    )


def _goes_on(seen: Seen) -> Finding:
    if not seen.keeps_state:
        said = "it runs to its end by itself: there is nothing to go on from"
        return Finding("goes_on", Holds.UNKNOWN, said)
    if not _have_worked(seen.base, seen.later):
        return _unknown("goes_on")
    assert seen.later is not None
    if seen.later.again:
        said = "the state after epoch 1 could not be taken up"
        return Finding("goes_on", Holds.NO, said, "load_state_dict takes what state_dict gave")
    straight, taken_up = (probed.epochs[-1] for probed in (seen.base, seen.later))
    if not len(seen.base.epochs) == len(seen.later.epochs) == 2:
        return _unknown("goes_on", "it has no second epoch")
    if straight[seen.metric] == taken_up[seen.metric]:
        said = f"{_shown(seen.metric, straight)} after two epochs, in one go or in two"
        return Finding("goes_on", Holds.YES, said)
    return Finding(
        "goes_on",
        Holds.NO,
        f"{_both(seen.metric, straight, taken_up, ' in one go, ')} if stopped after epoch 1",
        "keep in state_dict all that an epoch needs; draw what is random from (seed, epoch)",
    )


def _parameters(seen: Seen) -> Finding:
    tried = {
        name: [one for one in all_ if one.probed.epochs and one.beside.epochs]
        for name, all_ in seen.changed.items()
    }
    tried = {name: found for name, found in tried.items() if found}
    if not tried:
        has_none = seen.base.has_worked and not seen.changed
        return _unknown("parameters", "there are no other values to try" if has_none else "")
    if _first(seen.base).get(seen.metric) is None:
        return _unknown("parameters", _DIVERGED)
    unused = {
        name: dict.fromkeys(level(one.value) for one in found)
        for name, found in tried.items()
        if not any(differs(seen, one.probed, one.beside) for one in found)
    }
    if not unused:
        names = enumerated([words(name) for name in tried])
        how = "each changes" if len(tried) > 1 else "it changes"
        return Finding("parameters", Holds.YES, f"{names}: {how} the numbers")
    said = "; ".join(
        f"{words(name)}: {enumerated(list(values))} changed nothing"
        for name, values in unused.items()
    )
    return Finding("parameters", Holds.NO, said, "is it read, and by this name?")


def _arguments(seen: Seen) -> Finding:
    changed = sorted({name for _, probed in seen.all() for name in probed.changed})
    if changed:
        said = f"{enumerated(changed)} changed by the objective"
        return Finding("arguments", Holds.NO, said, "others are given them too: change a copy")
    if not seen.base.epochs:
        return _unknown("arguments")
    return Finding("arguments", Holds.YES, "params and settings are as they were")


def _folder(seen: Seen) -> Finding:
    if not seen.written:
        return Finding("folder", Holds.YES, "nothing was written to the working folder")
    names = [*seen.written[:_MOST_FILES]]
    if (more := len(seen.written) - len(names)) > 0:
        names.append(f"{more:,} more")
    said = f"{enumerated(names)} written to the working folder"
    do = "trainings run at once: write to tempfile.mkdtemp(), or nothing"
    return Finding("folder", Holds.NO, said, do)


def _unknown(name: str, why: str = "") -> Finding:
    return Finding(name, Holds.UNKNOWN, why or "not tried, or not to the end")


def _have_worked(*probed: Probed | None) -> bool:
    return all(one is not None and one.has_worked and one.epochs for one in probed)


def _first(probed: Probed) -> Metrics:
    return probed.epochs[0] if probed.epochs else {}


def _shown(name: str, metrics: Metrics) -> str:
    return f"{words(name)} {_number(metrics.get(name))}"


def _both(name: str, one: Metrics, other: Metrics, between: str) -> str:
    """Shows two values of a metric, in as many digits as it takes to tell them apart."""
    texts = [_number(metrics.get(name)) for metrics in (one, other)]
    if texts[0] == texts[1] and one.get(name) != other.get(name):
        texts = [f"{one.get(name)!r}", f"{other.get(name)!r}"]
    return f"{words(name)} {between.join(texts)}"


def _number(value: float | None) -> str:
    return "NaN" if value is None else f"{value:.6g}"
