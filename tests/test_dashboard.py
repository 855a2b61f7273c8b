"""optuna-dashboard opens the database as it is."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


@pytest.fixture
def dashboard(folder):
    """The address of optuna-dashboard on a finished grid, and its process."""
    folder.run("grid", "walk.toml", "--seeds", "0,1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("optuna-dashboard"), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "sqlite:///runs/hpstudy.db"],
        cwd=folder.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def get(address: str):
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def test_it_shows_every_trial_with_its_parameters_and_epochs(folder, dashboard: str):
    studies = folder.wait_for(lambda: get(f"{dashboard}/api/studies"))["study_summaries"]
    assert [s["study_name"] for s in studies] == ["walk/grid"]
    detail = get(f"{dashboard}/api/studies/{studies[0]['study_id']}?after=0")
    trials = detail["trials"]
    assert len(trials) == 8
    assert {t["state"] for t in trials} == {"Complete"}
    longest = next(t for t in trials if len(t["intermediate_values"]) == 4)
    assert {p["name"] for p in longest["params"]} == {"lr", "epochs", "width", "seed"}
