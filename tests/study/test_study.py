"""A study run, asked and shown from Python."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import plotly.graph_objects as go
import pytest

from hpstudy import Study, UserError, Verdict
from hpstudy.running.course import Trained

README = (Path(__file__).parent.parent.parent / "README.md").read_text()

SCORE = """
def score(params, *, seed, settings):
    return {"value": 10.0 * params["a"] + seed + 0.01 * params["a"] * seed, "<b>": 1.0}
"""
STUDY = """
title = "Two <levels>"
objective = "two:score"
baseline = { a = 1, b = "<i>" }
[grid]
metric = "value"
seeds = 3
[grid.factors]
a = [1, 2]
b = ["<i>", "x"]
[[claims]]
says = "a matters most"
factor = "a"
expect = { matters_most = true }
[search]
metric = "value"
trials = 4
finalists = 2
confirm_seeds = 2
[search.space]
a = { low = 1, high = 9 }
"""


@pytest.fixture
def two(folder):
    """A folder with `two.toml`, entered."""
    folder.write("two.py", SCORE)
    folder.write("two.toml", STUDY)
    with folder.inside():
        yield folder


def test_a_grid_is_run_asked_and_shown(two, capsys):
    study = Study("two.toml")
    assert study.run_grid(workers=1) == Trained(epochs=9, left=0)
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(r"9 points trained in .+ with 1 worker\.\n", told.err)
    assert study.run_grid(seeds=range(3), quiet=True) == Trained(epochs=0, left=0)
    assert capsys.readouterr().err == ""
    found = study.summary()
    assert found.answer.headline.startswith("Use a 2")
    level = found.grid.factor("a").level(2)
    assert level.verdict is Verdict.BETTER
    assert level.difference.low > 9
    only = study.summary(["b"])
    assert [factor.name for factor in only.grid.factors] == ["b"]
    assert only.answer.headline == found.answer.headline


def test_a_search_is_run_with_its_confirmation(two):
    study = Study(Path("two.toml"), name="other", runs=two.path / "elsewhere")
    done = study.run_search(trials=4, sampler="random", workers=1, quiet=True)
    assert done.left == 0
    found = study.summary()
    assert found.grid is None
    assert found.search.confirmed.mean.value > 10
    assert {"search-history", "search-timeline"} <= set(found.figures)
    assert "Finalists, trained again on fresh seeds" in found._repr_html_()
    assert set(found.frame("trials")["study"]) == {"search", "confirm"}
    assert (two.path / "elsewhere" / "hpstudy.db").exists()


def test_settings_are_compared(two):
    study = Study("two.toml")
    found = study.compare({"a": 3}, looks=(2, 3), workers=1, quiet=True)
    assert found.best.verdict is Verdict.BETTER
    assert found.best.difference.value == pytest.approx(20.0, abs=0.1)
    assert found.best.seeds == 2
    with pytest.raises(UserError, match="has announced looks"):
        study.compare({"a": 3}, until=5, workers=1, quiet=True)


def test_tables_are_data_frames_and_figures_plotly_s(two):
    study = Study("two.toml")
    study.run_grid(workers=1, quiet=True)
    found = study.summary()
    levels = found.frame("levels").set_index(["factor", "level"])
    assert levels.loc[("a", 2), ["seeds", "diverged", "verdict"]].tolist() == [3, 0, "better"]
    difference = found.grid.factor("a").level(2).difference
    ends = levels.loc[("a", 2), ["difference", "difference_low", "difference_high"]].tolist()
    assert ends == [difference.value, difference.low, difference.high]
    assert found.frame("claims")["verdict"].tolist() == ["supported"]
    trials = found.frame("trials")
    assert len(trials) == 9
    assert list(trials)[:4] == ["study", "number", "state", "value"]
    assert found.frame("epochs")["<b>"].eq(1).all()
    assert found.frame("steps").empty
    assert all(isinstance(figure, go.Figure) for figure in found.figures.values())
    assert "effect-a" in found.figures


def test_what_is_not_known_of_any_level_is_a_number_that_is_missing(two):
    study = Study("two.toml")
    study.run_grid(seeds=1, workers=1, quiet=True)  # one seed: no interval, no p, no seeds needed
    levels = study.summary().frame("levels")
    for name in ("low", "difference_low", "p", "seeds_needed", "peak_memory_mb"):
        assert levels[name].dtype == float
        assert levels[name].isna().all()


def test_a_notebook_shows_the_answer_and_the_tables_escaped(two):
    study = Study("two.toml")
    assert study._repr_html_() == (
        "<p>Nothing run yet: sqlite:///runs/hpstudy.db holds no study &#39;two&#39;</p>"
    )
    study.run_grid(workers=1, quiet=True)
    html = study._repr_html_()
    assert html == study.summary()._repr_html_()
    for text in ("Two &lt;levels&gt;", study.summary().answer.headline, "&lt;i&gt;", "Claims"):
        assert text in html
    assert "<i>" not in html
    assert html.count("Intervals, in brackets, cover 95 %") == 1


def test_without_pandas_it_says_what_to_install(two, monkeypatch):
    study = Study("two.toml")
    study.run_grid(seeds=1, workers=1, quiet=True)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match="^a data frame needs pandas: pip install pandas$"):
        study.summary().frame("levels")


WRONG = [
    (lambda: Study("tow.toml"), "tow.toml: no such study file; did you mean 'two.toml'?"),
    (lambda: Study("two.toml", name="a/b"), "--name: expected a name without '/'"),
    (lambda: Study("two.toml", keep="much"), "--keep: expected a size"),
    (lambda: Study("two.toml").summary(), "Nothing run yet: "),
    (lambda: Study("two.toml").summary(["c"]), "--factor: expected one of a, b, found 'c'"),
    (
        lambda: Study("two.toml").run_grid(factors="cd"),
        "--factor: expected one of a, b, found 'cd'",
    ),
    (lambda: Study("two.toml").write_report(), "Nothing run yet: "),
    (lambda: Study("two.toml").export(), "Nothing run yet: "),
    (lambda: Study("two.toml").run_grid(seeds=[]), "--seeds: expected a number of seeds"),
    (lambda: Study("two.toml").run_grid(seeds=[-1]), "--seeds: expected a number of seeds"),
    (lambda: Study("two.toml").run_grid(workers=0), "--workers: expected a whole number of at"),
    (lambda: Study("two.toml").run_grid(device="tpu"), "--device: expected auto, cpu"),
    (lambda: Study("two.toml").run_search(trials=0), "--trials: expected a whole number of at"),
    (lambda: Study("two.toml").run_grid(threads=2000), "--threads: expected at most 1024, found"),
    (lambda: Study("two.toml").run_search(confirm=101), "--confirm: expected at most 100, found"),
    (lambda: Study("two.toml").run_search(seed=1.5), "--seed: expected 0 to 99"),
    (lambda: Study("two.toml").run_search(timeout="soon"), "--timeout: expected a duration"),
    (lambda: Study("two.toml").run_search(sampler="grid"), "--sampler: expected tpe, gp, random"),
]


@pytest.mark.parametrize(("ask", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_is_one_line(two, ask, message: str):
    with pytest.raises(UserError) as error:
        ask()
    assert f"{error.value}".startswith(message)
    assert len(f"{error.value}".splitlines()) == 1
    assert not (two.path / "runs").exists()


def test_an_unknown_table_is_refused(two):
    study = Study("two.toml")
    study.run_grid(seeds=1, workers=1, quiet=True)
    with pytest.raises(UserError, match="^expected one of the tables \"levels\", .+, found 'x'$"):
        study.summary().frame("x")


def test_where_a_program_goes_its_files_and_messages_go_along(two, monkeypatch):
    study = Study("two.toml")
    study.run_grid(seeds=1, workers=1, quiet=True)
    away = two.path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    assert study.write_report("it.html") == away / "it.html"
    assert study.write_report() == two.path / "runs" / "report" / "two.html"
    assert study.run_grid(seeds=1, quiet=True) == Trained(epochs=0, left=0)
    assert list(study.export("here").values()) == [3, 3, 0]
    (away / "file").touch()
    with pytest.raises(UserError, match="^file/it.html: can't be written: file is no folder$"):
        study.write_report("file/it.html")


def run_script(folder, text: str, **options) -> subprocess.Popen[str]:
    folder.write("script.py", text)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "script.py"]
    return subprocess.Popen(command, cwd=folder.path, **pipes, **options)


def test_the_readme_s_example_runs(folder):
    for name in ("mine.toml", "mine.py", "ask.py"):
        code = re.search(rf"```\w+\n(# {name}\n.*?)```", README, re.DOTALL)[1]
        folder.write(name, code)
    run = run_script(folder, (folder.path / "ask.py").read_text())
    out, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    assert out.splitlines()[0].startswith(("Keep the baseline", "Use "))
    assert "[6 rows x " in out
    assert out.splitlines()[-1] == f"{folder.path / 'report.html'}"
    assert "Plotly" in (folder.path / "rate.html").read_text()
    assert re.fullmatch(r"15 points trained in .+ with 2 workers\.\n", err)


def test_a_script_without_a_guard_is_told_what_it_lacks(folder):
    run = run_script(folder, 'import hpstudy\nhpstudy.Study("walk.toml").run_grid(workers=1)\n')
    _, err = run.communicate(timeout=120)
    assert run.returncode == 1
    assert err.count("Traceback") == 2  # the worker's, and its own
    last = err.splitlines()[-1]
    assert last.startswith("hpstudy.errors.UserError: a worker could not begin")
    assert 'if __name__ == "__main__":' in last
    assert folder.trained() == []


def test_ctrl_c_raises_and_keeps_what_is_finished(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.3"))
    text = """
from hpstudy import Study
if __name__ == "__main__":
    study = Study("walk.toml")
    try:
        study.run_grid(workers=1)
    except KeyboardInterrupt:
        print(len(study.summary().frame("epochs")))
"""
    run = run_script(folder, text)
    folder.wait_for(lambda: len(folder.trained()) >= 2)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (0, "")
    assert 1 <= int(out) < 8  # the second may have been on its way into the database
