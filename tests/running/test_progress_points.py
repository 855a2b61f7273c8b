from __future__ import annotations

import math
from dataclasses import dataclass, replace

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from hpstudy.objective import Runtime, load_objective
from hpstudy.plans.forecast_points import Costs
from hpstudy.plans.grid import plan_grid
from hpstudy.plans.points import PointsPlan
from hpstudy.running.fingerprint import begin
from hpstudy.running.progress_points import FinishedEpoch, Observer, RunningTraining
from hpstudy.store.database import open_database
from hpstudy.store.records import Epoch, Records
from hpstudy.studyfile.find import load_study

SPACE = {
    "lr": FloatDistribution(0, 1),
    "epochs": IntDistribution(1, 9),
    "width": IntDistribution(1, 99),
    "seed": IntDistribution(0, 9),
}


@dataclass(frozen=True)
class Begun:
    """A grid that has begun, the database of its worker, and its observer."""

    plan: PointsPlan
    study: optuna.Study
    records: Records
    observer: Observer


@pytest.fixture
def begun(folder):
    databases = []

    def begin_with(seeds: list[int], direction: str = "maximize") -> Begun:
        study = load_study(folder.path / "walk.toml")
        objective = load_objective(study.objective, folder.path)
        plan = plan_grid(
            study, objective, name="w", home=folder.path, runtime=Runtime(), seeds=seeds
        )
        writer = open_database(folder.url, write=True)
        begin(plan, objective, writer)
        reader = open_database(folder.url, write=False)
        plan = replace(plan, metric=replace(plan.metric, direction=direction))
        databases.extend([writer, reader])
        return Begun(
            plan,
            optuna.load_study(study_name="w/grid", storage=writer.storage),
            Records(writer.engine),
            Observer(plan, reader, Costs(plan, objective), workers=1),
        )

    yield begin_with
    for database in databases:
        database.engine.dispose()


def test_it_tells_what_is_running_what_is_new_and_what_is_best(begun):
    grid = begun([0])
    plan, optuna_study, records, observer = grid.plan, grid.study, grid.records, grid.observer
    empty = observer.look()
    assert (empty.epochs, empty.epochs_total, empty.points, empty.points_total) == (0, 8, 0, 4)
    assert empty.best is empty.seconds_left is None

    other = next(p for p in plan.points if p.point["lr"] == 0.2)
    optuna_study.enqueue_trial(other.point)
    trial = optuna_study.ask(SPACE)
    trial.set_user_attr("training", other.key)
    records.add(other.identity, Epoch(1, {"value": 0.5, "seconds": 2.0, "wall_seconds": 2.0}))
    seen = observer.look()
    assert seen.news == (FinishedEpoch("lr 0.2", 1, 2, 0.5, 2.0),)
    assert seen.running == (RunningTraining("lr 0.2", 1, 2, 0.5),)
    assert (seen.epochs, seen.points) == (1, 0)
    assert seen.seconds_left == 7 * 2.0

    records.add(other.identity, Epoch(2, {"value": 0.75, "seconds": 2.0, "wall_seconds": 2.0}))
    optuna_study.tell(trial, 0.75)
    done = observer.look()
    assert done.best == (0.75, "lr 0.2")
    assert (done.epochs, done.points, done.running) == (2, 1, ())
    assert [n.epoch for n in done.news] == [2]
    assert observer.look().news == ()


@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_a_trial_that_is_read_while_it_is_asked_for_has_a_name(begun, known: int):
    grid = begun([0, 1])
    point = next(p for p in grid.plan.points if p.point["lr"] == 0.2)
    for key in (point.key, "of-another-plan"):
        some = dict(list(SPACE.items())[:known])
        grid.study.enqueue_trial({name: point.point[name] for name in some})
        grid.study.ask(some).set_user_attr("training", key)
    mine, other = grid.observer.look().running
    assert mine.label == "lr 0.2 · seed 0"
    assert other.label.startswith("lr 0.2" if known else "baseline")


def test_the_best_is_none_of_the_diverged(begun):
    grid = begun([0])
    first, second = grid.plan.points[:2]
    for point, value in ((first, -math.inf), (second, 0.5)):
        grid.study.enqueue_trial(point.point)
        trial = grid.study.ask(SPACE)
        if math.isinf(value):
            trial.set_user_attr("diverged", 1)
            grid.study.tell(trial, value)
            assert grid.observer.look().best is None
        else:
            grid.study.tell(trial, value)
    seen = grid.observer.look()
    assert seen.points == 2
    assert seen.best is not None
    assert seen.best[0] == 0.5


def test_the_best_is_told_by_the_metric_of_the_plan_not_of_the_search_that_it_confirms(begun):
    grid = begun([0], "minimize")
    assert grid.study.direction == optuna.study.StudyDirection.MAXIMIZE
    for point, value in zip(grid.plan.points, (0.5, 0.25), strict=False):
        grid.study.enqueue_trial(point.point)
        grid.study.tell(grid.study.ask(SPACE), value)
    assert grid.observer.look().best[0] == 0.25
