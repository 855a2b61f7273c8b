from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy.errors import UserError
from hpstudy.store import locks
from hpstudy.store.database import exists, open_database

HOLD = """
import sys, time
from hpstudy.store import locks

held = locks.take(sys.argv[1], "name/with/slashes")
print("held", flush=True)
time.sleep(60)
"""


def take(url: str, seen: Path) -> None:
    database = open_database(url, write=True)
    study = optuna.load_study(study_name="s", storage=database.storage)
    failures = 0
    while study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        try:
            trial = study.ask()
            value = trial.suggest_int("x", 0, 10_000)
            for step in range(3):
                trial.report(value, step)
            study.tell(trial, value)
        except Exception:
            failures += 1
        else:
            with seen.open("a") as log:
                log.write(f"{value}\n")
    sys.exit(failures)


def create(url: str) -> None:
    open_database(url, write=True).close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs' / 'x.db'}"


def python(code: str, *args: str, **options) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *args], text=True, **options)


def eight_times(target: Callable[..., None], *args: object) -> list[int | None]:
    """Runs a function in eight processes at once, and returns their exit codes."""
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=target, args=args) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=180)
    return [process.exitcode for process in processes]


def test_eight_processes_take_each_enqueued_trial_once(url: str, tmp_path: Path):
    database = open_database(url, write=True)
    study = optuna.create_study(study_name="s", storage=database.storage)
    for x in range(120):
        study.enqueue_trial({"x": x})
    seen = tmp_path / "seen"
    assert eight_times(take, url, seen) == [0] * 8  # no call failed
    taken = Counter(int(line) for line in seen.read_text().split())
    enqueued = {x: taken[x] for x in range(120)}
    assert set(enqueued.values()) == {1}
    states = Counter(t.state for t in study.get_trials(deepcopy=False))
    assert set(states) == {TrialState.COMPLETE}
    database.engine.dispose()


def test_eight_processes_open_a_database_that_is_not_there_yet(url: str):
    assert eight_times(create, url) == [0] * 8
    assert optuna.get_all_study_names(url) == []


def test_a_writer_waits_and_a_reader_does_not(url: str):
    writer = open_database(url, write=True)
    optuna.create_study(study_name="s", storage=writer.storage)
    with writer.engine.connect() as connection:
        begun = connection.begin()  # takes the write lock at once
        reader = open_database(url, write=False)
        start = time.monotonic()
        assert optuna.get_all_study_names(reader.storage) == ["s"]
        assert time.monotonic() - start < 5
        begun.rollback()
    with writer.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    reader.engine.dispose()
    writer.engine.dispose()


def test_a_lock_is_held_by_one_and_released_by_its_owners_death(url: str):
    Path(url.removeprefix("sqlite:///")).parent.mkdir()
    name = "name/with/slashes"
    assert locks.is_free(url, name)
    owner = python(HOLD, url, stdout=subprocess.PIPE)
    assert owner.stdout.readline() == "held\n"
    assert not locks.is_free(url, name)
    assert locks.try_take(url, name) is None
    assert locks.is_free(url, "another")
    owner.kill()
    owner.wait()
    owner.stdout.close()
    held = locks.try_take(url, name)
    assert held is not None
    assert not locks.is_free(url, name)
    held.release()
    assert locks.is_free(url, name)


def test_released_locks_leave_no_files(url: str, tmp_path: Path):
    (tmp_path / "runs").mkdir()
    for number in range(5):
        locks.take(url, f"trial/{number}").release()
        assert locks.is_free(url, f"trial/{number}")
    assert list((tmp_path / "runs" / "x.db.locks").iterdir()) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("nonsense", "not a database address; expected sqlite:///"),
        ("sqlite://", "expected the path of a file"),
        ("sqlite:///:memory:", "expected the path of a file"),
        (
            "mysql://me:secret@host/db",
            r"expected sqlite:///path/to/file.db, found mysql://me:\*\*\*",
        ),
    ],
)
def test_what_is_no_address_is_refused_and_no_password_is_shown(bad: str, message: str):
    with pytest.raises(UserError, match=message) as error:
        open_database(bad, write=True)
    assert "secret" not in str(error.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(url: str, tmp_path: Path):
    file = tmp_path / "runs" / "x.db"
    file.parent.mkdir()
    file.write_text("this is a letter, not a database\n" * 100)
    before = file.read_bytes()
    for write in (True, False):
        with pytest.raises(UserError, match="can't be opened as a database: file is not a data"):
            open_database(url, write=write)
    assert file.read_bytes() == before


def test_a_reader_makes_no_file(url: str, tmp_path: Path):
    with pytest.raises(UserError, match="no database there yet"):
        open_database(url, write=False)
    assert not exists(url)
    assert list(tmp_path.iterdir()) == []
