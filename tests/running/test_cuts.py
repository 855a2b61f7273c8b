"""A PostgreSQL server whose connections are cut, or that restarts, while workers are at it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial

import optuna
import psycopg
import pytest
from optuna.trial import TrialState

from hpstudy.errors import StoppedError
from hpstudy.store import postgres as postgres_module
from hpstudy.store.database import open_database
from hpstudy.store.records import Records
from tests.servers import PASSWORD


def ends_as_if_nothing_had_been(
    folder, study_with, faults: Sequence[Callable[[int], None]], seeds: int
):
    """Cuts off what a grid is at, again and again; it ends by itself, each epoch trained once."""
    study_with(("[settings]", "[settings]\nsleep = 0.15"), ("seeds = [0]", f"seeds = {seeds}"))
    grid = folder.start("grid", "walk.toml", "--workers", "2")
    chance = random.Random(0)
    for fault in faults:
        count = len(folder.trained())
        folder.wait_for(lambda n=count: len(folder.trained()) > n or grid.poll() is not None)
        time.sleep(chance.uniform(0, 0.3))
        fault(grid.pid)
    assert grid.poll() is None, grid.communicate()[1][-2000:]
    folder.hurry()
    out, err = grid.communicate(timeout=200)
    assert grid.returncode == 0, err[-2000:]
    assert PASSWORD not in out + err
    assert f"{4 * seeds} of {4 * seeds} points done" in out
    trained = folder.trained()
    assert len(set(trained)) == 8 * seeds  # each is there
    assert len(trained) <= 8 * seeds + 2 * len(faults)  # and none twice but where it was cut off
    database = open_database(folder.url, write=False)
    trials = optuna.load_study(study_name="walk/grid", storage=database.storage).trials
    database.close()
    states = [trial.state for trial in trials]
    assert states.count(TrialState.COMPLETE) == 4 * seeds
    assert set(states) <= {TrialState.COMPLETE, TrialState.FAIL}
    assert not any("error" in trial.user_attrs for trial in trials)


def cut(postgres, folder, pid: int) -> None:
    postgres.cut(folder.url.rpartition("/")[2])


def crash(postgres, folder, pid: int) -> None:
    postgres.stop(at_once=True)
    time.sleep(1)
    postgres.start()


def kill(postgres, folder, pid: int) -> None:
    for worker in folder.workers_of(pid)[:1]:
        os.kill(worker, signal.SIGKILL)


def test_cut_connections_are_made_anew_and_a_server_that_crashes_is_waited_for(
    postgres, postgres_folder, study_with
):
    faults = [partial(f, postgres, postgres_folder) for f in (cut, kill, crash, cut)]
    ends_as_if_nothing_had_been(postgres_folder, study_with, faults, seeds=3)


@pytest.mark.slow
def test_thirty_faults(postgres, postgres_folder, study_with):
    faults = [partial(f, postgres, postgres_folder) for f in (cut, kill, crash) * 10]
    ends_as_if_nothing_had_been(postgres_folder, study_with, faults, seeds=20)


def come_to_the_same_whatever_statement_is_cut(postgres, folder, monkeypatch, *, every: int):
    """Runs commands on a finished grid, and cuts all connections before a statement of each run."""
    folder.run("grid", "walk.toml")
    execute, name = psycopg.Cursor.execute, folder.url.rpartition("/")[2]
    count, cut_at = 0, 0

    def counted(cursor, *args, **options):
        nonlocal count
        count += 1
        if count == cut_at:
            postgres.cut(name)
        return execute(cursor, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    for command in ("show", "grid"):
        cut_at, statements, outputs = 0, 2, set()
        while cut_at < statements:
            count = 0
            monkeypatch.setattr(postgres_module, "_known", set())  # as in a process of its own
            done = folder.run(command, "walk.toml", "--json")
            outputs.add(done.stdout)
            statements, cut_at = (statements, cut_at + every) if cut_at else (count, 1)
        assert len(outputs) == 1, f"{command}: {outputs}"


def test_a_command_goes_on_where_it_is_cut(postgres, postgres_folder, monkeypatch):
    come_to_the_same_whatever_statement_is_cut(postgres, postgres_folder, monkeypatch, every=61)


@pytest.mark.slow
def test_a_command_goes_on_wherever_it_is_cut(postgres, postgres_folder, monkeypatch):
    come_to_the_same_whatever_statement_is_cut(postgres, postgres_folder, monkeypatch, every=1)


def test_a_server_that_stays_away_ends_the_run_in_a_line(postgres, postgres_url, monkeypatch):
    monkeypatch.setattr(postgres_module, "PATIENCE", 0.3)
    database = open_database(postgres_url, write=True)
    records = Records(database.engine)
    assert records.counts() == {}
    postgres.stop()
    try:
        for call in (records.counts, database.storage.get_all_studies):
            with pytest.raises(StoppedError) as error:
                call()
            assert (
                "can't be reached any more, for 0 s: Connection refused; what" in f"{error.value}"
            )
    finally:
        postgres.start()
    assert records.counts() == {}
    database.close()


def test_a_database_that_is_dropped_is_not_waited_for(postgres, postgres_url):
    database = open_database(postgres_url, write=True)
    postgres.cut(postgres_url.rpartition("/")[2])
    postgres.sql(f"DROP DATABASE {postgres_url.rpartition('/')[2]}")
    start = time.monotonic()
    with pytest.raises(StoppedError, match="was deleted while it was in use"):
        Records(database.engine).counts()
    assert time.monotonic() - start < 20
    database.close()
