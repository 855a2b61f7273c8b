"""Figures in words: shares and per cent in per cent, their differences in percentage points."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from math import floor, log10

from hpstudy.metric import Metric, Quantity
from hpstudy.numeric import ROUNDING, finite, written
from hpstudy.sampler import SEED, Level

_BESIDE = (SEED, "validation")  # parameters of trials that are no hyperparameters
_SMALL = 0.01  # from here on, two decimals of points show something
_SMALL_SHARE = 0.1  # per cent
_MOST_DIGITS = 12
_MOST_NAMED = 12  # parts of a list in a sentence
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_QUANTITY = re.compile(
    rf"(?P<shown>(?P<value>{_NUMBER})(?: .+)?) \((?P<low>{_NUMBER}) to (?P<high>{_NUMBER})\)"
)


@dataclass(frozen=True)
class _Form:
    """How numbers are written: with a sign or not, and in how many digits at least."""

    sign: str
    digits: int


_VALUE, _DIFFERENCE = _Form("", 5), _Form("+", 4)


def number(value: float | Quantity | None, metric: Metric) -> str:
    """Formats a metric's value with its unit: "98.54 %"; nothing for what is not known."""
    if value is None:
        return ""
    return _with_unit(bare_number(_plain(value), metric), unit_of_values(metric))


def bare_number(value: float, metric: Metric) -> str:
    """Formats a metric's value without its unit."""
    shown = finite(metric.scale * value)
    if not metric.in_per_cent:
        return _significant(value, _VALUE)
    if 0 < abs(shown) < _SMALL_SHARE:
        return f"{shown:.3g}"
    return _fixed(shown, _decimals(100 - shown), _VALUE)  # near 100, what is missing counts


def short_number(value: float, metric: Metric) -> str:
    """Formats a chosen value in no more digits than it has: "98 %"."""
    return _with_unit(f"{metric.scale * value:.6g}", unit_of_values(metric))


def difference(value: float | Quantity | None, metric: Metric) -> str:
    """Formats a difference of two values, without its unit: "+0.30"."""
    if value is None:
        return ""
    value = _plain(value)
    if not metric.in_per_cent:
        return _significant(value, _DIFFERENCE)
    return _fixed(metric.scale * value, 2, _DIFFERENCE)


def interval(low: float | None, high: float | None, metric: Metric, *, signed: bool = False) -> str:
    """Formats an interval of values, or of differences (signed), without the unit."""
    if low is None or high is None:
        return ""
    form = _DIFFERENCE if signed else _VALUE
    scale = metric.scale if metric.in_per_cent else 1.0
    ends = [finite(scale * end) for end in (low, high)]
    half = abs(finite(ends[1] / 2 - ends[0] / 2))
    if metric.in_per_cent:
        texts = [_fixed(end, _decimals(half), form) for end in ends]
    else:
        texts = [_significant(end, form, half) for end in ends]
    return " to ".join(texts)


def ends(quantity: Quantity | None, metric: Metric, *, signed: bool = False) -> str:
    """Formats the interval of a value, or of a difference (signed), without the unit."""
    return "" if quantity is None else interval(quantity.low, quantity.high, metric, signed=signed)


def quantity(value: Quantity | None, metric: Metric) -> str:
    """Formats a value with its interval: "98.41 % (97.50 to 99.32)"."""
    return _with_ends(number(value, metric), ends(value, metric))


def gap(value: Quantity | None, metric: Metric) -> str:
    """Formats a difference with its interval, without the unit: "+0.30 (+0.10 to +0.50)"."""
    return _with_ends(difference(value, metric), ends(value, metric, signed=True))


def _with_ends(text: str, both: str) -> str:
    return f"{text} ({both})" if both else text


def _plain(value: float | Quantity) -> float:
    return value.value if isinstance(value, Quantity) else value


def extent(value: Quantity, metric: Metric) -> str:
    """Formats how far values lie apart, with its interval: "0.30 points (0.10 to 0.50)"."""
    both = ends(value, metric, signed=True).replace("+", "")
    return _with_ends(spelled(value.value, metric, signed=False), both)


def share(value: Quantity) -> str:
    """Formats a share of 1 with its interval: "58 % (10 to 88)"."""
    both = " to ".join(f"{100 * end:.0f}" for end in value.ends or ())
    return _with_ends(f"{100 * value.value:.0f} %", both)


def shortened(text: str) -> str:
    """Shortens what `quantity` or `gap` wrote: "98.41 % ±0.91".

    An interval that doesn't lie evenly about its value, to the digits that are shown, keeps its
    ends: "98.41 % (97.50…98.81)".
    """
    if (found := _QUANTITY.fullmatch(text)) is None:
        shown, bracket, ends = text.rpartition(" (")
        return f"{shown}{bracket}{ends.replace(' to ', '…')}"
    value, low, high = (Decimal(found[name]) for name in ("value", "low", "high"))
    last = min(Decimal(1).scaleb(int(end.as_tuple().exponent)) for end in (low, high))
    if abs(value - (low + high) / 2) > last / 2:
        return f"{found['shown']} ({found['low']}…{found['high']})"
    return f"{found['shown']} ±{((high - low) / 2).quantize(last, ROUND_UP)}"


def _decimals(size: float) -> int:
    """Returns the decimals that show two digits of a small size; two of any usual one."""
    size = abs(size)
    return 2 if size >= _SMALL or size < ROUNDING else 1 - floor(log10(size))


def _fixed(value: float, decimals: int, form: _Form) -> str:
    """Formats a number with so many decimals, or more where it would read as 0 and is not."""
    if abs(value) < ROUNDING:
        return f"{0:{form.sign}.{decimals}f}"
    if abs(value) < _SMALL and round(abs(value), decimals) < 10 ** (1 - decimals):
        return f"{value:{form.sign}.2g}"
    return f"{value:{form.sign}.{decimals}f}"


def _significant(value: float, form: _Form, half: float = 0.0) -> str:
    """Formats a number in a few digits, all of those before the point, and two of `half`."""
    digits = form.digits
    if value:
        power = int(f"{value:.{digits - 1}e}".partition("e")[2])  # of what it is rounded to
        digits = max(digits, power + 1) if power < _MOST_DIGITS else digits
        if half:
            digits = max(digits, min(power + 2 - floor(log10(half)), _MOST_DIGITS))
    return f"{value:{form.sign}.{digits}g}"


def spelled(value: float | Quantity | None, metric: Metric, *, signed: bool = True) -> str:
    """Formats a difference with its unit, where it has one: "+0.30 points"."""
    if value is None:
        return ""
    value = _plain(value)
    text = difference(value if signed else abs(value), metric)
    return _with_unit(text if signed else text.removeprefix("+"), unit_of_differences(metric))


def within(margin: float | None, metric: Metric) -> str:
    """Formats what a difference lies within: "within ±0.3 points"."""
    if margin is None:
        return "without a margin"
    return f"within ±{sized(margin, metric)}"


def sized(margin: float, metric: Metric) -> str:
    """Formats a difference that was chosen in no more digits than it has: "0.3 points"."""
    return _with_unit(f"{metric.scale * margin:.6g}", unit_of_differences(metric))


def unit_of_values(metric: Metric) -> str:
    """Returns what stands behind a value: "%", "s"; empty where it has no unit."""
    return "%" if metric.in_per_cent else metric.unit


def unit_of_differences(metric: Metric) -> str:
    """Returns what stands behind a difference: "points", "s"; empty where it has no unit."""
    return "points" if metric.in_per_cent else metric.unit


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text


def over_epochs(metric: Metric) -> Iterator[str]:
    """Says of which epochs a training's value is the mean, where that is not the last alone."""
    if metric.epochs > 1:
        yield f"{words(metric.name)}: the mean of a training's last {metric.epochs} epochs."


def cannot_tell(seeds: int) -> str:
    """Says that so few seeds tell nothing."""
    count = {1: "one seed", 2: "two seeds"}.get(seeds, f"{seeds} seeds")
    return f"{count} cannot tell"


def words(name: str) -> str:
    """Returns a parameter's or metric's name as it is read: "batch_size" is "batch size"."""
    return re.sub("_+", " ", name)


def headings(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Returns the heading of each hyperparameter's column: in words, and unlike all others."""
    read = {name: words(name) for name in names}
    often = Counter(read.values())
    return {
        name: apart(said if often[said] == 1 else name, taken, "hyperparameter")
        for name, said in read.items()
    }


def apart(name: str, taken: Collection[str], kind: str) -> str:
    """Returns a column's heading: a name, and of what kind it is where others have that name.

    Args:
        name: The name.
        taken: The headings of the other columns.
        kind: "hyperparameter" or "metric".
    """
    return f"{name} ({kind})" if name in taken else name


def counted(count: int, name: str) -> str:
    """Returns a number of things: "1 trial", "2 trials"."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def numbered(counts: Sequence[int], name: str) -> str:
    """Returns several numbers of things: "4 and 8 seeds"."""
    return f"{enumerated([f'{n}' for n in counts])} {name}{'' if [*counts] == [1] else 's'}"


def enumerated(parts: Sequence[str]) -> str:
    """Returns parts as a list in a sentence: "a, b and c"; of very many the first ones."""
    if len(parts) > _MOST_NAMED:
        parts = [*parts[: _MOST_NAMED - 1], f"{len(parts) - _MOST_NAMED + 1:,} more"]
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last


def setting(params: Mapping[str, object]) -> str:
    """Formats a setting: "lr 0.001, batch size 64"."""
    return ", ".join(f"{words(name)} {level(value)}" for name, value in params.items())


def compared(first: tuple[str, Level] | None, second: tuple[str, Level] | None) -> str:
    """Names two settings that are compared: "lr 0.01", "lr 0.01 against 0.1".

    Args:
        first: A factor and its level; None for the baseline.
        second: Likewise; left out where it is the baseline.
    """
    one, other = ("baseline" if at is None else setting(dict([at])) for at in (first, second))
    if first is None or second is None:
        return other if first is None else one
    return f"{one} against {level(second[1]) if first[0] == second[0] else other}"


def level(value: object) -> str:
    """Formats a hyperparameter's value."""
    return written(value) if isinstance(value, float) else f"{value}"


def label(point: Mapping[str, Level], baseline: Mapping[str, Level], *, seeds: int) -> str:
    """Names a point by what sets it apart from the baseline."""
    apart = {k: v for k, v in point.items() if k not in _BESIDE and baseline.get(k) != v}
    text = setting(apart) or "baseline"
    return f"{text} · seed {point[SEED]}" if seeds > 1 and SEED in point else text


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


def how_trained(runtime: Mapping[str, object]) -> str:
    """Says on what and in which precision: "Trained on cpu, in bf16, 1 thread each."."""
    threads = runtime.get("threads")
    said = {
        "device": f"on {runtime.get('device')}",
        "precision": f"in {runtime.get('precision')}",
        "threads": f"{threads} thread{'' if threads == 1 else 's'} each",
    }
    known = [text for name, text in said.items() if name in runtime]
    return f"Trained {', '.join(known)}." if known else ""
