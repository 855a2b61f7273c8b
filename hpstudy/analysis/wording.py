"""Figures in words: accuracies in per cent, their differences in percentage points."""

from __future__ import annotations

from collections.abc import Mapping


def is_share(metric: str) -> bool:
    """Tells whether a metric is a share of 1, shown in per cent."""
    return metric.endswith("accuracy")


def number(value: float | None, metric: str) -> str:
    """Formats a metric's value, accuracies in per cent; nothing for what is not known."""
    if value is None:
        return ""
    return f"{100 * value:.2f} %" if is_share(metric) else f"{value:.5g}"


def short_number(value: float, metric: str) -> str:
    """Formats a chosen value in no more digits than it has: "98 %"."""
    return f"{100 * value:.6g} %" if is_share(metric) else f"{value:.6g}"


def difference(value: float | None, metric: str) -> str:
    """Formats a difference of two values; of accuracies in percentage points."""
    if value is None:
        return ""
    return f"{100 * value:+.2f}" if is_share(metric) else f"{value:+.4g}"


def interval(low: float | None, high: float | None, metric: str, *, signed: bool = False) -> str:
    """Formats an interval, of accuracies in per cent."""
    if low is None or high is None:
        return ""
    if signed:
        return f"{difference(low, metric)} to {difference(high, metric)}"
    return f"{number(low, metric).removesuffix(' %')} to {number(high, metric).removesuffix(' %')}"


def spelled(value: float | None, metric: str, *, signed: bool = True) -> str:
    """Formats a difference with its unit, where it has one: "+0.30 points"."""
    if value is None:
        return ""
    text = difference(value if signed else abs(value), metric)
    text = text if signed else text.removeprefix("+")
    return f"{text} points" if is_share(metric) else text


def words(name: str) -> str:
    """Returns a parameter's or metric's name as it is read: "batch_size" is "batch size"."""
    return name.replace("_", " ")


def setting(params: Mapping[str, object]) -> str:
    """Formats a setting: "lr 0.001, batch size 64"."""
    return ", ".join(f"{words(name)} {level(value)}" for name, value in params.items())


def level(value: object) -> str:
    """Formats a hyperparameter's value, in four digits where it has many."""
    return f"{value:.4g}" if isinstance(value, float) else f"{value}"
