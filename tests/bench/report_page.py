"""How long the HTML report of a large study takes, and how large it is.

A made study: a small grid, trained by a function that takes no time, and a search of many trials
written as Optuna keeps them. The report is then written by the command, as a user would.

    python tests/bench/report_page.py [--trials 10000] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import datetime
import math
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from hpstudy.store.database import open_database
from hpstudy.store.studies import FINGERPRINT, search_name
from hpstudy.store.trials import TRAINING
from hpstudy.studyfile.find import load_study

OBJECTIVE = """
import math, random


class Made:
    version = 1

    def __init__(self, params, *, seed, settings, runtime):
        self.params, self.seed, self.number = params, seed, 0

    def epoch(self):
        self.number += 1
        value = quality(self.params, self.number, random.Random(f"{self.params}{self.seed}"))
        return {"accuracy": value, "loss": 1 - value, "seconds": self.params["hidden"] / 100}

    def state_dict(self):
        return {"number": self.number}

    def load_state_dict(self, state):
        self.number = state["number"]


def quality(params, epochs, chance):
    if params["lr"] > 0.02:
        return 0.1 + chance.gauss(0, 0.005)
    off = abs(math.log10(params["lr"] / 0.001)) ** 2 * 0.004 + 0.02 * math.exp(-epochs / 2)
    return 0.993 - off - 0.001 * math.log2(params["batch_size"] / 16) + chance.gauss(0, 0.001)
"""
STUDY = """
title = "A made study"
objective = "made:Made"
fidelity = "epochs"
[baseline]
lr = 0.001
epochs = 5
hidden = 512
batch_size = 64
[grid]
metric = "accuracy"
seeds = [0, 1, 2]
[grid.factors]
epochs = [5, 10, 20]
lr = [0.1, 0.01, 0.001, 0.0001]
hidden = [256, 512, 1024]
batch_size = [32, 64, 256]
[search]
metric = "accuracy"
[search.space]
lr = { low = 1e-4, high = 1e-1, log = true }
epochs = { low = 1, high = 20 }
hidden = { low = 64, high = 4096, log = true }
batch_size = { low = 16, high = 1024, log = true }
"""
SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "epochs": IntDistribution(1, 20),
    "hidden": IntDistribution(64, 4096, log=True),
    "batch_size": IntDistribution(16, 1024, log=True),
}


def made_trial(number: int, trials: int, quality, chance: random.Random) -> FrozenTrial:
    """A trial that looks as one of the search: the later, the nearer to the best setting."""
    width = 1.2 * (1 - 0.8 * number / trials)
    params = {
        "lr": min(0.1, max(1e-4, 10 ** (-3 + chance.gauss(0, width)))),
        "epochs": chance.randint(1, 20),
        "hidden": round(2 ** chance.uniform(6, 12)),
        "batch_size": round(2 ** chance.uniform(4, 10)),
    }
    curve = [quality(params, epoch, chance) for epoch in range(1, params["epochs"] + 1)]
    pruned = len(curve) > 2 and curve[1] < 0.97
    curve = curve[:2] if pruned else curve
    start = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=20 * number)
    trial = create_trial(
        state=TrialState.PRUNED if pruned else TrialState.COMPLETE,
        value=curve[-1],
        params=params,
        distributions=SPACE,
        user_attrs={TRAINING: f"made-{number}"},
        intermediate_values=dict(enumerate(curve, 1)),
    )
    trial.datetime_start = start
    trial.datetime_complete = start + datetime.timedelta(seconds=8 * len(curve))
    return trial


def make(folder: Path, trials: int) -> None:
    """Makes the study file, its objective, and the database with grid and search."""
    (folder / "made.py").write_text(OBJECTIVE)
    (folder / "made.toml").write_text(STUDY)
    hpstudy(folder, "grid", "made.toml")
    names: dict[str, object] = {"math": math}
    exec(OBJECTIVE, names)
    chance = random.Random(0)
    database = open_database(f"sqlite:///{folder / 'runs' / 'hpstudy.db'}", write=True)
    direction = load_study(folder / "made.toml").search.direction
    study = optuna.create_study(
        study_name=search_name("made"), storage=database.storage, direction=direction
    )
    study.set_user_attr(FINGERPRINT, {})
    study.add_trials([made_trial(n, trials, names["quality"], chance) for n in range(trials)])
    database.engine.dispose()


def hpstudy(folder: Path, *args: str) -> None:
    """Runs a command in a folder."""
    command = [sys.executable, "-m", "hpstudy", *args]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Makes the study where it is not there, writes its report, and prints time and size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="a folder to make the study in, and to use again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "runs" / "hpstudy.db").exists():
            make(folder, options.trials)
        start = time.perf_counter()
        hpstudy(folder, "report", "made.toml")
        seconds = time.perf_counter() - start
        page = folder / "runs" / "report" / "made.html"
        print(f"{options.trials} trials: {seconds:.1f} s, {page.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
