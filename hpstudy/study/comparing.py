"""A comparison: planned, run look by look until it is decided, and read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hpstudy.analysis.compare import Comparison, compare, outcome
from hpstudy.analysis.sequential import Outcome, next_seeds
from hpstudy.metric import Metric
from hpstudy.objective import Objective
from hpstudy.plans.comparison import plan_comparison
from hpstudy.plans.forecast_looks import LooksForecast
from hpstudy.plans.forecast_points import Forecast, forecast, together
from hpstudy.plans.grid import grid_of
from hpstudy.plans.points import PointsPlan
from hpstudy.results.comparison import FIRST_COMPARING_SEED, Cost, Ran, read_cost, read_setting
from hpstudy.results.grid import Failure
from hpstudy.results.looks import Announcement
from hpstudy.running.course import Teller, Trained, run_points
from hpstudy.running.crew import Crew, workers_for
from hpstudy.running.fingerprint import check
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.study.noting import noted
from hpstudy.study.parties import Contest, Party
from hpstudy.views.comparison import looks_told
from hpstudy.wording import enumerated


@dataclass(frozen=True)
class ContestResult:
    """What a contest came to.

    Attributes:
        comparison: The comparison.
        cost: What its trainings took, whenever they were trained.
        failed: The trainings that raised.
    """

    comparison: Comparison
    cost: Cost
    failed: tuple[Failure, ...]


def plans(
    contest: Contest, wanted: Mapping[str, Sequence[int]]
) -> list[tuple[PointsPlan, Objective]]:
    """Plans the trainings of a contest on some seeds: one plan an Optuna study, what it trains.

    Args:
        contest: The contest.
        wanted: Each party's seeds, by its name.
    """
    by_study: dict[str, list[Party]] = {}
    for party in contest.parties:
        if wanted.get(party.name):
            by_study.setdefault(party.study, []).append(party)
    return [
        (_plan(study, parties, wanted, contest.announced), parties[0].objective)
        for study, parties in by_study.items()
    ]


def _plan(
    study: str,
    parties: Sequence[Party],
    wanted: Mapping[str, Sequence[int]],
    announced: Announcement,
) -> PointsPlan:
    first = parties[0]
    return plan_comparison(
        first.opened.file,
        first.objective,
        [(party.setting, wanted[party.name]) for party in parties],
        name=study,
        home=first.opened.home,
        runtime=first.runtime,
        announced=announced,
        quick=first.opened.is_quick,
    )


def run_contest(contest: Contest, database: Connections, crew: Crew, teller: Teller) -> Trained:
    """Trains both settings, look by look, until it is decided or the last look is done.

    What raised is tried once, and a look doesn't wait for it any longer.

    Args:
        contest: The contest.
        database: The run's database.
        crew: Who does the work.
        teller: Who tells how it goes.

    Raises:
        UserError: It doesn't go with what was begun, or can't be run here.
        KeyboardInterrupt: It was interrupted; all finished epochs are kept.
    """
    check_contest(contest, database.reader)
    crew = crew.asked_for(noted("compare", contest.opened, changes=contest.changes))
    for note in _notes(contest, database.reader):
        teller.say(note)
    done = Trained(0, left=0)
    tried: frozenset[int] = frozenset()
    while wanted := missing(contest, database.reader, tried):
        for plan, objective in plans(contest, wanted):
            task = _task(plan, tried)
            done += run_points(plan, objective, database, crew, teller, task=task)
        tried |= {seed for seeds in wanted.values() for seed in seeds}
        if not all(ran.values or ran.diverged for ran in _read(contest, database.reader).values()):
            break  # the next seeds would only fail again
    return done


def _task(plan: PointsPlan, tried: Collection[int]) -> str:
    """Says which look a plan's seeds are for."""
    assert plan.announced is not None  # as it was planned so
    last = max(map(plan.announced.seeds.index, {*plan.seeds, *tried}))
    number = sum(count <= last for count in plan.announced.counts) + 1
    return f"look {number} of {len(plan.announced.counts)}"


def forecast_contest(
    contest: Contest, reader: Database | None, workers: int | None
) -> LooksForecast:
    """Says what a contest would take; trains nothing and writes nothing.

    Args:
        contest: The contest.
        reader: The database; None where there is none yet.
        workers: How many processes; as many as are of use where None.

    Raises:
        UserError: It doesn't go with what was begun.
    """
    check_contest(contest, reader)
    least = missing(contest, reader)
    most = dict.fromkeys(least, contest.announced.seeds)

    def told(wanted: Mapping[str, Sequence[int]]) -> Forecast:
        parts = [
            forecast(
                plan, objective, reader, contest.baseline.opened.runs, workers_for(workers, plan)
            )
            for plan, objective in plans(contest, wanted)
        ]
        return together(parts)

    metric = _metric(contest, _read(contest, reader))
    return LooksForecast(contest.announced.looks(metric), metric, told(least), told(most))


def check_contest(contest: Contest, reader: Database | None) -> None:
    """Checks that a contest goes with what was begun, be there something to train or not.

    Raises:
        UserError: It doesn't: other looks were announced, or its trainings are of another kind.
    """
    for plan, _ in plans(contest, dict.fromkeys(_names(contest), contest.announced.seeds)):
        check(plan, reader)


def _notes(contest: Contest, reader: Database | None) -> Iterator[str]:
    """Says, before the first training, which looks are announced, and which values are there.

    Whoever chose a setting by values that it has already takes luck for a gain.
    """
    ran = _read(contest, reader)
    if any(one.values for one in ran.values()):
        return
    metric = _metric(contest, ran)
    yield f"Announced: {looks_told(contest.announced.looks(metric), metric)}"
    if reader is None:
        return
    ((plan, _),) = plans(contest, {contest.other.name: contest.announced.seeds})
    recorded = Records(reader.engine).epochs_of(plan.last_epochs())
    known = sorted(
        {p.identity.seed for p in plan.points if len(recorded.get(p.key, ())) >= p.epochs}
    )
    if known:
        first, last = FIRST_COMPARING_SEED, contest.announced.counts[-1] - 1
        yield (
            f"Note: {contest.other.name} has values on seeds "
            f"{enumerated([f'{seed}' for seed in known])} already, which count here; if it was "
            f"chosen by these, they flatter it: --seeds {first}-{first + last} takes fresh ones"
        )


def missing(
    contest: Contest, reader: Database | None, tried: frozenset[int] = frozenset()
) -> dict[str, tuple[int, ...]]:
    """Returns the seeds that the next look wants, by party; none where nothing is left to do.

    Args:
        contest: The contest.
        reader: The database; None where there is none yet.
        tried: The seeds whose failures stand.
    """
    ran = _read(contest, reader)
    metric = _metric(contest, ran)
    pair = (contest.other.name, contest.baseline.name)
    outcomes = {
        name: Outcome(one.values, one.diverged, frozenset(one.failed) & tried)
        for name, one in ran.items()
    }
    wanted = next_seeds(outcomes, [pair], contest.announced.looks(metric), metric)
    left = {name: tuple(s for s in seeds if s not in tried) for name, seeds in wanted.items()}
    return {name: seeds for name, seeds in left.items() if seeds}


def read_contest(contest: Contest, reader: Database) -> ContestResult:
    """Reads what a contest came to."""
    ran = _read(contest, reader)
    metric = _metric(contest, ran)
    outcomes = {name: outcome(one) for name, one in ran.items()}
    found = compare(outcomes, contest.baseline.name, contest.announced.looks(metric), metric)
    failed = tuple(failure for one in ran.values() for failure in one.failed.values())
    return ContestResult(found, read_cost(ran.values(), reader), failed)


def _names(contest: Contest) -> list[str]:
    return [party.name for party in contest.parties]


def _read(contest: Contest, reader: Database | None) -> dict[str, Ran]:
    if reader is None:
        return {party.name: Ran() for party in contest.parties}
    seeds = contest.announced.seeds
    return {
        party.name: read_setting(party.study, party.setting, seeds, reader)
        for party in contest.parties
    }


def _metric(contest: Contest, ran: Mapping[str, Ran]) -> Metric:
    file = contest.baseline.opened.file
    grid = grid_of(file)
    seen = [value for one in ran.values() for value in one.values.values()]
    return file.measured(grid.metric, grid.direction, seen, epochs=grid.metric_epochs)
