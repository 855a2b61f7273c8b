"""`hpstudy init`: a first study file, which loads as it was written."""

from __future__ import annotations

import tomllib

import pytest

from hpstudy.studyfile.find import load_study

TRAIN = """
import argparse
parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
parser.add_argument("--batch-size", type=int, default=64, help="how many at once")
parser.add_argument("--epochs", type=int, default=14, help="how long")
parser.add_argument("--lr", type=float, default=1e-3, help="how fast")
parser.add_argument("--momentum", type=float, default=0.9)
parser.add_argument("--gamma", type=float)
parser.add_argument("--seed", type=int, default=1, help="seed")
parser.add_argument("--save-model", action="store_true", help="saves it")
parser.parse_args()
"""

OBJECTIVE = """
def objective(trial):
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    return lr * trial.suggest_int("width", 1, 9)
"""


def test_an_example_runs_as_it_stands(command):
    out = command.run("init").stdout
    assert out.startswith("Wrote study.toml and objective.py: 2 hyperparameters with values to beg")
    assert out.endswith("Edit it, then: hpstudy check study.toml\n")
    study = load_study(command.path / "study.toml")
    assert study.grid is not None
    assert study.grid.factors == {"lr": [0.001, 0.01, 0.1], "hidden": [32, 64, 128]}
    assert "study.toml: it exists, and nothing is overwritten" in command.error("init")


def test_a_program_is_asked_for_its_help(command):
    command.write("train.py", TRAIN)
    command.run("init", "--metric", "val_loss", "--", "python", "train.py")
    text = (command.path / "train.toml").read_text()
    found = tomllib.loads(text)
    assert found["command"] == ["python", "train.py", "${args}", "--seed=${seed}"]
    assert found["baseline"] == {"batch_size": 64, "epochs": 14, "lr": 0.001, "momentum": 0.9}
    assert found["grid"]["factors"] == {
        "batch_size": [32, 64, 128],
        "lr": [0.0001, 0.001, 0.01],
        "momentum": [0.8, 0.9, 0.95],  # which its source says, and not its help
    }
    assert (found["grid"]["metric"], found["grid"]["direction"]) == ("val_loss", "minimize")
    for line in ('# fidelity = "epochs"', "# gamma", "# save_model = false  # saves it"):
        assert line in text.splitlines()


def test_a_program_without_help_gets_what_is_known(command):
    command.write("silent.py", "import sys\nsys.exit('no such option')\n")
    out = command.run("init", "--", "python", "silent.py").stdout
    assert "0 hyperparameters with values to begin with — fill in [baseline]." in out
    text = (command.path / "silent.toml").read_text()
    assert "# Asked for --help it ended with exit code 1: no such option" in text
    assert tomllib.loads(text)["command"] == ["python", "silent.py", "${args}"]


def test_an_objective_of_optunas_gets_a_search_too(command):
    command.write("sub/mine.py", OBJECTIVE)
    command.run("init", "sub/mine.py:objective")
    study = load_study(command.path / "sub" / "mine.toml")
    assert study.objective == "mine:objective"
    assert study.search is not None
    assert study.search.space["lr"].log
    command.run("init", "sub.mine:objective", "-o", "above.toml")
    assert load_study(command.path / "above.toml").objective == "sub.mine:objective"


def test_a_function_that_needs_it_gets_a_module_that_calls_it(command):
    command.write("mine.py", "def train(lr=0.5, width=4, seed=0):\n    return lr * width + seed\n")
    command.run("init", "mine.py:train")
    command.run("grid", "mine.toml", "--seeds", "1")
    assert "it exists" in command.error("init", "mine.py:train", "-o", "other.toml")
    assert not (command.path / "other.toml").exists()


def test_results_become_a_study_as_an_import_makes_it(command):
    rows = "".join(f"{lr},{seed},{lr + seed / 10}\n" for lr in (0.1, 0.2) for seed in range(3))
    command.write("results.csv", f"lr,seed,acc\n{rows}")
    out = command.run("init", "results.csv", "-o", "mine.toml").stdout
    assert out.endswith("See it by: hpstudy show mine.toml\n")
    assert "lr" in command.run("show", "mine.toml").stdout
    assert load_study(command.path / "mine.toml").imported == "results.csv"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nope.py:f",), "nope.py: no such file; expected mine.py:score, or a program behind --"),
        (("nope:f",), "nope.py: no such file"),
        (("mine.toml",), "mine.toml: expected a Python file, as mine.py:score"),
        ((".",), ".: expected a Python file"),
        (("runs.csv",), "runs.csv: no such file"),
        (("mine.py:g",), "mine.py: no function or class named 'g' (it has f)"),
        (
            ("mine.py:f", "-o", "no/such/x.toml"),
            "--output no/such/x.toml: expected a study file",
        ),
        (("mine.py:f", "-o", "mine.toml"), "mine.toml: it exists, and nothing is overwritten"),
        (("--", "nope-prog"), "nope-prog: can't be started: No such file or directory"),
        (("--", "python", "nope.py"), "python nope.py: can't open file"),
        (("--", "python", "-m", "nope_nope"), "No module named nope_nope"),
        (("--",), "--: expected a program behind it"),
        (("-o", "."), ".: it exists, and nothing is overwritten; give --output"),
        (("-o", "x" * 300), "no path: File name too long"),
        (("x" * 300,), "no path: File name too long"),
        (("x", "--", "python"), "x: expected either this or a program behind --"),
    ],
)
def test_wrong_input_is_a_line_and_writes_nothing(command, args: tuple[str, ...], said: str):
    command.write("mine.py", "def f(params, *, seed, settings): return params['lr']\n")
    command.write("mine.toml", "")
    assert said in command.error("init", *args)
