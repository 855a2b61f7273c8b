"""The words of a page, from the command line: none that the study has nothing of."""

from __future__ import annotations

import re

import pytest

FUNCTION = """
def loss(params, *, seed, settings):
    return 1 + params["a"] / 100 + seed / 1000
"""

GRID = """
title = "Less is better"
objective = "plain:loss"
[baseline]
a = 1
[grid]
direction = "minimize"
[grid.factors]
a = [3, 1, 2]
"""

SEARCH = """
title = "A small search"
objective = "plain:loss"
[baseline]
a = 1
[search]
metric = "value"
direction = "minimize"
trials = {trials}
confirm_seeds = 0
[search.space]
a = {{ low = 1, high = 9 }}
"""


@pytest.fixture
def written(folder):
    """Runs a study of a plain function and returns the text of its page and its figures' words."""

    def write(command: str, study: str, *options: str) -> str:
        folder.write("plain.py", FUNCTION)
        folder.write("plain.toml", study)
        folder.run(command, "plain.toml", "--workers", "1", *options)
        page = (folder.path / folder.run("report", "plain.toml").stdout.strip()).read_text()
        body, _, data = page.partition('<script type="application/json" id="figures">')
        figures = data.partition("</script>")[0]
        labels = re.findall(r'"(?:text|title|name|hovertemplate)": ?"([^"]*)"', figures)
        aloud = re.findall(r'aria-label="([^"]*)"', body)
        told = re.sub(r"<style>.*?</style>|<[^>]*>", " ", body, flags=re.S)
        return "\n".join([" ".join(told.split()), *labels, *aloud])

    return write


@pytest.mark.parametrize(
    ("command", "study", "options"),
    [
        ("grid", GRID, ()),
        ("grid", GRID, ("--seeds", "0,1,2")),
        ("search", SEARCH.format(trials=4), ()),
    ],
)
def test_a_function_has_neither_epochs_nor_memory_nor_pruning(written, command, study, options):
    told = written(command, study, *options)
    for word in ("epoch", "checkpoint", "validation", "memory", "pruned", "MiB"):
        assert word not in told.lower()
    assert "less is better" in told


def test_nor_has_its_search_on_the_terminal(folder):
    folder.write("plain.py", FUNCTION)
    folder.write("plain.toml", SEARCH.format(trials=3).replace("seeds = 0", "seeds = 1"))
    plan = folder.run("search", "plain.toml", "--plan").stdout
    done = folder.run("search", "plain.toml", "--workers", "1")
    for told in (plan, done.stdout, done.stderr):
        assert re.search("epoch|checkpoint|prune|training data", told) is None
    assert "value: less is better." in done.stdout


def test_nor_has_it_on_the_terminal(folder):
    folder.write("plain.py", FUNCTION)
    folder.write("plain.toml", GRID)
    plan = folder.run("grid", "plain.toml", "--plan").stdout
    done = folder.run("grid", "plain.toml", "--workers", "1")
    for told in (plan, done.stdout, done.stderr):
        assert re.search("epoch|checkpoint", told) is None
    assert "3 trainings" in plan
    assert "value: less is better." in done.stdout
    assert re.search(r"3 points trained in [\d:]+ with 1 worker\.", done.stderr)


@pytest.mark.parametrize(
    ("command", "study"),
    [("grid", GRID.replace("[3, 1, 2]", "[1]")), ("search", SEARCH.format(trials=1))],
)
def test_one_thing_is_not_several(written, command, study):
    told = written(command, study)
    assert re.search(r"\b1 (point|trial)\b", told)
    assert re.search(r"\b1 (points|trials|levels|trainings|threads)\b", told) is None


def test_a_table_s_rows_stand_as_the_levels_on_the_axis(written):
    told = written("grid", GRID, "--seeds", "0,1,2")
    rows = re.search(r"needed.*?(1 1\.011.*?)Intervals", told) or re.search(
        r"verdict.*?(1 1\.011.*?)Intervals", told
    )
    assert re.findall(r"\b([123]) 1\.0\d\d", rows[1]) == ["1", "2", "3"]


def test_a_training_speaks_of_its_epochs(folder):
    folder.run("grid", "walk.toml", "--seeds", "0,1")
    page = (folder.path / folder.run("report", "walk.toml").stdout.strip()).read_text()
    assert re.search(r"\d+ epochs row by row, \d+ trained", page)
    assert "less is better" not in page
