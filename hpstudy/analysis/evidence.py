"""What grid and search say about which setting to use, side by side: the answer weighs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hpstudy.analysis.combined import Combined
from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.findings import GridFindings
from hpstudy.analysis.judged import Judged
from hpstudy.analysis.objections import changes, objection
from hpstudy.analysis.search import SearchFindings
from hpstudy.metric import Metric, Verdict
from hpstudy.sampler import Level


@dataclass(frozen=True)
class GridEvidence:
    """What the grid says.

    Attributes:
        found: All that it shows.
        levels: Its levels that have a result, the baseline's rows among them.
    """

    found: GridFindings
    levels: tuple[Judged, ...]

    @property
    def metric(self) -> Metric:
        """What is compared."""
        return self.found.metric

    @property
    def baseline(self) -> Judged | None:
        """The baseline, once it has a result."""
        return next((j for j in self.levels if j.row.is_baseline), None)

    @property
    def better(self) -> list[Judged]:
        """The levels shown to be better, the furthest first."""
        found = [j for j in self.levels if j.row.verdict == Verdict.BETTER and not j.row.diverged]
        return self.metric.sorted(found, lambda j: j.height)

    @property
    def bad(self) -> list[Judged]:
        """The levels shown to be worse, and those that diverge."""
        return [j for j in self.levels if j.is_bad and not j.row.is_baseline]

    @property
    def alike(self) -> list[Judged]:
        """The levels of which no difference is shown, nor that there is none that counts."""
        return self._called(Verdict.NOT_SHOWN, Verdict.OPEN)

    @property
    def equal(self) -> list[Judged]:
        """The levels that are equal to the baseline within the margin that counts."""
        return self._called(Verdict.EQUAL)

    @property
    def without_gain(self) -> list[Judged]:
        """The levels of which a gain of the margin is ruled out."""
        return self._called(Verdict.NO_GAIN)

    @property
    def open(self) -> list[Judged]:
        """The levels that have too few seeds for a verdict."""
        return self._called(Verdict.CANNOT_TELL)

    def _called(self, *verdicts: Verdict) -> list[Judged]:
        return [j for j in self.levels if j.row.verdict in verdicts]

    @property
    def is_without_baseline(self) -> bool:
        """Whether the baseline diverged on every seed."""
        base = self.baseline
        return base is not None and bool(base.row.diverged) and not base.row.values

    @property
    def untrained(self) -> int:
        """How many levels have no result yet."""
        return len([*self.found.levels]) - len(self.levels)


@dataclass(frozen=True)
class SearchEvidence:
    """What the search says; it has a trial with a value.

    Attributes:
        found: All that it shows.
    """

    found: SearchFindings

    @property
    def won(self) -> Confirmed | None:
        """The winner on fresh seeds."""
        return self.found.confirmed

    @property
    def ends(self) -> tuple[float, float] | None:
        """The interval of the winner's difference, the worse end first; None where not known."""
        won = self.won
        if won is None or won.difference is None or won.difference.ends is None:
            return None
        low, high = sorted(won.metric.sign * end for end in won.difference.ends)
        return low, high

    @property
    def is_steady(self) -> bool:
        """Whether the winner has values and diverged on no fresh seed."""
        return self.won is not None and bool(self.won.values) and not self.won.diverged

    @property
    def is_shown(self) -> bool:
        """Whether the winner is shown to be better than the baseline."""
        return self.is_steady and self.ends is not None and self.ends[0] > 0

    @property
    def is_worse(self) -> bool:
        """Whether the winner is shown to be worse than the baseline."""
        return self.ends is not None and self.ends[1] < 0

    @property
    def is_without_baseline(self) -> bool:
        """Whether the baseline diverged on every fresh seed, several, and the winner on none."""
        won = self.won
        return (
            won is not None
            and self.is_steady
            and not won.is_baseline
            and len(won.baseline_diverged) > 1
            and not won.baseline_values
        )

    @property
    def is_undecided(self) -> bool:
        """Whether the winner was compared on too few seeds, or a look is still to come."""
        return (
            self.won is not None
            and self.is_steady
            and not self.won.is_baseline
            and (self.ends is None or self.won.verdict == Verdict.OPEN)
            and not self.is_without_baseline
        )

    @property
    def candidate(self) -> Mapping[str, Level] | None:
        """The most promising setting without a confirmation; None where all finalists diverged."""
        tried, best = self.found.finalists, self.found.results.best
        if tried:
            return None if tried[0].diverged else tried[0].params
        return None if best is None else {**self.found.results.baseline, **best.params}


@dataclass(frozen=True)
class Evidence:
    """What grid and search say, each None where there is nothing of it.

    Attributes:
        grid: What the grid says.
        search: What the search says.
        lost: The search where all of its trials diverged.
    """

    grid: GridEvidence | None
    search: SearchEvidence | None
    lost: SearchFindings | None = None

    def changes(self, params: Mapping[str, Level]) -> dict[str, Level]:
        """Returns a setting's values that are not the baseline's."""
        return changes(params, self.baseline)

    @property
    def baseline(self) -> Mapping[str, Level]:
        """The baseline's setting."""
        if self.search is not None:
            return self.search.found.results.baseline
        return self.grid.found.results.baseline if self.grid is not None else {}

    def doubts(self, params: Mapping[str, Level]) -> list[Judged]:
        """Returns the levels of a setting that the grid by itself shows to be worse or diverge."""
        changed = self.changes(params)
        bad = [] if self.grid is None else self.grid.bad
        return [j for j in bad if j.factor in changed and changed[j.factor] == j.row.level]

    def is_contradicted(self, params: Mapping[str, Level]) -> bool:
        """Tells whether a setting is just a level, or levels together, that the grid is against."""
        changed, found = self.changes(params), self.combined
        if found is not None and found.is_bad and found.levels == changed:
            return True
        return len(changed) == 1 and bool(self.doubts(params))

    @property
    def better(self) -> list[Judged]:
        """The levels that the grid shows to be better and the search has nothing against."""
        return [] if self.grid is None else [j for j in self.grid.better if not self.objection(j)]

    @property
    def best_of_each(self) -> dict[str, Level]:
        """The best level of each factor that has a better one."""
        return {j.factor: j.row.level for j in reversed(self.better)}

    @property
    def combined(self) -> Combined | None:
        """What the grid shows of its better levels together."""
        return None if self.grid is None else self.grid.found.combined

    @property
    def together(self) -> Combined | None:
        """Levels that are to be used together, and that the search has nothing against."""
        found = self.combined
        is_fit = found is not None and found.is_to_use and not self.objection_to(found.levels)
        return found if is_fit else None

    @property
    def refuted(self) -> list[Judged]:
        """The levels that the grid shows to be better, and the search speaks against."""
        return [] if self.grid is None else [j for j in self.grid.better if self.objection(j)]

    def objection(self, judged: Judged) -> str | None:
        """Says what the search has against a level by itself; None where it has nothing."""
        return self.objection_to({judged.factor: judged.row.level})

    def objection_to(self, levels: Mapping[str, Level]) -> str | None:
        """Says what the search has against levels, together or each by itself."""
        found = self.search.found if self.search is not None else self.lost
        if found is None:
            return None
        is_worse = SearchEvidence(found).is_worse
        each = [{factor: level} for factor, level in levels.items()]
        told = (objection(found, one, is_worse=is_worse) for one in (levels, *each))
        return next(filter(None, told), None)

    @property
    def is_winner_to_use(self) -> bool:
        """Whether the winner is better, or the baseline useless, and the grid doesn't object."""
        search = self.search
        if search is None or search.won is None or self.is_contradicted(search.won.params):
            return False
        return search.is_shown or search.is_without_baseline

    @property
    def is_grid_ahead(self) -> bool:
        """Whether the grid shows a level further above the baseline than the winner is."""
        grid, won = self.grid, self.search.won if self.search is not None else None
        if grid is None or won is None or won.difference is None:
            return False
        is_one_metric = (grid.metric.name, grid.metric.sign) == (won.metric.name, won.metric.sign)
        lead = self.together or (self.better[0].row if self.better else None)
        if lead is None or lead.difference is None or not is_one_metric:
            return False
        return won.metric.sign * (lead.difference.value - won.difference.value) > 0

    @property
    def losses(self) -> str | None:
        """Says on which seeds the baseline diverged; None where it never did."""
        told = []
        base = self.grid.baseline if self.grid is not None else None
        if base is not None and base.row.diverged:
            told.append(base.row.losses)
        won = self.search.won if self.search is not None else None
        if won is not None and won.baseline_diverged:
            lost = len(won.baseline_diverged)
            told.append(f"{lost} of {lost + len(won.baseline_values)} fresh seeds")
        return " and ".join(told) or None


def evidence(found: GridFindings | None, search: SearchFindings | None) -> Evidence:
    """Puts together what grid and search say.

    Args:
        found: What the grid shows, if it was run.
        search: What the search shows, if it was run.
    """
    levels = (
        ()
        if found is None
        else tuple(
            Judged(factor.name, row, factor.baseline)
            for factor in found.factors
            for row in factor.levels
            if row.mean is not None or row.diverged
        )
    )
    has_best = search is not None and search.results.best is not None
    is_lost = search is not None and not has_best and bool(search.results.diverged)
    return Evidence(
        lost=search if is_lost else None,
        grid=GridEvidence(found, levels) if found is not None and levels else None,
        search=SearchEvidence(search) if search is not None and has_best else None,
    )
