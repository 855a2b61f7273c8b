"""How many workers a database carries: trials a second, errors and duplicates, beside Optuna's own.

A grid of a trivial Training class, ten epochs a trial, is run by so many workers, while
optuna-dashboard, started beside it, is asked for the study each second. Then as many processes of
bare Optuna do the same work in a database of their own: `GridSampler` and `study.optimize`, all as
Optuna has it by default. Seconds are those from the first trial's beginning to the last one's end,
so that neither starts of processes nor tables at the end count.

A trial too many is one whose point another complete trial has too; one left is RUNNING at the end.
For each database a new one is made: a file, or one in the PostgreSQL server that `--storage` names
(its user must be allowed to create databases), deleted afterwards.

Run by hand, on a quiet machine:

    python tests/bench/load.py --workers 1 2 4 8 16 32 --trials 2000
    python tests/bench/load.py --storage postgresql+psycopg://postgres@127.0.0.1/postgres
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

import optuna
from optuna.trial import TrialState
from sqlalchemy import create_engine, make_url, text

from hpstudy.store.database import Runs, writing

EPOCHS = 10

OBJECTIVE = """
class Training:
    version = 1

    def __init__(self, params, *, seed, settings, runtime):
        self.value = float(params["x"])

    def epoch(self):
        return {"value": self.value}

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass
"""

OPTUNA = """
import sys

import optuna

url, trials, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def objective(trial):
    x = trial.suggest_int("x", 0, trials - 1)
    for epoch in range(epochs):
        trial.report(float(x), epoch)
    return float(x)


optuna.logging.set_verbosity(optuna.logging.ERROR)
sampler = optuna.samplers.GridSampler({"x": list(range(trials))})
study = optuna.load_study(study_name="load/grid", storage=url, sampler=sampler)
study.optimize(objective)
"""


@dataclass(frozen=True)
class Load:
    """What came of one run.

    Attributes:
        of: Whose it is.
        workers: How many processes asked for trials.
        trials: How many are complete.
        seconds: From the first one's beginning to the last one's end.
        too_many: Complete trials of points that had one.
        left: Trials that are neither complete nor failed.
        failed: Trials that failed, and processes that ended with an error.
        polls: How often the dashboard answered.
        slowest: Its slowest answer, in seconds.
        unanswered: How often it did not answer.
    """

    of: str
    workers: int
    trials: int
    seconds: float
    too_many: int
    left: int
    failed: int
    polls: int = 0
    slowest: float = 0.0
    unanswered: int = 0

    @property
    def rate(self) -> float:
        return self.trials / self.seconds if self.seconds else 0.0


class Poller:
    """Asks a dashboard for the first study, each second, until it is told to stop."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/api/studies"
        self._over = Event()
        self._thread = Thread(target=self._poll)
        self.answers: list[float] = []
        self.unanswered = 0

    def __enter__(self) -> Poller:
        self._wait()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _wait(self) -> None:
        for _ in range(600):
            with suppress(OSError), urllib.request.urlopen(self._address, timeout=60):
                return
            time.sleep(0.1)
        raise SystemExit("the dashboard did not start")

    def _poll(self) -> None:
        while not self._over.wait(1):
            start = time.perf_counter()
            try:
                with urllib.request.urlopen(self._address, timeout=60) as answer:
                    studies = json.load(answer)["study_summaries"]
                if studies:
                    number = studies[0]["study_id"]
                    with urllib.request.urlopen(f"{self._address}/{number}?after=0", timeout=60):
                        pass
                self.answers.append(time.perf_counter() - start)
            except (OSError, ValueError):
                self.unanswered += 1


@contextmanager
def database(storage: str | None, folder: Path) -> Iterator[str]:
    """Gives the address of a new database for the block."""
    if storage is None:
        yield f"sqlite:///{folder / 'load.db'}"
        return
    name = f"load_{uuid.uuid4().hex[:12]}"
    server = create_engine(storage, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(storage).set(database=name).render_as_string(hide_password=False)
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        server.dispose()


@contextmanager
def dashboard(folder: Path, environment: dict[str, str]) -> Iterator[Poller]:
    port = 20_000 + os.getpid() % 10_000
    command = [sys.executable, "-m", "hpstudy", "dashboard", "--port", f"{port}"]
    shown = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        with Poller(port) as poller:
            yield poller
    finally:
        shown.terminate()
        shown.wait()


def counted(of: str, workers: int, url: str, failed: int, poller: Poller | None = None) -> Load:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(url)
    trials = optuna.load_study(study_name="load/grid", storage=storage).get_trials(deepcopy=False)
    storage.engine.dispose()
    complete = [t for t in trials if t.state == TrialState.COMPLETE]
    points = Counter(t.params["x"] for t in complete)
    starts = [t.datetime_start for t in complete if t.datetime_start]
    ends = [t.datetime_complete for t in complete if t.datetime_complete]
    seconds = (max(ends) - min(starts)).total_seconds() if complete else 0.0
    failed += sum(t.state == TrialState.FAIL for t in trials)
    left = sum(not t.state.is_finished() for t in trials)
    asked = (
        {}
        if poller is None
        else {
            "polls": len(poller.answers),
            "slowest": max(poller.answers, default=0.0),
            "unanswered": poller.unanswered,
        }
    )
    too_many = len(complete) - len(points)
    return Load(of, workers, len(complete), seconds, too_many, left, failed, **asked)


def ours(storage: str | None, workers: int, trials: int) -> Load:
    folder = Path(tempfile.mkdtemp())
    (folder / "trivial.py").write_text(OBJECTIVE)
    (folder / "load.toml").write_text(
        'title = "Load"\nobjective = "trivial:Training"\nfidelity = "epochs"\n'
        f"[baseline]\nx = 0\nepochs = {EPOCHS}\n[grid.factors]\nx = {list(range(trials))}\n"
    )
    grid = [sys.executable, "-m", "hpstudy", "grid", "load.toml", "--json", "--no-publish"]
    with database(storage, folder) as url:
        environment = {**os.environ, "HPSTUDY_STORAGE": url}
        with writing(Runs(folder / "runs", url)):
            pass  # it is there before the dashboard opens it
        with dashboard(folder, environment) as poller:
            ran = subprocess.run(
                [*grid, "--workers", f"{workers}"],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        if ran.returncode:
            print(ran.stderr[-2000:], file=sys.stderr)
        load = counted("hpstudy", workers, url, ran.returncode, poller)
    shutil.rmtree(folder)
    return load


def optunas(storage: str | None, workers: int, trials: int) -> Load:
    folder = Path(tempfile.mkdtemp())
    with database(storage, folder) as url:
        optuna.create_study(study_name="load/grid", storage=url)
        command = [sys.executable, "-c", OPTUNA, url, f"{trials}", f"{EPOCHS}"]
        errors = subprocess.DEVNULL
        running = [subprocess.Popen(command, stderr=errors) for _ in range(workers)]
        failed = sum(process.wait() != 0 for process in running)
        load = counted("Optuna", workers, url, failed)
    shutil.rmtree(folder)
    return load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--storage", help="a PostgreSQL server; SQLite if left out")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument("--alone", action="store_true", help="leave bare Optuna out")
    args = parser.parse_args()
    if not args.json:
        print("of       workers trials  a second  too many  left  failed  polls slowest unanswered")
    for workers in args.workers:
        for run in (ours,) if args.alone else (ours, optunas):
            load = run(args.storage, workers, args.trials)
            if args.json:
                print(json.dumps({**asdict(load), "rate": load.rate}), flush=True)
            else:
                print(
                    f"{load.of:8s} {load.workers:7d} {load.trials:6d} {load.rate:9.1f} "
                    f"{load.too_many:9d} {load.left:5d} {load.failed:7d} {load.polls:6d} "
                    f"{load.slowest:7.2f} {load.unanswered:10d}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
