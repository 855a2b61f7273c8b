"""The sentences behind an answer: what speaks for a setting, against it, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator

from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.evidence import Evidence, GridEvidence, SearchEvidence
from hpstudy.analysis.family import RANKS
from hpstudy.analysis.findings import FactorFinding
from hpstudy.analysis.judged import Judged
from hpstudy.analysis.speed import is_telling, training_seconds
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.results.search import SearchResults
from hpstudy.wording import (
    cannot_tell,
    counted,
    ends,
    level,
    number,
    numbered,
    setting,
    spelled,
    within,
    words,
)

_QUICKER = 0.95  # of the slowest's time: what is nearer is about as quick
FLATTERS = "the best of many trials flatters itself, and it is not confirmed on fresh seeds."


def kept(e: Evidence, reason: str) -> str:
    """Returns the headline that keeps the baseline, and doesn't pass over where it diverged."""
    if e.losses is None:
        return f"Keep the baseline: {reason}."
    won = e.search.won if e.search is not None else None
    if won is not None and won.baseline_diverged and not won.baseline_values:
        return f"No setting is shown to be fit: the baseline diverged on {e.losses}, and {reason}."
    return f"Keep the baseline with care, as it diverged on {e.losses}: {reason}."


def gap(won: Confirmed) -> str:
    """Says how far the winner lies from the baseline: "+0.40 points … (95 % …)."."""
    if won.difference is None:
        return "no difference known yet."
    return f"{apart(won.difference, won.metric, 'against the baseline on the same fresh seeds')}."


def apart(gap: Quantity, metric: Metric, what: str = "") -> str:
    """Says how large a difference is, of what, and how sure: "+0.40 points … (95 % …)"."""
    sure = ends(gap, metric, signed=True)
    told = f"{spelled(gap, metric)} {what}".rstrip()
    return f"{told}{f' (95 % {sure})' if sure else ''}"


def too_few(won: Confirmed) -> str:
    """Says that so many seeds decide nothing."""
    count = min(len(won.seeds), len(won.baseline_values))
    if not count:
        return "There is nothing to compare yet."
    if won.next is not None:
        return f"The next look, after {counted(won.next, 'fresh seed')}, tells more: {gap(won)}"
    told = cannot_tell(count)
    return f"{told[0].upper()}{told[1:]}: {gap(won)}"


def more_confirmation(won: Confirmed) -> str | None:
    """Says how many seeds would show the winner's difference; None where more would not help."""
    if won.seeds_needed is None or won.seeds_needed <= len(won.seeds):
        return None
    then = f"--confirm {won.seeds_needed}"
    if won.announced:  # and all spent: who adds seeds until a verdict turns is wrong more often
        then += ", announced beforehand in a search to come"
    return (
        f"{won.seeds_needed} seeds would show a difference of this size in four searches of five: "
        f"{then}."
    )


def verdict_told(won: Confirmed) -> str:
    """Says what is shown of a winner beside the baseline, in a few words."""
    if won.verdict == Verdict.EQUAL:
        return f"equal {within(won.margin, won.metric)}"
    if won.verdict == Verdict.NO_GAIN:
        return f"no gain of {spelled(won.margin, won.metric, signed=False)}"
    if won.verdict == Verdict.CANNOT_TELL:
        return cannot_tell(len(won.seeds))
    return won.verdict or ""


def looked(won: Confirmed) -> Iterator[str]:
    """Says how the looks at a winner went."""
    after = numbered([look.count for look in won.looks], "fresh seed")
    if won.looks:
        yield (
            f"Looked after {after} of at most {won.announced[-1]}, as announced. "
            "Intervals cover 95 %, the difference's over all looks together: at most 5 % of such "
            "searches call a difference where there is none."
        )
    if won.chosen_from > 1:
        yield (
            f"Chosen from {won.chosen_from} settings by the first of these seeds, which the "
            "difference's interval allows for."
        )
    if won.next is not None:
        which = "next" if won.looks else "first"
        yield f"The {which} look is after {counted(won.next, 'fresh seed')}."


def against(judged: Judged) -> str:
    """Says what the grid has against a level: "lr 0.01 is shown to be worse"."""
    if judged.row.verdict == Verdict.WORSE:
        return f"{judged.named} is shown to be worse"
    return f"{judged.named} diverged on {judged.row.losses}"


def against_winner(e: Evidence, won: Confirmed) -> str:
    """Says what the grid has against the search's winner."""
    doubts, found = e.doubts(won.params), e.combined
    if found is None or doubts:
        return against(doubts[0])
    lost = f"diverged on {found.losses}" if found.diverged else "is shown to be worse"
    return f"{setting(found.levels)} {lost}"


def best_seen(grid: GridEvidence) -> str:
    """Says where the best value is, though nothing can be told from luck."""
    measured = [j for j in grid.levels if j.row.mean is not None]
    base = grid.baseline
    best = max(measured, key=lambda j: grid.metric.sign * (j.row.average or 0.0))
    text = f"The best value seen is {number(best.row.average, grid.metric)}"
    if best.row.is_baseline:
        return f"{text}, the baseline's own."
    if base is None or base.row.mean is None:
        return f"{text}, at {best.named}; the baseline has none yet."
    return f"{text}, at {best.named}; the baseline has {number(base.row.average, grid.metric)}."


def excluded(grid: GridEvidence) -> str:
    """Says how large a difference the data still allow."""
    alike, margin = grid.alike, grid.found.results.margin
    decided = [*grid.bad, *grid.equal, *grid.without_gain]
    if not alike and not decided:
        return "No other level has a verdict yet."
    if not alike and (margin is None or len(decided) == len(grid.bad)):
        return "Every other level is shown to be worse, or diverges."
    if not alike and margin is not None:
        gain = spelled(margin, grid.metric, signed=False)
        return f"No other level gains {gain} or more (95 % for all together)."
    shows = f"{counted(len(alike), 'level')} show{'s' if len(alike) == 1 else ''} no difference"
    bounds = [j.row.within for j in alike if j.row.within is not None]
    if len(bounds) < len(alike):
        unbounded = [j for j in alike if j.row.within is None]
        few = [len(j.row.runs) for j in unbounded if j.row.test != RANKS]
        told = cannot_tell(min(few)) if few else "by rank, which excludes none"
        return f"{shows} from it: {told}."
    within = spelled(max(bounds), grid.metric, signed=False)
    return f"{shows} from it; the data exclude differences beyond ±{within} (95 %)."


def equals(factor: FactorFinding, grid: GridEvidence) -> str:
    """Says which levels of a factor are as good as the baseline's, and which is the quickest."""
    rows = [row for row in factor.levels if row.is_baseline or row.verdict == Verdict.EQUAL]
    margin = grid.found.results.margin
    if len(rows) < 2 or margin is None:
        return ""
    told = f"{words(factor.name)}: any of {', '.join(level(row.level) for row in rows)}"
    told += f": equal {within(margin, grid.metric)}"
    times = {row.level: training_seconds(row) for row in rows}
    known = {at: seconds for at, seconds in times.items() if seconds is not None}
    if len(known) < len(rows) or not is_telling(known.values()):
        return f"{told}."
    quickest = min(known, key=lambda at: known[at])
    if known[quickest] > _QUICKER * max(known.values()):
        return f"{told}, and about as quick."
    return f"{told}; the quickest is {level(quickest)}."


def about_grid(e: Evidence, grid: GridEvidence) -> list[str]:
    """Returns what else a reader must know of the grid."""
    worse = [j for j in grid.bad if j.row.verdict == Verdict.WORSE]
    diverging = [j for j in grid.bad if j.row.verdict != Verdict.WORSE]
    judged = [
        j for j in grid.levels if not j.row.is_baseline and j.row.verdict != Verdict.CANNOT_TELL
    ]
    notes = [
        f"The grid shows {j.told(grid.metric)} to be better, but in the search it {e.objection(j)}."
        for j in e.refuted
    ]
    notes += [told for factor in grid.found.factors if (told := equals(factor, grid))]
    for title, levels in (
        ("Shown to be worse", worse),
        ("Not to be relied on", diverging),
        ("Too few seeds for a verdict", grid.open if judged else []),
    ):
        if levels:
            notes.append(f"{title}: {', '.join(j.told(grid.metric) for j in levels)}.")
    if grid.untrained:
        has = "has" if grid.untrained == 1 else "have"
        notes.append(f"{counted(grid.untrained, 'level')} {has} no result yet.")
    return notes


def grid_beside(e: Evidence) -> list[str]:
    """Returns what the grid says, as notes beside what the search says."""
    grid = e.grid
    if grid is None:
        return []
    first = []
    if e.better:
        listed = ", ".join(j.told(grid.metric) for j in e.better)
        first = [f"The grid shows to be better, each by itself: {listed}."]
    elif grid.open:
        first = ["In the grid some levels have too few seeds for a verdict."]
    elif not e.refuted:
        first = ["The grid by itself shows no other setting to be better."]
    return [*first, *about_grid(e, grid)]


def search_beside(search: SearchEvidence | None) -> list[str]:
    """Returns what the search says, as notes beside what the grid says."""
    if search is None:
        return []
    won, results = search.won, search.found.results
    best = results.best
    assert best is not None  # as the evidence promises
    if won is None:
        value = number(best.values[0], results.metric)
        at = setting(best.params)
        return [f"The search's best trial has {value} at {at}; {FLATTERS}", *left(results)]
    if won.is_baseline:
        told = "The baseline won among the search's finalists itself."
    elif won.diverged:
        told = f"The search's winner, {setting(won.params)}, diverged on fresh seeds."
    elif search.is_shown:
        told = (
            f"The search's winner is better too: {setting(won.params)}, {gap(won)} The two were "
            "not compared with one another."
        )
    elif search.is_undecided or search.ends is None:
        told = f"The search's winner, {setting(won.params)}: {too_few(won)}"
    elif won.verdict in (Verdict.EQUAL, Verdict.NO_GAIN):
        told = f"The search's winner, {setting(won.params)}: {verdict_told(won)}, {gap(won)}"
    elif search.is_worse:
        told = f"The search's winner, {setting(won.params)}, is worse: {gap(won)}"
    else:
        told = f"The search's winner, {setting(won.params)}, is not shown to be better: {gap(won)}"
    return [told, *left(results)]


def left(search: SearchResults) -> list[str]:
    """Returns what of the confirmation failed or is still to do."""
    state = search.confirmation
    if state is None or not (state.failed or state.waiting):
        return []
    parts = []
    if state.failed:
        parts.append(f"{len(state.failed)} raised")
    if state.waiting:
        parts.append(f"{state.waiting} {'is' if state.waiting == 1 else 'are'} still to do")
    return [f"Of the confirmation's trainings {', '.join(parts)}."]
