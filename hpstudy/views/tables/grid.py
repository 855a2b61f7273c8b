"""A grid's results as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpstudy.analysis.claims import ClaimResult
from hpstudy.analysis.convergence import Reached
from hpstudy.analysis.family import RANKS
from hpstudy.analysis.findings import FactorFinding, GridFindings, LevelFinding
from hpstudy.analysis.published import examples_behind
from hpstudy.analysis.seeds import is_replicated
from hpstudy.analysis.speed import go_by_epochs, is_telling
from hpstudy.metric import ALIKE, OWN, Metric, Spreads, Verdict
from hpstudy.numeric import mean
from hpstudy.store.studies import Pairing
from hpstudy.views.tables.table import Spread, Table, table
from hpstudy.wording import (
    apart,
    difference,
    ends,
    gap,
    level,
    number,
    over_epochs,
    quantity,
    setting,
    short_number,
    words,
)

_CLAIMS = (
    "Supported: the data show it. Contradicted: they show the opposite. Too small: what it claims "
    "is less than what counts. Not shown: they show neither."
)
_SMALLEST_P = 0.001  # what is smaller is not known to a digit
_LEVEL_COLUMNS = ("level", "difference", "p", "verdict", "seeds", "published", "published 95 %")
_DOUBT = "≠"
_HOW_JUDGED = (
    "Intervals, in brackets, cover 95 %, those of differences all together. A verdict compares a "
    "level with the baseline, {how}: all verdicts together, those of claims about levels too, are "
    "wrong in at most 5 % of studies without any difference. They hold at the baseline of the "
    "other hyperparameters."
)
_HOW: dict[Spreads, str] = {
    ALIKE: (
        "seeds as blocks, spread pooled over the levels (by its own differences on each seed "
        "where a level's spread is unlike the others'), the clearest first (Dunnett's method)"
    ),
    OWN: (
        'by its own differences on each seed alone (spreads = "own": paired t; Welch\'s test '
        "where no seeds are shared), the clearest first (Holm's method)"
    ),
}
_FEW_OF_ITS_OWN = (
    "So few seeds of its own hardly tell what luck does to a level: these intervals are wide, and "
    "each seed more makes them much narrower."
)
_BY_RANK = "Where seeds diverged, outcomes are compared by rank, a diverged one being the worst."
_NOISY_BASELINE = (
    "So few seeds don't tell whether the baseline is noisier than the other levels, and here its "
    'values vary most: should it be, verdicts are wrong more often, but with spreads = "own".'
)
_UNLIKE_SEEDS = (
    "A difference is that on the seeds that both have: with unlike numbers of seeds it is not that "
    "of the means."
)
_EQUAL = (
    "Equal: the interval at twice the error rate lies within the margin, as two one-sided tests of "
    "it say; the one shown is wider."
)
_FEW = 5  # with fewer of its own, a t's quantile is several times that of many
_MANY_SEEDS = 10  # with more, which examples it is tested on counts as much as which seeds
_LEFT_OUT = (
    "Where an interval is left out, it would hold all that the metric can be: so few seeds cannot "
    "tell."
)
_SEEDS_NEEDED = (
    "Seeds: 3 of 9 means that 9 would show a difference of the size seen in four studies of five."
)
POINTS = "Differences are in percentage points."
_PUBLISHED = (
    "Published figures are single runs; their intervals come from the number of test images alone."
)


def levels_table(factor: FactorFinding, found: GridFindings, *, of: int = 0) -> Table | None:
    """Returns a factor's levels with their 95 % intervals and verdicts.

    Args:
        factor: The factor.
        found: What its grid shows.
        of: How many levels it has, where only some are shown.
    """
    rows = [_level_cells(row, factor, found.metric) for row in factor.levels]
    apart_from = {k: v for k, v in found.results.baseline.items() if k != factor.name}
    at = f" (at {setting(apart_from)})" if apart_from else ""
    notes = list(_level_notes(factor, found))
    if of > len(rows):
        notes[:0] = [
            f"{words(factor.name)}: {len(rows)} of {of:,} levels, those that show most; --json "
            "prints all of them."
        ]
    return table(
        f"{words(factor.name)}{at}",
        rows,
        text=_words(factor),
        detail=("p", "published 95 %"),
        strong=_baseline(factor),
        footnotes=notes,
    )


def levels_tables(shown: GridFindings, whole: GridFindings) -> dict[str, Table | None]:
    """Returns the table of each factor's levels, by factor.

    Args:
        shown: The findings with the levels that are shown.
        whole: The findings with all of them.
    """
    of = {factor.name: len(factor.levels) for factor in whole.factors}
    return {f.name: levels_table(f, shown, of=of[f.name]) for f in shown.factors}


def _level_cells(row: LevelFinding, factor: FactorFinding, metric: Metric) -> dict[str, str]:
    agreement, needed = row.agreement, row.seeds_needed
    seeds = f"{len(row.seeds)}" if needed is None else f"{len(row.seeds)} of {needed}"
    compared = apart(words(metric.name), _LEVEL_COLUMNS, "metric")
    return {
        "level": level(row.level),
        compared: Spread(quantity(row.mean, metric)),
        "difference": "baseline" if row.is_baseline else Spread(gap(row.difference, metric)),
        "p": "" if row.p is None else _probability(row.p),
        "verdict": _verdict(row, metric),
        "seeds": seeds if is_replicated(factor) else "",
        "published": f"{number(row.published, metric)}{f' {_DOUBT}' if row.is_doubted else ''}",
        "published 95 %": "" if agreement is None else ends(agreement.figure, metric),
    }


def _verdict(row: LevelFinding, metric: Metric) -> str:
    """Says a level's verdict, and of how many seeds there is no value."""
    finished = len(row.seeds) + len(row.diverged)
    gaps = []
    if row.diverged:
        gaps.append(f"{len(row.diverged)} of {finished} seeds diverged")
    if row.failed:
        gaps.append(f"{finished} of {finished + len(row.failed)} seeds, the others failed")
    verdict = "" if row.is_baseline else f"{row.verdict or ''}"
    if row.verdict == Verdict.CANNOT_TELL and len(row.seeds) > 1:
        verdict = "too few seeds of the baseline: cannot tell"
    told = ": ".join(part for part in (verdict, "; ".join(gaps)) if part)
    if row.within is not None:
        return f"{told} (within ±{difference(row.within, metric).lstrip('+')})"
    return told or ("" if row.is_baseline else "no value yet")


def _level_notes(factor: FactorFinding, found: GridFindings) -> Iterator[str]:
    """Says how a factor's verdicts were found, and what its cells mean."""
    is_sure = is_replicated(factor)
    yield from over_epochs(found.metric)
    if is_sure:
        yield _HOW_JUDGED.format(how=_HOW[found.results.spreads])
    if is_sure and found.results.spreads == OWN and _fewest(factor) < _FEW:
        yield _FEW_OF_ITS_OWN
    if is_sure and found.results.pairing is not None:
        yield from _of_import(found.results.pairing)
    if is_sure and found.is_baseline_doubtful:
        yield _NOISY_BASELINE
    is_paired = found.results.pairing is None or found.results.pairing.by is not None
    unlike = [row for row in factor.levels if row.seeds != factor.baseline.seeds]
    if is_paired and any(row.difference for row in unlike):
        yield _UNLIKE_SEEDS
    if any(row.verdict == Verdict.EQUAL for row in factor.levels):
        yield _EQUAL
    if any(row.test == RANKS for row in factor.levels):
        yield _BY_RANK
    if any(row.leaves_out_interval for row in factor.levels):
        yield _LEFT_OUT
    if any(row.seeds_needed is not None for row in factor.levels):
        yield _SEEDS_NEEDED
    if found.metric.in_per_cent and any(len(row.seeds) > _MANY_SEEDS for row in factor.levels):
        count, _ = examples_behind(found.results.settings, found.results.published_examples)
        yield _on_these(count)
    if found.metric.in_per_cent:
        yield POINTS
    if any(row.agreement is not None for row in factor.levels):
        yield _PUBLISHED
    if any(row.is_doubted for row in factor.levels):
        luck = "" if is_sure else "; the luck of test images alone, that of seeds is unknown"
        yield f"{_DOUBT}: further from ours than luck explains (at 5 %{luck})."


def _fewest(factor: FactorFinding) -> int:
    """Returns the fewest seeds of levels that are compared."""
    return min((len(row.seeds) for row in factor.levels if len(row.seeds) > 1), default=_FEW)


def _of_import(pairing: Pairing) -> Iterator[str]:
    """Says of imported trials what their seeds are."""
    if pairing.folds:
        yield (
            f"The seeds are {pairing.folds} folds of a cross-validation, which share what they "
            "train on: variances are corrected for that (Nadeau and Bengio), with one part of "
            f"{pairing.folds} to test on."
        )
    if pairing.by is None:
        yield "Nothing pairs the runs of one level with those of another: Welch's test."


def _on_these(count: int | None) -> str:
    """Says of many seeds that they tell nothing of other examples."""
    which = "the examples" if count is None else f"these {count:,} examples"
    return (
        f"More than {_MANY_SEEDS} seeds tell differences on {which} that it is tested on as small "
        "as what others of their kind would change: of those the intervals say nothing."
    )


def _probability(p: float) -> str:
    return f"{p:.2g}" if p >= _SMALLEST_P else f"< {_SMALLEST_P}"


def costs_table(factor: FactorFinding, metric: Metric) -> Table | None:
    """Returns what a factor's levels cost, and how soon they reach the targets."""
    once = not go_by_epochs(factor)
    times = [t.mean for row in factor.levels if (t := row.speed.seconds_per_epoch) is not None]
    is_timed = is_telling(times)
    rows = [_cost_cells(row, metric, once=once, is_timed=is_timed) for row in factor.levels]
    if not any(cell for row in rows for name, cell in row.items() if name != "level"):
        return None
    return table(
        f"Cost of {words(factor.name)}", rows, text=_words(factor), strong=_baseline(factor)
    )


def _baseline(factor: FactorFinding) -> list[int]:
    """Returns the place of the baseline's row."""
    return [place for place, row in enumerate(factor.levels) if row.is_baseline]


def _words(factor: FactorFinding) -> list[str]:
    """Returns the columns that hold words: the verdict, and levels that are no numbers."""
    is_named = any(isinstance(row.level, str) for row in factor.levels)
    return ["verdict", "level"] if is_named else ["verdict"]


def _cost_cells(row: LevelFinding, metric: Metric, *, once: bool, is_timed: bool) -> dict[str, str]:
    seconds, images = row.speed.seconds_per_epoch, row.speed.images_per_second
    memory = row.speed.peak_memory_mb
    cells = {
        "level": level(row.level),
        "seconds" if once else "s an epoch": f"{seconds.mean:.3g}" if seconds and is_timed else "",
        "images/s": f"{images.mean:,.0f}" if images is not None else "",
        "peak MiB": f"{memory:.0f}" if memory else "",
    }
    longest = max((len(run.epochs) for run in row.runs), default=0)
    for reached in row.reached:
        target = short_number(reached.target, metric)
        name = "seeds that reach" if once else "epochs to"
        cell = _how_many(reached) if once else _soon(reached, longest)
        cells[f"{name} {target}"] = cell if row.runs else ""
    return cells


def _soon(reached: Reached, longest: int) -> str:
    """Returns the mean epoch of a target, with its range, and how many seeds reached it."""
    known = [epoch for epoch in reached.epochs if epoch is not None]
    if not known:
        return f"not in {longest}"
    text = f"{mean(known):.3g}"
    if max(known) > min(known):
        text += f" ({min(known)} to {max(known)})"
    if len(known) < len(reached.epochs):
        text += f", {len(known)} of {len(reached.epochs)} seeds"
    return text


def _how_many(reached: Reached) -> str:
    """Returns how many seeds reached a target."""
    return f"{sum(epoch is not None for epoch in reached.epochs)} of {len(reached.epochs)}"


def claims_table(claims: Sequence[ClaimResult]) -> Table | None:
    """Returns the published claims with their verdicts, and the figures that say so."""
    rows = [{"verdict": one.verdict, "claim": one.says, "why": one.why} for one in claims]
    return table("Claims", rows, text=("verdict", "claim", "why"), footnotes=[_CLAIMS])
