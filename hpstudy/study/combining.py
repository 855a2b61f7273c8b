"""Training the levels that a grid shows to be better together, as one more setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.analysis.evidence import evidence
from hpstudy.objective import Objective
from hpstudy.plans.combined import dearest, plan_combined
from hpstudy.plans.forecast_points import Forecast, forecast
from hpstudy.plans.points import PointsPlan
from hpstudy.running.course import Teller, Trained, run_points
from hpstudy.running.crew import Crew, workers_for
from hpstudy.sampler import Level
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.study.opened import Opened
from hpstudy.study.planning import Machine, grid_plan
from hpstudy.summary import StudySummary

_TOO_FEW = "Not combined: fewer than two factors have a level that is shown to be better."


@dataclass(frozen=True)
class Combining:
    """A grid whose better levels are to be trained together.

    Attributes:
        opened: The study.
        objective: What it trains.
        machine: What its trainings run on.
    """

    opened: Opened
    objective: Objective
    machine: Machine

    def run(self, database: Connections, crew: Crew, teller: Teller) -> Trained:
        """Trains the best level of each factor together, on the baseline's seeds.

        Args:
            database: The run's database, in which the grid has begun.
            crew: Who does the work.
            teller: Who tells how it goes.

        Raises:
            UserError: The objective can't train them together.
            KeyboardInterrupt: It was interrupted; all finished epochs are kept.
        """
        reader = database.reader
        levels, seeds = self._chosen(reader)
        if len(levels) < 2:
            teller.say(_TOO_FEW)
            return Trained(0, left=0)
        plan = plan_combined(self._grid(reader), self.objective, levels, seeds)
        return run_points(plan, self.objective, database, crew, teller, task="together")

    def forecast(
        self, database: Database | None, workers: int | None, seeds: Sequence[int], *, is_done: bool
    ) -> Forecast | None:
        """Says what the combined setting would take at most; trains nothing and writes nothing.

        Args:
            database: The database; None where there is none yet.
            workers: How many processes; as many as are of use where None.
            seeds: The most seeds that the baseline gets.
            is_done: Whether nothing of the grid is left, so that its levels are known.

        Returns:
            What it would take; None where there can't be one.
        """
        grid = self._grid(database)
        levels: Mapping[str, Level] = dearest(grid, self.objective)
        if is_done:
            levels, seeds = self._chosen(database)
        if len(levels) < 2:
            return None
        plan = plan_combined(grid, self.objective, levels, seeds)
        size = workers_for(workers, plan)
        return forecast(plan, self.objective, database, self.opened.runs, size)

    def _chosen(self, database: Database | None) -> tuple[Mapping[str, Level], Sequence[int]]:
        """Returns the best level of each factor that has a better one, and the baseline's seeds."""
        if database is None:
            return {}, ()
        summary = StudySummary.read(self.opened.file, self.opened.name, database)
        found = evidence(summary.whole, summary.search)
        if found.grid is None or found.grid.baseline is None:
            return {}, ()
        base = found.grid.baseline.row
        return found.best_of_each, sorted({*base.seeds, *base.diverged})

    def _grid(self, database: Database | None) -> PointsPlan:
        return grid_plan(self.opened, self.objective, database, self.machine)
