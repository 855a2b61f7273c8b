"""What a large grid costs: its tables, its report, and a second run that finds all done.

A made grid of a plain function: one factor with many levels on five seeds, written as the workers
write it, without running any. Then the commands are run, as a user would. Times are the user CPU
time of the command, which other work on the machine hardly changes, and the wall time.

    python tests/bench/large_grid.py [--levels 201 1001] [--rounds 3] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import optuna

from hpstudy.objective import Runtime, load_objective
from hpstudy.plans.distributions import distributions
from hpstudy.plans.grid import plan_grid
from hpstudy.running.fingerprint import begin
from hpstudy.store.database import Runs, open_database
from hpstudy.store.records import Epoch, Records
from hpstudy.store.trials import TRAINING
from hpstudy.studyfile.find import load_study

OBJECTIVE = """
def score(params, *, seed, settings):
    return params["x"]
"""
STUDY = """
title = "A large grid"
objective = "large:score"
[baseline]
x = 0.0
[grid]
metric = "accuracy"
seeds = [0, 1, 2, 3, 4]
[grid.factors]
x = {levels}
"""
COMMANDS = {
    "show": ["show", "large.toml"],
    "report": ["report", "large.toml"],
    "grid, all done": ["grid", "large.toml", "--no-publish"],
}


def value(x: float, seed: int) -> float:
    """Returns an accuracy: the seed's luck, some more, and a level in twenty is worse."""
    chance = random.Random(f"{x} {seed}")
    worse = 0.05 if round(1000 * x) % 20 == 7 else 0.0
    return 0.95 - worse + 0.004 * math.sin(seed) + chance.gauss(0, 0.002)


def make(folder: Path, levels: int) -> None:
    """Makes the study file, its objective, and the database with all points done."""
    (folder / "large.py").write_text(OBJECTIVE)
    file = folder / "large.toml"
    file.write_text(STUDY.format(levels=[n / 1000 for n in range(levels)]))
    study = load_study(file)
    objective = load_objective("large:score", folder)
    runtime = Runtime(device="cpu", precision="fp32", threads=1, data=str(folder / "runs" / "data"))
    plan = plan_grid(study, objective, name="large", home=folder, runtime=runtime)
    runs = Runs(folder / "runs", f"sqlite:///{folder / 'runs' / 'hpstudy.db'}")
    (folder / "runs").mkdir()
    database = open_database(runs.url, write=True)
    begin(plan, objective, database)
    records = Records(database.engine)
    space = distributions([p.point for p in plan.points], {})
    trials = []
    for planned in plan.points:
        found = value(float(planned.point["x"]), int(planned.point["seed"]))
        metrics = {"accuracy": found, "seconds": 0.01, "wall_seconds": 0.01}
        records.add(planned.identity, Epoch(1, metrics))
        trials.append(
            optuna.create_trial(
                value=found,
                params=dict(planned.point),
                distributions=space,
                user_attrs={TRAINING: planned.key},
                intermediate_values={1: found},
            )
        )
    optuna.load_study(study_name=plan.name, storage=database.storage).add_trials(trials)
    database.engine.dispose()


def timed(folder: Path, args: list[str]) -> tuple[float, float]:
    """Runs a command in a folder; returns its user CPU and wall seconds, its workers' included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.perf_counter()
    command = [sys.executable, "-m", "hpstudy", *args]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wall = time.perf_counter() - start
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, wall


def spread(seconds: list[float]) -> str:
    """Formats times as their mean with the least and the most."""
    return f"{statistics.fmean(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def main() -> None:
    """Makes each grid where it is not there, runs the commands, and prints what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--levels", type=int, nargs="+", default=[201, 1001])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder to make the grids in, and to use again")
    options = parser.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in ("optuna", "scipy", "plotly"))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"Python {platform.python_version()}, {versions}; n = {options.rounds}")
    with tempfile.TemporaryDirectory() as temporary:
        for levels in options.levels:
            folder = (options.keep or Path(temporary)) / f"{levels}"
            if not folder.exists():
                folder.mkdir(parents=True)
                make(folder, levels)
            for name, args in COMMANDS.items():
                times = [timed(folder, args) for _ in range(options.rounds)]
                cpu, wall = (spread(list(column)) for column in zip(*times, strict=True))
                print(f"{5 * levels} points, {name}: {cpu} s user CPU, {wall} s wall")


if __name__ == "__main__":
    main()
