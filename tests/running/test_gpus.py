"""Several GPUs: each worker has one to itself, as long as there are enough."""

from __future__ import annotations

from collections import Counter

import pytest

from hpstudy.running.gpus import VISIBLE
from hpstudy.running.pool import default_workers

# What torch would see, of a class that says that it can be trained on CUDA.
SEES = """
import os, sys, time


class Sees:
    def __init__(self, params, *, seed, settings, runtime):
        assert "torch" not in sys.modules

    @classmethod
    def devices(cls):
        return ["cuda", "cpu"]

    def epoch(self):
        with open("gpus.log", "a") as log:
            log.write(os.environ.get("CUDA_VISIBLE_DEVICES", "all") + "\\n")
        while len(open("gpus.log").readlines()) < 4:
            time.sleep(0.02)
        return {"value": 1.0}

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass
"""


@pytest.mark.parametrize(
    ("visible", "seen"),
    [("0,GPU-b", {"0": 2, "GPU-b": 2}), ("4", {"4": 4})],
)
def test_workers_share_the_gpus_evenly(folder, study_with, tmp_path, visible, seen):
    folder.write("sees.py", SEES)
    study_with(
        ("walk:Walk", "sees:Sees"),
        ("epochs = 2", "epochs = 1"),
        ("seeds = [0]", "seeds = 4"),
        ("epochs = [2, 4]\nlr = [0.1, 0.2]\nwidth = [8, 16]", "lr = [0.1]"),
    )
    env = {VISIBLE: visible, "TMPDIR": f"{tmp_path}"}
    folder.run_apart("grid", "walk.toml", "--device", "cuda", "--workers", "4", env=env)
    assert Counter((folder.path / "gpus.log").read_text().split()) == seen


def test_one_worker_a_gpu(monkeypatch):
    monkeypatch.setenv(VISIBLE, "0,1,2")
    assert [default_workers(9, "cuda"), default_workers(2, "cuda")] == [3, 2]
    monkeypatch.setenv(VISIBLE, "")
    assert default_workers(9, "cuda") == 1
