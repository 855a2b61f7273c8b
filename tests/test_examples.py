"""The examples in `studies/examples`: each is short, and runs as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "studies" / "examples"
STUDIES = sorted(file.stem for file in EXAMPLES.glob("*.toml"))


@pytest.mark.parametrize("file", sorted(EXAMPLES.iterdir()), ids=lambda file: file.name)
def test_an_example_is_short(file: Path):
    assert len(file.read_text().splitlines()) <= 40


@pytest.mark.parametrize("name", STUDIES)
def test_an_example_runs_and_says_what_to_use(folder_at, tmp_path: Path, name: str):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    folder = folder_at(tmp_path)
    folder.run("grid", f"examples/{name}.toml", "--seeds", "2", "--no-publish")
    shown = folder.json("show", f"examples/{name}.toml")
    levels = [level for factor in shown["grid"]["factors"] for level in factor["levels"]]
    assert all(len(level["values"]) == 2 for level in levels)
    assert shown["answer"]["headline"].endswith(".")


def test_results_that_are_there_already_are_imported(folder_at, tmp_path: Path):
    found = folder_at(tmp_path).json("import", f"{EXAMPLES / 'results.csv'}")
    rates = next(f for f in found["grid"]["factors"] if f["factor"] == "lr")["levels"]
    said = {row["level"]: row["verdict"] for row in rates}
    assert said == {0.0001: "no difference shown", 0.001: "baseline", 0.01: "worse", 0.1: "worse"}
