"""Which packages' versions stand beside a training."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

STUDY = """
title = "Libraries"
objective = "{objective}"
[baseline]
a = 1
[grid.factors]
a = [1, 2]
"""

SCORE = """
{top}


def score(params, *, seed, settings):
    {inside}
    return float(params["a"])
"""


@pytest.mark.parametrize(
    ("files", "objective", "expected"),
    [
        ({"mine.py": ("import yaml", "pass")}, "mine:score", {"PyYAML"}),
        ({"mine.py": ("import json", "import PIL.Image")}, "mine:score", {"pillow"}),
        ({"mine.py": ("import json", "if seed < 0: import PIL")}, "mine:score", set()),
        (
            {"mine.py": ("import other", "pass"), "other.py": ("from yaml import load", "pass")},
            "mine:score",
            {"PyYAML"},
        ),
        (
            {
                "pack/__init__.py": ("", "pass"),
                "pack/inner.py": ("from . import near", "pass"),
                "pack/near.py": ("from PIL import Image", "pass"),
                "stranger.py": ("import yaml", "pass"),
            },
            "pack.inner:score",
            {"pillow"},
        ),
    ],
    ids=["imported", "imported late", "never imported", "by a module beside", "by its package"],
)
def test_the_report_names_what_the_objective_imports(folder, files, objective, expected):
    for name, (top, inside) in files.items():
        folder.write(name, SCORE.format(top=top, inside=inside))
    folder.write("mine.toml", STUDY.format(objective=objective))
    folder.run("grid", "mine.toml", "--workers", "1")
    page = folder.path / folder.run("report", "mine.toml").stdout.strip()
    origin = page.read_text().partition('id="origin"')[2]
    told = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", origin))
    libraries = {"PyYAML", "pillow"} & set(told)
    assert libraries == expected
    assert all(told[name] == version(name) for name in expected | {"optuna", "hpstudy"})
