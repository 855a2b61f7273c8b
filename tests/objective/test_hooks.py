"""What an objective may offer: each name has a protocol that says how."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from hpstudy.objective import HOOKS, hook, hooks, load_objective


def members(protocol: type) -> set[str]:
    names = {*vars(protocol), *inspect.get_annotations(protocol)}
    return {name for name in names if not name.startswith("_")}


def test_each_hook_has_a_protocol_of_its_own():
    kinds = [k for k in vars(hooks).values() if getattr(k, "__module__", "") == hooks.__name__]
    protocols = [kind for kind in kinds if inspect.isclass(kind)]
    assert [members(protocol) for protocol in protocols] == [{name} for name in HOOKS]


def test_a_hook_that_is_not_there_is_none_or_what_stands_for_it():
    assert hook(object(), "check") is None
    assert hook(object(), "version", 1) == 1


@pytest.mark.parametrize(
    "own",
    [
        "default_params, preprocessing = None, [1]",
        "def default_params(self): ...\n    def preprocessing(self, x): ...",
        "default_params = {'layers': [1, 2]}",
    ],
)
def test_what_has_a_hooks_name_and_another_meaning_is_left_alone(tmp_path, own):
    (tmp_path / "elsewhere.py").write_text("class Base: pass\n")
    (tmp_path / "mine.py").write_text(MINE + f"    {own}\n")
    found = load_objective("mine:Mine", tmp_path)
    assert (found.default_params, found.preprocessing) == ({}, "")


MINE = """
from elsewhere import Base


class Mine(Base):
    def __init__(self, params, *, seed, settings, runtime): ...
    def epoch(self): return {"value": 1.0}
    def state_dict(self): return {}
    def load_state_dict(self, state): ...
"""
SCORE = "def score(params, *, seed, settings): return 1.0\n"
MISSPELT = [
    ("def prepair(self): ...", "'prepair'; did you mean 'prepare'?"),
    ("def step(self): ...", "'step'; did you mean 'steps'?"),
    ("quik = {}", "'quik'; did you mean 'quick'?"),
    ("auto_precison = None", "'auto_precison'; did you mean 'auto_precision'?"),
    ("def step(self): self.optimizer.step()", "'step'; did you mean 'steps'?"),
]
ON_PURPOSE = [
    "def step(self): ...\n    def train(self): self.step()",
    "def step(self): ...\n    def steps(self): return []",
    "device = 'cpu'\n    @classmethod\n    def best(cls): return cls.device",
    "picture = 3\nprint(Mine.picture)",
    "_step = 1",
    "layer = 1  # its base has one too",
    "def checkpoint(self): ...\n    def features(self): ...\n    def prepare_data(self): ...",
    "def check(self, params, *, settings): ...",
]


@pytest.fixture
def noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def load(text: str, name: str) -> str:
        (tmp_path / "elsewhere.py").write_text("class Base:\n    layer = 0\n")
        (tmp_path / "mine.py").write_text(text)
        for _ in range(2):
            load_objective(name, tmp_path)
        return capsys.readouterr().err

    return load


@pytest.mark.parametrize(("line", "note"), MISSPELT)
def test_a_name_that_is_close_to_a_hook_is_noted_once(noted, line: str, note: str):
    said = noted(f"{MINE}    {line}\n", "mine:Mine")
    assert said == f"Note: objective 'mine:Mine': nothing asks for {note}\n"


@pytest.mark.parametrize("line", ON_PURPOSE)
def test_a_name_with_a_purpose_of_its_own_is_not_noted(noted, line: str):
    assert "Note" not in noted(f"{MINE}    {line}\n", "mine:Mine")


def test_what_is_set_on_a_function_is_looked_at_too(noted):
    said = noted(f"{SCORE}score.estimat = len\nscore.version = 2\n", "mine:score")
    assert "nothing asks for 'estimat'; did you mean 'estimate'?" in said
    assert not noted(f"{SCORE}score.step = 1\nseen = score.step\n", "mine:score")


def test_the_built_in_objective_is_spelt_well(noted):
    assert not noted("", "hpstudy.mnist:CnnTraining")


def test_workers_say_nothing_of_it_again(folder):
    folder.write("mine.py", f"{SCORE}score.prepair = print\n")
    folder.write("mine.toml", 'title = "t"\nobjective = "mine:score"\n[baseline]\nx = 1\n'
                 "[grid.factors]\nx = [1, 2]\n")  # fmt: skip
    said = folder.run("grid", "mine.toml", "--workers", "2").stderr
    assert said.count("nothing asks for 'prepair'") == 1
