"""The structure: imports go down only, and each part knows only what it may."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "hpstudy"
# From the ground up: a part imports from the lines above its own only.
GROUND_UP = """
errors expected numeric sampler
metric raised seeds files datasets
wording
objective
pictures studyfile store
mnist results importing
plans analysis drafting
running charts
summary
views
study
cli
__main__
"""
FLOORS = {part: n for n, line in enumerate(GROUND_UP.splitlines()) for part in line.split()}
# Who, though on a floor above, doesn't know whom.
APART = {
    ("charts", "plans"),
    ("mnist", "store"),
    ("mnist", "studyfile"),
    ("running", "analysis"),
    ("summary", "charts"),
    ("summary", "plans"),
    ("summary", "running"),
}
HEAVY = {"torch", "torchvision", "optuna", "sqlalchemy", "plotly", "typer", "rich"}
MAY_NOT = {
    "mnist": {"optuna", "sqlalchemy", "plotly", "typer", "rich"},
    "running": {"torch", "torchvision", "plotly", "typer", "rich", "scipy", "statsmodels"},
    "plans": {"torch", "torchvision", "plotly", "typer", "rich", "scipy", "statsmodels"},
    "analysis": {"torch", "torchvision", "plotly", "typer", "rich"},
    "results": {"torch", "torchvision", "plotly", "typer", "rich"},
    "charts": {"torch", "torchvision", "sqlalchemy", "typer", "rich"},
    "views": {"torch", "torchvision", "sqlalchemy", "typer"},
    "study": {"torch", "torchvision", "plotly", "optuna", "typer", "rich"},
    "sampler": {"sqlalchemy", "torch"},
    "errors": HEAVY,
    "expected": HEAVY | {"pydantic"},
    "drafting": HEAVY - {"optuna"},
    "studyfile": HEAVY - {"optuna"},
}


def part(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "hpstudy":
            found |= {f"hpstudy.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if part(file) != "__init__"]


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(PACKAGE)) for f in FILES])
def test_imports_go_down_only(file: Path):
    own = part(file)
    for name in imports(file):
        top, *inside = name.split(".")
        if top == "hpstudy" and inside and inside[0] in FLOORS:
            assert inside[0] == own or FLOORS[inside[0]] < FLOORS[own], name
            assert (own, inside[0]) not in APART, name
        assert top not in MAY_NOT.get(own, set()), name


def attributes(file: Path) -> set[str]:
    return {
        node.attr
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(PACKAGE)) for f in FILES])
def test_what_a_trial_is_is_told_in_one_place(file: Path):
    if part(file) not in {"store", "charts"}:
        assert not attributes(file) & {"intermediate_values", "user_attrs"}


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(PACKAGE)) for f in FILES])
def test_few_open_the_database(file: Path):
    nodes = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.ImportFrom)]
    taken = {alias.name for n in nodes if n.module == "hpstudy.store.database" for alias in n.names}
    if part(file) not in {"cli", "study"} and file.stem not in {"worker", "pool", "connections"}:
        assert not taken & {"open_database", "reading", "writing"}
        assert "open_database" not in attributes(file)
    if part(file) not in {"store"}:
        assert "dispose" not in attributes(file)


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(PACKAGE)) for f in FILES])
def test_which_direction_is_better_is_asked_of_the_metric(file: Path):
    texts = {n.value for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Constant)}
    if part(file) != "metric" and file.name != "sections.py":  # where a study file says it
        assert "maximize" not in texts


# What runs code that data hold. A notebook's function, and a cluster's orders, are sent to workers
# so, by the process that they work for.
RUNS_CODE = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "yaml"}
MAY_RUN_CODE = {
    ("objective/given.py", "cloudpickle"),
    ("running/cluster.py", "pickle"),
    ("running/remote.py", "pickle"),
}
CALLS_CODE = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(PACKAGE)) for f in FILES])
def test_nothing_that_is_read_is_run(file: Path):
    own = str(file.relative_to(PACKAGE))
    used = {name.split(".")[0] for name in imports(file)} & RUNS_CODE
    assert {(own, name) for name in used} <= MAY_RUN_CODE
    for call in (
        node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)
    ):
        if isinstance(call.func, ast.Name):
            assert call.func.id not in CALLS_CODE
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        assert "allow_pickle" not in options
        if ast.unparse(call.func) in ("torch.load", "torch.jit.load", "np.load"):
            assert ast.unparse(options["weights_only"]) == "True"


def test_every_part_has_its_floor():
    assert {part(file) for file in FILES} == set(FLOORS)


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(PACKAGE)) for f in FILES])
def test_no_file_outgrows_its_readers(file: Path):
    assert len(file.read_text().splitlines()) <= 320
