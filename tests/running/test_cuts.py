"""A PostgreSQL server whose connections are cut, or that restarts, while workers are at it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from functools import partial

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy.errors import StoppedError
from hpstudy.store import postgres as postgres_module
from hpstudy.store.database import open_database
from hpstudy.store.records import Records
from tests.servers import PASSWORD


def ends_as_if_nothing_had_been(folder, study_with, cuts: Sequence[Callable[[], None]]):
    """Cuts off what a grid is at, again and again; it ends by itself, each epoch trained once."""
    study_with(("[settings]", "[settings]\nsleep = 0.15"), ("seeds = [0]", "seeds = [0, 1]"))
    grid = folder.start("grid", "walk.toml", "--workers", "2")
    chance, done = random.Random(0), 0
    for cut in cuts:
        count = len(folder.trained())
        folder.wait_for(lambda n=count: len(folder.trained()) > n or grid.poll() is not None)
        time.sleep(chance.uniform(0, 0.3))
        if grid.poll() is not None:
            break
        cut()
        done += 1
    folder.hurry()
    out, err = grid.communicate(timeout=200)
    assert grid.returncode == 0, err
    assert PASSWORD not in out + err
    assert "8 of 8 points done" in out
    assert done > 1
    trained = folder.trained()
    assert len(set(trained)) == 16  # each is there
    assert len(trained) <= 16 + done  # and none twice but where it was cut off
    database = open_database(folder.url, write=False)
    trials = optuna.load_study(study_name="walk/grid", storage=database.storage).trials
    database.close()
    states = [trial.state for trial in trials]
    assert states.count(TrialState.COMPLETE) == 8
    assert set(states) <= {TrialState.COMPLETE, TrialState.FAIL}
    assert not any("error" in trial.user_attrs for trial in trials)


def crash(postgres) -> None:
    postgres.stop(at_once=True)
    time.sleep(1)
    postgres.start()


def test_cut_connections_are_made_anew_and_a_server_that_crashes_is_waited_for(
    postgres, postgres_folder, study_with
):
    cut = partial(postgres.cut, postgres_folder.url.rpartition("/")[2])
    ends_as_if_nothing_had_been(
        postgres_folder, study_with, [cut, cut, partial(crash, postgres), cut]
    )


@pytest.mark.slow
def test_thirty_cuts(postgres, postgres_folder, study_with):
    cut = partial(postgres.cut, postgres_folder.url.rpartition("/")[2])
    ends_as_if_nothing_had_been(postgres_folder, study_with, [cut] * 30)


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
