from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy.errors import UserError
from hpstudy.objective import Runtime, Step, load_objective, predictions_of, steps_of

MODULE = """
class Half:
    def epoch(self): ...

class Whole:
    version = 3
    def __init__(self, params, *, seed, settings, runtime):
        self.params = params
    def epoch(self): return {"value": self.params["x"]}
    def state_dict(self): return {}
    def load_state_dict(self, state): ...
    def steps(self): return ["a step"]
    def predictions(self): return b"12"

def score(params, *, seed, settings): return params["x"] + seed + settings["y"]
def several(params, *, seed, settings): return {"loss": 1.0}
several.version = 2
number = 4
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"mod_{tmp_path.name}.py").write_text(MODULE)
    return tmp_path


def load(home: Path, name: str):
    return load_objective(f"mod_{home.name}:{name}", home)


def test_a_function_is_a_training_of_one_epoch(home: Path):
    objective = load(home, "score")
    assert objective.is_function
    assert objective.version == 1
    training = objective.start({"x": 1}, seed=2, settings={"y": 4}, runtime=Runtime())
    assert training.epoch() == {"value": 7}
    assert training.state_dict() == {}
    assert steps_of(training) == ()
    assert predictions_of(training) is None


def test_a_function_may_return_several_metrics_and_state_its_version(home: Path):
    objective = load(home, "several")
    assert objective.version == 2
    training = objective.start({}, seed=0, settings={}, runtime=Runtime())
    assert training.epoch() == {"loss": 1.0}


def test_a_class_gives_its_optional_parts(home: Path):
    objective = load(home, "Whole")
    assert not objective.is_function
    training = objective.start({"x": 5}, seed=0, settings={}, runtime=Runtime())
    assert training.epoch() == {"value": 5}
    assert steps_of(training) == ["a step"]
    assert predictions_of(training) == b"12"
    assert objective.estimate({}, settings={}) is None
    assert objective.quick is None
    objective.check({}, settings={})
    objective.prepare(settings={}, runtime=Runtime())
    assert objective.device("auto") == "cpu"
    assert objective.precision("auto", device="cpu") == "fp32"
    assert objective.precision("bf16", device="cpu") == "bf16"


def test_the_built_in_objective_refuses_a_device_that_is_not_there(tmp_path: Path):
    objective = load_objective("hpstudy.mnist:CnnTraining", tmp_path)
    assert objective.device("auto") in ("cpu", "cuda", "mps")
    with pytest.raises(UserError, match="--device: expected auto, .*cpu.*, found 'tpu'"):
        objective.device("tpu")


def test_only_an_objective_beside_the_study_file_has_a_source_to_watch(home: Path):
    assert load(home, "score").source_file() == home / f"mod_{home.name}.py"
    assert load_objective("hpstudy.mnist:CnnTraining", home).source_file() is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Half", "a Training class needs .*missing version, state_dict, load_state_dict"),
        ("number", "expected a Training class or a function, found int"),
        ("nothing", "has no 'nothing'"),
    ],
)
def test_what_is_no_objective_is_refused(home: Path, name: str, message: str):
    with pytest.raises(UserError, match=message):
        load(home, name)


def test_a_module_that_is_not_there_or_does_not_import_is_one_line(home: Path):
    with pytest.raises(UserError, match="no module 'nowhere_at_all' in"):
        load_objective("nowhere_at_all:f", home)
    (home / f"needs_{home.name}.py").write_text("import not_installed_anywhere")
    with pytest.raises(UserError, match="importing it failed: No module named 'not_installed"):
        load_objective(f"needs_{home.name}:f", home)
    (home / f"broken_{home.name}.py").write_text("1 / 0")
    with pytest.raises(UserError, match="importing it failed: ZeroDivisionError"):
        load_objective(f"broken_{home.name}:f", home)


def test_a_step_is_plain_data():
    assert Step(10, 0.5, 0.9) == Step(seen=10, loss=0.5, accuracy=0.9)


def test_pictures_and_layers_are_optional(home: Path):
    plain = load(home, "Whole")
    assert plain.pictures(settings={}, runtime=Runtime()) is None
    assert plain.layers({"x": 1}, settings={}) == ()
