"""What a study itself costs as it grows: ask, report, tell and show, on SQLite.

A grid of a trivial objective holds so many finished trials already; then a worker runs some more,
and bare Optuna runs as many in a copy of that study: ask with the same distributions, one report an
epoch, tell, on the same database opened in the same way. Printed are medians per call, and the
slope of each on log-log axes between the smallest and the largest study: 1 is proportional to the
number of trials.

Run by hand, on a quiet machine:

    python tests/bench/study_cost.py --trials 100 1000 10000

With `--commands` it times whole commands instead, each started anew: the help, the plan of a grid
of 12 instant points on three seeds, that of the report's grid (which imports torch), the first
grid, `show` of it, and `show` of the largest study.
Beside them stand those of an older checkout, given by `--before`, in turns with these: a machine
that others use is as slow to both. Printed are the least seconds of each, by the clock and of
processor time, workers included.

    python tests/bench/study_cost.py --commands --before ../older

With `--growth` it times the plan, `show` and the report of a grid as its points grow in number, all
of them trained, each command started anew.

    python tests/bench/study_cost.py --growth --trials 100 1000 10000 --repeats 3
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from pathlib import Path

import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial

from hpstudy.objective import Runtime, load_objective
from hpstudy.plans.distributions import distributions
from hpstudy.plans.grid import plan_grid
from hpstudy.plans.points import PointsPlan
from hpstudy.plans.samplers import sampler
from hpstudy.running.deadlines import Clock
from hpstudy.running.fingerprint import begin
from hpstudy.running.ledger import Ledger
from hpstudy.running.worker import Job, Worker
from hpstudy.store.database import Database, Runs, writing
from hpstudy.store.records import Epoch, Records
from hpstudy.store.trials import TRAINING
from hpstudy.studyfile.find import load_study

OBJECTIVE = """
def score(params, *, seed, settings):
    return params["x"] + params["y"] + params["z"]


class Training:
    version = 1

    def __init__(self, params, *, seed, settings, runtime):
        self.value = params["x"] + params["y"] + params["z"]

    def epoch(self):
        return {"value": self.value}

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass
"""


METRICS = {"value": 1.0, "seconds": 0.1, "wall_seconds": 0.1}


def study_file(folder: Path, trials: int, epochs: int) -> Path:
    (folder / "trivial.py").write_text(OBJECTIVE)
    name = "Training" if epochs > 1 else "score"
    levels = list(range(trials))
    path = folder / "trivial.toml"
    path.write_text(
        f'title = "Trivial"\nobjective = "trivial:{name}"\n'
        + ('fidelity = "epochs"\n' if epochs > 1 else "")
        + f"[baseline]\nx = 0\ny = 1\nz = 2.5\nepochs = {epochs}\n[grid.factors]\nx = {levels}\n"
    )
    return path


def fill(plan: PointsPlan, runs: Runs, count: int) -> None:
    """Adds finished trials for the first points, their epochs recorded as a worker would."""
    with writing(runs) as database:
        _fill(plan, database, count)


def _fill(plan: PointsPlan, database: Database, count: int) -> None:
    study = optuna.load_study(study_name=plan.name, storage=database.storage)
    spans = distributions(p.point for p in plan.points)
    trials = [
        create_trial(
            params=p.point,
            distributions=spans,
            value=1.0,
            intermediate_values=dict.fromkeys(range(1, p.epochs + 1), 1.0),
            user_attrs={TRAINING: p.key},
        )
        for p in plan.points[:count]
    ]
    study.add_trials(trials)
    first = plan.points[0]
    Records(database.engine).add(first.identity, Epoch(1, METRICS))  # the others are like it
    with database.engine.begin() as connection:
        columns = (
            "objective, version, settings, seed, precision, device, threads, versions, created"
        )
        connection.exec_driver_sql(
            f"INSERT INTO hpstudy_trainings (key, params, {columns}) "
            f"SELECT ?, ?, {columns} FROM hpstudy_trainings WHERE id = 1",
            [(p.key, json.dumps(dict(p.identity.params))) for p in plan.points[1:count]],
        )
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO hpstudy_epochs (training_id, epoch, metrics, finished) "
            "SELECT id, ?, metrics, finished FROM hpstudy_trainings, hpstudy_epochs "
            "WHERE training_id = 1 AND epoch = 1",
            [(epoch,) for epoch in range(1, first.epochs + 1)],
        )


class Stopwatch:
    """Sums up the time of calls by name, calls within others left out."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def on(self, target: type, method: str) -> Iterator[None]:
        original: Callable[..., object] = getattr(target, method)

        def timed(*args: object, **kwargs: object) -> object:
            start = time.perf_counter()
            try:
                return original(*args, **kwargs)
            finally:
                self.seconds[method].append(time.perf_counter() - start)

        setattr(target, method, timed)
        try:
            yield
        finally:
            setattr(target, method, original)


def ours(plan: PointsPlan, runs: Runs) -> dict[str, float]:
    worker = Worker(Job(plan, runs, "bench"), lambda label: None, Clock(*Pipe(), grace=0))
    watch = Stopwatch()
    with (
        watch.on(Ledger, "read"),
        watch.on(optuna.Study, "ask"),
        watch.on(optuna.Trial, "report"),
        watch.on(optuna.Study, "tell"),
        watch.on(Records, "add"),
    ):
        start = time.perf_counter()
        worker.run()
        total = time.perf_counter() - start
    trials = len(watch.seconds["tell"])
    medians = {name: statistics.median(values) for name, values in watch.seconds.items()}
    return {**medians, "trial": total / trials}


def bare(plan: PointsPlan, runs: Runs, count: int) -> dict[str, float]:
    with writing(runs) as database:
        return _bare(plan, database, count)


def _bare(plan: PointsPlan, database: Database, count: int) -> dict[str, float]:
    study = optuna.load_study(
        study_name=plan.name, storage=database.storage, sampler=optuna.samplers.RandomSampler()
    )
    spans = distributions(p.point for p in plan.points)
    epochs = plan.points[0].epochs
    study.get_trials(deepcopy=False)
    start = time.perf_counter()
    for _ in range(count):
        trial = study.ask(spans)
        for epoch in range(1, epochs + 1):
            trial.report(1.0, epoch)
        study.tell(trial, 1.0)
    total = time.perf_counter() - start
    return {"bare trial": total / count}


def show(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "hpstudy", "show", "trivial.toml", "--json"]
    start = time.perf_counter()
    result = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    assert json.loads(result.stdout)["grid"]["trials"]["waiting"] == 0
    return {"show": seconds}


def tpe(trials: int, count: int = 10) -> dict[str, float]:
    """Times TPE's own sampling of four hyperparameters, in memory, made anew for each trial."""
    space = {name: FloatDistribution(0, 1) for name in "abcd"}
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.add_trials(
        create_trial(params=study.ask(space).params, distributions=space, value=float(number))
        for number in range(trials)
    )
    seconds = []
    for number in range(count):
        study.sampler = sampler("tpe", 0, number)
        start = time.perf_counter()
        study.ask(space)
        seconds.append(time.perf_counter() - start)
    return {"TPE ask": statistics.median(seconds)}


def filled(folder: Path, points: int, epochs: int, trials: int) -> tuple[PointsPlan, Runs]:
    """Makes a grid of so many points, and so many finished trials of it."""
    study = load_study(study_file(folder, points, epochs))
    objective = load_objective(study.objective, folder)
    plan = plan_grid(study, objective, name="trivial", home=folder, runtime=Runtime())
    runs = Runs(folder / "runs", f"sqlite:///{folder / 'runs' / 'hpstudy.db'}")
    with writing(runs) as database:
        begin(plan, objective, database)
    fill(plan, runs, trials)
    return plan, runs


def measure(trials: int, epochs: int, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan, runs = filled(folder, trials + count, epochs, trials)
        copy = Runs(folder / "copy", f"sqlite:///{folder / 'copy' / 'hpstudy.db'}")
        copy.folder.mkdir()
        shutil.copy(folder / "runs" / "hpstudy.db", copy.folder)
        return {**ours(plan, runs), **bare(plan, copy, count), **show(folder), **tpe(trials)}


_ADOPT = 36  # Linux: PR_SET_CHILD_SUBREAPER

FEW = """
title = "Twelve points"
objective = "trivial:score"
[baseline]
x = 0
y = 1
z = 2.5
[grid]
seeds = [0, 1, 2]
[grid.factors]
x = [0, 1, 2, 3]
"""


def seconds_of(checkout: Path, folder: Path, args: list[str]) -> tuple[float, float]:
    """Runs a command of a checkout in a folder; returns its seconds: the clock's, processors'.

    What its processes took that ended after it is counted: this process adopts them.
    """
    if args[0] == "grid" and "--plan" not in args:
        shutil.rmtree(folder / "runs", ignore_errors=True)
    env = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "hpstudy", *args]
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = os.times()
    spent = after.children_user + after.children_system
    return seconds, spent - before.children_user - before.children_system


def time_commands(trials: int, checkouts: dict[str, Path], repeats: int) -> None:
    ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        (Path(few) / "trivial.py").write_text(OBJECTIVE)
        (Path(few) / "few.toml").write_text(FEW)
        filled(Path(many), trials, 1, trials)
        timed = {
            "--help": (few, ["--help"]),
            "grid --plan": (few, ["grid", "few.toml", "--plan"]),
            "grid report --plan": (few, ["grid", "report", "--plan"]),
            "grid": (few, ["grid", "few.toml"]),
            "show": (few, ["show", "few.toml"]),
            f"show, {trials} trials": (many, ["show", "trivial.toml"]),
        }
        print(f"{f'seconds, the least of {repeats}':24s}", *(f"{n:>15s}" for n in checkouts))
        for name, (folder, args) in timed.items():
            found = [
                [seconds_of(checkout, Path(folder), args) for checkout in checkouts.values()]
                for _ in range(repeats)
            ]
            least = [map(min, zip(*times, strict=True)) for times in zip(*found, strict=True)]
            print(f"{name:24s}", *(f"{wall:8.2f} {spent:6.2f}" for wall, spent in least))


def time_growth(sizes: list[int], repeats: int) -> None:
    commands = {
        "grid --plan": ["grid", "trivial.toml", "--plan"],
        "show": ["show", "trivial.toml"],
        "report": ["report", "trivial.toml"],
    }
    checkout = Path(__file__).parents[2]
    found: dict[str, list[float]] = {name: [] for name in commands}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            filled(Path(folder), size, 1, size)
            for name, args in commands.items():
                times = [seconds_of(checkout, Path(folder), args) for _ in range(repeats)]
                found[name].append(min(wall for wall, _ in times))
    print(f"seconds, the least of {repeats}", *(f"{size:8d}" for size in sizes))
    for name, least in found.items():
        print(f"{name:23s}", *(f"{seconds:8.2f}" for seconds in least))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 1000, 10000])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--count", type=int, default=50, help="trials that are timed")
    parser.add_argument("--commands", action="store_true", help="time whole commands instead")
    parser.add_argument("--growth", action="store_true", help="time commands as points grow")
    parser.add_argument("--before", type=Path, help="an older checkout, to compare with")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each command")
    args = parser.parse_args()
    if args.growth:
        time_growth(args.trials, args.repeats)
        return
    if args.commands:
        checkouts = {"now": Path(__file__).parents[2]}
        checkouts |= {"before": args.before.resolve()} if args.before else {}
        time_commands(args.trials[-1], checkouts, args.repeats)
        return
    found = {trials: measure(trials, args.epochs, args.count) for trials in args.trials}
    first, last = args.trials[0], args.trials[-1]
    print(f"{args.epochs} epochs a trial, n = {args.count} trials; milliseconds")
    for name in found[first]:
        row = "  ".join(f"{1000 * found[trials][name]:9.2f}" for trials in args.trials)
        slope = ""
        if first != last:
            growth = math.log(found[last][name] / found[first][name])
            slope = f"  slope {growth / math.log(last / first):.2f}"
        print(f"{name:12s} {row}{slope}")
    for trials in args.trials:
        ratio = found[trials]["trial"] / found[trials]["bare trial"]
        print(f"{trials} trials: {ratio:.2f} times bare Optuna")


if __name__ == "__main__":
    main()
