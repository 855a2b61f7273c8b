"""Many workers and a dashboard on one database: nothing is run twice, nothing fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]


def load(*args: str) -> dict[str, float]:
    command = [sys.executable, "tests/bench/load.py", "--alone", "--json", *args]
    done = subprocess.run(
        command, cwd=HOME, capture_output=True, text=True, check=False, timeout=1200
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(found: dict[str, float], trials: int) -> None:
    assert found["trials"] == trials
    assert (found["too_many"], found["left"], found["failed"], found["unanswered"]) == (0, 0, 0, 0)


def test_three_workers_and_a_dashboard():
    check(load("--workers", "3", "--trials", "20"), 20)


@pytest.mark.slow
def test_eight_workers_and_a_dashboard_on_a_file():
    found = load("--workers", "8", "--trials", "2000")
    check(found, 2000)
    assert found["polls"] > 10


@pytest.mark.slow
def test_thirty_two_workers_and_a_dashboard_on_a_server(postgres, postgres_url):
    check(load("--workers", "32", "--trials", "2000", "--storage", postgres_url), 2000)
