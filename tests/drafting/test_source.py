"""Functions, classes and Optuna objectives, read and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy.drafting.source import Found, find_in
from hpstudy.errors import UserError
from hpstudy.studyfile.compose import Range

MINE = '''
raise RuntimeError("it is not run")
LOW, most = 1e-5, 3
LEAST = 2**-4
KINDS = ["Adam", "SGD"]


def build(trial):
    for i in range(trial.suggest_int("n_layers", 1, 3)):
        trial.suggest_int(f"units_{i}", 4, 128, log=True)


def objective(trial):
    """Tunes a network."""
    trial.suggest_float("lr", 1e-5, high=1e-1, log=True)
    trial.suggest_float("decay", LEAST, 4 * LEAST, step=0.0625)
    trial.suggest_categorical("optimizer", KINDS)
    trial.suggest_categorical("wide", choices=(True, False))
    trial.suggest_int("width", 16, 64, step=16)
    trial.suggest_float(*unknown)
    build(trial)
    return 0.5


def score(params, *, seed, settings):
    lr, depth = params["lr"], params.get("depth", 4)
    return {"train_loss": lr, "val_accuracy": params["zeta"], "depth": depth}


def plain(lr: float = -0.1, kind: Literal["a", "b"] = "b", *, width=64, rng_seed=0, data="x"):
    """Trains.

    Args:
        width: How wide.
    """


class Net:
    def __init__(self, params, *, seed, settings, runtime):
        self.params = params

    def epoch(self):
        return {"loss": self.params["lr"]}

    def state_dict(self): ...
    def load_state_dict(self, state): ...


class Half:
    def epoch(self): ...


class Heir(Net):
    """Inherits."""


class Callable:
    def __call__(self, trial):
        return trial.suggest_int("depth", 1, 9)


if __name__ == "__main__":
    optuna.create_study(direction="maximize").optimize(objective)
'''


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def found(file: Path, name: str) -> Found:
    return find_in(file, name, "mine")


def test_suggestions_become_ranges_and_what_is_computed_is_said(file):
    subject = found(file, "objective").subject
    known = {one.name: one for one in subject.known}
    assert {name: one.tried for name, one in known.items() if one.tried} == {
        "lr": Range(1e-5, 0.1, log=True),
        "decay": Range(0.0625, 0.25, step=0.0625),
        "width": Range(16, 64, step=16),
        "n_layers": Range(1, 3),
    }
    assert known["optimizer"].choices == ["Adam", "SGD"]
    assert known["wide"].choices == [True, False]
    assert [line.partition(":")[2].partition("(")[0] for line in subject.left] == [
        " trial.suggest_float",
        " trial.suggest_int",
    ]
    assert (subject.title, subject.objective) == ("Tunes a network", "mine:objective")
    assert subject.direction == "maximize"
    assert known["lr"].levels() == [1e-5, 0.001, 0.1]
    assert known["n_layers"].levels() == [1, 2, 3]
    assert known["decay"].base in (0.125, 0.1875)
    assert known["width"].base in (32, 48)


def test_what_a_function_reads_of_params_is_found(file):
    subject = found(file, "score").subject
    assert {one.name: one.default for one in subject.known} == {
        "lr": 0.001,
        "depth": 4,
        "zeta": None,
    }
    assert subject.metric == "val_accuracy"


def test_a_class_has_a_fidelity(file):
    subject = found(file, "Net").subject
    assert (subject.fidelity, subject.metric) == ("epochs", "loss")
    assert {one.name: one.default for one in subject.known} == {"lr": 0.001, "epochs": 5}


def test_a_class_may_inherit_or_be_called_with_a_trial(file):
    assert found(file, "Heir").subject.fidelity == "epochs"
    assert [one.tried for one in found(file, "Callable").subject.known] == [Range(1, 9)]


def test_a_function_with_arguments_of_its_own_gets_a_wrapper(file):
    one = found(file, "plain")
    known = {known.name: known for known in one.subject.known}
    assert known["lr"].default == -0.1
    assert (known["kind"].default, known["kind"].choices) == ("b", ["a", "b"])
    assert known["width"].says == "How wide."
    assert one.subject.objective == "mine_objective:objective"
    assert "return plain(**params, rng_seed=seed)" in one.wrapper
    compile(one.wrapper, "mine_objective.py", "exec")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("scor", "no function or class named 'scor' .*did you mean 'score'"),
        ("", "expected which of its functions or classes, as .*mine.py:build"),
        ("Half", "Half is no Training class: it lacks load_state_dict and state_dict"),
    ],
)
def test_what_is_not_there_is_said(file, name: str, said: str):
    with pytest.raises(UserError, match=said):
        found(file, name)


def test_what_is_no_python_is_said(tmp_path):
    for text, said in (
        ("def (", "bad.py:1: expected Python"),
        ("\0", "expected Python"),
        ("", "nei"),
    ):
        (tmp_path / "bad.py").write_text(text)
        with pytest.raises(UserError, match=said):
            find_in(tmp_path / "bad.py", "f", "bad")
