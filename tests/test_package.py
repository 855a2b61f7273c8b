"""The built wheel, installed where nothing else is, run from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    where = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(where)]
    subprocess.run([*build, str(ROOT)], check=True)
    wheel = next(where.glob("hpstudy-*.whl"))
    target = where / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


def run(installed: Path, home: Path, *args: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "hpstudy", *args]
    return subprocess.run(
        command, cwd=home, env=env, check=True, capture_output=True, text=True
    ).stdout


def test_the_wheel_holds_the_studies_the_type_marker_and_the_license(installed: Path):
    wheel = next(installed.parent.glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert "hpstudy/studies/report.toml" in names
    assert "hpstudy/py.typed" in names
    assert "hpstudy/views/page/templates/page.html.j2" in names
    assert not any(name.startswith(("tests", "studies")) for name in names)
    metadata = next(n for n in names if n.endswith("METADATA"))
    assert "License-Expression: MIT" in zipfile.ZipFile(wheel).read(metadata).decode()
    text = next(n for n in names if ".dist-info/licenses/" in n)
    assert "Permission is hereby granted" in zipfile.ZipFile(wheel).read(text).decode()


def test_it_runs_from_an_empty_folder(installed: Path, tmp_path: Path):
    code = "import hpstudy; print(hpstudy.__file__)"
    env = {**os.environ, "PYTHONPATH": str(installed)}
    where = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, check=True, capture_output=True
    )
    assert str(installed) in where.stdout.decode()
    plan = json.loads(run(installed, tmp_path, "grid", "--plan", "--json"))["plan"]
    assert (plan["points"], plan["epochs_asked"], plan["epochs_shared"]) == (12, 95, 65)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine.py").write_text("def score(params, *, seed, settings):\n    return 1.0\n")
    (tmp_path / "mine.toml").write_text(
        'title = "T"\nobjective = "mine:score"\n[baseline]\na = 1\n[grid.factors]\na = [1, 2]\n'
    )
    run(installed, tmp_path, "grid", "mine.toml", "--no-publish")
    assert run(installed, tmp_path, "report", "mine.toml") == "runs/report/mine.html\n"
