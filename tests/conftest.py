"""Shared by all tests: the command line in a folder of its own, a small training, real MNIST."""

from __future__ import annotations

import gc
import io
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, NamedTuple

# Tests run side by side, one a core: threads of torch's would spin, waiting for each other's.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState
from typer.main import get_command

from hpstudy.cli import app
from hpstudy.datasets import FILES
from hpstudy.metric import Metric
from hpstudy.mnist.data import fetch
from hpstudy.results.grid import GridResults
from hpstudy.results.reading import read_grid
from hpstudy.running.interrupts import SIGNALS
from hpstudy.store import creation
from hpstudy.store.addresses import file_of, is_file
from hpstudy.store.database import Database, open_database
from hpstudy.store.records import Epoch, Identity, Records
from hpstudy.store.studies import FINGERPRINT
from hpstudy.studyfile.find import load_study
from tests.servers import PostgresServer, binaries, postgres_server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--repin", action="store_true", help="write tests/pins anew")


# A training without torch. It logs every epoch that it trains, so that tests can count them.
WALK = """
import os, random, signal, time


class Walk:
    version = 1

    def __init__(self, params, *, seed, settings, runtime):
        self.params, self.seed, self.settings = dict(params), seed, settings
        self.number, self.position = 0, 0.0

    def epoch(self):
        self.number += 1
        time.sleep(0 if os.path.exists("hurry") else self.settings.get("sleep", 0))
        where = f"{self.params['lr']} {self.params['width']} {self.seed} {self.number}"
        if where.startswith(self.settings.get("raise_at", "never")):
            raise RuntimeError("this one\\nraises")
        if where.startswith(self.settings.get("die_at", "never")):
            os.kill(os.getpid(), signal.SIGKILL)
        self.position += random.Random(where).random()
        with open("epochs.log", "a") as log:
            log.write(where + "\\n")
        return {"value": self.position, "value_accuracy": self.position / self.number}

    def state_dict(self):
        return {"number": self.number, "position": self.position}

    def load_state_dict(self, state):
        self.number, self.position = state["number"], state["position"]


def total(params, *, seed, settings):
    print("printed by the objective")
    return float(sum(v for v in params.values() if not isinstance(v, str)) + seed)
"""

WALK_STUDY = """
title = "A walk"
objective = "walk:Walk"
fidelity = "epochs"
[settings]
[baseline]
lr = 0.1
epochs = 2
width = 8
[grid]
seeds = [0]
[grid.factors]
epochs = [2, 4]
lr = [0.1, 0.2]
width = [8, 16]
"""

WALK_SEARCH = """
[search]
trials = 8
[search.space]
lr = { low = 0.01, high = 1.0, log = true }
epochs = { low = 1, high = 6 }
width = { low = 4, high = 64, log = true }
"""


_ENV = {
    "COLUMNS": "100",
    "PYTHONWARNINGS": "error",
    "HPSTUDY_PUBLISH": "0",
    "HPSTUDY_WORKERS": "1",  # a worker's start is most of what a small test takes
}
_INTERRUPTED = 130
_COMMAND = get_command(app)  # made once: making it takes longer than many a command does

# The process that workers are forked from: what they import of a command that is run in this one
# is pytest, and importing it takes longer than what they do.
multiprocessing.set_forkserver_preload(["pytest", "hpstudy.running.preloaded"])
forkserver.ensure_running()

_ERRORS = ("strict", "backslashreplace")  # of stdout and stderr, as Python has them

# How pydantic and Python put things.
_RAW = re.compile(
    "input should|should (be|have|match)|valid (integer|number|string)|pydantic|Trace"
)


class Result(NamedTuple):
    """What a command wrote."""

    stdout: str
    stderr: str


@contextmanager
def _as_before() -> Iterator[None]:
    """Gives back what a command changes of its process: how it takes signals, and its garbage."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    threshold, hook = gc.get_threshold(), sys.unraisablehook
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _children(pid: int) -> list[int]:
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@dataclass(frozen=True)
class Folder:
    """A user's folder, and the `hpstudy` command run in it."""

    path: Path
    storage: str | None = None  # the database, where it is not in the folder

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def run(
        self,
        *args: str,
        code: int = 0,
        stdin: str = "",
        env: Mapping[str, str | None] | None = None,
    ) -> Result:
        """Runs a command in this process; the workers that it starts are processes even so."""
        ended, result = self.outcome(*args, stdin=stdin, env=env)
        assert ended == code, f"exit code {ended}\n{result.stdout}\n{result.stderr}"
        return result

    def outcome(
        self, *args: str, stdin: str = "", env: Mapping[str, str | None] | None = None
    ) -> tuple[int, Result]:
        """Runs a command in this process likewise, and returns its exit code, whatever that is."""
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", errors) for errors in _ERRORS]
        with self.inside(env) as patch, _as_before():
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            for name, stream in zip(("stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as end:
                _COMMAND(list(args), prog_name="hpstudy")
            for stream in streams:
                stream.flush()
        out, err = (stream.buffer.getvalue().decode() for stream in streams)  # type: ignore[attr-defined]
        if end.value.code == _INTERRUPTED:
            raise KeyboardInterrupt  # the tests were asked to stop
        return end.value.code, Result(out, err)

    @contextmanager
    def inside(self, env: Mapping[str, str | None] | None = None) -> Iterator[pytest.MonkeyPatch]:
        """In the block, this process is in the folder."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.path)
            for name in [name for name in os.environ if name.startswith("HPSTUDY_")]:
                patch.delenv(name)
            for name, value in (self._env | dict(env or {})).items():
                if value is None:
                    patch.delenv(name, raising=False)
                else:
                    patch.setenv(name, value)
            patch.setattr(sys, "dont_write_bytecode", True)
            yield patch

    def start(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        """Starts a command as a process: for what is about signals, or the process's streams."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("HPSTUDY_")}
        env |= self._env | options.pop("env", {})
        return subprocess.Popen(
            [sys.executable, "-m", "hpstudy", *args],
            cwd=self.path,
            env=env,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    def run_apart(self, *args: str, code: int = 0, **options: Any) -> Result:
        """Runs a command as a process: for what ends one, or writes past Python's streams."""
        process = self.start(*args, **options)
        out, err = process.communicate(timeout=240)
        assert process.returncode == code, f"exit code {process.returncode}\n{out}\n{err}"
        return Result(out, err)

    def json(self, *args: str, **options: Any) -> dict[str, Any]:
        return json.loads(self.run(*args, "--json", **options).stdout)

    def error(self, *args: str, env: Mapping[str, str | None] | None = None) -> str:
        """Runs what is wrong input, and returns the one line that says so."""
        before = sorted(self.path.rglob("*"))
        out, err = self.run(*args, code=2, env={"HPSTUDY_WORKERS": None} | dict(env or {}))
        assert out == ""
        assert err.startswith("Error: ")
        assert err.count("\n") == 1
        assert len(err) < 500
        assert not _RAW.search(err), err
        assert sorted(self.path.rglob("*")) == before
        return err.removeprefix("Error: ").rstrip("\n")

    def trained(self) -> list[str]:
        """Every epoch that a `Walk` trained here, in order."""
        log = self.path / "epochs.log"
        return log.read_text().splitlines() if log.exists() else []

    def hurry(self) -> None:
        """From now on no epoch of a `Walk` sleeps: what was to happen meanwhile has happened."""
        self.write("hurry", "")

    @staticmethod
    def workers_of(pid: int) -> list[int]:
        """The worker processes of a running `hpstudy` command."""
        server = Folder.server_of(pid)
        return _children(server) if server else []

    @staticmethod
    def server_of(pid: int) -> int:
        """The process that they are forked from; 0 while there is none."""
        return next((child for child in _children(pid) if b"forkserver" in _command(child)), 0)

    @staticmethod
    def wait_for(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Waits until the condition gives something, and returns it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if result := condition():
                return result
            time.sleep(0.02)
        raise TimeoutError

    @property
    def _env(self) -> dict[str, str]:
        return _ENV | ({} if self.storage is None else {"HPSTUDY_STORAGE": self.storage})

    @property
    def url(self) -> str:
        return self.storage or f"sqlite:///{self.path / 'runs' / 'hpstudy.db'}"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Gives small numbers back: a training in the test's own process flushes them to zero."""
    yield
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_flush_denormal(False)


@pytest.fixture(scope="session", autouse=True)
def _empty_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Makes an empty database once and copies it from then on, as making it takes a while."""
    empty, make = tmp_path_factory.mktemp("empty") / "hpstudy.db", creation._make

    def copied(url: str) -> None:
        if not is_file(url) or file_of(url).exists():  # one that was begun and never finished
            return make(url)
        if not empty.exists():
            make(f"sqlite:///{empty}")
        shutil.copyfile(empty, file_of(url))
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(creation, "_make", copied)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; each of the processes that tests run in has its own."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server here to test with: apt-get install postgresql")
    with postgres_server(programs) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The address of an empty PostgreSQL database."""
    return postgres.url(postgres.new())


@pytest.fixture(scope="session")
def folder_at() -> Callable[[Path], Folder]:
    """Makes a user's folder of a path."""
    return Folder


@pytest.fixture(scope="session")
def walks_at() -> Callable[[Path], Folder]:
    """Makes a folder with `walk.toml`, `seek.toml` (the same with a search), their objective."""

    def make(path: Path) -> Folder:
        made = Folder(path)
        made.write("walk.py", WALK)
        made.write("walk.toml", WALK_STUDY)
        made.write("seek.toml", WALK_STUDY + WALK_SEARCH)
        return made

    return make


@pytest.fixture
def folder(tmp_path: Path, walks_at: Callable[[Path], Folder]) -> Folder:
    """Such a folder, for one test."""
    return walks_at(tmp_path)


@pytest.fixture
def postgres_folder(folder: Folder, postgres_url: str) -> Folder:
    """The same, with an empty PostgreSQL database as HPSTUDY_STORAGE."""
    return replace(folder, storage=postgres_url)


@pytest.fixture
def study_with(folder: Folder) -> Callable[..., str]:
    """Writes a variant of `walk.toml`: each argument replaces one text by another."""

    def write(*changes: tuple[str, str], name: str = "walk.toml") -> str:
        text = WALK_STUDY + (WALK_SEARCH if name == "seek.toml" else "")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        folder.write(name, text)
        return name

    return write


@pytest.fixture(scope="session")
def mnist_root(pytestconfig: pytest.Config) -> Path:
    """The real MNIST files, fetched once and kept in pytest's cache."""
    root = Path(pytestconfig.cache.mkdir("mnist"))
    fetch(root)
    return root


@pytest.fixture(scope="session")
def fashion_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in Fashion-MNIST's form: a square in a place of its own for each class."""
    root = tmp_path_factory.mktemp("fashion")
    folder = root / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    classes = np.zeros((10, 28, 28), np.uint8)
    for label, image in enumerate(classes):
        image[label // 5 * 14 : label // 5 * 14 + 9, label % 5 * 5 : label % 5 * 5 + 5] = 200
    for name, sizes in FILES.items():
        labels = np.arange(sizes[0]) % 10
        content = labels.astype(np.uint8) if len(sizes) == 1 else classes[labels]
        head = bytes((0, 0, 8, len(sizes))) + np.array(sizes, ">u4").tobytes()
        (folder / name).write_bytes(head + content.tobytes())
    return root


@pytest.fixture(scope="session")
def digit_models(mnist_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model of a network that was quickly trained, once for all workers."""
    from filelock import FileLock

    from hpstudy.mnist import CnnTraining
    from hpstudy.objective import Runtime
    from hpstudy.store.models import Card, write_model

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "digit-models"
    with FileLock(f"{folder}.lock"):
        if not (folder / "digits.json").exists():
            params = {"lr": 0.002, "hidden": 64, "batch_size": 50}
            settings = {"head": "logits", "train_images": 3000, "test_images": 1}
            runtime = Runtime(device="cpu", precision="fp32", threads=1, data=f"{mnist_root}")
            training = CnnTraining(params, seed=0, settings=settings, runtime=runtime)
            value = [training.epoch() for _ in range(2)][-1]["train_accuracy"]
            card = Card(
                study="digits",
                home=f"{folder}",
                objective="hpstudy.mnist:CnnTraining",
                version=CnnTraining.version,
                hyperparameters=params,
                fidelity=None,
                settings=settings,
                seed=0,
                device="cpu",
                precision="fp32",
                threads=1,
                metric="train_accuracy",
                value=value,
                versions={},
                created="2020-01-01T00:00:00",
                training="",
            )
            folder.mkdir(exist_ok=True)
            address = f"sqlite:///{folder / 'hpstudy.db'}"
            write_model(folder, card, training.save_model, lambda _: "", database=address)
    return folder


@pytest.fixture
def reading_folder(folder: Folder, digit_models: Path) -> Folder:
    """A folder whose runs hold a model that reads digits."""
    models = folder.path / "runs" / "models"
    models.mkdir(parents=True)
    for file in digit_models.glob("digits.*"):
        (models / file.name).symlink_to(file)
    return folder


@pytest.fixture
def mnist_folder(folder: Folder, mnist_root: Path) -> Folder:
    """A folder whose runs hold MNIST, with `small.toml`: the report on a few hundred images."""
    home = folder.path / "runs" / "data" / "MNIST"
    home.mkdir(parents=True)
    (home / "raw").symlink_to(mnist_root / "MNIST" / "raw")
    report = (Path(__file__).parent.parent / "studies" / "report.toml").read_text()
    small = report.replace("[settings]", "[settings]\ntrain_images = 300\ntest_images = 200")
    folder.write("small.toml", small)
    return folder


@pytest.fixture
def made_findings() -> Callable[..., Any]:
    """Makes a grid's findings: per factor its levels' values by seed, the baseline's first.

    None is a seed that diverged.
    """
    from hpstudy.analysis.findings import findings
    from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts
    from hpstudy.store.records import Epoch

    def level(name, outcomes, base, published, seconds) -> LevelResult:
        values = {seed: v for seed, v in enumerate(outcomes) if v is not None}
        metrics = {
            "test_accuracy": [*values.values(), 0.0][-1],
            "seconds": seconds,
            "peak_memory_mb": 100.0,
        }
        epochs = tuple(Epoch(number, metrics) for number in (1, 2))
        return LevelResult(
            level=name,
            is_baseline=outcomes is base,
            runs=tuple(Run(seed, value, f"{name}", epochs) for seed, value in values.items()),
            published=published,
            diverged=tuple(seed for seed, v in enumerate(outcomes) if v is None),
        )

    def make(
        *, published=None, claims=(), direction="maximize", margin=None, seconds=None, **factors
    ):
        results = []
        for factor, levels in factors.items():
            base = next(iter(levels.values()))
            known = (published or {}).get(factor, {})
            rows = tuple(
                level(n, v, base, known.get(n), (seconds or {}).get(n, 2.0))
                for n, v in levels.items()
            )
            results.append(FactorResult(factor, rows))
        return findings(
            GridResults(
                metric=Metric.named("test_accuracy", direction),
                baseline={f: next(iter(levels)) for f, levels in factors.items()},
                settings={"dataset": "mnist"},
                trials=TrialCounts(complete=sum(map(len, factors.values()))),
                epochs_asked=0,
                epochs_trained=0,
                factors=tuple(results),
                claims=tuple(claims),
                failed=(),
                margin=margin,
            )
        )

    return make


@pytest.fixture
def made_search() -> Callable[..., Any]:
    """Makes a search's results of so many trials; every fifth was pruned at its second epoch."""
    from datetime import timedelta

    from optuna.distributions import FloatDistribution, IntDistribution
    from optuna.trial import TrialState, create_trial

    from hpstudy.results.grid import TrialCounts
    from hpstudy.results.search import SearchResults

    space = {"lr": FloatDistribution(1e-4, 0.1, log=True), "batch_size": IntDistribution(1, 1000)}

    def make(trials: int = 25, *, direction: str = "maximize", others: int = 0):
        more = {f"one_more_hyperparameter_{n}": n / 7 for n in range(others)}
        distributions = space | {name: FloatDistribution(0, 100) for name in more}
        made = []
        for number in range(trials):
            value = 0.9 + 0.08 * (number * 7 % trials) / trials
            pruned = number % 5 == 4
            trial = create_trial(
                state=TrialState.PRUNED if pruned else TrialState.COMPLETE,
                value=value,
                params={"lr": 10 ** (-4 + 3 * number / trials), "batch_size": 1 + number, **more},
                distributions=distributions,
                intermediate_values={1: value - 0.01, 2: value},
            )
            trial.number = number
            trial.datetime_complete += timedelta(seconds=1)
            made.append(trial)
        complete = [t for t in made if t.state == TrialState.COMPLETE]
        return SearchResults(
            metric=Metric.named("validation_accuracy", direction),
            baseline={"lr": 0.001, "batch_size": 100},
            settings={},
            counts=TrialCounts(complete=len(complete), pruned=len(made) - len(complete)),
            epochs_asked=5 * trials,
            epochs_trained=2 * trials,
            trials=tuple(made),
            failed=(),
        )

    return make


@pytest.fixture
def made_searched(made_search) -> Callable[..., Any]:
    """Makes what a search's results show; importances are worked out where none are given."""
    from hpstudy.analysis.search import SearchFindings

    def make(results=None, *, finalists=(), confirmed=None, importances=None):
        found = SearchFindings(results or made_search(), finalists, confirmed)
        if importances is not None:
            vars(found)["importances"] = importances
        return found

    return make


@pytest.fixture
def command(tmp_path: Path) -> Folder:
    """The command line in an empty folder."""
    return Folder(tmp_path)


SPACE = {
    "lr": FloatDistribution(0, 1),
    "epochs": IntDistribution(1, 9),
    "width": IntDistribution(1, 99),
    "seed": IntDistribution(0, 9),
}


class Book:
    """Writes trials of `walk.toml` with their epochs; `read` reads the grid's results."""

    def __init__(self, folder, database: Database) -> None:
        self.database = database
        self.records = Records(database.engine)
        self.study = optuna.create_study(
            study_name="walk/grid", storage=database.storage, direction="maximize"
        )
        self.study.set_user_attr(FINGERPRINT, {})
        self._file = folder.path / "walk.toml"

    def trial(self, value=None, *, lr=0.1, epochs=2, width=8, seed=0, error=None, **recorded):
        """Writes a trial; `recorded` goes to `Records.add` with each epoch. Returns its key."""
        params = {"lr": lr, "epochs": epochs, "width": width, "seed": seed}
        identity = Identity("m", 1, {"lr": lr, "w": width}, {}, seed, "fp32", "cpu", 1)
        self.study.set_user_attr("seeds", sorted({seed, *self.study.user_attrs.get("seeds", [])}))
        self.study.enqueue_trial(params)
        trial = self.study.ask(SPACE)
        trial.set_user_attr("training", identity.key)
        for number in range(1, epochs + 1):
            metrics = {
                "value": number / 10,
                "seconds": float(number),
                "wall_seconds": number + 0.5,
                "images_per_second": 60.0 / number,
                "peak_memory_mb": 10.0 * lr,
            }
            self.records.add(identity, Epoch(number, metrics), **recorded)
            trial.report(number / 10, number)
        if error is not None:
            trial.set_user_attr("error", error)
            self.study.tell(trial, state=TrialState.FAIL)
        elif value is not None:
            self.study.tell(trial, value)
        return identity.key

    def read(self, **options) -> GridResults | None:
        return read_grid(load_study(self._file), "walk", self.database, **options)


@pytest.fixture
def book(folder) -> Iterator[Book]:
    database = open_database(folder.url, write=True)
    yield Book(folder, database)
    database.engine.dispose()
