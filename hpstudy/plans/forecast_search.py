"""How long a search takes: expected from random points of its space, nothing pruned."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.numeric import mean
from hpstudy.objective import Objective
from hpstudy.plans.forecast_points import Measured
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.plans.search import SearchPlan, search_of
from hpstudy.results.fresh import Design
from hpstudy.store.database import Database
from hpstudy.store.studies import find_study, trials_of
from hpstudy.store.trials import is_finished


@dataclass(frozen=True)
class SearchForecast:
    """What a search would take if nothing were pruned.

    Attributes:
        trials: Finished trials that it ends with.
        trials_left: Trials of these that are not finished yet.
        epochs_left: Epochs that these would take, on average over the space.
        confirming_epochs: Epochs of the confirmation if no look but the last decides, the
            winner's length a guess.
        workers: How many trainings would run at once.
        seconds_left: Estimated time, all of the confirmation included; None if there is nothing
            to estimate from.
        least_confirming_epochs: Epochs of the confirmation if its first look decides.
        ablating_epochs: Epochs at most of what lies between the baseline and the winner.
    """

    trials: int
    trials_left: int
    epochs_left: int
    confirming_epochs: int
    workers: int
    seconds_left: float | None
    least_confirming_epochs: int
    ablating_epochs: int


def search_forecast(
    plan: SearchPlan,
    objective: Objective,
    database: Database | None,
    workers: int,
    confirmation: Design | None,
    *,
    ablate: bool = False,
    measured: Measured | None = None,
) -> SearchForecast:
    """Says what a search would take; trains nothing and writes nothing.

    Args:
        plan: The search.
        objective: What it trains.
        database: The database; None where there is none yet.
        workers: How many trainings would run at once.
        confirmation: How the winner is confirmed; None where it is not.
        ablate: Whether what lies between the baseline and the winner is to be trained, too.
        measured: What the objective took just now; None where it is to be estimated.
    """
    left = plan.limits.trials - min(_finished(plan, database), plan.limits.trials)
    examples = plan.examples()
    epochs = mean(example.epochs for example in examples)
    baseline = plan.planned(plan.study.whole())
    # The finalists and the winner are as long as the space's average, for all we know.
    finalists = search_of(plan.study).finalists
    least, most = (_confirming(confirmation, finalists, last) for last in (0, -1))
    # With all of the hyperparameters changed: one change each, then one after the other.
    between = max(2 * len(plan.space) - 2, 0) if ablate and len(plan.space) > 1 else 0
    steps = between * (most[1] if confirmation is not None else 0)
    seconds = None
    rate = measured.rate if measured is not None else _rate(plan, objective, baseline)
    if rate is not None:
        average = mean(_operations(example, objective) for example in examples)
        own = _operations(baseline, objective)
        seconds = ((left + most[0] + steps) * average + most[1] * own) / rate / workers
    elif measured is not None and measured.seconds:
        all_epochs = (left + most[0] + steps) * epochs + most[1] * baseline.epochs
        seconds = all_epochs * mean(measured.seconds.values()) / workers
    return SearchForecast(
        trials=plan.limits.trials,
        trials_left=left,
        epochs_left=round(left * epochs),
        confirming_epochs=round(most[0] * epochs) + most[1] * baseline.epochs,
        workers=workers,
        seconds_left=seconds,
        least_confirming_epochs=round(least[0] * epochs) + least[1] * baseline.epochs,
        ablating_epochs=round(steps * epochs),
    )


def _confirming(way: Design | None, finalists: int, look: int) -> tuple[int, int]:
    """Returns how many trainings of finalists, and of the baseline, it takes until a look."""
    if way is None:
        return 0, 0
    count = len(way.confirming) if way.looks is None else way.looks.counts[look]
    choosing = len(way.choosing)
    if way.is_apart:
        return finalists * choosing + count, count
    return finalists * choosing + max(count - choosing, 0), max(count, choosing)


def _finished(plan: SearchPlan, database: Database | None) -> int:
    study = find_study(plan.name, database) if database is not None else None
    return sum(map(is_finished, trials_of(study)))


def _rate(plan: SearchPlan, objective: Objective, point: PlannedPoint) -> float | None:
    identity = point.identity
    if objective.estimate(identity.params, settings=identity.settings) is None:
        return None
    return objective.measure_rate(runtime=plan.scenario.runtime)


def _operations(point: PlannedPoint, objective: Objective) -> float:
    estimate = objective.estimate(point.identity.params, settings=point.identity.settings)
    return estimate.operations * point.epochs if estimate is not None else 0.0
