"""Two folders' modules of one name in one process, and modules that change."""

from __future__ import annotations

import importlib
import pickle
import sys
import sysconfig
from pathlib import Path

import pytest

from hpstudy.objective import Runtime, load_objective


def score(folder: Path, name: str = "mine:score", **params):
    training = load_objective(name, folder).start(params, seed=0, settings={}, runtime=Runtime())
    return training.epoch()["value"]


def written(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def mine(value: object) -> str:
    return f"def score(params, *, seed, settings):\n    return {value}\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path


def test_each_folder_has_its_own_module_of_a_name(here: Path):
    one, two = written(here / "a", mine=mine(1)), written(here / "b", mine=mine(2))
    assert [score(one), score(two), score(one)] == [1, 2, 1]
    assert load_objective("mine:score", two).source_file() == two / "mine.py"


def test_modules_beside_the_objective_are_of_its_folder_too(here: Path):
    text = "from helpers import value\n" + mine("value")
    one = written(here / "a", mine=text, helpers="value = 1")
    two = written(here / "b", mine=text, helpers="value = 2")
    assert [score(one), score(two), score(one)] == [1, 2, 1]


def test_packages_beside_the_objective_are_of_its_folder_too(here: Path):
    for number, folder in enumerate([here / "a", here / "b"]):
        written(folder)
        written(folder / "pack", __init__="", inner="from pack.near import value\n" + mine("value"))
        written(folder / "pack", near=f"value = {number}")
        written(folder / "bare", inner=mine(number + 10))
    names = ["pack.inner:score", "bare.inner:score"]
    found = [[score(here / folder, name) for name in names] for folder in "aba"]
    assert found == [[0, 10], [1, 11], [0, 10]]


def test_folders_within_folders_need_no_init_file(here: Path):
    written(here / "a")
    written(here / "a" / "b", inner="from .near import value\n" + mine("value"), near="value = 7")
    assert [score(here, "a.b.inner:score") for _ in range(2)] == [7, 7]


def test_a_file_that_has_changed_is_loaded_anew_however_fast(here: Path):
    folder = written(here, mine="from helpers import value\n" + mine("value"), helpers="value = 1")
    assert score(folder) == 1
    for value in (2, 3, 4):  # of the same length, within the second that Python's cache looks at
        written(folder, helpers=f"value = {value}")
        assert score(folder) == value


def test_a_file_that_has_not_changed_is_imported_once(here: Path):
    told = "with open(f'{__file__}.log', 'a') as log:\n    log.write('imported ')\n"
    folder = written(here, mine=told + mine(1))
    assert [score(folder), score(folder)] == [1, 1]
    assert (folder / "mine.py.log").read_text() == "imported "


def test_a_module_that_failed_is_tried_again_when_it_is_mended(here: Path):
    folder = written(here, mine="import helpers\n" + mine("helpers.value"), helpers="1 / 0")
    with pytest.raises(Exception, match=r"helpers\.py:1: ZeroDivisionError"):
        score(folder)
    written(folder, helpers="value = 5")
    assert score(folder) == 5


CLASS = """
class Mine:
    version = 1
    def __init__(self, params, *, seed, settings, runtime):
        from helpers import value
        self.value = value
    def epoch(self): return {"value": self.value}
    def state_dict(self): return {}
    def load_state_dict(self, state): ...
    @classmethod
    def layers(cls, params, *, settings):
        from helpers import value
        import later
        return [value, later.value]
"""


def test_what_is_imported_late_is_of_the_objectives_folder(here: Path):
    one = written(here / "a", mine=CLASS, helpers="value = 1", later="value = 10")
    two = written(here / "b", mine=CLASS, helpers="value = 2", later="value = 20")
    first, second = (load_objective("mine:Mine", folder) for folder in (one, two))
    for _ in range(2):
        assert first.layers({}, settings={}) == [1, 10]
        assert second.layers({}, settings={}) == [2, 20]
    assert [score(one, "mine:Mine"), score(two, "mine:Mine")] == [1, 2]
    assert first.source_file() == one / "mine.py"


def test_nothing_is_left_on_the_path_or_among_the_modules(here: Path):
    path, modules = [*sys.path], dict(sys.modules)
    objective = load_objective("mine:Mine", written(here, mine=CLASS, helpers="value = 1"))
    objective.start({}, seed=0, settings={}, runtime=Runtime())
    assert sys.path == path
    assert not [name for name in set(sys.modules) - set(modules) if name in ("mine", "helpers")]


def test_a_module_of_that_name_that_is_loaded_already_stays_as_it_is(here: Path, monkeypatch):
    own = written(here / "a", mine=mine(1), helpers="value = 1")
    other = written(
        here / "b", mine="import helpers\n" + mine("helpers.value"), helpers="value = 2"
    )
    monkeypatch.syspath_prepend(f"{own}")
    loaded = {name: importlib.import_module(name) for name in ("mine", "helpers")}
    try:
        assert score(other) == 2
        written(own, mine=mine(33))
        assert score(own) == 33  # the file as it is now, whatever was imported of it
        assert loaded == {name: sys.modules[name] for name in loaded}
        assert pickle.loads(pickle.dumps(loaded["mine"].score)) is loaded["mine"].score
    finally:
        for name in loaded:
            del sys.modules[name]


def test_installed_packages_are_loaded_once_for_all(here: Path):
    text = "import filelock\n" + mine("id(filelock)")
    one, two = written(here / "a", mine=text), written(here / "b", mine=text)
    assert score(one) == score(two) == id(importlib.import_module("filelock"))
    built_in = [load_objective("hpstudy.mnist:CnnTraining", folder) for folder in (one, two)]
    assert [objective.source_file() for objective in built_in] == [None, None]


def test_a_folder_that_holds_python_itself_keeps_none_of_its_modules(here: Path, monkeypatch):
    written(here, installed="import colorsys\n" + mine(1))
    monkeypatch.syspath_prepend(f"{here}")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert score(Path(sysconfig.get_path("stdlib")).parent.parent, "installed:score") == 1
    assert "colorsys" in sys.modules


WORKS = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from helpers import twice

def score(params, *, seed, settings):
    from late import more
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return more + pool.submit(twice, params["x"]).result()
"""


def test_a_worker_and_the_processes_that_it_starts_find_the_folders_modules(folder):
    folder.write("studies/mine.py", WORKS)
    folder.write("studies/helpers.py", "def twice(x):\n    return 2 * x\n")
    folder.write("studies/late.py", "more = 100")
    folder.write(
        "studies/mine.toml",
        'title = "t"\nobjective = "mine:score"\n[baseline]\nx = 1\n[grid.factors]\nx = [1, 2]\n',
    )
    levels = folder.json("grid", "studies/mine.toml")["grid"]["factors"][0]["levels"]
    assert [level["mean"] for level in levels] == [102, 104]
