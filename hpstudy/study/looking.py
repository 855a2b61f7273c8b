"""Running a grid look by look, until its levels are decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hpstudy.analysis.cells import Cell
from hpstudy.analysis.family import Pair
from hpstudy.analysis.looks import LooksFinding, looks_finding
from hpstudy.analysis.sequential import Look
from hpstudy.objective import Objective
from hpstudy.plans.forecast_looks import LooksForecast
from hpstudy.plans.forecast_points import forecast
from hpstudy.plans.grid import settings_of
from hpstudy.plans.points import PointsPlan
from hpstudy.results.looks import Announcement
from hpstudy.results.reading import read_grid
from hpstudy.running.course import Teller, Trained, run_points
from hpstudy.running.crew import Crew, workers_for
from hpstudy.running.fingerprint import check
from hpstudy.sampler import SEED, Point
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.store.trials import PointKey, point_key
from hpstudy.study.opened import Opened
from hpstudy.study.planning import Machine, grid_plan
from hpstudy.wording import compared, enumerated


@dataclass(frozen=True)
class Looking:
    """A grid with looks: what is to be trained follows from what is recorded and announced.

    Attributes:
        opened: The study.
        objective: What it trains.
        machine: What its trainings run on.
        looks: The looks.
    """

    opened: Opened
    objective: Objective
    machine: Machine
    looks: Announcement

    def run(
        self,
        database: Connections,
        crew: Crew,
        teller: Teller,
        told: Iterable[str],
    ) -> Trained:
        """Trains what the looks ask for, one after the other, until all is decided.

        Killed, or joined by other processes, it comes to the same. What raised is tried once more,
        and no look waits for it any longer.

        Args:
            database: The run's database.
            crew: Who does the work.
            teller: Who tells how it goes.
            told: What to tell first of the looks, a line each.

        Raises:
            UserError: The grid doesn't go with what was begun, or can't be run here.
            KeyboardInterrupt: It was interrupted; all finished epochs are kept.
        """
        done, tried = Trained(0, left=0), set[PointKey]()
        found = self._found(database.reader)
        points = self._next(found)
        check(self._plan(database.reader, points), database.reader)
        for line in told:
            teller.say(line)
        while not points.keys() <= tried:
            plan = self._plan(database.reader, points)
            task, note = self._task(found)
            done += run_points(plan, self.objective, database, crew, teller, task=task, note=note)
            tried |= points.keys()
            before, found = found, self._found(database.reader)
            assert found is not None  # its study has begun
            for look in found.made[len(before.made) if before else 0 :]:
                teller.say(_told(look, found))
            failed = self._points(found.failed).keys() & tried
            points = {at: p for at, p in self._next(found).items() if at not in failed}
        return done

    def forecast(self, database: Database | None, workers: int | None) -> LooksForecast:
        """Says what the looks would take; trains nothing and writes nothing.

        Args:
            database: The database; None where there is none yet.
            workers: How many processes; as many as are of use where None.

        Raises:
            UserError: The grid doesn't go with what was begun.
        """
        found = self._found(database)
        plans = [self._plan(database, points) for points in (self._next(found), self._most(found))]
        check(plans[-1], database)
        least, most = (
            forecast(plan, self.objective, database, self.opened.runs, workers_for(workers, plan))
            for plan in plans
        )
        metric = plans[-1].metric
        return LooksForecast(self.looks.looks(metric), metric, least, most)

    def _found(self, database: Database | None) -> LooksFinding | None:
        """Returns how far the looks have come; None where nothing was run yet."""
        grid = None if database is None else read_grid(self.opened.file, self.opened.name, database)
        if grid is None:
            return None
        return looks_finding(grid, self.looks.looks(grid.metric))

    def _next(self, found: LooksFinding | None) -> dict[PointKey, Point]:
        """Returns the points of the next look, and of those before it."""
        first = self.looks.seeds[: self.looks.counts[0]]
        settings = settings_of(self.opened.file)
        return self._points(found.wanted if found else dict.fromkeys(settings, first))

    def _most(self, found: LooksFinding | None) -> dict[PointKey, Point]:
        """Returns the points of all looks, if none decided anything more."""
        open_ = found.cells if found else settings_of(self.opened.file)
        every = dict.fromkeys(open_, self.looks.seeds)
        return self._points({**(found.wanted if found else {}), **every})

    def _points(self, wanted: Mapping[Cell, Collection[int]]) -> dict[PointKey, Point]:
        """Returns some seeds of each setting as points, in the order of the seeds."""
        settings = settings_of(self.opened.file)
        points = [
            {**point, SEED: seed}
            for seed in self.looks.seeds
            for cell, point in settings.items()
            if seed in wanted.get(cell, ())
        ]
        return {point_key(point): point for point in points}

    def _plan(self, database: Database | None, points: Mapping[PointKey, Point]) -> PointsPlan:
        return grid_plan(
            self.opened,
            self.objective,
            database,
            self.machine,
            looks=self.looks,
            points=list(points.values()),
        )

    def _task(self, found: LooksFinding | None) -> tuple[str, str]:
        """Says which look is next, and what is open; nothing where none is."""
        if found is not None and found.next is None:
            return "", ""
        number = 1 + (len(found.made) if found else 0)
        note = _open(found.open) if found and found.made else ""
        return f"look {number} of {len(self.looks.counts)}", note


def _told(look: Look[Cell], found: LooksFinding) -> str:
    """Says what a look decided."""
    decided = len(found.pairs) - len(look.open)
    still = [pair for pair in found.pairs if pair in look.open]
    told = f"Looked after {look.count} seeds: {decided} of {len(found.pairs)} comparisons decided"
    return f"{told}, {_open(still)}." if still else f"{told}."


def _open(pairs: Sequence[Pair[Cell]]) -> str:
    """Says which pairs are open."""
    return f"{len(pairs)} open: {enumerated([compared(*pair) for pair in pairs])}"
