"""How long a search takes: expected from random points of its space, nothing pruned."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.numeric import mean
from hpstudy.objective import Objective
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.plans.search import SearchPlan, search_of
from hpstudy.sampler import SEED
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
        confirming_epochs: Epochs of the confirmation, the winner's length a guess.
        workers: How many trainings would run at once.
        seconds_left: Estimated time, confirmation included; None if there is nothing to
            estimate from.
    """

    trials: int
    trials_left: int
    epochs_left: int
    confirming_epochs: int
    workers: int
    seconds_left: float | None


def search_forecast(
    plan: SearchPlan, objective: Objective, database: Database | None, workers: int, confirm: int
) -> SearchForecast:
    """Says what a search would take; trains nothing and writes nothing.

    Args:
        plan: The search.
        objective: What it trains.
        database: The database; None where there is none yet.
        workers: How many trainings would run at once.
        confirm: Fresh seeds of the confirmation.
    """
    left = plan.limits.trials - min(_finished(plan, database), plan.limits.trials)
    examples = plan.examples()
    epochs = mean(example.epochs for example in examples)
    baseline = plan.planned({**plan.study.baseline, SEED: plan.seed})
    # The finalists and the winner are as long as the space's average, for all we know.
    unknown = confirm * (search_of(plan.study).finalists + 1)
    seconds = None
    if (rate := _rate(plan, objective, baseline)) is not None:
        average = mean(_operations(example, objective) for example in examples)
        own = _operations(baseline, objective)
        seconds = ((left + unknown) * average + confirm * own) / rate / workers
    return SearchForecast(
        trials=plan.limits.trials,
        trials_left=left,
        epochs_left=round(left * epochs),
        confirming_epochs=round(unknown * epochs) + confirm * baseline.epochs,
        workers=workers,
        seconds_left=seconds,
    )


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
