"""Figures in words: accuracies in per cent, their differences in percentage points."""

from __future__ import annotations


def number(value: float | None, metric: str) -> str:
    """Formats a metric's value, accuracies in per cent; nothing for what is not known."""
    if value is None:
        return ""
    return f"{100 * value:.2f} %" if metric.endswith("accuracy") else f"{value:.5g}"


def difference(value: float | None, metric: str) -> str:
    """Formats a difference of two values; of accuracies in percentage points."""
    if value is None:
        return ""
    return f"{100 * value:+.2f}" if metric.endswith("accuracy") else f"{value:+.4g}"


def interval(low: float | None, high: float | None, metric: str, *, signed: bool = False) -> str:
    """Formats an interval, of accuracies in per cent."""
    if low is None or high is None:
        return ""
    if signed:
        return f"{difference(low, metric)} to {difference(high, metric)}"
    return f"{number(low, metric).removesuffix(' %')} to {number(high, metric).removesuffix(' %')}"
