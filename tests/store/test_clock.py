"""A clock that was set back: times may be odd, results aren't."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

SET_BACK = """
UPDATE trials SET datetime_complete = datetime(datetime_start, '-2 hours') WHERE number % 2 = 0;
UPDATE trials SET datetime_start = datetime(datetime_start, '+40 years') WHERE number % 3 = 0;
UPDATE hpstudy_epochs SET finished = datetime(finished, '-40 years');
UPDATE hpstudy_trainings SET created = datetime(created, '+40 years');
"""


def set_back(folder) -> None:
    with closing(sqlite3.connect(folder.path / "runs" / "hpstudy.db")) as database, database:
        database.executescript(SET_BACK)


def test_trials_that_end_before_they_begin_change_no_result(folder):
    args = ("seek.toml", "--confirm", "0")
    done = folder.json("search", *args, "--trials", "4")
    set_back(folder)
    assert folder.json("show", "seek.toml")["search"] == done["search"]
    for command in ("show", "report", "export"):
        assert "-7200" not in folder.run(command, "seek.toml").stdout
    more = folder.json("search", *args, "--trials", "6")
    assert sum(more["search"]["trials"][state] for state in ("complete", "pruned")) == 6
    assert len(folder.trained()) == len(set(folder.trained()))


def test_checkpoints_of_any_time_are_the_same_states(folder, study_with):
    folder.run("grid", "walk.toml")
    checkpoints = [*(folder.path / "runs" / "checkpoints").rglob("*.json")]
    assert checkpoints
    for number, file in enumerate(checkpoints):
        os.utime(file, (number, 2**31 - number))
    trained = len(folder.trained())
    study_with(("epochs = [2, 4]", "epochs = [2, 4, 6]"))
    folder.run("grid", "walk.toml")
    assert len(folder.trained()) - trained == 2  # from the state of epoch 4 on
