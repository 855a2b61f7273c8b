"""A database that others wrote to, or that is damaged: a line says what can't be read."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from hpstudy.errors import UserError
from hpstudy.store.studies import artifacts_of, trials_of

TRIAL, STUDY = "trial_user_attributes", "study_user_attributes"
LOOKS = {"counts": [3, 5], "seeds": [0, 1, 2, 3, 4], "margin": None, "in_points": False}

# What stands where, and what is said of it.
DAMAGED = [
    ("UPDATE trials SET state = 'DONE'", "'walk/grid' can't .*: 'DONE' is not among"),
    ("UPDATE trials SET number = NULL", "study 'walk/grid' can't be read"),
    ("UPDATE trials SET datetime_start = 'yesterday'", "study 'walk/grid' can't .*'yesterday'"),
    ("UPDATE trial_params SET distribution_json = '{'", "study 'walk/grid' can't be read"),
    ("UPDATE trial_params SET param_value = 'x' WHERE param_name = 'lr'",
     "trial 0 of study 'walk/grid' can't .*: lr: expected a number, found 'x'"),
    ("DELETE FROM trial_values", "trial 0 of study .*expected one number as its value, found None"),
    ("UPDATE trial_intermediate_values SET step = step || 'x'",
     "trial 0 .*numbers by epoch, found 0.1 at"),
    (f"UPDATE {STUDY} SET value_json = 'x'", "study 'walk/grid' can't be read"),
    (f"UPDATE {STUDY} SET value_json = '[1]' WHERE key = 'fingerprint'", "fingerprint: expected a"),
    (f"UPDATE {STUDY} SET value_json = '[-1]' WHERE key = 'seeds'", r"seeds.0: .* at least 0"),
    (f"UPDATE {TRIAL} SET value_json = '\"../..\"' WHERE key = 'training'", "training: expected"),
    (f"UPDATE {TRIAL} SET value_json = '\"/\"' WHERE key = 'training'", "training: expected"),
    (f"UPDATE {TRIAL} SET key = 'diverged'", "diverged: expected a whole number, found"),
    ("UPDATE hpstudy_epochs SET metrics = '{'", "an epoch of a training can't be read"),
    ("UPDATE hpstudy_epochs SET metrics = '[1]'", "expected metrics by epoch, found .1. at 1"),
    ("UPDATE hpstudy_epochs SET metrics = '{\"value\": NaN}'", "expected numbers, found nan"),
    ("UPDATE hpstudy_epochs SET metrics = CAST(x'ff' AS TEXT)", "bytes that are no text"),
]  # fmt: skip


def execute(book, statement: str, *values: object) -> None:
    book.database.close()
    with closing(sqlite3.connect(book.database.engine.url.database)) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.parametrize(("statement", "message"), DAMAGED, ids=[s for s, _ in DAMAGED])
def test_what_can_not_be_read_is_said(book, statement: str, message: str):
    book.trial(0.5)
    execute(book, statement)
    with pytest.raises(UserError, match=message) as raised:
        book.read()
    assert "\n" not in f"{raised.value}"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("looks", LOOKS | {"counts": []}, "looks.counts: expected at least 1 of them"),
        ("looks", {"counts": [3]}, "looks.seeds: missing"),
        ("combined", {"setting": {"lr": [1]}, "seeds": [0]}, "combined.setting.lr"),
        ("pairing", {"source": "x", "by": None, "more": 1}, "pairing.more: expected"),
        ("fingerprint", {"settings": {"validation": "x"}}, "settings.validation: expected a whole"),
    ],
)
def test_what_is_noted_of_a_study_is_of_its_kind(book, key: str, value: object, message: str):
    book.trial(0.5)
    book.study.set_user_attr(key, value)
    with pytest.raises(UserError, match=message):
        book.read()


def test_a_trainings_identity_is_of_its_kind(book):
    key = book.trial(0.5)
    execute(book, "UPDATE hpstudy_trainings SET seed = 'x'")
    with pytest.raises(UserError, match="a training can't .*: seed: expected a whole number"):
        book.records.trainings_of([key])


def test_the_command_says_it_in_a_line(book, folder):
    book.trial(0.5)
    execute(book, f"UPDATE {STUDY} SET value_json = '{{' WHERE key = 'seeds'")
    error = folder.run("show", "walk.toml", code=2).stderr
    assert re.fullmatch(r"Error: study 'walk/grid' can't be read from the database: .*\n", error)


def test_another_programs_study_beside_ours_may_note_what_it_likes(book, folder):
    import optuna

    book.trial(0.5)
    other = optuna.create_study(study_name="other", storage=book.database.storage)
    trial = other.ask()
    trial.set_user_attr("training", ["anything"])
    trial.set_user_attr("error", 3)
    for command in (("clean", "walk.toml"), ("delete", "walk", "--yes")):
        folder.run(*command)
    assert len(trials_of(None)) == 0


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "..", ""])
def test_no_file_outside_is_deleted_whatever_a_database_names(book, folder, name: str):
    outside = folder.write("runs/outside", "mine")
    (folder.path / "runs" / "artifacts").mkdir()
    book.trial(0.5)
    number = book.database.storage.get_study_id_from_name("walk/grid")
    noted = json.dumps({"artifact_id": name, "filename": "results.json"})
    book.database.storage.set_study_system_attr(number, "artifacts:x", noted)
    with pytest.raises(UserError, match="artifact_id: expected"):
        artifacts_of("walk/grid", book.database)
    assert "artifact_id" in folder.run("delete", "walk", "--yes", code=2).stderr
    assert outside.read_text() == "mine"
    assert folder.run("show", "walk.toml").stdout  # and nothing else either


def test_what_can_not_be_written_as_utf_8_is_spelled_out(book, folder):
    book.trial(0.5)
    book.trial(lr=0.2, error="E: \udcff\x1b[2J\nand more")
    book.study.set_user_attr("fingerprint", {"settings": {"kind": "\ud800\x1b[2J"}})
    for command in (("show", "walk.toml", "--errors"), ("export", "walk.toml")):
        assert "\x1b" not in folder.run(*command).stdout
    assert r"E: \udcff" in (folder.path / "runs" / "export" / "walk-trials.csv").read_text()
    folder.run("report", "walk.toml")
    assert r"\ud800" in (folder.path / "runs" / "report" / "walk.html").read_text()
    folder.json("show", "walk.toml")
