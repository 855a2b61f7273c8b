"""A notebook, from top to bottom, as one is run."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

STUDIES = Path(__file__).parents[2] / "studies"
CELLS = [
    'from pathlib import Path\nfrom hpstudy import Study\nstudy = Study("two.toml")',
    "study.run_grid(seeds=2, workers=1)",
    "study",
    'found = study.summary()\nassert found.answer.headline.startswith("Use a 2")\nfound',
    'found.frame("levels")',
    'found.figures["effect-a"]',
    'study.write_report("it.html")',
    # The file is edited: another function, which its version says.
    'file = Path("two.py")\ntext = file.read_text().replace("10.0 *", "-10.0 *")\n'
    'file.write_text(text + "score.version = 2")\n'
    'again = Study("two.toml", name="again")\nagain.run_grid(seeds=2, workers=1, quiet=True)\n'
    "again.summary().answer.headline",
    # A function of a cell, which is edited without a word of it.
    "def cell(params, *, seed, settings):\n    return params['a'] + seed / 10",
    "made = Study(cell, baseline={'a': 1})\nmade.run_grid({'a': [2]}, seeds=2, workers=1)",
    "def cell(params, *, seed, settings):\n    return -params['a'] + seed / 10",
    "Study(cell, baseline={'a': 1}).run_grid({'a': [2]}, seeds=2, workers=1)",
]
TOML = """
title = "Two"
objective = "two:score"
baseline = { a = 1 }
[grid]
seeds = 2
[grid.factors]
a = [1, 2]
"""
SCORE = """
def score(params, *, seed, settings):
    print("trained", params, seed)
    return 10.0 * params["a"] + seed + 0.01 * params["a"] * seed
"""


def test_it_runs_from_top_to_bottom(tmp_path):
    (tmp_path / "two.toml").write_text(TOML)
    (tmp_path / "two.py").write_text(SCORE)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": f"{tmp_path}"}}
    ).execute()
    streams = ["".join(o.get("text", "") for o in cell.outputs) for cell in book.cells]
    shown = [
        next((output.data for output in cell.outputs if "data" in output), {})
        for cell in book.cells
    ]
    assert "4 of 4 points, " in streams[1]  # a line, written over
    assert "4 points trained in " in streams[1]
    assert "trained {'a': 2} 1" in streams[1]
    assert shown[1]["text/plain"] == "Trained(epochs=4, left=0)"
    for cell in (2, 3):
        assert "Use a 2" in shown[cell]["text/html"]
        assert "<table>" in shown[cell]["text/html"]
    assert "difference_low" in shown[4]["text/html"]
    assert "application/vnd.plotly.v1+json" in shown[5]
    assert (tmp_path / "it.html").read_text().startswith("<!doctype html>")
    assert "Keep the baseline" in shown[7]["text/plain"]
    assert streams[7] == ""
    assert shown[9]["text/plain"] == "Trained(epochs=4, left=0)"
    assert "Note: cell has changed since this study began; epochs trained before" in streams[11]


def test_the_one_that_comes_along_runs_and_is_readable(tmp_path):
    book = nbformat.read(STUDIES / "notebook.ipynb", as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code)
    NotebookClient(
        book, timeout=240, kernel_name="python3", resources={"metadata": {"path": f"{tmp_path}"}}
    ).execute()
    shown = [
        next((output.data for output in cell.outputs if "data" in output), {}) for cell in code
    ]
    assert shown[1]["text/plain"] == "Trained(epochs=20, left=0)"
    assert "alpha 10" in shown[2]["text/html"]
    assert shown[3]["text/plain"].startswith("(<Verdict.WORSE")
    assert "application/vnd.plotly.v1+json" in shown[5]
    assert "The winner, on fresh seeds" in shown[8]["text/html"]
    assert "sgdclassifier alpha" in shown[9]["text/html"]
    assert "Search: the best of 20 complete trials" in shown[10]["text/html"]
    assert "worse" in shown[11]["text/html"]
    assert shown[12]["text/plain"].startswith("'Keep the baseline")
    assert (tmp_path / "runs/report/cancer.html").exists()
