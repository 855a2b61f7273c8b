"""The study file of results that were imported: baseline, factors, and what a search would try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hpstudy.importing.design import Design
from hpstudy.importing.runs import Measured
from hpstudy.sampler import Level
from hpstudy.studyfile.compose import Draft, Range

_WIDE = 100  # from such a ratio on, positive numbers are taken to be on a logarithmic scale


def draft_of(found: Measured, design: Design) -> Draft:
    """Returns what the study file of imported runs is to say."""
    comments: dict[tuple[str, ...], str] = {
        (): "Written by hpstudy import. The results are in the database, and stay as they are:\n"
        "another baseline here, and `hpstudy show` compares with that.",
        ("imported",): 'with objective = "module:name" here, `hpstudy grid` adds what is missing',
    }
    varied = {**design.baseline} if design.factors else _active(found, design.baseline)
    for name, when in found.conditions.items():
        if name in varied and design.baseline[when.other] not in when.values:
            comments["baseline", name] = f"only where {when}"
    return Draft(
        title=f"{found.metric} of {Path(found.source).name}",
        imported=found.source,
        baseline=varied,
        settings=found.fixed,
        metric=found.metric,
        direction=found.direction,
        unit=found.unit,
        seeds=_seeds(found, design),
        factors=design.factors,
        space=_space(found, design) if design.rest else {},
        trials=sum(run.value is not None for run in found.runs) if design.rest else None,
        comments=comments,
    )


def _active(found: Measured, baseline: Mapping[str, Level]) -> dict[str, Level]:
    """Returns a setting without what isn't set beside its other values."""
    conditions = found.conditions
    return {
        name: value
        for name, value in baseline.items()
        if name not in conditions or baseline[conditions[name].other] in conditions[name].values
    }


def _seeds(found: Measured, design: Design) -> list[int]:
    """Returns the seeds that each setting of the grid is to have: those of the baseline."""
    base = tuple(design.baseline.items())
    seeds = {one.seed for one in design.grid if one.key == base and one.is_complete}
    if found.pairs is None:
        counts: dict[object, int] = {}
        for one in design.grid:
            counts[one.key] = counts.get(one.key, 0) + 1
        seeds = {*range(min(counts.values(), default=1))}
    return sorted(seeds) or [0]


def _space(found: Measured, design: Design) -> dict[str, Range]:
    space = {}
    for name, values in design.values.items():
        one = found.ranges.get(name) or _range(values)
        if (when := found.conditions.get(name)) is not None:
            one = replace(one, when={when.other: when.values})
        space[name] = one
    return space


def _range(values: Sequence[Level]) -> Range:
    """Returns what was tried, as far as the values tell."""
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) < len(values) or len(values) < 2:
        return Range(choices=values)
    low, high = min(numbers), max(numbers)
    return Range(low=low, high=high, log=low > 0 and high / low >= _WIDE)
