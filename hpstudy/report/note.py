"""A grid's findings as Markdown, for the note that optuna-dashboard shows with a study."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hpstudy.analysis.findings import Findings
from hpstudy.analysis.results import FactorResult
from hpstudy.analysis.wording import difference, interval, number

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|&~$:@=^])")


def grid_note(title: str, found: Findings) -> str:
    """Returns the factor tables with their verdicts, and the claims.

    Args:
        title: The study's title.
        found: What the grid shows.
    """
    grid = found.grid
    at = ", ".join(f"{name} {level}" for name, level in grid.baseline.items())
    parts = [f"# {escaped(title)}", f"{escaped(grid.metric)}; the baseline is {escaped(at)}."]
    for factor in grid.factors:
        parts += [f"## {escaped(factor.factor)}", _table(_cells(factor, found))]
    if found.claims:
        claims = [{"verdict": c.verdict, "claim": c.says, "why": c.why} for c in found.claims]
        parts += ["## Claims", _table(claims)]
    return "\n\n".join(parts) + "\n"


def escaped(text: object) -> str:
    """Returns text that Markdown shows as it is: neither mark-up, HTML nor links."""
    return _MARKUP.sub(r"\\\1", " ".join(f"{text}".split()))


def _cells(factor: FactorResult, found: Findings) -> list[dict[str, str]]:
    metric = found.grid.metric
    rows = []
    for row in factor.levels:
        effect = found.effects[factor.factor, row.level]
        rows.append(
            {
                "level": f"{row.level}",
                metric: number(row.mean, metric),
                "95 %": interval(effect.low, effect.high, metric),
                "Δ": "" if row.is_baseline else difference(effect.difference, metric),
                "Δ 95 %": interval(
                    effect.difference_low, effect.difference_high, metric, signed=True
                ),
                "verdict": effect.verdict or "",
                "published": number(row.published, metric),
                "seeds": f"{len(row.seeds)}",
            }
        )
    return rows


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    shown = [name for name in rows[0] if any(row[name] for row in rows)]
    lines = [_line(shown), "|" + " --- |" * len(shown)]
    return "\n".join([*lines, *(_line(row[name] or "–" for name in shown) for row in rows)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"
