"""A search's results as tables."""

from __future__ import annotations

from collections.abc import Iterator

from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.reasons import looked, more_confirmation, verdict_told
from hpstudy.analysis.search import SearchFindings, best_settings
from hpstudy.views.tables.grid import POINTS
from hpstudy.views.tables.table import Spread, Table, table
from hpstudy.wording import (
    apart,
    cannot_tell,
    gap,
    headings,
    level,
    number,
    over_epochs,
    quantity,
    setting,
    words,
)

_WINNER_COLUMNS = ("setting", "difference", "verdict", "seeds", "diverged")
_FLATTERS = (
    "The best of many trials flatters itself; only fresh seeds can say what its setting is worth."
)


def trials_table(found: SearchFindings, most: int) -> Table | None:
    """Returns the best settings of a search, each once, with how often it was tried.

    Args:
        found: What the search shows.
        most: How many there is room for.
    """
    search = found.results
    best = best_settings(search, most)
    is_repeated = any(one.times > 1 for one in best)
    compared = words(search.metric.name)
    names = dict.fromkeys(name for one in best for name in one.trial.params)
    heads = headings(names, ("trial", compared, "tried"))
    rows = [
        {
            "trial": f"{one.trial.number}",
            compared: number(one.trial.values[0], search.metric),
            **{heads[name]: level(value) for name, value in one.trial.params.items()},
            "tried": f"{one.times}" if is_repeated else "",
        }
        for one in best
    ]
    count = search.counts.complete
    return table(
        f"Search: the best of {count:,} complete trial{'' if count == 1 else 's'}",
        rows,
        text={
            heads[name]
            for one in best
            for name, value in one.trial.params.items()
            if isinstance(value, str)
        },
        footnotes=[*over_epochs(search.metric), *([_FLATTERS] if found.confirmed is None else [])],
    )


def finalists_table(found: SearchFindings) -> Table | None:
    """Returns the finalists on fresh seeds, and beside them what the search had promised."""
    rows = [
        {
            "setting": _named(setting(one.params), is_baseline=one.is_baseline),
            "in the search": number(one.searched, found.metric),
            "on fresh seeds": number(one.mean, found.chosen_by),
            "seeds": f"{len(one.seeds)}",
            "diverged": _count(one.diverged),
        }
        for one in found.finalists
    ]
    return table("Finalists, trained again on fresh seeds", rows, text=["setting"])


def winner_table(found: SearchFindings) -> Table | None:
    """Returns the winner of the finalists beside the baseline, on fresh seeds."""
    won, search = found.confirmed, found.results
    if won is None:
        return None
    metric = won.metric
    name = apart(words(metric.name), _WINNER_COLUMNS, "metric")
    rows = [
        {
            "setting": _named(setting(won.params), is_baseline=won.is_baseline),
            name: Spread(quantity(won.mean, metric)),
            "difference": "baseline" if won.is_baseline else Spread(gap(won.difference, metric)),
            "verdict": "" if won.is_baseline else verdict_told(won),
            "seeds": f"{len(won.values)}",
            "diverged": _count(won.diverged),
        }
    ]
    if not won.is_baseline:
        rows.append(
            {
                "setting": _named(setting(search.baseline), is_baseline=True),
                name: Spread(quantity(won.baseline_mean, metric)),
                "difference": "baseline",
                "verdict": "",
                "seeds": f"{len(won.baseline_values)}",
                "diverged": _count(won.baseline_diverged),
            }
        )
    notes = list(_about(won, held_out=bool(search.settings.get("validation"))))
    title = "The winner, on fresh seeds"
    return table(title, rows, text=["setting", "verdict"], strong=[0], footnotes=notes)


def _about(won: Confirmed, *, held_out: bool) -> Iterator[str]:
    """Says what is to be known of a winner's figures."""
    yield from over_epochs(won.metric)
    if won.is_baseline:
        yield "The winner is the baseline itself: nothing to compare."
    if held_out:
        yield "Trained on all training data."
    if won.difference is not None and won.metric.in_per_cent:
        yield POINTS
    if won.announced and not won.is_baseline:
        yield from looked(won)
    elif won.difference is not None and won.difference.ends:
        yield "Intervals cover 95 %; the difference is of seeds in pairs."
    elif won.difference is not None:
        told = cannot_tell(len(won.seeds))
        yield f"{told[0].upper()}{told[1:]}."
    for who, seeds in (("winner", won.diverged), ("baseline", won.baseline_diverged)):
        if seeds and not (who == "baseline" and won.is_baseline):
            listed = ", ".join(f"{seed}" for seed in seeds)
            yield f"The {who} diverged on seed{'' if len(seeds) == 1 else 's'} {listed}."
    if (more := more_confirmation(won)) is not None:
        yield more


def _named(params: str, *, is_baseline: bool) -> str:
    return f"{params} (the baseline)" if is_baseline else params


def _count(seeds: tuple[int, ...]) -> str:
    return f"{len(seeds)}" if seeds else ""
