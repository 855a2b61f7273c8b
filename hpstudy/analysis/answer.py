"""Which setting to use, and how sure that is: all evidence weighed at once, by a table of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from hpstudy.analysis import reasons, together
from hpstudy.analysis.ablation import ablation_told
from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.evidence import Evidence, GridEvidence, SearchEvidence, evidence
from hpstudy.analysis.findings import GridFindings
from hpstudy.analysis.judged import Judged
from hpstudy.analysis.search import SearchFindings
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.sampler import Level
from hpstudy.wording import counted, number, setting, words


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
        trainings: How many trainings the mean is of.
        notes: What else a reader must know before using it.
    """

    headline: str
    why: str
    params: Mapping[str, Level]
    changed: tuple[str, ...]
    metric: Metric
    value: Quantity | None
    trainings: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A row of the table: when it applies, and what the answer is then."""

    applies: Callable[[Evidence], bool]
    answer: Callable[[Evidence], Answer]


def _use_winner(e: Evidence) -> Answer:
    search, won = _search(e), _won(e)
    doubts = e.doubts(won.params)
    named = "the search's winner" if doubts else setting(won.params)
    why = reasons.gap(won)
    if search.is_without_baseline:
        why = f"The baseline diverged on {e.losses}, the winner on none."
    notes = [
        f"In the grid, by itself, {reasons.against(judged)}: the winner's other values make up "
        "for it."
        for judged in doubts
    ]
    if search.found.ablation is not None:
        notes.insert(0, ablation_told(search.found.ablation))
    return _of_winner(e, f"Use {named}.", why, [*notes, *_beside(e)])


def _use_together(e: Evidence) -> Answer:
    grid, found = _grid(e), e.together
    assert found is not None  # the rule's
    named = setting(found.levels)
    why = f"The baseline diverged on {e.losses}, {named} on none."
    if found.difference is not None:
        why = together.used(found, grid.metric)
    headline = f"Use {named}, and keep the rest of the baseline."
    return replace(
        _of_level(e, None, headline, why, together.notes(e, found, grid.metric)),
        params={**grid.found.results.baseline, **found.levels},
        changed=tuple(found.levels),
        value=found.mean,
        trainings=len(found.values),
    )


def _use_level(e: Evidence) -> Answer:
    grid = _grid(e)
    best = e.better[0]
    why = f"The baseline diverged on {best.baseline.losses}, {best.named} on none."
    if best.row.difference is not None:
        why = f"{reasons.apart(best.row.difference, grid.metric, 'against the baseline')}."
    notes = together.others(e, grid)
    if e.losses not in (None, best.baseline.losses):
        notes.append(f"The baseline diverged on {e.losses}.")
    headline = f"Use {best.named}, and keep the rest of the baseline."
    return _of_level(e, best, headline, why, notes)


def _leave_baseline(e: Evidence) -> Answer:
    grid = _grid(e)
    measured = [j for j in grid.levels if j.row.mean is not None]
    steady = [j for j in measured if not j.is_bad and not e.objection(j)]
    why = f"The baseline diverged on {e.losses}: nothing can be compared with it."
    if not steady:
        headline = "No setting is shown to be fit: the baseline diverges."
        return _of_level(e, None, headline, why)
    best = max(steady, key=lambda j: grid.metric.sign * (j.row.average or 0.0))
    return _of_level(e, best, f"Not the baseline, which diverges: try {best.named}.", why)


def _too_early_to_confirm(e: Evidence) -> Answer:
    won = _won(e)
    headline = "Too early to choose: the search's winner is not confirmed on enough seeds."
    make = _of_baseline if e.is_contradicted(won.params) else _of_winner
    return make(e, headline, reasons.too_few(won), _beside(e))


def _keep_by_search(e: Evidence) -> Answer:
    search, won = _search(e), _won(e)
    if won.is_baseline:
        headline = reasons.kept(e, "it won among the search's finalists itself")
        return _of_winner(e, headline, "There is nothing to compare it with.", _beside(e))
    why = f"The winner: {reasons.gap(won)}"
    if won.diverged:
        seeds = len(won.diverged) + len(won.seeds)
        reason = f"the search's winner diverged on {len(won.diverged)} of {seeds} fresh seeds"
        why = f"The winner was {setting(won.params)}."
    elif e.is_contradicted(won.params):
        reason = "grid and search contradict one another about the search's winner"
        why += f" In the grid {reasons.against_winner(e, won)}."
    elif search.is_worse:
        reason = "the search's winner is worse"
    elif won.verdict == Verdict.EQUAL:
        reason = f"the search's winner is {reasons.verdict_told(won)}"
    elif won.verdict == Verdict.NO_GAIN:
        reason = f"the search's winner has {reasons.verdict_told(won)}"
    else:
        reason = "the search's winner is not shown to be better"
    more = reasons.more_confirmation(won)
    notes = [*([more] if more else []), *_beside(e)]
    return _of_baseline(e, reasons.kept(e, reason), why, notes)


def _keep_by_objection(e: Evidence) -> Answer:
    headline = reasons.kept(e, "the search speaks against what the grid shows to be better")
    why = "No other setting is shown to be better."
    return _of_level(e, _grid(e).baseline, headline, why)


def _too_early_in_grid(e: Evidence) -> Answer:
    grid = _grid(e)
    headline = "Too early to choose: one training a setting cannot tell a difference from luck."
    base = grid.baseline
    if (base is None or len(base.row.seeds) < 2) and all(len(j.row.seeds) > 1 for j in grid.open):
        headline = "Too early to choose: too few seeds of the baseline have a value."
    return _of_level(e, base, headline, reasons.best_seen(grid))


def _keep_by_grid(e: Evidence) -> Answer:
    headline = reasons.kept(e, "no other setting is shown to be better")
    return _of_level(e, _grid(e).baseline, headline, reasons.excluded(_grid(e)))


def _try_best(e: Evidence) -> Answer:
    search, candidate = _search(e).found, _search(e).candidate
    best = search.results.best
    assert best is not None  # as the evidence promises
    value = f"{words(search.metric.name)} {number(best.values[0], search.metric)}"
    notes = reasons.left(search.results)
    if candidate is None:
        headline = reasons.kept(e, "every finalist of the search diverged on fresh seeds")
        return _of_baseline(e, headline, f"{value} in the search; {reasons.FLATTERS}", notes)
    if not e.changes(candidate):
        headline = reasons.kept(e, "the search found nothing better yet")
        return _of_baseline(e, headline, f"{value}; {reasons.FLATTERS}", notes)
    fresh = next((f for f in search.finalists if f.params == candidate), None)
    searched = {name: candidate[name] for name in best.params}
    return Answer(
        headline=f"Try {setting(searched)}: the search's best, not confirmed yet.",
        why=f"{value}; {reasons.FLATTERS}"
        if fresh is None
        else "Its mean on fresh seeds is the best; it is not compared with the baseline yet.",
        params=candidate,
        changed=tuple(e.changes(candidate)),
        metric=search.metric,
        value=_known(best.values[0] if fresh is None else fresh.mean),
        trainings=1 if fresh is None else len(fresh.seeds),
        notes=tuple(notes),
    )


def _nothing_fits(e: Evidence) -> Answer:
    assert e.lost is not None  # the rule's
    trials = counted(len(e.lost.results.diverged), "trial")
    return Answer(
        headline="No setting is shown to be fit: every trial of the search diverged.",
        why=f"{trials} without a finite {words(e.lost.metric.name)}.",
        params=dict(e.lost.results.baseline),
        changed=(),
        metric=e.lost.metric,
        value=None,
        trainings=0,
        notes=(),
    )


# The first that applies is the answer. What is shown to be better comes before what is kept, and
# what was compared on fresh seeds before what was not.
RULES = (
    Rule(lambda e: e.is_winner_to_use and not e.is_grid_ahead, _use_winner),
    Rule(lambda e: e.together is not None, _use_together),
    Rule(lambda e: bool(e.better), _use_level),
    Rule(lambda e: e.grid is not None and e.grid.is_without_baseline, _leave_baseline),
    Rule(lambda e: e.search is not None and e.search.is_undecided, _too_early_to_confirm),
    Rule(lambda e: e.search is not None and e.search.won is not None, _keep_by_search),
    Rule(lambda e: bool(e.refuted), _keep_by_objection),
    Rule(lambda e: e.grid is not None and bool(e.grid.open), _too_early_in_grid),
    Rule(lambda e: e.grid is not None, _keep_by_grid),
    Rule(lambda e: e.search is not None, _try_best),
    Rule(lambda e: e.lost is not None, _nothing_fits),
)


def answer(found: GridFindings | None, search: SearchFindings | None) -> Answer | None:
    """Says which setting to use: the first rule that applies to all that is known.

    Args:
        found: What the grid shows, if it was run.
        search: What the search shows, if it was run.

    Returns:
        The answer, or None where nothing has a value yet.
    """
    known = evidence(found, search)
    return next((rule.answer(known) for rule in RULES if rule.applies(known)), None)


def _grid(e: Evidence) -> GridEvidence:
    assert e.grid is not None  # the rule's
    return e.grid


def _search(e: Evidence) -> SearchEvidence:
    assert e.search is not None  # the rule's
    return e.search


def _won(e: Evidence) -> Confirmed:
    won = _search(e).won
    assert won is not None  # the rule's
    return won


def _known(value: float | None) -> Quantity | None:
    return None if value is None else Quantity(value)


def _beside(e: Evidence) -> list[str]:
    return [*reasons.left(_search(e).found.results), *reasons.grid_beside(e)]


def _of_level(
    e: Evidence, chosen: Judged | None, headline: str, why: str, notes: Sequence[str] = ()
) -> Answer:
    grid = _grid(e)
    baseline = grid.found.results.baseline
    params = baseline if chosen is None else {**baseline, chosen.factor: chosen.row.level}
    return Answer(
        headline=headline,
        why=why,
        params=params,
        changed=tuple(name for name, value in params.items() if value != baseline[name]),
        metric=grid.metric,
        value=None if chosen is None else chosen.row.mean,
        trainings=0 if chosen is None else len(chosen.row.values),
        notes=(*notes, *reasons.about_grid(e, grid), *reasons.search_beside(e.search)),
    )


def _of_winner(e: Evidence, headline: str, why: str, notes: Sequence[str]) -> Answer:
    won = _won(e)
    return Answer(
        headline=headline,
        why=why,
        params=dict(won.params),
        changed=tuple(e.changes(won.params)),
        metric=won.metric,
        value=won.mean,
        trainings=len(won.values),
        notes=tuple(notes),
    )


def _of_baseline(e: Evidence, headline: str, why: str, notes: Sequence[str]) -> Answer:
    won = _search(e).won
    return Answer(
        headline=headline,
        why=why,
        params=dict(e.baseline),
        changed=(),
        metric=_search(e).found.metric if won is None else won.metric,
        value=None if won is None else won.baseline_mean,
        trainings=0 if won is None else len(won.baseline_values),
        notes=tuple(notes),
    )
