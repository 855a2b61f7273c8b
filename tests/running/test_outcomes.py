"""Whatever an objective does is one outcome of its point, and a run that is not done says so."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter

import optuna
import pytest
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)

BAD = """
import os, sys, warnings

import optuna


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def score(params, *, seed, settings):
    how = params["how"]
    if how == "exit":
        sys.exit(3)
    if how == "leave":
        sys.exit()
    if how == "end":
        os._exit(0)
    if how == "prune":
        raise optuna.TrialPruned
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "key":
        return {}["lr"]
    if how == "mute":
        raise Mute
    if how == "odd":
        raise ValueError("bad \\udcff \\x1b[31mred\\x1b[0m\\x07 and\\nlong " + "x" * 1_000_000)
    if how == "metrics":
        return [1.0]
    if how == "cause":
        try:
            {}["x"]
        except KeyError as error:
            raise error from error
    if how == "fork":
        if os.fork() == 0:
            raise ValueError("a child's")
        os.wait()
    if how == "memory":
        return len(bytearray(1 << 60))
    if how == "cuda":  # as torch.cuda.OutOfMemoryError reads
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.\\nGPU 0 has 1 GiB")
    return 1.0
"""

# What each does, and what is said of it.
OUTCOMES = {
    "exit": "bad.py:15 in score: the objective called sys.exit(3)",
    "leave": "bad.py:17 in score: the objective called sys.exit()",
    "end": "its worker ended without a word, exit code 0",
    "prune": "bad.py:21 in score: the objective raised TrialPruned, which only a search can take",
    "interrupt": "bad.py:23 in score: the objective raised KeyboardInterrupt",
    "key": "bad.py:25 in score: KeyError: 'lr'",
    "mute": "bad.py:27 in score: Mute: (its text can't be had: RuntimeError)",
    "odd": "bad.py:29 in score: ValueError: bad \\udcff \\x1b[31mred\\x1b[0m\\x07 and long xxx",
    "metrics": "TypeError: metric 'value': expected a number, found [1.0] (list)",
    "cause": "bad.py:34 in score: KeyError: 'x'",
    "memory": "bad.py:42 in score: MemoryError",
    "cuda": "bad.py:44 in score: RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU",
}


@pytest.fixture
def bad(folder):
    folder.write("bad.py", BAD)
    levels = ", ".join(f'"{how}"' for how in ["fine", *OUTCOMES, "fork"])
    folder.write(
        "bad.toml",
        f"""
title = "Bad"
objective = "bad:score"
[baseline]
how = "fine"
[grid.factors]
how = [{levels}]
""",
    )
    return folder


def trials(folder, name: str):
    return optuna.load_study(study_name=name, storage=folder.url).trials


@pytest.mark.parametrize("workers", ["1", "2"])
def test_whatever_an_objective_does_is_one_recorded_failure(bad, workers: str):
    grid = bad.json("grid", "bad.toml", "--workers", workers, code=1)["grid"]
    assert grid["trials"]["complete"] == 2
    assert grid["trials"]["failed"] == len(OUTCOMES)
    failed = {failure["params"]["how"]: failure["error"] for failure in grid["failed"]}
    for how, error in OUTCOMES.items():
        assert failed[how].startswith(error) or failed[how].endswith(error), failed[how]
        assert len(failed[how]) <= 500
    counts = Counter(t.state for t in trials(bad, "bad/grid"))
    assert counts == {TrialState.COMPLETE: 2, TrialState.FAIL: len(OUTCOMES)}
    for command in ("show", "report", "export"):
        assert "\x1b" not in bad.run(command, "bad.toml").stdout
    shown = bad.run("show", "bad.toml", "--errors").stdout
    assert "KeyError: 'lr'" in shown
    assert 'return {}["lr"]' in shown
    assert "\x1b" not in shown


def test_what_is_left_is_said(bad):
    said = bad.run("grid", "bad.toml", code=1).stderr
    assert f"{len(OUTCOMES)} of {len(OUTCOMES) + 2} points are left: " in said
    assert f"{len(OUTCOMES)} failed." in said


def test_the_first_three_that_fail_alike_end_a_run_in_which_nothing_worked(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = ""'), ("seeds = [0]", "seeds = [0, 1, 2, 3]"))
    grid = folder.json("grid", "walk.toml", "--workers", "1", code=1)["grid"]
    assert grid["trials"] == {
        "complete": 0, "pruned": 0, "failed": 3, "running": 0, "waiting": 13, "diverged": 0,
    }  # fmt: skip
    said = folder.run("grid", "walk.toml", "--workers", "1", code=1)
    assert "Stopped: the first points failed alike, and none has worked: walk.py:17" in said.stderr
    assert "failed: 3 points, the first at" in " ".join(said.stdout.split())


def test_workers_that_are_told_to_stop_alone_leave_nothing_undone(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.2"))
    process = folder.start("grid", "walk.toml", "--workers", "2", "--seeds", "0-2")
    folder.wait_for(folder.trained)
    for worker in folder.workers_of(process.pid):
        os.kill(worker, signal.SIGTERM)
    folder.hurry()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "12 of 12 points done" in out


def test_a_terminal_that_closes_interrupts_and_more_signals_change_nothing(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.2"))
    process = folder.start("grid", "walk.toml", "--workers", "2", start_new_session=True)
    folder.wait_for(folder.trained)
    os.killpg(process.pid, signal.SIGHUP)
    for _ in range(20):
        os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err, err
    assert "Interrupted: all finished epochs are kept." in err
    assert {t.state for t in trials(folder, "walk/grid")} <= {TrialState.COMPLETE, TrialState.FAIL}
    folder.hurry()
    folder.run("grid", "walk.toml")


def test_what_an_objective_leaves_running_holds_nothing_up(folder, monkeypatch):
    monkeypatch.setattr("hpstudy.running.member._LINGER_SECONDS", 1)
    folder.write(
        "slow.py",
        """
import threading, time


def score(params, *, seed, settings):
    threading.Thread(target=lambda: time.sleep(600)).start()
    return params["x"]
""",
    )
    folder.write("slow.toml", LOUD_STUDY.replace("loud:score", "slow:score"))
    out, err = folder.run("grid", "slow.toml", "--workers", "1")
    assert "4 of 4 points done" in out
    assert "Traceback" not in err


LOUD = """
import contextlib, os, subprocess, sys, warnings

os.system("echo from the import")


def score(params, *, seed, settings):
    warnings.warn("take care")
    os.write(1, b"from a library\\n")
    subprocess.run(["echo", "from a child"])
    print("from the objective")
    return params["x"] + seed


def rude(params, *, seed, settings):
    sys.stdout.close()
    sys.stderr = None
    with contextlib.suppress(OSError):
        os.close(1)
    return params["x"]


def threads(params, *, seed, settings):
    import numpy, threadpoolctl, torch

    pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    return float(max(*pools, torch.get_num_threads(), int(os.environ["OMP_NUM_THREADS"])))
"""

LOUD_STUDY = """
title = "Loud"
objective = "loud:score"
[baseline]
x = 1.0
[grid]
seeds = [0, 1]
[grid.factors]
x = [1.0, 2.0]
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_stdout_is_the_results_own_and_what_an_objective_writes_names_its_point(folder, workers):
    folder.write("loud.py", LOUD)
    folder.write("loud.toml", LOUD_STUDY)
    out = folder.path / "out.json"
    with out.open("w") as file:  # one can seek in a file, and not in a pipe
        args = ("grid", "loud.toml", "--workers", workers, "--json")
        process = folder.start(*args, stdout=file, env={"PYTHONWARNINGS": "default"})
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    result = out.read_text()
    assert json.loads(result)["grid"]["trials"]["complete"] == 4
    assert "from the import" in err
    for source in ("a library", "a child", "the objective"):
        for point in ("baseline · seed 0", "x 2 · seed 1"):
            assert f"[{point}] from {source}\n" in err
    assert err.count("UserWarning: take care") == 1


def test_an_objective_that_closes_its_streams_is_done_all_the_same(folder):
    folder.write("loud.py", LOUD)
    folder.write("loud.toml", LOUD_STUDY.replace("loud:score", "loud:rude"))
    assert folder.json("grid", "loud.toml", "--workers", "1")["grid"]["trials"]["complete"] == 4


def test_an_objective_gets_the_threads_that_it_is_recorded_with(folder):
    folder.write("loud.py", LOUD)
    folder.write("loud.toml", LOUD_STUDY.replace("loud:score", "loud:threads"))
    for threads in ("1", "2"):
        args = ("grid", "loud.toml", "--threads", threads, "--name", f"t{threads}")
        grid = folder.json(*args)["grid"]
        assert {v for level in grid["factors"][0]["levels"] for v in level["values"]} == {
            float(threads)
        }
