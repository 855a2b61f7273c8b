"""What a process on a cluster finds out before it begins."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hpstudy.errors import UserError
from hpstudy.objective import load_objective
from hpstudy.running import orders
from hpstudy.running.orders import accepted, orders_of
from hpstudy.running.worker import Job
from hpstudy.study.opened import open_study
from hpstudy.study.planning import Machine, grid_plan


@pytest.fixture
def job(folder) -> Job:
    folder.run("grid", "walk.toml")
    opened = open_study(f"{folder.path / 'walk.toml'}", runs=folder.path / "runs")
    machine = Machine("cpu", "auto", 1)
    plan = grid_plan(opened, opened.objective(), None, machine, factors=None, seeds=None)
    return Job(plan, opened.runs, "word")


@pytest.fixture
def elsewhere(monkeypatch) -> None:
    """Lets this machine be another one."""
    monkeypatch.setattr(orders, "_machine", lambda: "another")
    monkeypatch.setattr(orders, "_file", lambda url: None)


def test_on_the_same_machine_all_is_there(job):
    assert accepted(orders_of(job)) == job


@pytest.mark.parametrize("change", ["machine", "file"])
def test_an_sqlite_file_of_another_machine_is_said(job, change):
    sent = replace(orders_of(job), **{change: {"machine": "another", "file": (1, 2)}[change]})
    with pytest.raises(UserError, match=r"doesn't see sqlite:///.*for several give --storage post"):
        accepted(sent)


def test_where_the_study_file_is_not_there_its_modules_are_sent(job, folder, elsewhere):
    folder.write("part/__init__.py", "")
    folder.write("part/deep/piece.py", "")
    sent = replace(orders_of(job), machine="here", file=None)
    assert sent.sources.keys() == {"walk.py", "part/__init__.py", "part/deep/piece.py"}
    assert accepted(sent) == job  # the same files are there
    shutil.rmtree(folder.path / "part")
    home = accepted(sent).plan.scenario.home
    assert home != folder.path
    assert (home / "part" / "deep" / "piece.py").is_file()
    assert load_objective("walk:Walk", home).source_file() == home / "walk.py"


def test_another_database_of_the_same_address_is_said(job, elsewhere):
    sent = replace(orders_of(job), machine="here", file=None)
    Path(job.runs.url.removeprefix("sqlite:///")).unlink()
    with pytest.raises(UserError, match=r"on .*: sqlite:///.*: another database than where"):
        accepted(sent)
