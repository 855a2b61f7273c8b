"""Optuna's own kind of objective: what tells it, and what its trial answers."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import optuna
import pytest

import hpstudy
from hpstudy.errors import UserError
from hpstudy.objective import Runtime, load_objective
from hpstudy.objective.optunas import takes_trial
from hpstudy.objective.running_seed import seeded
from hpstudy.objective.trial import GivenTrial, TrialTraining
from hpstudy.objective.whole import Alone


@dataclass
class Heard(Alone):
    """A runner that keeps what it hears, and chooses 7 or what it is told to."""

    number: int = 4
    told: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    notes: dict = field(default_factory=dict)
    chooses: object = 7

    def tell(self, metrics):
        self.told.append(metrics)
        return len(self.told) > 1

    def suggest(self, method, name, *args, **options):
        self.asked.append((method, name, args, options))
        return self.chooses

    def note(self, name, value):
        self.notes[name] = value


def trial(runner=None, **given) -> GivenTrial:
    return GivenTrial({"seed": 3, **given}, runner or Heard())


def test_suggestions_are_answered_by_what_is_given():
    one = trial(lr=0.1, width=8, kind="b", bias=False, depth=2.0, whole=1)
    assert one.suggest_float("lr", 1e-5, 1, log=True) == 0.1
    assert one.suggest_int("width", 4, 64, step=4) == 8
    assert one.suggest_categorical("kind", ["a", "b"]) == "b"
    assert one.suggest_categorical("bias", [True, False]) is False
    depth, whole = one.suggest_int("depth", 1, 3), one.suggest_float("whole", 0, 2)
    assert (type(depth), type(whole)) == (int, float)
    assert one.suggest_int("seed", 0, 10) == 3
    with pytest.warns(FutureWarning):
        assert one.suggest_loguniform("lr", 1e-5, 1) == 0.1
    assert one.params == {
        "lr": 0.1, "width": 8, "kind": "b", "bias": False, "depth": 2, "whole": 1, "seed": 3,
    }  # fmt: skip
    assert one.distributions["width"].step == 4
    assert isinstance(one, optuna.trial.BaseTrial)


def test_what_toml_cannot_write_is_given_by_its_text():
    one = trial(weight="None", layers="(64, 32)")
    assert one.suggest_categorical("weight", [None, "balanced"]) is None
    assert one.suggest_categorical("weight", [None, "balanced"]) is None
    with pytest.warns(UserWarning, match="persistent storage"):
        assert one.suggest_categorical("layers", [(64, 32), (128,)]) == (64, 32)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda t: t.suggest_float("x", 0.1, 0.2), "x = 5 lies outside .* suggests, 0.1 to 0.2$"),
        (lambda t: t.suggest_int("x", 0, 6, step=2), "suggests, 0 to 6 in steps of 2$"),
        (lambda t: t.suggest_int("text", 0, 6), "text = 'a' lies outside .* suggests, 0 to 6$"),
        (lambda t: t.suggest_int("yes", 0, 6), "yes = true lies outside"),
        (lambda t: t.suggest_categorical("yes", [1, 2]), r"yes = true .* suggests, one of \[1, 2"),
    ],
)
def test_a_value_outside_the_objective_s_own_range_is_refused(ask, said):
    with pytest.raises(ValueError, match=said):
        ask(trial(x=5, text="a", yes=True))


def test_what_is_not_given_is_chosen_once():
    runner = Heard()
    one = trial(runner)
    assert [one.suggest_int("k", 1, 9), one.suggest_int("k", 1, 9)] == [7, 7]
    assert runner.asked == [("suggest_int", "k", (1, 9), {"step": 1, "log": False})]
    runner.chooses = "None"
    assert one.suggest_categorical("w", [None, 1]) is None
    assert runner.asked[1][2] == (["None", 1],)
    with pytest.raises(UserError, match="suggests 'k', which it was not given"):
        trial(Alone()).suggest_int("k", 1, 9)


def test_reports_are_epochs_and_pruning_is_the_runner_s():
    runner = Heard(metric="accuracy")
    one = trial(runner)
    assert not one.should_prune()
    for step in (10, 20, 20):
        one.report(step / 100, step)
    assert runner.told == [{"accuracy": 0.1}, {"accuracy": 0.2}]
    assert one.should_prune()


def test_a_trial_has_its_number_its_attributes_and_a_study():
    runner = Heard(direction="minimize")
    one = trial(runner)
    one.set_user_attr("note", [1])
    assert (one.number, one.user_attrs) == (4, {"seed": 3, "note": [1]})
    assert runner.notes == {"note": [1]}
    assert one.datetime_start is not None
    assert one.study.direction == optuna.study.StudyDirection.MINIMIZE
    assert one.study.trials == []


def returning(value, **given):
    training = TrialTraining(lambda trial: value, given, seed=0, settings={"validation": 0})
    return training.run(Heard())


def test_it_returns_a_number_or_metrics():
    assert returning(0.5) == returning([0.5]) == {"value": 0.5}
    assert returning({"loss": 1.0}) == {"loss": 1.0}
    with pytest.raises(TypeError, match=r"it returns 2 values: expected one number, or metrics by"):
        returning((0.5, 3.0))


def test_what_it_draws_without_a_seed_follows_from_its_seed():
    def drawn(seed: int) -> float:
        training = TrialTraining(
            lambda trial: random.random() + np.random.random(), {}, seed=seed, settings={}
        )
        return training.run(Heard())["value"]

    assert drawn(1) == drawn(1) != drawn(2)


def test_settings_answer_too_but_for_hpstudy_s_own():
    def objective(trial):
        return trial.suggest_float("x", 0, 9) + trial.suggest_float("validation", 0, 1)

    training = TrialTraining(objective, {}, seed=0, settings={"x": 2, "validation": 0})
    assert training.run(Heard(chooses=0.5)) == {"value": 2.5}


class Called:
    def __init__(self, factor: float = 2.0) -> None:
        self.factor = factor

    def __call__(self, trial) -> float:
        return self.factor * trial.suggest_float("x", 0, 9)


def with_data(trial, data): ...
def annotated(x: optuna.Trial, data=None): ...
def named(optuna_trial, *, verbose=False): ...
def params(params): ...


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (lambda trial: 1, True),
        (lambda t: 1, True),
        (Called, True),
        (Called(), True),
        (functools.partial(with_data, data=1), True),
        (annotated, True),
        (named, True),
        (with_data, False),
        (params, False),
        (lambda *trial: 1, False),
        (lambda: 1, False),
        (max, False),
        (dict, False),
    ],
)
def test_its_first_parameter_tells_it(target, expected):
    assert takes_trial(target) is expected


MODULE = """
import optuna

class Objective:
    def __call__(self, trial):
        return trial.suggest_float("x", 0, 9)
class Own(Objective):
    def __init__(self): self.layers, self.step, self.check = [64, 32], 1, True
class WithData:
    def __init__(self, data): ...
    def __call__(self, trial): ...
made = Objective()
async def later(trial): ...
class Later:
    async def __call__(self, trial): ...
def runs(trial):
    study = optuna.create_study()
    study.optimize(runs)
def twice(trial, other): ...
if __name__ == "__main__":
    optuna.create_study().optimize(made)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mod.py").write_text(MODULE)
    return tmp_path


@pytest.mark.parametrize("name", ["Objective", "made"])
def test_an_object_or_its_class_is_an_objective(home: Path, name: str):
    objective = load_objective(f"mod:{name}", home)
    assert objective.suggests
    assert not objective.keeps_state
    training = objective.start({"x": 3}, seed=0, settings={}, runtime=Runtime())
    assert training.epoch() == {"value": 3}
    assert objective.source_file() == home / "mod.py"


def test_what_an_object_keeps_for_itself_is_no_hook(home: Path, capsys):
    objective = load_objective("mod:Own", home)
    objective.check({}, settings={})
    assert objective.layers({}, settings={}) == ()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "WithData",
            r"WithData\(\) raised TypeError: .* objective = WithData\(…\).* mod:objective",
        ),
        ("later", "expected a function that returns its result, found one that is async"),
        ("Later", "expected a function that returns its result, found one that is async"),
        (
            "runs",
            r"line 18 calls study.optimize, .* found the one that calls it: study.opt",
        ),
        ("twice", r"expected twice\(params, .*\) or, as Optuna has it, twic"),
    ],
)
def test_what_is_none_is_one_line(home: Path, name: str, said: str):
    with pytest.raises(UserError, match=said) as error:
        load_objective(f"mod:{name}", home)
    assert len(f"{error.value}".splitlines()) == 1


def test_a_file_that_runs_its_study_when_imported_is_not_imported(home: Path):
    text = "import optuna\nopen('ran', 'w')\nstudy = optuna.create_study()\nstudy.optimize(print)"
    (home / "eager.py").write_text(text)
    with pytest.raises(UserError, match="eager.py:4: importing it runs study.optimize, and hpstud"):
        load_objective("eager:objective", home)
    assert not Path("ran").exists()


def test_the_seed_is_known_while_a_training_runs():
    with pytest.raises(UserError, match=r"^hpstudy.seed\(\): no training is running here"):
        hpstudy.seed()
    with seeded(5):
        assert hpstudy.seed() == 5
