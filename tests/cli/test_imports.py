"""What a command loads: nothing that it has no use for."""

from __future__ import annotations

import os
import subprocess
import sys

HEAVY = {"torch", "scipy", "pandas", "sklearn", "statsmodels", "plotly", "optuna_dashboard"}


def loaded_by(folder, *args: str) -> set[str]:
    """Runs a command and returns the heavy packages that it loaded, in its workers as well."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HPSTUDY_")}
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hpstudy", *args],
        cwd=folder.path,
        env=env | {"HPSTUDY_WORKERS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()} & HEAVY


def test_what_needs_no_verdict_loads_nothing_heavy(folder):
    assert loaded_by(folder, "grid", "walk.toml", "--plan") == set()
    assert loaded_by(folder, "grid", "walk.toml", "--no-publish") == set()  # one seed: no verdict
    assert loaded_by(folder, "show", "walk.toml") == set()
    assert loaded_by(folder, "export", "walk.toml") == set()


def test_a_verdict_loads_scipy_alone(folder):
    run = ("grid", "walk.toml", "--factor", "lr", "--seeds", "2", "--no-publish")
    assert loaded_by(folder, *run) == {"scipy"}


def test_what_is_left_for_the_dashboard_takes_no_forests_along(folder):
    found = loaded_by(folder, "grid", "walk.toml", "--factor", "lr", "--seeds", "2")
    assert found == {"scipy", "plotly", "optuna_dashboard"}
