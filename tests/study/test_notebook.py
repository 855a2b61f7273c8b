"""A notebook, from top to bottom, as one is run."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

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
