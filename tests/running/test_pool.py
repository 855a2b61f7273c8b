"""Killed, interrupted, joined: nothing is lost and nothing is done twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from hpstudy.store.database import open_database
from hpstudy.store.records import Records

optuna.logging.set_verbosity(optuna.logging.ERROR)

SLOW = ("[settings]", "[settings]\nsleep = 0.15")


def trials(folder, name: str = "walk/grid") -> list[FrozenTrial]:
    database = open_database(folder.url, write=False)
    found = optuna.load_study(study_name=name, storage=database.storage).trials
    database.close()
    return found


def states(folder) -> Counter:
    return Counter(t.state for t in trials(folder))


def kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def uninterrupted(folder, *args: str) -> list[list[float]]:
    """The values of the same grid run elsewhere without a disturbance."""
    result = replace(folder, storage=None).json("grid", "walk.toml", "--runs", "calm", *args)
    return values(result)


def values(result) -> list[list[float]]:
    return [level["values"] for f in result["grid"]["factors"] for level in f["levels"]]


def recorded_epochs(folder) -> int:
    database = open_database(folder.url, write=False)
    count = sum(Records(database.engine).counts().values())
    database.engine.dispose()
    return count


def run_with_kills(folder, args: tuple[str, ...], *, workers: int, kills: int) -> str:
    """Runs a command while its workers are killed at random; returns its stdout."""
    process = folder.start(*args)
    chance = random.Random(0)
    done = 0
    folder.wait_for(lambda: len(folder.workers_of(process.pid)) == workers)
    while done < kills and process.poll() is None:
        time.sleep(chance.uniform(0.1, 0.5))
        alive = folder.workers_of(process.pid) if process.poll() is None else []
        done += bool(alive) and kill(chance.choice(alive))
    folder.hurry()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Traceback" not in err, err
    assert done == kills
    return out


def killing(folder, kills: int, seeds: str, keep: str = "4GB") -> None:
    """Kills workers of a running grid, at random, and checks that nothing came of it."""
    args = ("grid", "walk.toml", "--workers", "4", "--seeds", seeds, "--keep", keep, "--json")
    out = run_with_kills(folder, args, workers=4, kills=kills)
    complete = [tuple(t.params.items()) for t in trials(folder) if t.state == TrialState.COMPLETE]
    count = len(seeds.split(","))
    assert len(complete) == len(set(complete)) == 4 * count
    assert states(folder).keys() <= {TrialState.COMPLETE, TrialState.FAIL}
    # A kill costs the epoch that was being trained, and no other.
    repeated = len(folder.trained()) - len(set(folder.trained()))
    assert repeated <= kills
    folder.path.joinpath("epochs.log").unlink()
    assert values(json.loads(out)) == uninterrupted(folder, "--seeds", seeds)


def test_workers_that_are_killed_are_replaced_and_every_point_is_done_once(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.5"))
    killing(folder, kills=4, seeds="0,1,2,3", keep="0")


def test_so_it_is_on_a_server(postgres_folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.5"))
    killing(postgres_folder, kills=3, seeds="0,1")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["folder", "postgres_folder"])
def test_twenty_kills_over_four_workers(request, study_with, where):
    study_with(("[settings]", "[settings]\nsleep = 1"))
    killing(request.getfixturevalue(where), kills=20, seeds="0,1,2,3,4,5,6,7,8,9")


def killing_a_search(folder, *, workers: int, kills: int, total: int) -> None:
    args = ("search", "seek.toml", "--workers", f"{workers}", "--trials", f"{total}")
    run_with_kills(folder, (*args, "--confirm", "0"), workers=workers, kills=kills)
    found = trials(folder, "seek/search")
    ends = [t for t in found if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    assert len(ends) == len({tuple(t.params.items()) for t in ends}) == total
    lost = [t for t in found if t.state == TrialState.FAIL]
    assert len(ends) + len(lost) == len(found)
    assert all(t.params in [end.params for end in ends] for t in lost if t.params)
    repeated = len(folder.trained()) - len(set(folder.trained()))
    assert repeated <= kills


def test_a_search_whose_workers_are_killed_ends_at_its_total(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.3"), name="seek.toml")
    killing_a_search(folder, workers=3, kills=2, total=9)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["folder", "postgres_folder"])
def test_ten_kills_over_eight_workers_of_a_search(request, study_with, where):
    study_with(("[settings]", "[settings]\nsleep = 1"), name="seek.toml")
    killing_a_search(request.getfixturevalue(where), workers=8, kills=10, total=50)


def test_workers_whose_fork_server_is_killed_are_replaced(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.3"))
    process = folder.start("grid", "walk.toml", "--workers", "2", "--json")
    folder.wait_for(lambda: len(folder.trained()) >= 2)
    assert kill(folder.server_of(process.pid))
    folder.hurry()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Traceback" not in err, err
    assert len(folder.trained()) - len(set(folder.trained())) <= 2
    assert values(json.loads(out)) == uninterrupted(folder)


# What an objective finds in its process, and what becomes of what it leaves there.
OF_ITS_OWN = """
import atexit, os
import numpy

log = open(f"{os.getpid()}.log", "w")
atexit.register(print, "at exit", file=log)


def draw(params, *, seed, settings):
    names = "OMP_NUM_THREADS", "PYTHONPATH", "PYTHONSAFEPATH", "MINE"
    print(*(os.environ.get(name) for name in names), file=log)
    return numpy.random.random()
"""


def test_a_forked_worker_is_a_process_of_its_own(folder, study_with):
    folder.write("own.py", OF_ITS_OWN)
    study_with(("walk:Walk", "own:draw"), ('fidelity = "epochs"', ""), ("seeds = [0]", "seeds = 6"))
    paths = {"PYTHONPATH": os.pathsep.join(["elsewhere", *sys.path]), "MINE": "mine"}
    options = ("--workers", "3", "--threads", "2", "--json")
    drawn = json.loads(folder.run_apart("grid", "walk.toml", *options, env=paths).stdout)
    numbers = [value for level in values(drawn) for value in level]
    assert len(set(numbers)) >= 24  # the baseline stands under each factor
    logs = [path.read_text().splitlines() for path in folder.path.glob("*.log")]
    found = {line for lines in logs for line in lines}
    assert found == {f"2 {paths['PYTHONPATH']} None mine", "at exit"}
    assert sum(lines[-1] == "at exit" for lines in logs) == len(logs) >= 4


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_with_its_workers_it_goes_on_at_the_epoch_it_had_reached(
    folder, study_with, workers: str
):
    study_with(SLOW)
    process = folder.start("grid", "walk.toml", "--workers", workers)
    folder.wait_for(lambda: len(folder.trained()) >= 3)
    children = folder.workers_of(process.pid)
    process.kill()
    process.communicate()
    folder.hurry()
    folder.wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    before = folder.trained()
    shown = folder.json("show", "walk.toml")["grid"]["trials"]
    assert shown["running"] == 0
    again = folder.run("grid", "walk.toml", "--workers", workers, "--json")
    assert "Traceback" not in again.stderr
    result = json.loads(again.stdout)
    assert result["grid"]["trials"]["complete"] == 4
    assert states(folder)[TrialState.RUNNING] == 0
    repeated = [line for line, n in Counter(folder.trained()).items() if n > 1]
    assert len(repeated) <= int(workers)
    assert len(folder.trained()) - len(before) < 8
    assert values(result) == uninterrupted(folder)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_keeps_all_finished_epochs_and_says_how_to_go_on(
    folder, study_with, workers: str, stop: signal.Signals
):
    study_with(SLOW)
    process = folder.start("grid", "walk.toml", "--workers", workers)
    folder.wait_for(lambda: len(folder.trained()) >= 3)
    process.send_signal(stop)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted: all finished epochs are kept. To go on: hpstudy grid walk.toml" in err
    assert "Traceback" not in err, err
    assert out == ""
    assert states(folder)[TrialState.RUNNING] == 0
    before, kept = len(folder.trained()), recorded_epochs(folder)
    assert before - int(workers) <= kept < 8  # one may have been logged and cut short after that
    folder.hurry()
    folder.run("grid", "walk.toml")
    assert len(folder.trained()) - before == 8 - kept
    assert set(states(folder)) == {TrialState.COMPLETE, TrialState.FAIL}


def test_two_grids_at_once_share_the_work(folder, study_with):
    study_with(SLOW)
    both = [folder.start("grid", "walk.toml", "--workers", "2", "--json") for _ in range(2)]
    outputs = [p.communicate(timeout=120) for p in both]
    assert [p.returncode for p in both] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    assert states(folder) == {TrialState.COMPLETE: 4}
    assert len(folder.trained()) == len(set(folder.trained())) == 8


def test_two_studies_at_once_share_their_trainings(folder, study_with):
    study_with(SLOW)
    both = [folder.start("grid", "walk.toml", "--name", name) for name in ("one", "two")]
    outputs = [p.communicate(timeout=120) for p in both]
    assert [p.returncode for p in both] == [0, 0], outputs
    assert "4 of 4 points done" in outputs[0][0]
    assert "4 of 4 points done" in outputs[1][0]
    assert len(folder.trained()) == len(set(folder.trained())) == 8


def test_a_real_training_killed_and_resumed_has_the_same_accuracies(mnist_folder):
    args = ("small.toml", "--factor", "epochs", "--workers", "1")
    expected = mnist_folder.json("grid", *args, "--storage", "sqlite:///calm/calm.db")
    checkpoints = mnist_folder.path / "runs" / "checkpoints"
    shutil.rmtree(checkpoints)
    process = mnist_folder.start("grid", *args)
    mnist_folder.wait_for(lambda: [*checkpoints.glob("*/3.*"), *checkpoints.glob("*/4.*")])
    process.kill()
    process.communicate()
    resumed = mnist_folder.json("grid", *args)
    assert values(resumed) == values(expected)
    assert resumed["grid"]["epochs"] == {"asked": 35, "trained": 20}
