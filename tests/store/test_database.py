from __future__ import annotations

import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy.errors import UserError
from hpstudy.store.addresses import shown_url, whole_url
from hpstudy.store.database import Runs, exists, open_database


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


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("nonsense", "not a database address; expected sqlite:///"),
        ("sqlite://", "expected the path of a file"),
        ("sqlite:///:memory:", "expected the path of a file"),
        ("mysql://me:secret@host/db", r"expected .* or postgresql://.*, found mysql://me:\*\*\*"),
        ("postgresql+asyncpg://me:secret@host/db", "expected .* or postgresql://"),
        ("postgresql://me:secret@host:secret/db", "not a database address"),
    ],
)
def test_what_is_no_address_is_refused_and_no_password_is_shown(bad: str, message: str):
    with pytest.raises(UserError, match=message) as error:
        open_database(bad, write=True)
    assert "secret" not in str(error.value)


def test_a_servers_address_is_shown_as_it_can_be_typed_in():
    for given in ("postgres", "postgresql", "postgresql+psycopg"):
        url = f"{given}://me:secret@host:5433/db?sslmode=require&password=secret"
        assert shown_url(url) == "postgresql+psycopg://me@host:5433/db?sslmode=require"
        assert whole_url(shown_url(url)) == shown_url(url)
        assert "secret" in whole_url(url)
        assert "secret" not in f"{Runs(Path('runs'), whole_url(url))}"


def test_without_its_driver_postgresql_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UserError, match=r"^--storage: .* pip install 'hpstudy\[postgres\]'$"):
        open_database("postgresql://me:secret@host/db", write=True)


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
