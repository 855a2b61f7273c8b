"""Printing what a plan would take."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType

from hpstudy.cli.app import tell
from hpstudy.plans.forecast_looks import LooksForecast
from hpstudy.plans.forecast_points import Forecast
from hpstudy.plans.forecast_search import SearchForecast
from hpstudy.study.opened import Opened
from hpstudy.views.files.parts import looks_document
from hpstudy.views.terminal.consoles import plain_console


def print_plan(
    opened: Opened,
    expected: Forecast | LooksForecast | SearchForecast,
    *parts: RenderableType,
    combined: Forecast | None = None,
    as_json: bool,
) -> None:
    """Prints what a plan would take.

    Args:
        opened: The study.
        expected: What it would take.
        parts: The same as tables.
        combined: What a grid's better levels together would take at most, where that is asked for.
        as_json: Whether to print one JSON document instead.
    """
    if as_json:
        more = {} if combined is None else {"combined": asdict(combined)}
        tell(json.dumps({"study": opened.name, **_planned(expected), **more}, indent=2))
    else:
        plain_console().print(*parts, sep="\n")


def _planned(expected: Forecast | LooksForecast | SearchForecast) -> dict[str, Any]:
    """Returns what a plan would take, as JSON holds it; of looks the most, and the least."""
    if not isinstance(expected, LooksForecast):
        return {"plan": asdict(expected)}
    least, most = asdict(expected.least), asdict(expected.most)
    return {"plan": most, "least": least, "looks": looks_document(expected.looks)}
