from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpstudy.errors import UserError
from hpstudy.objective import Runtime, Step, load_objective, predictions_of, steps_of

MODULE = """
import functools

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

def by_name(depth, rate): ...
def nothing_given(): ...
def no_settings(params, *, seed): ...
def wants_more(params, *, seed, settings, model): ...
async def later(params, *, seed, settings): ...
def yielding(params, *, seed, settings): yield 1.0
def of_text(params, *, seed, settings): ...
of_text.version = "2"
class Careless(Whole):
    devices = staticmethod(lambda: 1 / 0)
    def check(self, params, settings): ...
    @classmethod
    def estimate(cls, params, *, settings): return params["lr"]
    @classmethod
    def prepare(cls, **_): raise OSError("disk full")
    layers = 3
partial = functools.partial(score)
def anything(*args, **kwargs): return 1.0
def spare(params, seed, settings, verbose=False): return 1.0
built_in = max

class NoEpoch:
    def __init__(self, params, *, seed, settings, runtime): ...
    def state_dict(self): ...
    def load_state_dict(self, state): ...
class OldInit(Whole):
    def __init__(self, params, seed): ...
class NoInit(NoEpoch):
    __init__ = object.__init__
    def epoch(self): ...
class Numbered(Whole):
    def epoch(self, number): ...
class Stateless(Whole):
    def load_state_dict(self): ...
class Unversioned:
    def __init__(self, params, **rest): ...
    def epoch(self): ...
    def state_dict(self): ...
    def load_state_dict(self, state, strict=True): ...
class Halved(Whole):
    version = 1.5
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mod.py").write_text(MODULE)
    return tmp_path


def load(home: Path, name: str):
    return load_objective(f"mod:{name}", home)


def test_a_function_is_a_training_of_one_epoch(home: Path):
    objective = load(home, "score")
    assert not objective.keeps_state
    assert objective.version == 1
    training = objective.start({"x": 1}, seed=2, settings={"y": 4}, runtime=Runtime())
    assert training.epoch() == {"value": 7}
    assert steps_of(training) == ()
    assert predictions_of(training) is None


def test_a_function_may_return_several_metrics_and_state_its_version(home: Path):
    objective = load(home, "several")
    assert objective.version == 2
    training = objective.start({}, seed=0, settings={}, runtime=Runtime())
    assert training.epoch() == {"loss": 1.0}


def test_a_class_gives_its_optional_parts(home: Path):
    objective = load(home, "Whole")
    assert objective.keeps_state
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
    with pytest.raises(UserError, match="--device: expected auto.* cpu here, found 'tpu'"):
        objective.device("tpu")


def test_a_module_may_put_something_else_in_its_place(home: Path):
    swapped = "SimpleNamespace(score=lambda params, *, seed, settings: 1.0)"
    start = "import sys\nfrom types import SimpleNamespace\n"
    (home / "swapped.py").write_text(f"{start}sys.modules[__name__] = {swapped}\n")
    assert not load_objective("swapped:score", home).keeps_state


def test_only_an_objective_beside_the_study_file_has_a_source_to_watch(home: Path):
    assert load(home, "score").source_file() == home / "mod.py"
    assert load_objective("hpstudy.mnist:CnnTraining", home).source_file() is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Half", "a Training class needs .*missing state_dict, load_state_dict"),
        ("NoEpoch", "a Training class needs the methods epoch, .*; missing epoch"),
        ("number", "expected a Training class or a function, found int"),
        ("nothing", "mod.py has no 'nothing'"),
        ("severl", "has no 'severl'; did you mean 'several'"),
        ("by_name", r"settings\) or, as Optuna has it, \w+\(trial\), found \w+\(depth, rate\)"),
        ("no_settings", r", found no_settings\(params, \*, seed\)"),
        ("wants_more", r", found wants_more\(params, \*, seed, settings, model\)"),
        ("later", "expected a function that returns its result, found one that is async or yields"),
        ("yielding", "expected a function that returns its result, found one that is async or yie"),
        ("of_text", "version: expected a whole number, found '2'"),
        ("Halved", "version: expected a whole number, found 1.5"),
        (
            "OldInit",
            r"expected OldInit\(params, \*, seed, settings, runtime\), found \w+\(params, s",
        ),
        ("NoInit", r"expected NoInit\(params, \*, seed, settings, runtime\), found NoInit\(\)"),
        ("Numbered", r"expected epoch\(self\), found epoch\(self, number\)"),
        ("Stateless", r"expected load_state_dict\(self, state\), found load_state_dict\(self\)"),
    ],
)
def test_what_is_no_objective_is_refused_before_anything_is_trained(
    home: Path, name: str, message: str
):
    with pytest.raises(UserError, match=message) as error:
        load(home, name)
    assert str(error.value).startswith(f"objective 'mod:{name}': ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["anything", "spare", "built_in", "partial", "Unversioned"])
def test_what_can_be_called_as_an_objective_is_one(home: Path, name: str):
    objective = load(home, name)
    assert objective.version == 1
    assert objective.source_file() == home / "mod.py"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda o: o.device("auto"),
            r"devices raised at mod.py:31 in <lambda>: ZeroDivisionError",
        ),
        (lambda o: o.check({}, settings={}), r"check raised: TypeError: Careless.check"),
        (
            lambda o: o.estimate({}, settings={}),
            r"estimate raised at mod.py:34 in estimate: KeyError: 'lr'",
        ),
        (
            lambda o: o.prepare(settings={}, runtime=None),
            "prepare raised at .*: OSError: disk full",
        ),
        (
            lambda o: o.layers({}, settings={}),
            "layers raised: TypeError: 'int' object is not",
        ),
    ],
)
def test_what_an_optional_part_raises_is_one_line_with_its_place(home: Path, ask, message: str):
    with pytest.raises(UserError, match=message) as error:
        ask(load(home, "Careless"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["score", "Whole"])
def test_a_device_is_one_that_there_is_and_that_the_objective_is_told(home: Path, name: str):
    objective = load(home, name)
    assert objective.device("auto") == objective.device("cpu") == "cpu"
    with pytest.raises(UserError, match="expected auto, cpu, cuda or mps, found 'gpu'"):
        objective.device("gpu")
    if not objective.keeps_state:
        with pytest.raises(UserError, match="--device cuda: .* and none is told the device"):
            objective.device("cuda")
        with pytest.raises(UserError, match="--precision bf16: .* none is told the precision"):
            objective.precision("bf16", device="cpu")
    else:
        assert objective.device("cuda") == "cuda"
        assert objective.precision("bf16", device="cpu") == "bf16"


IMPORTS = [
    ("import not_installed_anywhere", r"py:1: ModuleNotFoundError: No module named 'not_inst"),
    ("x = 1\n1 / 0", r"py:2: ZeroDivisionError: division by zero"),
    ("def f(:", r"py:1: SyntaxError: invalid syntax"),
    ("def f():\n\traise KeyError('lr')\n\nf()", r"py:2 in f: KeyError: 'lr'"),
    ("import sys\n\nsys.exit(3)", r"py:3: it calls sys.exit\(3\); .* if __name__ == .__main__.:"),
    ("raise SystemExit", r"py:1: it calls sys.exit\(\); what a script"),
    ("import argparse\np = argparse.ArgumentParser()\np.add_argument('x')\np.parse_args([])",
     r"py:4: it calls sys.exit\(2\)"),
    ("import json\njson.loads('{')", r"py:2: JSONDecodeError"),
    (
        "class E(BaseException):\n\tdef __str__(self): 1 / 0\nraise E",
        "py:3: E: .its text can't be had: ZeroDivisionError",
    ),
    ("raise ValueError('two\\nlines, \\x1b[31m and \\udcff' + 'x' * 10**6)",
     r"py:1: ValueError: two lines, \\x1b.31m and \\udcffx+…$"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), IMPORTS, ids=[m for _, m in IMPORTS])
def test_a_module_that_does_not_import_is_one_line_with_its_place(home: Path, text, message: str):
    (home / "broken.py").write_text(text)
    with pytest.raises(UserError, match=f"importing it failed: broken.{message}") as error:
        load_objective("broken:f", home)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_an_interruption_while_it_is_imported_is_none_of_its_errors(home: Path):
    (home / "stopped.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_objective("stopped:f", home)


def test_a_module_that_is_not_there_is_one_line(home: Path):
    with pytest.raises(UserError, match="no module 'nowhere_at_all' in .* or on sys.path$"):
        load_objective("nowhere_at_all:f", home)
    with pytest.raises(UserError, match="no module .* did you mean 'mod'"):
        load_objective("mdo:f", home)


def test_a_file_with_the_name_of_another_module_is_named(home: Path):
    (home / "json.py").write_text(MODULE)
    with pytest.raises(UserError, match="has no 'score'; it hides json.py beside the study file"):
        load_objective("json:score", home)


def test_a_module_is_imported_once_a_process_and_prints_nothing_among_results(folder):
    told = """
import os
print("imported")
with open("imports.log", "a") as log:
    log.write(f"{os.getpid()}\\n")
"""
    folder.write("walk.py", told + (folder.path / "walk.py").read_text())
    printed = folder.run_apart("grid", "walk.toml", "--json", env={"HPSTUDY_PUBLISH": "1"}).stdout
    document = json.loads(printed)
    assert document["grid"]["trials"]["complete"] == 4
    processes = (folder.path / "imports.log").read_text().split()
    assert len(processes) == len(set(processes)) > 0


def test_a_step_is_plain_data():
    assert Step(10, 0.5, 0.9) == Step(seen=10, loss=0.5, accuracy=0.9)


def test_pictures_and_layers_are_optional(home: Path):
    plain = load(home, "Whole")
    assert plain.pictures(settings={}, runtime=Runtime()) is None
    assert plain.layers({"x": 1}, settings={}) == ()


@pytest.mark.parametrize(
    ("estimate", "message"),
    [
        ("sys.exit(0)", "estimate called sys.exit(0)"),
        ("5", "estimate: expected an Estimate, found int"),
    ],
)
def test_a_hook_that_ends_the_program_or_returns_something_else(folder, estimate, message):
    folder.write(
        "odd.py",
        f"""
import sys


def score(params, *, seed, settings):
    return 1.0


score.estimate = lambda params, *, settings: {estimate}
""",
    )
    folder.write(
        "odd.toml",
        'title = "t"\nobjective = "odd:score"\n[baseline]\nx = 1\n[grid.factors]\nx = [1, 2]\n',
    )
    said = folder.run("grid", "odd.toml", code=2).stderr
    assert said == f"Error: objective 'odd:score': {message}\n"


def test_a_hook_that_raises_says_where_and_nothing_is_written(folder):
    folder.write(
        "hooked.py",
        """
import os


def score(params, *, seed, settings):
    return 1.0


def estimate(params, *, settings):
    print("to stdout")
    os.system("echo to stdout too")
    return {}["cost"]


score.estimate = estimate
""",
    )
    folder.write(
        "hooked.toml",
        'title = "t"\nobjective = "hooked:score"\n[baseline]\nx = 1\n[grid.factors]\nx = [1, 2]\n',
    )
    result = folder.run_apart("grid", "hooked.toml", "--json", code=2)
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        "Error: objective 'hooked:score': estimate raised at hooked.py:12 in estimate: "
        "KeyError: 'cost'"
    )
    assert not (folder.path / "runs").exists()
