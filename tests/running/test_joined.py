"""A grid or a search and those who joined it, as processes: whoever is left ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from hpstudy.store.database import open_database

optuna.logging.set_verbosity(optuna.logging.ERROR)

HOME = Path(__file__).parent.parent.parent
UNTIL = ("--until", "0.01", "--workers", "1")
LOOKS = ("seeds = [0]", "seeds = [0]\nlooks = [2, 3]")


def slowly(seconds: float) -> tuple[str, str]:
    return "[settings]", f"[settings]\nsleep = {seconds}"


def trials(folder, name: str = "walk/grid"):
    database = open_database(folder.url, write=False)
    try:
        return optuna.load_study(study_name=name, storage=database.storage).trials
    finally:
        database.close()


def begun(folder, count: int = 1, name: str = "walk/grid"):
    """Tells whether so many workers are at a trial."""
    try:
        running = [t for t in trials(folder, name) if t.state is TrialState.RUNNING]
    except Exception:
        return False
    return len({t.user_attrs.get("invocation") for t in running}) >= count


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kills a command with all of its processes, as a machine that is gone."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def each_once(folder, name: str = "walk/grid") -> int:
    """Checks that nothing is running and each point was done once; returns how many there are."""
    found = trials(folder, name)
    assert {t.state for t in found} <= {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}
    done = Counter(tuple(sorted(t.params.items())) for t in found if t.state is not TrialState.FAIL)
    assert set(done.values()) == {1}
    return len(done)


def values(document) -> list[list[float]]:
    return [level["values"] for f in document["grid"]["factors"] for level in f["levels"]]


def test_workers_end_a_grid_look_by_look_after_it_and_one_of_them_are_killed(folder, study_with):
    study_with(slowly(1.5), LOOKS)
    apart = {"start_new_session": True}
    stay, go = (
        folder.start("worker", "walk.toml", "--workers", "1", "--wait", "1m", *more, **apart)
        for more in (["--json"], [])
    )
    grid = folder.start("grid", "walk.toml", *UNTIL, **apart)
    folder.wait_for(lambda: begun(folder, 3))
    for victim in (go, grid):
        kill_all(victim)
    folder.hurry()
    out, err = stay.communicate(timeout=120)
    assert stay.returncode == 0, err
    assert "Traceback" not in err, err
    assert each_once(folder) == 12
    repeated = len(folder.trained()) - len(set(folder.trained()))
    assert repeated <= 2  # what the two were at
    assert json.loads(out)["epochs"] >= 3
    before = folder.trained()
    shown = folder.run("grid", "walk.toml", "--json")
    assert "0 epochs trained" in shown.stderr
    calm = folder.json("grid", "walk.toml", *UNTIL, "--runs", "calm")
    assert len(before) == len(folder.trained()) - len(set(before))
    assert values(json.loads(shown.stdout)) == values(calm)


def test_a_worker_that_is_asked_to_stop_keeps_its_epochs_and_frees_its_points(folder, study_with):
    study_with(slowly(0.4))
    folder.hurry()
    folder.run("grid", "walk.toml", "--factor", "lr")
    (folder.path / "hurry").unlink()
    study = optuna.load_study(study_name="walk/grid", storage=folder.url)
    asked = study.user_attrs["asked"]
    study.set_user_attr("asked", {**asked, "options": {**asked["options"], "factors": None}})
    worker = folder.start("worker", "walk.toml")
    folder.wait_for(lambda: begun(folder))
    start = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    out, err = worker.communicate(timeout=60)
    assert time.monotonic() - start < 20
    assert (worker.returncode, out) == (130, "")
    assert "Interrupted: all finished epochs are kept. To go on: hpstudy worker walk.toml" in err
    assert TrialState.RUNNING not in {t.state for t in trials(folder)}
    folder.hurry()
    assert folder.json("worker", "walk.toml")["left"] == 0
    assert each_once(folder) == 4


def test_a_worker_that_waits_can_be_asked_to_stop(folder):
    worker = folder.start("worker", "walk.toml", "--wait", "5m", stderr=subprocess.PIPE)
    assert worker.stderr.readline().startswith("Waiting for a grid, search or comparison of 'walk'")
    worker.send_signal(signal.SIGINT)
    assert worker.communicate(timeout=30)[1] == "Interrupted: nothing had begun.\n"
    assert worker.returncode == 130
    assert not (folder.path / "runs").exists()


def slurm_script(file: str) -> str:
    """The Slurm script that a file of the documentation shows."""
    blocks = re.findall(r"```sh\n(.*?)```", (HOME / file).read_text(), re.DOTALL)
    return next(block for block in blocks if "srun bash" in block)


SRUN = """#!/bin/bash
for id in 0 1 2; do SLURM_PROCID=$id "$@" > srun.$id.out 2> srun.$id.err & tasks+=($!); done
for task in "${tasks[@]}"; do wait $task || code=$?; done
exit ${code:-0}
"""


def submit(folder, script: str, hpstudy: str, **variables: str) -> None:
    """Runs a script of the documentation where `srun` starts three tasks."""
    for name, text in (("srun", SRUN), ("hpstudy", f"#!/bin/bash\n{hpstudy}\n")):
        folder.write(f"bin/{name}", text).chmod(stat.S_IRWXU)
    script = re.sub(r"(HPSTUDY_STORAGE)=\S+.*", rf"\1={folder.url}", script)
    path = f"{folder.path / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TMPDIR": f"{folder.path}", **variables}
    subprocess.run(["bash"], input=script, text=True, cwd=folder.path, env=environment, check=True)


@pytest.mark.parametrize(("file", "runs"), [("README.md", ""), (".github/CLUSTER.md", "runs-")])
def test_the_slurm_script_runs_a_grid_in_one_task_and_workers_in_the_others(folder, file, runs):
    submit(folder, slurm_script(file), 'echo "$HPSTUDY_STORAGE ${HPSTUDY_RUNS##*/}, $*"')
    does = ["grid mine.toml", *2 * ["worker mine.toml --wait 10m"]]
    assert [(folder.path / f"srun.{task}.out").read_text() for task in range(3)] == [
        f"{folder.url} {runs}{task if runs else ''}, {does[task]}\n" for task in range(3)
    ]


@pytest.mark.slow
def test_the_slurm_script_runs_a_grid_and_shares_it(folder, study_with):
    study_with(slowly(1.5))
    (folder.path / "walk.toml").rename(folder.path / "mine.toml")
    hpstudy = f'exec {sys.executable} -m hpstudy "$@"'
    script = slurm_script(".github/CLUSTER.md")
    submit(folder, script, hpstudy, HPSTUDY_WORKERS="1", HPSTUDY_PUBLISH="0")
    assert each_once(folder, "mine/grid") == 4
    assert "4 of 4 points done" in (folder.path / "srun.0.out").read_text()
    for worker in (1, 2):
        assert "Joined the grid of 'mine'" in (folder.path / f"srun.{worker}.out").read_text()


@pytest.mark.slow
def test_a_search_and_its_confirmation_are_ended_by_who_joined(folder, study_with):
    study_with(slowly(0.4), name="seek.toml")
    apart = {"start_new_session": True}
    options = ("--trials", "5", "--sampler", "random", "--pruner", "none", "--workers", "1")
    search = folder.start("search", "seek.toml", *options, "--confirm", "3", "--ablate", **apart)
    worker = folder.start("worker", "seek.toml", "--wait", "1m", "--json", **apart)
    folder.wait_for(lambda: begun(folder, 2, "seek/confirm"), seconds=120)
    kill_all(search)
    folder.hurry()
    _, err = worker.communicate(timeout=120)
    assert worker.returncode == 0, err
    assert "Traceback" not in err, err
    assert each_once(folder, "seek/search") == 5
    each_once(folder, "seek/confirm")
    shown = folder.run("search", "seek.toml", *options, "--confirm", "3", "--ablate", "--json")
    assert "1 epoch" not in shown.stderr
    assert json.loads(shown.stdout)["search"]["confirmed"]["seeds"]
    assert len(folder.trained()) - len(set(folder.trained())) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "postgres_folder"])
def test_ten_kills_of_whole_machines_over_a_grid(request, study_with, kind: str):
    folder = request.getfixturevalue(kind)
    study_with(slowly(2), ("seeds = [0]", "seeds = 8\nlooks = [4, 6, 8]"))
    apart = {"start_new_session": True}

    def begin():
        return folder.start("worker", "walk.toml", "--workers", "2", "--wait", "1m", **apart)

    machines = [folder.start("grid", "walk.toml", "--until", "0.01", "--workers", "2", **apart)]
    machines += [begin(), begin()]
    folder.wait_for(lambda: begun(folder, 3))
    for _ in range(10):
        folder.wait_for(lambda: begun(folder, 2))
        victim = machines.pop(0)
        assert victim.poll() is None
        kill_all(victim)
        machines.append(begin())
        time.sleep(1)
    folder.hurry()
    for machine in machines:
        _, err = machine.communicate(timeout=240)
        assert machine.returncode == 0, err
        assert "Traceback" not in err, err
    each_once(folder)
    assert len(folder.trained()) - len(set(folder.trained())) <= 20
    shown = folder.run("grid", "walk.toml", "--json")
    assert "0 epochs trained" in shown.stderr
    calm = replace(folder, storage=None).json("grid", "walk.toml", "--until", "0.01", "--runs", "c")
    assert values(json.loads(shown.stdout)) == values(calm)


def test_a_worker_waits_for_a_server_whose_database_is_not_there_yet(postgres, folder):
    postgres_folder = replace(folder, storage=postgres.url("not_yet"))
    refused = postgres_folder.error("worker", "walk.toml")
    assert 'database "not_yet" does not exist' in refused
    worker = postgres_folder.start("worker", "walk.toml", "--wait", "2m", stderr=subprocess.PIPE)
    assert 'database "not_yet" does not exist' in worker.stderr.readline()
    postgres.sql("CREATE DATABASE not_yet")
    postgres_folder.run("grid", "walk.toml")
    out, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    assert out.startswith("Joined the grid of 'walk'")
