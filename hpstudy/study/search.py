"""Running a study's search, and confirming its winner look by look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from hpstudy.analysis.confirmed import Confirmed, confirmed
from hpstudy.metric import Verdict
from hpstudy.objective import Objective
from hpstudy.plans.confirmation import (
    begun_design,
    design,
    plan_between,
    plan_choice,
    plan_confirmation,
)
from hpstudy.plans.forecast_points import Measured
from hpstudy.plans.forecast_search import SearchForecast, search_forecast
from hpstudy.plans.points import PointsPlan
from hpstudy.plans.search import SearchPlan, search_of
from hpstudy.results.ablation import changed
from hpstudy.results.fresh import Design
from hpstudy.results.search import read_search
from hpstudy.running.course import Teller, Trained, run_points, run_trials
from hpstudy.running.crew import Crew
from hpstudy.running.fingerprint import check
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.store.trials import PointKey, point_key
from hpstudy.study.noting import noted
from hpstudy.study.opened import Opened
from hpstudy.wording import counted, gap, numbered, within


def run_search(
    opened: Opened,
    search: SearchPlan,
    objective: Objective,
    database: Connections,
    crew: Crew,
    teller: Teller,
    *,
    confirm: int | None,
    ablate: bool = False,
) -> Trained:
    """Runs what is left of a search and of its confirmation.

    Args:
        opened: The study.
        search: The search.
        objective: What it trains.
        database: The run's database.
        crew: Who does the work.
        teller: Who tells how it goes.
        confirm: How many fresh seeds the winner and the baseline get at most, 0 for none; as
            begun, else the study file's, where None.
        ablate: Whether to train what lies between the baseline and the winner, too.

    Returns:
        What came of it; left are points of the confirmation.

    Raises:
        UserError: The plan doesn't go with what was begun, or can't be run here.
        StoppedError: Trial after trial raised, or nobody is at the trials that are left.
        KeyboardInterrupt: It was interrupted; all finished epochs are kept.
    """
    crew = crew.asked_for(noted("search", [opened], **_options(search, confirm, ablate=ablate)))
    is_wanted = _is_wanted(search, confirm)
    if is_wanted:
        search = replace(search, confirmed_by=search_of(search.study).confirming_metric)
        _check(search, objective, database.reader, confirm)
    trained, is_whole = run_trials(search, objective, database, crew, teller)
    if is_wanted and is_whole:
        way = design(search, database.reader, confirm)
        confirming = _Confirming(opened, search, objective, database, way, crew, teller)
        trained += confirming.run()
        return trained + confirming.ablate() if ablate else trained
    if is_wanted:
        teller.say("Not confirmed: the search is not at its end yet.")
    if ablate:
        teller.say("Not ablated: no winner is confirmed yet.")
    return trained


def forecast_search(
    search: SearchPlan,
    objective: Objective,
    database: Database | None,
    workers: int,
    confirm: int | None,
    *,
    ablate: bool = False,
    measured: Measured | None = None,
) -> SearchForecast:
    """Says what a search would take; trains nothing and writes nothing.

    Args:
        search: The search.
        objective: What it trains.
        database: The database; None where there is none yet.
        workers: How many trainings would run at once.
        confirm: How many fresh seeds the winner and the baseline get at most; as in `run_search`.
        ablate: Whether what lies between the baseline and the winner is to be trained, too.
        measured: What the objective took just now; None where it is to be estimated.

    Raises:
        UserError: The plan doesn't go with what was begun.
    """
    check(search, database)
    way = None
    if _is_wanted(search, confirm):
        way = _check(search, objective, database, confirm)
    return search_forecast(
        search, objective, database, workers, way, ablate=ablate, measured=measured
    )


def _options(search: SearchPlan, confirm: int | None, *, ablate: bool) -> dict[str, Any]:
    """Returns what is asked of a search, as plain data."""
    own = {"sampler": search.sampler, "pruner": search.pruner, "seed": search.seed}
    return {**asdict(search.limits), **own, "confirm": confirm, "ablate": ablate}


def _is_wanted(search: SearchPlan, confirm: int | None) -> bool:
    """Tells whether a search's winner is to be confirmed: by what is asked for, else the file."""
    wanted = search_of(search.study).confirm_seeds if confirm is None else confirm
    return wanted != 0


def _check(
    search: SearchPlan, objective: Objective, database: Database | None, confirm: int | None
) -> Design:
    """Finds out beforehand whether a confirmation may go the way that is asked for."""
    way = design(search, database, confirm)
    if database is not None:
        check(plan_choice(search, objective, database, way), database)
    return way


@dataclass(frozen=True)
class _Confirming:
    """A confirmation: what is to be trained follows from what is recorded and announced."""

    opened: Opened
    search: SearchPlan
    objective: Objective
    database: Connections
    way: Design
    crew: Crew
    teller: Teller

    def run(self) -> Trained:
        """Trains the finalists and the baseline, then the winner beside it, look by look.

        Killed, or joined by other processes, it comes to the same. What raised is tried once more,
        and no look waits for it any longer.
        """
        tried = set[PointKey]()
        choice = plan_choice(self.search, self.objective, self._reader, self.way)
        if not choice.points:
            self.teller.say("Not confirmed: no trial has a value.")
            return Trained(0, left=0)
        for line in self._announced():
            self.teller.say(line)
        told = self._tell(None)
        done = self._run(choice, "finalists", tried)
        for task, seeds in self._rounds():
            plan = plan_confirmation(
                self.search, self.objective, self._reader, self.way, seeds, without=tried
            )
            if plan is None:
                self.teller.say("Not confirmed: every finalist diverged or raised.")
                break
            if plan.points:
                done += self._run(plan, task, tried)
            told = self._tell(told)
        return done

    def ablate(self) -> Trained:
        """Trains what lies between the baseline and the winner: a change each, then step by step.

        All on the seeds that the two share, so that what is there already is trained no more.
        """
        done = Trained(0, left=0)
        if (why := self._why_not_ablated()) is not None:
            self.teller.say(f"Not ablated: {why}.")
            return done
        for task in ("ablation, one change each", "ablation, step by step"):
            search = read_search(self.opened.file, self.opened.name, self._reader)
            assert search is not None  # as it is confirmed
            won, between = search.winner, search.ablation
            assert won is not None  # else it would not be ablated
            assert between is not None  # as there is a winner
            if task == "ablation, step by step" and not between.is_ordered:
                break  # not all changes were trained: it was stopped
            parts = between.singles if "each" in task else between.path[1:-1]
            plan = plan_between(self.search, self.objective, self.way, won, parts)
            done += self._run(plan, task, set())
        return done

    def _why_not_ablated(self) -> str | None:
        """Says why there is nothing between the baseline and the winner; None where there is."""
        found = self._found()
        if found is None or found.next is not None:
            return "no winner is confirmed yet"
        if found.is_baseline:
            return "the winner is the baseline itself"
        if found.params.keys() != self.search.study.whole().keys():
            return "winner and baseline have not the same hyperparameters"
        if len(changed(self.search.study.whole(), found.params)) < 2:
            return "the winner has one change, which the comparison is of"
        if found.diverged or len(found.seeds) < 2 or not found.baseline_values:
            return "winner and baseline can't be compared"
        return None

    @property
    def _reader(self) -> Database:
        assert self.database.reader is not None  # the search has begun
        return self.database.reader

    def _run(self, plan: PointsPlan, task: str, tried: set[PointKey]) -> Trained:
        tried |= {point_key(point.point) for point in plan.points}
        return run_points(plan, self.objective, self.database, self.crew, self.teller, task=task)

    def _rounds(self) -> Iterator[tuple[str, Sequence[int]]]:
        """Yields what is next and on which seeds, as long as something is."""
        looks = self.way.looks
        if looks is None:
            yield "confirmation", self.way.confirming
            return
        count: int | None = len(self.way.confirming)
        yield "confirmation", self.way.confirming  # what raised is tried again
        while (following := self._next()) not in (None, count):  # else it could not be reached
            count = following
            number = looks.counts.index(count) + 1
            yield f"confirmation, look {number} of {len(looks.counts)}", looks.seeds[:count]

    def _next(self) -> int | None:
        """Returns after how many seeds the next look is; None where there is none."""
        found = self._found()
        assert self.way.looks is not None  # else there are no looks
        return self.way.looks.counts[0] if found is None else found.next

    def _found(self) -> Confirmed | None:
        search = read_search(self.opened.file, self.opened.name, self._reader)
        return None if search is None else confirmed(search)

    def _announced(self) -> Iterator[str]:
        """Says what was announced, or is about to be."""
        looks = self.way.looks
        if looks is None:
            return
        after = numbered(looks.counts, "fresh seed")
        until = "until it is better or worse"
        if looks.margin is not None:
            section = search_of(self.search.study)
            name, direction = section.confirming_metric, section.confirming_direction
            metric = self.search.study.measured(name, direction)
            until = f"until it is better, worse or equal {within(looks.margin, metric)}"
        yield f"The winner is compared with the baseline after {after}, {until}."
        if self.way.confirming and begun_design(self.search, self._reader).looks is None:
            yield f"The {looks.counts[0]} that this confirmation has begun with are the first look."

    def _tell(self, told: int | None) -> int:
        """Says what the looks showed, and returns how many there are by now.

        Args:
            told: How many were told before; all that there are where None.
        """
        found = self._found()
        looks = () if found is None else found.looks
        for look in looks[len(looks) if told is None else told :]:
            assert found is not None  # it has looks
            is_last = look is looks[-1] and found.verdict is not None
            verdict = found.verdict if is_last else look.verdict or Verdict.OPEN
            shown = "" if look.difference is None else f"{gap(look.difference, found.metric)}, "
            self.teller.say(f"After {counted(look.count, 'fresh seed')}: {shown}{verdict}.")
        return len(looks)
