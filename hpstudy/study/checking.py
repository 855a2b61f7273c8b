"""Checking a study's objective by a few small trainings, before its own begin."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hpstudy.errors import UserError
from hpstudy.objective import Estimate, Objective
from hpstudy.plans.forecast_points import Forecast, Measured, forecast
from hpstudy.plans.forecast_search import SearchForecast
from hpstudy.plans.points import Plan, PointsPlan
from hpstudy.plans.samples import Samples, samples
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.plans.search import SearchPlan
from hpstudy.running.crew import workers_for
from hpstudy.running.fingerprint import begun_with, check, source_digest
from hpstudy.running.footprint import footprint, written
from hpstudy.running.output import Say
from hpstudy.running.probing import OutOfTimeError, Probe, Probed, Prober
from hpstudy.running.promises import Changed, Checked, Seen, differs, findings
from hpstudy.sampler import Level
from hpstudy.store.checked import Source, is_remembered, remember
from hpstudy.store.database import Database
from hpstudy.store.studies import grid_name
from hpstudy.study.opened import Opened
from hpstudy.study.planning import Machine, grid_plan, search_plan
from hpstudy.study.search import forecast_search
from hpstudy.wording import duration, level, words

_MOST_VALUES = 2  # that are tried of a hyperparameter


def check_study(
    opened: Opened,
    reader: Database | None,
    machine: Machine,
    limit: float,
    say: Say,
    tell: Callable[[str], None],
) -> Checked:
    """Trains a little, and says which of the promises that are relied on were kept.

    Args:
        opened: The study.
        reader: The database; None where there is none yet.
        machine: What trainings are to run on.
        limit: How many seconds it may take.
        say: Shows a line of what the objective writes.
        tell: Is told what is being trained.

    Raises:
        UserError: The study can't be run at all.
    """
    if opened.file.grid is None and opened.file.search is None:
        raise UserError(f"{opened.path.name}: expected [grid] or [search], found neither")
    start = time.monotonic()
    folders = _working_folders(opened)
    before = [footprint(folder, opened.runs.folder) for folder in folders]
    until, home = start + limit, opened.path.parent
    with (
        TemporaryDirectory(prefix="hpstudy-check-") as scratch,
        Prober(opened.file, home, machine.threads, until=until, say=say) as prober,
    ):
        tell("importing the objective")
        _load(opened, prober, limit)
        objective = opened.objective()
        grid, search = _plans(opened, objective, reader, machine)
        plan = grid or search
        assert plan is not None  # one of them is there
        checking = _Checking(plan, search, objective, prober, Path(scratch), tell)
        is_whole = checking.run(limit)
    seen = checking.seen
    after = [footprint(folder, opened.runs.folder) for folder in folders]
    seen.written = [name for pair in zip(before, after, strict=True) for name in written(*pair)]
    measured = checking.measured()
    checked = Checked(
        tuple(findings(seen)),
        _grid_forecast(opened, grid, objective, reader, measured),
        _search_forecast(search, objective, reader, measured),
        time.monotonic() - start,
        is_whole,
    )
    if checked.passed:
        remember(_source(objective), opened.runs)
    return checked


def unchecked(opened: Opened, objective: Objective, reader: Database | None, study: str) -> str:
    """Says that a user's own objective was not checked yet; "" where there is no need to.

    Args:
        opened: The study.
        objective: What it trains.
        reader: The database; None where there is none yet.
        study: The study, as the user calls it.
    """
    source = _source(objective)
    has_begun = begun_with(grid_name(opened.name), reader)
    if source.digest is None or has_begun or is_remembered(source, opened.runs):
        return ""
    command = shlex.join(["hpstudy", "check", study])
    return f"Not checked yet: `{command}` tells whether the objective keeps what is relied on."


def _working_folders(opened: Opened) -> list[Path]:
    """Returns where trainings run: a program does where its study file is."""
    here, home = Path.cwd(), opened.path.parent
    return [here] if home.is_relative_to(here) else [here, home]


def _load(opened: Opened, prober: Prober, limit: float) -> None:
    try:
        prober.load()
    except UserError as error:
        raise UserError(f"{opened.path.name}: {error}") from error
    except OutOfTimeError:
        what = f"objective {opened.file.trained()!r}: importing it"
        raise UserError(f"{opened.path.name}: {what} took more than {duration(limit)}") from None


def _source(objective: Objective) -> Source:
    return Source(objective.name, objective.version, source_digest(objective))


def _plans(
    opened: Opened, objective: Objective, reader: Database | None, machine: Machine
) -> tuple[PointsPlan | None, SearchPlan | None]:
    grid = grid_plan(opened, objective, reader, machine) if opened.file.grid else None
    search = search_plan(opened, objective, reader, machine) if opened.file.search else None
    for plan in (grid, search):
        if plan is not None:
            check(plan, reader)
    return grid, search


def _grid_forecast(
    opened: Opened,
    plan: PointsPlan | None,
    objective: Objective,
    reader: Database | None,
    measured: Measured,
) -> Forecast | None:
    if plan is None:
        return None
    return forecast(plan, objective, reader, opened.runs, workers_for(None, plan), measured)


def _search_forecast(
    plan: SearchPlan | None, objective: Objective, reader: Database | None, measured: Measured
) -> SearchForecast | None:
    if plan is None:
        return None
    workers = workers_for(None, plan)
    return forecast_search(plan, objective, reader, workers, None, measured=measured)


class _Checking:
    """The small trainings of a check, one after the other.

    Attributes:
        seen: What they came to so far.
    """

    def __init__(
        self,
        plan: Plan,
        search: SearchPlan | None,
        objective: Objective,
        prober: Prober,
        scratch: Path,
        tell: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._search = search
        self._objective = objective
        self._prober = prober
        self._scratch = scratch
        self._tell = tell
        self._samples: Samples = samples(plan, objective)
        self._seconds: dict[str, tuple[PlannedPoint, float]] = {}
        self.seen = Seen(
            label=self._samples.label,
            metric=plan.metric.name,
            seeds=self._samples.seeds,
            keeps_state=plan.scenario.incremental,
        )

    def run(self, limit: float) -> bool:
        """Trains, and tells whether there was time for all."""
        try:
            self._run()
        except OutOfTimeError:
            if not self.seen.base.epochs:
                self.seen.base = Probed(
                    failure=f"it took more than {duration(limit)}: give it more time with --timeout"
                )
            return False
        return True

    def measured(self) -> Measured:
        """Returns how long an epoch took."""
        costs = [
            (estimate.operations, seconds)
            for point, seconds in self._seconds.values()
            if (estimate := self._estimate(point)) is not None
        ]
        spent = sum(seconds for _, seconds in costs)
        rate = sum(operations for operations, _ in costs) / spent if spent else None
        return Measured({key: seconds for key, (_, seconds) in self._seconds.items()}, rate)

    def _run(self) -> None:
        seen, at = self.seen, self._samples.at
        epochs = min(2, self._plan.longest(at())) if self._objective.is_program else 2
        seen.base = self._probe(seen.label, at(), epochs)
        if not seen.base.has_worked:
            return
        seen.other_seed = self._probe(f"seed {seen.seeds[1]}", at(other=True))
        seen.again = self._probe(f"{seen.label}, again", at(), folder="again")
        for name, values in self._samples.others.items():
            self._change(name, list(values)[:_MOST_VALUES])
        self._prober.end()
        folder = "again" if seen.keeps_state else "later"
        seen.later = self._probe(f"{seen.label}, in another process", at(), epochs, folder=folder)
        self._train_as_the_search_does()

    def _change(self, name: str, values: list[Level]) -> None:
        """Tries other values until one changes something; at last from another seed, and longer.

        A training that says what it was before its step learns of a learning rate one epoch later.
        """
        seen = self.seen
        tried = seen.changed.setdefault(name, [])
        for value, other in [*((value, False) for value in values), (values[0], True)]:
            beside = seen.other_seed if other else seen.base
            assert beside is not None  # it came before
            point = self._samples.at({name: value}, other=other)
            probed = self._probe(f"{words(name)} {level(value)}", point)
            tried.append(Changed(value, probed, beside))
            if not (probed.epochs and beside.epochs) or differs(seen, probed, beside):
                return
        if seen.keeps_state:
            point = self._samples.at({name: values[0]})
            probed = self._probe(f"{words(name)} {level(values[0])}, two epochs", point, 2)
            tried.append(Changed(values[0], probed, seen.base))

    def _train_as_the_search_does(self) -> None:
        search = self._search
        if search is None or search.study.search is None:
            return
        section = search.study.search
        self.seen.searched_by = [section.metric, section.confirming_metric]
        if search.scenario.settings != self._plan.scenario.settings:
            point = search.scenario.planned(self._samples.at().point)
            self.seen.searched = self._probe("as the search trains it", point, plan=search)

    def _probe(
        self,
        label: str,
        planned: PlannedPoint,
        epochs: int = 1,
        *,
        folder: str = "base",
        plan: Plan | None = None,
    ) -> Probed:
        self._tell(label)
        probe = Probe(label, plan or self._plan, planned, epochs, self._scratch / folder)
        probed = self._prober.probe(probe)
        if probed.has_worked:
            self._seconds[planned.key] = planned, probed.seconds
        return probed

    def _estimate(self, point: PlannedPoint) -> Estimate | None:
        identity = point.identity
        return self._objective.estimate(identity.params, settings=identity.settings)
