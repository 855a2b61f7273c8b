"""What users see of one study, word for word: it changes only where it is meant to.

`pytest tests/test_pins.py --repin` writes the files of `tests/pins` anew; `git diff` then shows
what reads otherwise.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna_dashboard import get_note

from hpstudy.store.records import Identity
from hpstudy.store.studies import FINGERPRINT

PINS = Path(__file__).parent / "pins"
COMMANDS = (
    "",
    "init",
    "check",
    "grid",
    "search",
    "compare",
    "train",
    "predict",
    "import",
    "show",
    "report",
    "export",
    "dashboard",
    "data",
    "clean",
    "delete",
)
# What differs from run to run.
TIMES = re.compile(r"about \d+ s|(?<=seconds_left\": )[^,\n]+")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, folder_at):
    """A grid and a search of a study whose values, times and memory are the same every time."""
    made = folder_at(tmp_path_factory.mktemp("pins"))
    for name in ("mine.py", "pins.toml"):
        shutil.copy(PINS / name, made.path / name)
    made.run("grid", "pins.toml", "--publish")
    made.run("search", "pins.toml", "--sampler", "random", "--publish")
    return made


@pytest.fixture
def pinned(pytestconfig: pytest.Config):
    """Compares a text with the file of its name."""

    def compare(name: str, text: str) -> None:
        told = "\n".join(line.rstrip() for line in TIMES.sub("…", text).splitlines()) + "\n"
        if pytestconfig.getoption("--repin"):
            (PINS / name).write_text(told, encoding="utf-8")
        assert told == (PINS / name).read_text(encoding="utf-8")

    return compare


def rounded(value: Any) -> Any:
    """Leaves out the digits in which machines differ."""
    match value:
        case float():
            return float(f"{value:.9g}")
        case dict():
            return {key: rounded(one) for key, one in value.items()}
        case list():
            return [rounded(one) for one in value]
    return value


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("show", ["show", "pins.toml"]),
        ("grid-plan", ["grid", "pins.toml", "--plan"]),
        ("search-plan", ["search", "pins.toml", "--plan"]),
    ],
)
def test_texts_and_documents_stay(finished, pinned, name: str, args: list[str]):
    pinned(f"{name}.txt", finished.run(*args, env={"COLUMNS": "200"}).stdout)
    document = json.dumps(rounded(finished.json(*args)), indent=1, ensure_ascii=False)
    pinned(f"{name}.json", document)


def test_notes_stay(finished, pinned):
    for section in ("grid", "search"):
        study = optuna.load_study(study_name=f"pins/{section}", storage=finished.url)
        pinned(f"note-{section}.md", get_note(study))


def test_help_stays(finished, pinned):
    pages = [finished.run(*command.split(), "--help").stdout for command in COMMANDS]
    pinned("help.txt", "\n".join(pages))


def test_figures_stay(finished, pinned):
    finished.run("report", "pins.toml", "--output", "page.html")
    html = (finished.path / "page.html").read_text()
    pinned("figures.txt", "\n".join(dict.fromkeys(re.findall(r'id="figure-([^"]+)"', html))))


def test_exported_columns_stay(finished, pinned):
    finished.run("export", "pins.toml")
    lines = []
    for file in sorted((finished.path / "runs").rglob("*.csv")):
        with file.open() as rows:
            lines.append(f"{file.name}: {', '.join(next(csv.reader(rows)))}")
    assert lines
    pinned("export.txt", "\n".join(lines))


def test_keys_of_trainings_stay(finished):
    # Every epoch that anyone has trained is found by such a key.
    identity = Identity("m", 1, {"lr": 0.1, "w": 8}, {"images": 9}, 3, "fp32", "cpu", 1)
    assert identity.key == "33f9d9247ace3bb731e7de1e8ae6edc2"
    study = optuna.load_study(study_name="pins/grid", storage=finished.url)
    assert study.user_attrs[FINGERPRINT] == {
        "objective": "mine:Score",
        "version": 1,
        "settings": {"test_images": 10000, "validation": 0},
        "metric": "test_accuracy",
        "direction": "maximize",
        "fidelity": "epochs",
        "device": "cpu",
        "precision": "fp32",
        "threads": 1,
    }
