from __future__ import annotations

import optuna
from optuna.distributions import FloatDistribution, IntDistribution

from hpstudy.objective import Runtime, load_objective
from hpstudy.records import Epoch, Records
from hpstudy.running.begin import begin
from hpstudy.running.cost import Costs
from hpstudy.running.grid import plan_grid
from hpstudy.running.progress import FinishedEpoch, Observer, RunningTraining
from hpstudy.storage import Runs, open_database
from hpstudy.study_files import load_study

SPACE = {
    "lr": FloatDistribution(0, 1),
    "epochs": IntDistribution(1, 9),
    "width": IntDistribution(1, 99),
    "seed": IntDistribution(0, 9),
}


def test_it_tells_what_is_running_what_is_new_and_what_is_best(folder):
    path = folder.path / "walk.toml"
    study = load_study(path)
    objective = load_objective(study.objective, folder.path)
    plan = plan_grid(study, objective, name="w", home=folder.path, runtime=Runtime())
    runs = Runs(folder.path / "runs", folder.url)
    begin(plan, objective, runs)
    writer = open_database(folder.url, write=True)
    reader = open_database(folder.url, write=False)
    records = Records(writer.engine)
    optuna_study = optuna.load_study(study_name="w/grid", storage=writer.storage)
    observer = Observer(plan, reader, Costs(plan, objective), workers=1)
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
    for database in (reader, writer):
        database.engine.dispose()
