"""Do levels that are better by themselves add up? All of them at once, beside their sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hpstudy.analysis.cells import Cell, outcome_of, outcomes_of, pairs_of
from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.effects import Effects, Judgement
from hpstudy.analysis.family import Compared, Rate
from hpstudy.analysis.intervals import difference_ends
from hpstudy.analysis.sequential import Outcome, judged, verdict_of
from hpstudy.analysis.simultaneous import ALPHA, t_quantile
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.results.grid import CombinedResult, GridResults, LevelResult
from hpstudy.sampler import Level

_TOGETHER = "together"
_Key = Cell | str  # a level, the baseline, or all levels together


@dataclass(frozen=True)
class Sum:
    """What levels do together, beside what they do apart.

    Attributes:
        apart: The sum of the single levels' differences from the baseline.
        interaction: The combined setting's difference less that sum.
        within: They add up within so much; None where they are shown not to, or nothing is known.
    """

    apart: float
    interaction: Quantity
    within: float | None

    @property
    def is_unlike(self) -> bool:
        """Whether they are shown not to add up."""
        return self.within is None and self.interaction.ends is not None


@dataclass(frozen=True, kw_only=True)
class Combined(CombinedResult):
    """A setting of several levels at once, with what it shows.

    Attributes:
        best: The level that does most by itself, of those that are shown to be better.
        mean: The mean over its seeds; None without a value.
        difference: The difference from the baseline; None where seeds of one diverged.
        p: Probability of a difference this large by luck, adjusted for all of the grid.
        verdict: What that shows; None as long as seeds are still to come.
        beside_best: The difference from the best single level; None where it is not known.
        is_below_best: Whether it is shown to be worse than that.
        sum: Whether its levels add up; None where that can't be told.
    """

    best: tuple[str, Level]
    mean: Quantity | None = None
    difference: Quantity | None = None
    p: float | None = None
    verdict: Verdict | None = None
    beside_best: Quantity | None = None
    is_below_best: bool = False
    sum: Sum | None = None

    @property
    def is_to_use(self) -> bool:
        """Whether it is better than the baseline, and not shown to be worse than a single level."""
        return self.verdict == Verdict.BETTER and not self.is_below_best

    @property
    def is_bad(self) -> bool:
        """Whether it is shown to be worse than the baseline, or diverges."""
        return self.verdict == Verdict.WORSE or bool(self.diverged)


def combined_finding(grid: GridResults, judgement: Judgement, found: Effects) -> Combined | None:
    """Says what a grid's better levels do together, once all seeds of that are done.

    Three things are asked: does the setting differ from the baseline, from the best single level,
    and do its levels add up (the interaction: together, less the levels, plus the baseline once
    less than there are levels; one contrast of the model that compares all settings). They are
    judged as if they had been three more of all that the grid compares, each with its share of the
    5 % (Bonferroni, Dunnett's where it is the smaller), and of announced looks with what the
    latest of them spends. That leaves room for which level was chosen: the best of several is
    partly the luckiest. In a study without any difference nothing is called more often for it: two
    levels must be called better before anything is combined.

    Args:
        grid: The grid's results.
        judgement: What was found of what it compares.
        found: What was found of each level.

    Returns:
        What was found; None where no levels were combined.
    """
    ours = grid.combined
    if ours is None:
        return None
    best = _best(ours, found, grid.metric)
    average = None if ours.average is None else Quantity(ours.average)
    told = Combined(**vars(ours), best=best, mean=average)
    return _judged(told, grid, judgement) if ours.is_whole else told


def _judged(told: Combined, grid: GridResults, judgement: Judgement) -> Combined:
    rows = {(f.name, row.level): row for f in grid.factors for row in f.levels}
    baseline = next(row for row in rows.values() if row.is_baseline)
    outcomes: dict[_Key, Outcome] = {_TOGETHER: outcome_of(told)}
    outcomes.update(outcomes_of(grid).items())
    pairs: list[tuple[_Key, _Key]] = [(_TOGETHER, None), (_TOGETHER, told.best)]
    alpha = judgement.looks[-1].alpha if judgement.looks else ALPHA
    rate = Rate(alpha, closed=len(pairs_of(grid)) + 1)  # the sum is the third
    found, comparisons = judged(
        outcomes,
        pairs,
        grid.metric,
        rate=rate,
        margin=grid.margin,
        overlap=grid.overlap,
        spreads=grid.spreads,
    )
    beside, below = (found.get(pair) for pair in pairs)
    share = alpha / (rate.closed + len(pairs))
    return replace(
        told,
        mean=comparisons.mean(_TOGETHER) or told.mean,
        difference=None if beside is None else beside.difference,
        p=None if beside is None else beside.p,
        verdict=_verdict(beside, told, baseline, grid.metric),
        beside_best=None if below is None else below.difference,
        is_below_best=_verdict(below, told, rows[told.best], grid.metric) == Verdict.WORSE,
        sum=_sum(told.levels, comparisons, share, grid.margin),
    )


def _verdict(
    one: Compared | None, told: Combined, other: LevelResult, metric: Metric
) -> Verdict | None:
    if not told.runs:
        return Verdict.DIVERGES if told.diverged else None
    if one is None:
        return Verdict.UNSTABLE if told.diverged else Verdict.CANNOT_TELL
    return verdict_of(one, outcome_of(told), outcome_of(other), metric)


def _sum(
    levels: Mapping[str, Level], comparisons: Comparisons[_Key], share: float, margin: float | None
) -> Sum | None:
    cells: list[_Key] = [*levels.items()]
    apart = comparisons.weighed({**dict.fromkeys(cells, 1.0), None: -float(len(cells))})
    weights: dict[_Key, float] = {_TOGETHER: 1.0, **dict.fromkeys(cells, -1.0)}
    contrast = comparisons.weighed({**weights, None: len(cells) - 1.0})
    if apart is None or contrast is None:
        return None
    gap, metric = contrast.difference, comparisons.metric
    half, inner = (contrast.half(t_quantile(contrast.freedom, rate)) for rate in (share, 2 * share))
    interaction = Quantity.within(gap, difference_ends(gap, half, metric))
    within = None
    if margin is not None and abs(gap) + inner <= margin:
        within = margin
    elif interaction.ends is not None and abs(gap) <= half:
        within = max(abs(end) for end in interaction.ends)
    return Sum(apart.difference, interaction, within)


def _best(ours: CombinedResult, found: Effects, metric: Metric) -> tuple[str, Level]:
    """Returns the level that is furthest ahead, of those shown to be better and those combined."""
    better = [at for at, effect in found.items() if effect.verdict == Verdict.BETTER]
    cells = dict.fromkeys([*ours.levels.items(), *better])

    def height(at: tuple[str, Level]) -> float:
        gap, middle = found[at].difference, found[at].mean
        return gap.value if gap is not None else middle.value if middle is not None else 0.0

    best = metric.best(cells, height)
    assert best is not None  # a combination has levels
    return best
