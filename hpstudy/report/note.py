"""What was found as Markdown, for the note that optuna-dashboard shows with a study."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hpstudy.analysis.answer import Answer
from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.findings import Findings
from hpstudy.analysis.importance import Importance, Importances
from hpstudy.analysis.published import NOT_CONSISTENT, Agreement
from hpstudy.analysis.results import FactorResult, LevelResult, TrialCounts
from hpstudy.analysis.search import SearchResults
from hpstudy.analysis.telling import telling
from hpstudy.charts.figures import along_axes
from hpstudy.metric import Metric
from hpstudy.report.wording import judged
from hpstudy.wording import (
    apart,
    counted,
    difference,
    headings,
    interval,
    level,
    number,
    setting,
)

_DOUBTED = "≠"
_COLUMNS = ("level", "95 %", "verdict", "published", "seeds", "setting", "diverged")
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|&~$:@=^])")


def grid_note(title: str, found: Findings, chosen: Answer | None) -> str:
    """Returns the answer, the factor tables with their verdicts, and the claims.

    Args:
        title: The study's title.
        found: What the grid shows.
        chosen: The answer, of grid and search together.
    """
    found = along_axes(telling(found))
    grid = found.grid
    at = ", ".join(f"{name} {level}" for name, level in grid.baseline.items())
    parts = [
        f"# {escaped(title)}",
        *_answer(chosen),
        f"{escaped(_named(grid.metric))}; the baseline is {escaped(at)}.",
    ]
    for factor in grid.factors:
        parts += [f"## {escaped(factor.factor)}", _table(_cells(factor, found))]
    if any(a.verdict == NOT_CONSISTENT for a in found.agreements.values()):
        parts.append(escaped(f"{_DOUBTED} further from ours than luck explains."))
    if found.claims:
        claims = [{"verdict": c.verdict, "claim": c.says, "why": c.why} for c in found.claims]
        parts += ["## Claims", _table(claims)]
    return "\n\n".join(parts) + "\n"


def search_note(
    title: str, search: SearchResults, importances: Importances, chosen: Answer | None
) -> str:
    """Returns the answer, the best trial, the winner on fresh seeds, and what matters.

    Args:
        title: The study's title.
        search: What the search found.
        importances: How much its hyperparameters matter.
        chosen: The answer, of grid and search together.
    """
    metric, counts, best = search.metric, search.counts, search.best
    parts = [
        f"# {escaped(title)}",
        *_answer(chosen),
        f"{escaped(_named(metric))}; {escaped(_states(counts))}.",
    ]
    if best is not None:
        heads = headings(best.params, ("trial", metric.name))
        params = {heads[name]: level(value) for name, value in best.params.items()}
        value = number(best.value, metric)
        parts += [
            "## Best trial",
            _table([{"trial": f"{best.number}", **params, metric.name: value}]),
        ]
    if search.confirmed is not None:
        parts += ["## On fresh seeds", _table(_confirmed_cells(search.confirmed))]
    if importances.rows:
        parts += ["## What matters", _table([_importance_cells(r) for r in importances.rows])]
    if importances.warning is not None:
        parts.append(escaped(importances.warning))
    return "\n\n".join(parts) + "\n"


def _answer(chosen: Answer | None) -> list[str]:
    """Returns the answer's sentence, what it rests on, and what else to know."""
    if chosen is None:
        return []
    notes = "\n".join(f"- {escaped(note)}" for note in chosen.notes)
    return [f"**{escaped(chosen.headline)}**", escaped(chosen.why), *([notes] if notes else [])]


def _named(metric: Metric) -> str:
    return metric.name if metric.sign > 0 else f"{metric.name}: less is better"


def _states(counts: TrialCounts) -> str:
    others = {"pruned": counts.pruned, "diverged": counts.diverged, "failed": counts.failed}
    states = [f"{count:,} {state}" for state, count in others.items() if count]
    return ", ".join([counted(counts.complete, "complete trial"), *states])


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
                apart(metric.name, _COLUMNS, "metric"): number(row.mean, metric),
                "95 %": interval(effect.low, effect.high, metric),
                "Δ": "" if row.is_baseline else difference(effect.difference, metric),
                "Δ 95 %": interval(
                    effect.difference_low, effect.difference_high, metric, signed=True
                ),
                "verdict": judged(row, effect) or effect.verdict or "",
                "published": _published(
                    row, found.agreements.get((factor.factor, row.level)), metric
                ),
                "seeds": f"{len(row.seeds)}",
            }
        )
    return rows


def _published(row: LevelResult, agreement: Agreement | None, metric: Metric) -> str:
    doubt = agreement is not None and agreement.verdict == NOT_CONSISTENT
    return f"{number(row.published, metric)}{f' {_DOUBTED}' if doubt else ''}"


def _confirmed_cells(found: Confirmed) -> list[dict[str, str]]:
    name = apart(found.metric.name, _COLUMNS, "metric")
    winner = {
        "setting": setting(found.params) + (", the baseline itself" if found.is_baseline else ""),
        name: number(found.mean, found.metric),
        "95 %": interval(found.low, found.high, found.metric),
        "Δ": difference(found.difference, found.metric),
        "Δ 95 %": interval(found.difference_low, found.difference_high, found.metric, signed=True),
        "seeds": f"{len(found.seeds)}",
        "diverged": f"{len(found.diverged)}" if found.diverged else "",
    }
    if found.is_baseline:
        return [winner]
    lost = found.baseline_diverged
    baseline = {
        "setting": "baseline",
        name: number(found.baseline_mean, found.metric),
        "95 %": interval(found.baseline_low, found.baseline_high, found.metric),
        "seeds": f"{len(found.baseline_values)}",
        "diverged": f"{len(lost)}" if lost else "",
    }
    return [winner, {**dict.fromkeys(winner, ""), **baseline}]


def _importance_cells(row: Importance) -> dict[str, str]:
    ends = (
        ""
        if row.low is None or row.high is None
        else f"{100 * row.low:.0f} % to {100 * row.high:.0f} %"
    )
    return {
        "hyperparameter": row.param,
        "evaluator": row.evaluator,
        "share": f"{100 * row.value:.0f} %",
        "95 %": ends,
    }


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    shown = [name for name in rows[0] if any(row[name] for row in rows)]
    lines = [_line(shown), "|" + " --- |" * len(shown)]
    return "\n".join([*lines, *(_line(row[name] or "–" for name in shown) for row in rows)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"
