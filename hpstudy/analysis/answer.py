"""Which setting to use, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.effects import BETTER, CANNOT_TELL, NOT_SHOWN, WORSE, Effect
from hpstudy.analysis.findings import Findings
from hpstudy.analysis.results import LevelResult
from hpstudy.analysis.search import SearchResults
from hpstudy.analysis.wording import cannot_tell, interval, number, setting, spelled, words
from hpstudy.metric import Metric
from hpstudy.sampler import Level


@dataclass(frozen=True)
class Answer:
    """Which setting to use.

    Attributes:
        headline: The answer, in a sentence.
        why: The figures behind it, in a sentence.
        params: The setting.
        changed: Its hyperparameters that differ from the baseline.
        metric: The metric of its value.
        value: Its mean value; None without one.
        low: Lower end of the mean's 95 % interval; None where that is not known.
        high: Its upper end.
        trainings: How many trainings the mean is of.
        notes: What else a reader must know before using it.
    """

    headline: str
    why: str
    params: Mapping[str, Level]
    changed: tuple[str, ...]
    metric: Metric
    value: float | None
    low: float | None
    high: float | None
    trainings: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Judged:
    factor: str
    row: LevelResult
    effect: Effect

    def words(self, metric: Metric) -> str:
        return (
            f"{setting({self.factor: self.row.level})} ({spelled(self.effect.difference, metric)})"
        )


def answer(found: Findings | None, search: SearchResults | None) -> Answer | None:
    """Says which setting to use: the search's confirmed winner, else what the grid shows.

    Args:
        found: What the grid shows, if it was run.
        search: The search's results, if it was run.

    Returns:
        The answer, or None where nothing has a value yet.
    """
    grid = None if found is None else _of_grid(found)
    if search is None or search.best is None:
        return grid
    if search.confirmed is not None and search.confirmed.mean is not None:
        return _of_confirmed(search, search.confirmed, grid)
    return _of_best(search, grid)


def _of_grid(found: Findings) -> Answer | None:
    grid, metric = found.grid, found.grid.metric
    judged = [
        _Judged(f.factor, row, found.effects[f.factor, row.level])
        for f in grid.factors
        for row in f.levels
        if row.mean is not None
    ]
    if not judged:
        return None
    base = next((j for j in judged if j.row.is_baseline), None)
    better = [j for j in judged if j.effect.verdict == BETTER]
    if any(j.effect.verdict == CANNOT_TELL for j in judged):
        headline = "Too early to choose: one training a setting cannot tell a difference from luck."
        return _at(found, base, headline, _seen(judged, base, grid.direction, metric), ())
    if not better:
        headline = "Keep the baseline: no other setting is shown to be better."
        return _at(found, base, headline, _excluded(judged, metric), _worse(judged, metric))
    better.sort(key=lambda j: abs(j.effect.difference or 0.0), reverse=True)
    best = better[0]
    effect = best.effect
    ends = interval(effect.difference_low, effect.difference_high, metric, signed=True)
    headline = f"Use {setting({best.factor: best.row.level})}, and keep the rest of the baseline."
    why = f"{spelled(effect.difference, metric)} against the baseline (95 % {ends})."
    notes = _worse(judged, metric)
    if len(better) > 1:
        others = ", ".join(j.words(metric) for j in better[1:])
        notes = (f"Also better, each by itself: {others}. Together they were not trained.", *notes)
    return _at(found, best, headline, why, notes)


def _at(
    found: Findings, chosen: _Judged | None, headline: str, why: str, notes: tuple[str, ...]
) -> Answer:
    baseline = found.grid.baseline
    params = baseline if chosen is None else {**baseline, chosen.factor: chosen.row.level}
    return Answer(
        headline=headline,
        why=why,
        params=params,
        changed=tuple(name for name, value in params.items() if value != baseline[name]),
        metric=found.grid.metric,
        value=None if chosen is None else chosen.row.mean,
        low=None if chosen is None else chosen.effect.low,
        high=None if chosen is None else chosen.effect.high,
        trainings=0 if chosen is None else len(chosen.row.values),
        notes=notes,
    )


def _seen(judged: list[_Judged], base: _Judged | None, direction: str, metric: Metric) -> str:
    pick = max if direction == "maximize" else min
    best = pick(judged, key=lambda j: j.row.mean or 0.0)
    text = f"The best value seen is {number(best.row.mean, metric)}"
    if base is None:
        return f"{text}, at {setting({best.factor: best.row.level})}; the baseline has none yet."
    if best.row.is_baseline:
        return f"{text}, the baseline's own."
    at = setting({best.factor: best.row.level})
    return f"{text}, at {at}; the baseline has {number(base.row.mean, metric)}."


def _excluded(judged: list[_Judged], metric: Metric) -> str:
    unclear = [j for j in judged if j.effect.verdict == NOT_SHOWN]
    if not unclear:
        return "Every other level is shown to be worse."
    levels = f"{len(unclear)} level{' shows' if len(unclear) == 1 else 's show'}"
    bounds = [j.effect.within for j in unclear if j.effect.within is not None]
    if len(bounds) < len(unclear):
        seeds = min(len(j.row.runs) for j in unclear if j.effect.within is None)
        return f"{levels} no difference from it: {cannot_tell(seeds)}."
    return (
        f"{levels} no difference from it; the data exclude differences "
        f"beyond ±{spelled(max(bounds), metric, signed=False)} (95 %)."
    )


def _worse(judged: list[_Judged], metric: Metric) -> tuple[str, ...]:
    worse = [j.words(metric) for j in judged if j.effect.verdict == WORSE]
    return (f"Shown to be worse: {', '.join(worse)}.",) if worse else ()


def _of_confirmed(search: SearchResults, won: Confirmed, grid: Answer | None) -> Answer:
    metric, sign = won.metric, won.metric.sign
    gap = "no difference known yet"
    if won.difference is not None:
        gap = f"{spelled(won.difference, metric)} against the baseline on the same fresh seeds"
    ends = won.difference_low, won.difference_high
    chosen: Mapping[str, Level]
    surely = min((sign * end for end in ends if end is not None), default=None)
    if surely is None:
        headline = "Too early to choose: the search's winner is not confirmed on enough seeds."
        few = cannot_tell(len(set(won.seeds)))
        why, chosen = f"{few[0].upper()}{few[1:]}: {gap}.", won.params
    elif surely > 0:
        headline, chosen = f"Use {setting(won.params)}.", won.params
        why = f"{gap} (95 % {interval(*ends, metric, signed=True)})."
    else:
        headline = "Keep the baseline: the search's winner is not shown to be better."
        why = f"The winner: {gap} (95 % {interval(*ends, metric, signed=True)})."
        chosen = search.baseline
    is_winner = chosen is won.params
    more = more_confirmation(won)
    return Answer(
        headline=headline,
        why=f"{why[0].upper()}{why[1:]}",
        params={**search.baseline, **chosen},
        changed=tuple(name for name, value in chosen.items() if value != search.baseline[name]),
        metric=metric,
        value=won.mean if is_winner else won.baseline_mean,
        low=won.low if is_winner else won.baseline_low,
        high=won.high if is_winner else won.baseline_high,
        trainings=len(won.values if is_winner else won.baseline_values),
        notes=(*([more] if more else []), *_grid_note(grid)),
    )


def more_confirmation(won: Confirmed) -> str | None:
    """Says how many seeds would show the winner's difference; None where more would not help."""
    if won.seeds_needed is None or won.seeds_needed <= len(won.seeds):
        return None
    return (
        f"{won.seeds_needed} seeds would show a difference of this size in four searches of five: "
        f"--confirm {won.seeds_needed}."
    )


def _of_best(search: SearchResults, grid: Answer | None) -> Answer:
    """Without a confirmation the grid's answer stands; the best of many flatters itself."""
    best = search.best
    assert best is not None  # the caller's
    value = number(best.values[0], search.metric)
    found = f"The search's best trial has {value} at {setting(best.params)}"
    doubt = "the best of many trials flatters itself, and it is not confirmed on fresh seeds."
    if grid is not None:
        return _with_note(grid, f"{found}; {doubt}")
    return Answer(
        headline=f"Try {setting(best.params)}: the search's best, not confirmed yet.",
        why=f"{words(search.metric.name)} {value}; {doubt}",
        params={**search.baseline, **best.params},
        changed=tuple(n for n, value in best.params.items() if value != search.baseline[n]),
        metric=search.metric,
        value=best.values[0],
        low=None,
        high=None,
        trainings=1,
        notes=(),
    )


def _with_note(given: Answer, note: str) -> Answer:
    return replace(given, notes=(*given.notes, note))


def _grid_note(grid: Answer | None) -> tuple[str, ...]:
    return () if grid is None else (f"The grid by itself says: {grid.headline}", *grid.notes)
