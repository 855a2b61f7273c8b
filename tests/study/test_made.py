"""A study made in Python from a function, without a file."""

from __future__ import annotations

import functools
import threading
from pathlib import Path

import numpy as np
import pytest

from hpstudy import Study, UserError
from hpstudy.running.course import Trained
from hpstudy.studyfile.find import load_study

CELL = """
import numpy

scale = numpy.float64(10.0)

def score(params, *, seed, settings):
    return scale * params["a"] + seed + 0.01 * params["a"] * seed + settings.get("more", 0)

def objective(trial):
    a = trial.suggest_float("a", 0.1, 9)
    for step in range(3):
        trial.report(a * step, step)
    return {"height": a * 3 + a * trial.user_attrs["seed"] ** 2 % 7}

class Climb:
    def __init__(self, params, *, seed, settings, runtime):
        self.step, self.height = params["a"], 0.0
    def epoch(self):
        self.height += self.step
        return {"height": self.height}
    def state_dict(self): return {"height": self.height}
    def load_state_dict(self, state): self.height = state["height"]

async def later(params, *, seed, settings): ...
def strange(x, y): ...
unnamed = lambda params, *, seed, settings: 1.0
"""
BASELINE = {"a": 1}


@pytest.fixture
def cell(folder):
    """What a notebook's cell defines, in a folder that is entered."""
    names = {"__name__": "__main__"}
    exec(CELL, names)
    with folder.inside():
        yield names


def test_a_function_needs_no_file(cell, folder, capsys):
    study = Study(cell["score"], baseline=BASELINE, settings={"more": 1})
    assert repr(study) == "Study('__main__.of_score:score', name='score')"
    assert study.run_grid({"a": [2, np.int64(3)]}, seeds=range(3), workers=1) == Trained(9, left=0)
    assert capsys.readouterr().err.startswith("9 points trained in ")
    level = study.summary().grid.factor("a").level(3)
    assert level.difference.value == pytest.approx(20.02)
    assert study.run_grid({"a": [2, 3, 4]}, seeds=3, quiet=True) == Trained(3, left=0)
    assert study.report(Path("it.html")) == folder.path / "it.html"
    # Another program, or the notebook's next kernel, goes on from there.
    again = Study(cell["score"], baseline=BASELINE, settings={"more": 1}, runs=Path("runs"))
    assert [row.level for row in again.summary().grid.factor("a").levels] == [1, 2, 3, 4]
    assert again.run_grid(quiet=True) == Trained(0, left=0)


def test_commands_show_it_by_its_name(cell, folder):
    study = Study(cell["score"], baseline=BASELINE, name="steps", unit="m", direction="minimize")
    study.run_grid({"a": (2,)}, seeds=2, workers=1, quiet=True)
    file = load_study(folder.path / "runs/studies/steps.toml")
    assert file == study.file
    assert file.metrics["value"].unit == "m"
    assert "Keep the baseline" in folder.run("show", "steps").stdout
    out, err = folder.run("report", "steps")
    assert (out.strip(), err) == ("runs/report/steps.html", "")
    line = folder.error("grid", "steps")
    assert line.startswith(
        "steps.toml: score was given to hpstudy.Study(…) in Python, and is train"
    )


def test_an_objective_of_optuna_s_is_searched_and_confirmed(cell):
    study = Study(cell["objective"], baseline=BASELINE, metric="height", name="up")
    space = {"a": {"low": 0.5, "high": 8.0, "log": True}}
    options = {"trials": 5, "confirm": 3, "workers": 1, "quiet": True}
    assert study.search(space, sampler="random", **options).left == 0
    found = study.summary().search
    assert found.results.goes_by_epochs
    assert found.confirmed.mean.value > 3
    assert study.search(**options) == Trained(0, left=0)


def test_a_class_goes_on_epoch_by_epoch(cell):
    given = {"metric": "height", "fidelity": "epochs"}
    study = Study(cell["Climb"], baseline={"a": 1, "epochs": 2}, **given)
    done = study.run_grid({"a": [2], "epochs": [4]}, seeds=1, workers=1, quiet=True)
    assert done == Trained(epochs=6, left=0)  # the longer one contains the baseline


def test_its_version_tells_it_from_what_it_was(cell):
    study = Study(cell["score"], baseline=BASELINE)
    study.run_grid({"a": [2]}, seeds=1, workers=1, quiet=True)
    later = Study(cell["score"], baseline=BASELINE, version=2)
    with pytest.raises(UserError, match="version was 1, is now 2; give --name"):
        later.run_grid(quiet=True)
    other = Study(cell["score"], baseline=BASELINE, version=2, name="other")
    assert other.run_grid({"a": [2]}, seeds=1, workers=1, quiet=True) == Trained(2, left=0)


def holding_a_lock():
    lock = threading.Lock()
    names = {"__name__": "__main__", "lock": lock}
    exec("def score(params, *, seed, settings):\n    with lock: return 1.0", names)
    return names["score"]


def grid(function, levels=None, **given):
    return Study(function, **{"baseline": BASELINE, **given}).run_grid(levels or {"a": [2]})


WRONG = [
    (lambda c: Study(c["score"]), 'Study: expected baseline, such as baseline={"lr": 0.1}, besi'),
    (lambda c: Study("walk.toml", baseline=BASELINE), "Study: expected a function beside baseline"),
    (
        lambda c: Study(c["unnamed"], baseline=BASELINE),
        "Study: expected a function with a name (de",
    ),
    (lambda c: Study(c["score"], baseline=BASELINE).run_grid(), "Study: expected what is to be t"),
    (
        lambda c: Study(c["score"], baseline=BASELINE).search(),
        "Study: expected what is to be t",
    ),
    (lambda c: grid(c["score"], direction="up"), "Study: direction: expected 'maximize' or 'mini"),
    (
        lambda c: grid(c["score"], baseline={"a": None}),
        "Study: baseline.a: expected a number, text",
    ),
    (lambda c: grid(c["score"], name="a/b"), "--name: expected a name without '/', found 'a/b'"),
    (
        lambda c: grid(c["later"]),
        "objective '__main__.of_later:later': expected a function that re",
    ),
    (lambda c: grid(c["strange"]), "objective '__main__.of_strange:strange': expected strange(par"),
    (lambda c: grid(c["score"], {"b": [1]}), "Study: grid.factors.b: expected a key of [baseline]"),
    (
        lambda c: grid(c["score"], {"a": "12"}),
        "Study: a: expected levels, such as [0.1, 0.01], fou",
    ),
    (
        lambda c: grid(c["score"], {"a": ["x"]}),
        "Study: grid.factors.a: expected levels and baselin",
    ),
    (lambda c: grid(holding_a_lock()), "score can't be sent to the workers, which are processes: "),
    (
        lambda c: Study(c["score"], baseline=BASELINE).search({"a": (2, 3)}),
        "Study: search.space.a: expected a range that holds the baseline's 1",
    ),
    (
        lambda c: Study(functools.partial(c["score"]), baseline=BASELINE).summary(),
        "Nothing run yet: ",
    ),
]


@pytest.mark.parametrize(("ask", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_is_one_line_and_nothing_is_written(cell, folder, ask, message):
    with pytest.raises(UserError) as error:
        ask(cell)
    assert f"{error.value}".startswith(message)
    assert len(f"{error.value}".splitlines()) == 1
    assert not (folder.path / "runs").exists()


FAILS = """
import numpy
def score(params, *, seed, settings):
    return numpy.linalg.inv(numpy.zeros((2, 3)))
"""


def test_it_is_compared_before_anything_else_and_says_where_it_fails(cell):
    study = Study(cell["score"], baseline=BASELINE)
    found = study.compare({"a": 3}, looks=(2, 3), workers=1, quiet=True)
    assert found.best.difference.value == pytest.approx(20.0, abs=0.1)
    assert study.file.grid is None
    names = {"__name__": "__main__"}
    exec(FAILS, names)
    study = Study(names["score"], baseline=BASELINE, name="fails")
    assert study.run_grid({"a": [2]}, seeds=1, workers=1, quiet=True) == Trained(0, left=2)
    assert study.summary().grid.results.failed[0].error.startswith("line 4 in score: LinAlgError: ")
