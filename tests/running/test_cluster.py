"""A job on a Dask cluster: the same results, whatever dies, and nothing left behind."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy import Study
from hpstudy.running import clusters, errand

distributed = pytest.importorskip("distributed")


SLOW = ("[settings]", "[settings]\nsleep = 0.4")


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler whose one worker lives in this process."""
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def dask_worker(scheduler: str, folder, *options: str) -> Iterator[subprocess.Popen]:
    """In the block, a worker of a process of its own has joined."""
    args = ("--nthreads", "1", "--no-dashboard", "--local-directory", f"{folder.path / 'dask'}")
    with (
        (folder.path / "dask.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, *args, *options],
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            folder.wait_for(lambda: b"Registered to" in (folder.path / "dask.log").read_bytes())
            yield process
        finally:
            process.terminate()


def values(result) -> list[list[float]]:
    return [level["values"] for f in result["grid"]["factors"] for level in f["levels"]]


def states(folder) -> set[TrialState]:
    study = optuna.load_study(study_name="walk/grid", storage=folder.url)
    return {trial.state for trial in study.trials}


def members_of(pid: int) -> list[int]:
    """The processes of ours that a Dask worker has started."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    pids = [int(child) for file in children for child in file.read_text().split()]
    return [pid for pid in pids if b"hpstudy.running.remote" in command(pid)]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_grid_on_a_cluster_comes_to_the_same(folder, study_with, scheduler):
    study_with(("walk:Walk", "walk:total"), ('fidelity = "epochs"', ""))
    told = folder.run("grid", "walk.toml", "--cluster", scheduler, "--json")
    calm = folder.json("grid", "walk.toml", "--runs", "calm")
    assert values(json.loads(told.stdout)) == values(calm)
    assert "with 1 worker" in told.stderr
    assert "[lr 0.2 · seed 0] printed by the objective" in told.stderr
    assert not members_of(os.getpid())


def test_a_function_of_python_goes_to_a_cluster(folder, scheduler):
    def score(params, *, seed, settings):
        return params["lr"] + seed

    with folder.inside():
        study = Study(score, baseline={"lr": 0.1})
        study.run_grid({"lr": [0.1, 0.2]}, seeds=2, cluster=scheduler, quiet=True)
    level = study.summary().grid.factor("lr").level(0.2)
    assert list(level.values) == [0.2, 1.2]


def test_a_dask_worker_that_is_killed_costs_the_epoch_that_it_was_at(folder, study_with, scheduler):
    study_with(SLOW)
    args = ("grid", "walk.toml", "--cluster", scheduler, "--workers", "2", "--json")
    with dask_worker(scheduler, folder, "--no-nanny") as dask:
        process = folder.start(*args)
        (member,) = folder.wait_for(lambda: members_of(dask.pid))
        folder.wait_for(lambda: len(folder.trained()) >= 3)
        dask.kill()
        folder.hurry()
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert not command(member)
    assert states(folder) <= {TrialState.COMPLETE, TrialState.FAIL}
    assert len(folder.trained()) - len(set(folder.trained())) <= 1
    assert values(json.loads(out)) == values(folder.json("grid", "walk.toml", "--runs", "calm"))


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_whoever_asked_is_stopped_and_so_are_the_tasks(folder, study_with, scheduler, stop):
    study_with(SLOW)
    process = folder.start("grid", "walk.toml", "--cluster", scheduler)
    folder.wait_for(lambda: len(folder.trained()) >= 3)  # in the middle of a trial
    process.send_signal(stop)
    _, err = process.communicate(timeout=60)
    if stop == signal.SIGINT:
        assert process.returncode == 130
        assert err.endswith(
            "Interrupted: all finished epochs are kept. "
            f"To go on: hpstudy grid walk.toml --cluster {scheduler}\n"
        )
    folder.wait_for(lambda: not members_of(os.getpid()))
    assert TrialState.RUNNING not in states(folder)
    before = len(folder.trained())
    folder.hurry()
    folder.run("grid", "walk.toml")
    assert len(folder.trained()) in (8, 9)
    assert len(folder.trained()) > before


def test_ctrl_c_waits_for_no_dask_worker_that_is_gone(folder, study_with, scheduler):
    study_with(SLOW)
    with dask_worker(scheduler, folder, "--no-nanny") as dask:
        process = folder.start("grid", "walk.toml", "--cluster", scheduler, "--workers", "2")
        folder.wait_for(lambda: members_of(dask.pid) and len(folder.trained()) >= 3)
        dask.kill()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    folder.wait_for(lambda: not members_of(os.getpid()))
    assert TrialState.RUNNING not in states(folder)


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_is_not_for_the_dask_workers_of_a_local_cluster(folder, study_with):
    study_with(SLOW)
    args = ("grid", "walk.toml", "--cluster", "local", "--workers", "1")
    process = folder.start(*args, start_new_session=True)
    folder.wait_for(lambda: len(folder.trained()) >= 2)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert TrialState.RUNNING not in states(folder)


def test_tasks_that_come_to_nothing_end_the_run_in_one_line(folder, scheduler, monkeypatch):
    monkeypatch.setattr(errand, "_COMMAND", (sys.executable, "-c", "import sys; sys.exit(1)"))
    told = folder.run("grid", "walk.toml", "--cluster", scheduler, code=2)
    assert told.stderr.endswith(
        f"Error: the workers of {scheduler} die before an epoch is finished: Dask gave up 3 times "
        "in a row; their logs say why, and finished epochs are kept\n"
    )


SBATCH = """#!/bin/bash
cp "${@: -1}" job.sh
setsid bash job.sh > job.log 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/bash
echo "$@" >> cancelled
kill -TERM -- "-$1"
"""
JOBS = {
    "DASK_JOBQUEUE__SLURM__CORES": "1",
    "DASK_JOBQUEUE__SLURM__MEMORY": "1GB",
    "DASK_JOBQUEUE__SLURM__INTERFACE": "lo",
}


@pytest.mark.slow
@pytest.mark.parametrize("stop", [None, signal.SIGINT])
def test_machines_are_asked_for_and_given_back(folder, study_with, stop):
    pytest.importorskip("dask_jobqueue")
    study_with(SLOW)
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        folder.write(f"bin/{name}", text).chmod(0o755)
    path = f"{folder.path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    args = ("grid", "walk.toml", "--cluster", "slurm", "--workers", "1")
    # dask-jobqueue has not closed all files when it ends
    env = {**JOBS, "PATH": path, "PYTHONWARNINGS": "ignore"}
    process = folder.start(*args, env=env)
    folder.wait_for(lambda: len(folder.trained()) >= 3)
    if stop is not None:
        process.send_signal(stop)
    folder.hurry()
    _, err = process.communicate(timeout=120)
    assert process.returncode == (0 if stop is None else 130), err
    assert "Traceback" not in err
    assert len((folder.path / "cancelled").read_text().split()) == 1
    assert TrialState.RUNNING not in states(folder)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("tcp://127.0.0.1:9", "expected a Dask scheduler: nobody answers within 0.2 s"),
        ("foo://127.0.0.1:9", "expected a Dask scheduler: ValueError: unknown address"),
        ("tls://127.0.0.1:9", "expected a Dask scheduler: for tls:// Dask's configuration has"),
        ("walk.toml", "expected what `dask scheduler --scheduler-file` writes, found something"),
        ("slrum", "found 'slrum'; did you mean 'slurm'?"),
        ("slurm", "expected --workers N, how many to ask for"),
    ],
)
def test_where_no_cluster_is_one_line_says_so(folder, where, said, monkeypatch):
    monkeypatch.setattr(clusters, "_ANSWER_SECONDS", 0.2)
    assert said in folder.error("grid", "walk.toml", "--cluster", where)


def test_a_worker_is_no_scheduler_and_a_file_names_one(folder, scheduler):
    with distributed.Client(scheduler, set_as_default=False) as client:
        (worker,) = client.scheduler_info(n_workers=-1)["workers"]
    told = folder.error("grid", "walk.toml", "--cluster", worker)
    assert told.endswith("expected a Dask scheduler, found Worker")
    folder.write("scheduler.json", json.dumps({"address": scheduler}))
    told = folder.run("grid", "walk.toml", "--cluster", "scheduler.json", "--plan").stdout
    assert "4, from 3 trainings" in told


def test_what_is_sent_shows_nothing_of_the_job(folder):
    sent = errand.Errand("topic", "here", errand.software(), b"postgresql://me:secret@db/x")
    assert "secret" not in f"{sent} {sent!r}"


def test_another_version_of_hpstudy_is_said():
    other = errand.Errand("topic", "here", {"Python": "2.7", "hpstudy": "0.0"}, b"")
    assert errand.carry_out(other).error.endswith("expected Python 2.7 hpstudy 0.0")
