from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hpstudy import studyfile
from hpstudy.errors import UserError
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.find import find_study, load_study

GOOD = """
title = "T"
objective = "m:f"
fidelity = "epochs"
[settings]
head = "a"
[baseline]
lr = 0.1
epochs = 2
[grid]
[grid.factors]
lr = [0.1, 1]
epochs = [2, 4]
[published.lr]
"0.1" = 0.5
"""


def load(tmp_path: Path, text: str) -> StudyFile:
    file = tmp_path / "s.toml"
    file.write_text(text)
    return load_study(file)


def test_the_report_holds_every_published_figure_and_claim():
    study = load_study(find_study("report"))
    assert study.full_baseline() == {"lr": 0.001, "epochs": 5, "hidden": 512, "batch_size": 100}
    assert {f: len(levels) for f, levels in study.grid.factors.items()} == {
        "epochs": 3,
        "lr": 4,
        "hidden": 4,
        "batch_size": 4,
    }
    printed = {
        (factor, level): study.published_figure(factor, level)
        for factor, levels in study.grid.factors.items()
        for level in levels
    }
    assert printed == {
        ("epochs", 5): 0.9878,
        ("epochs", 10): 0.9880,
        ("epochs", 20): 0.9858,
        ("lr", 0.1): 0.1135,
        ("lr", 0.01): 0.1280,
        ("lr", 0.001): 0.9878,
        ("lr", 0.0001): 0.9805,
        ("hidden", 512): 0.9878,
        ("hidden", 1024): 0.9890,
        ("hidden", 2048): 0.9880,
        ("hidden", 4096): 0.9838,
        ("batch_size", 64): 0.9884,
        ("batch_size", 100): 0.9878,
        ("batch_size", 256): 0.9845,
        ("batch_size", 1024): 0.9832,
    }
    assert len(study.claims) == 10
    assert {c.factor for c in study.claims} == set(study.grid.factors)
    assert study.search.trials == 50


def test_how_many_examples_published_figures_are_of_may_stand_beside_them(tmp_path: Path):
    assert load(tmp_path, GOOD).published.test_examples is None
    study = load(
        tmp_path, GOOD.replace("[published", "[published]\ntest_examples = 500\n[published")
    )
    assert study.published.test_examples == 500
    assert study.published_figure("lr", 0.1) == 0.5
    assert pickle.loads(pickle.dumps(study)) == study  # as a worker gets it


def test_every_field_is_described():
    def fields(model):
        for name, field in model.model_fields.items():
            yield name, field.description
            for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
                if hasattr(inner, "model_fields"):
                    yield from fields(inner)

    described = dict(fields(StudyFile))
    assert "matters_most" in described
    assert [name for name, description in described.items() if not description] == []


def test_whole_numbers_beside_floats_become_floats(tmp_path: Path):
    study = load(tmp_path, GOOD)
    assert [type(v) for v in study.grid.factors["lr"]] == [float, float]
    assert [type(v) for v in study.grid.factors["epochs"]] == [int, int]


def test_a_factor_may_name_a_setting_or_the_precision(tmp_path: Path):
    text = GOOD.replace("[grid.factors]", '[grid.factors]\nhead = ["a", "b"]\nprecision = ["fp32"]')
    study = load(tmp_path, text)
    assert study.full_baseline() == {"lr": 0.1, "epochs": 2, "head": "a", "precision": "fp32"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[grid]", "[gird]", "gird: unknown key; expected title, .* did you mean 'grid'"),
        ("[grid]", "[grid]\nseed = 1", "grid.seed: unknown key; .*did you mean 'seeds'"),
        ("title", "# title", "title: missing"),
        ('"m:f"', '"m.f"', "objective: expected module:name .* found 'm.f'"),
        ("[0.1, 1]", "[1, 2]", r"grid.factors.lr: .* own value 0.1 \(baseline.lr\) .*\[1.0, 2.0\]"),
        (
            "[0.1, 1]",
            '[0.1, "x"]',
            "grid.factors.lr: expected .* one kind, found numbers and text",
        ),
        (
            "[0.1, 1]",
            "[0.1, true]",
            "grid.factors.lr: expected levels .* found numbers and true or false",
        ),
        ("[0.1, 1]", "[0.1, nan]", r"grid.factors.lr\[2\]: expected a finite number, found nan"),
        ("[0.1, 1]", "[0.1, [2]]", r"grid.factors.lr\[2\]: expected a number, text, true or false"),
        ("[0.1, 1]", "[]", "grid.factors.lr: expected at least 1 of them"),
        ("[0.1, 1]", "[0.1, 0.1]", "grid.factors.lr: expected each value once"),
        ("lr = [0.1, 1]", "epoch = [2]", "grid.factors.epoch: .* did you mean 'epochs'"),
        ("[2, 4]", "[2, 4.5]", "baseline.epochs: the fidelity expects whole numbers from 1"),
        ("[2, 4]", "[2, 0]", "baseline.epochs: the fidelity expects .* found 0"),
        ('"epochs"', '"epoch"', "fidelity: expected a key of .* found 'epoch'"),
        ('"0.1" =', '"0.3" =', r"published.lr.0.3: expected one of its levels \[0.1, 1.0\]"),
        ("published.lr", "published.rl", "published.rl: expected a factor"),
        (
            "[grid]",
            '[metrics]\nvalu = { unit = "s" }\n[grid]',
            "metrics.valu: expected a metric that is",
        ),
        ("[grid]", '[metrics]\nvalue = { unit = "<b>" }\n[grid]', "metrics.value.unit: "),
        (
            "[grid]",
            '[metrics]\nvalue = { unit = "a very long one" }\n[grid]',
            "metrics.value.unit: ",
        ),
        ("[grid]", "[grid]\nseeds = [-1]", r"grid.seeds\[1\]: expected at least 0, found -1"),
        ("[grid]", "[grid]\nseeds = [true]", r"grid.seeds\[1\]: expected a whole number"),
        ("[grid]", '[grid]\ndirection = "up"', "grid.direction: expected 'maximize' or"),
        ("[baseline]", "[baseline]\nseed = 1", "baseline.seed: seeds are given in grid.seeds"),
        ("lr = [0.1, 1]", "seed = [1, 2]", "grid.factors.seed: seeds are given in grid.seeds"),
        ("[baseline]", "[baseline", "not TOML: .*line 7"),
    ],
)
def test_what_a_study_file_may_not_say(tmp_path: Path, old: str, new: str, message: str):
    assert old in GOOD
    with pytest.raises(UserError, match=message) as error:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "s.toml"))


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ('factor = "rl"\nlevel = 0.1\nexpect = {best = true}', r"claims\[1\].factor: .* 'rl'"),
        ('factor = "lr"\nlevel = 7.0\nexpect = {best = true}', r"claims\[1\].level: .* 7.0"),
        ('factor = "lr"\nlevel = 1\nexpect = {higher_than = 3.0}', r"claims\[1\].level: .* 3.0"),
        ('factor = "lr"\nlevel = 1\nexpect = {}', r"claims\[1\].expect: expected exactly one"),
        ('factor = "lr"\nlevel = 1\nexpect = {bset = true}', r"did you mean 'best'"),
    ],
)
def test_what_a_claim_may_not_say(tmp_path: Path, claim: str, message: str):
    with pytest.raises(UserError, match=message):
        load(tmp_path, f'{GOOD}\n[[claims]]\nsays = "so"\n{claim}')


@pytest.mark.parametrize(
    ("dimension", "message"),
    [
        ("{ low = 1 }", "expected low and high, or choices"),
        ("{ low = 3, high = 1 }", "expected low <= high, found 3 > 1"),
        ("{ low = 0, high = 1, log = true }", "log = true expects low > 0"),
        ('{ choices = ["a"], low = 1 }', "expected either choices, or low and high, not both"),
    ],
)
def test_what_a_dimension_may_not_say(tmp_path: Path, dimension: str, message: str):
    with pytest.raises(UserError, match=f"search.space.lr: {message}"):
        load(tmp_path, f"{GOOD}\n[search]\n[search.space]\nlr = {dimension}")


def test_study_files_are_found_by_path_and_by_name(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_study("report").read_text().startswith("# A published student report")
    own = tmp_path / "studies" / "report.toml"
    own.parent.mkdir()
    own.write_text(GOOD)
    assert load_study(find_study("report")).title == "T"
    assert find_study("studies/report.toml") == Path("studies/report.toml")
    with pytest.raises(UserError, match="no study named 'reprot'.*did you mean 'report'"):
        find_study("reprot")
    with pytest.raises(UserError, match="nowhere.toml: no such study file"):
        find_study("nowhere.toml")


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_read(tmp_path: Path):
    file = tmp_path / "s.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_study(file).title == "T"


@pytest.mark.parametrize("kind", ["list", "1", "true", '"text"', "{ a = [1, 2.5] }"])
def test_settings_come_as_they_are(tmp_path: Path, kind: str):
    value = {"list": [1, "a", False], "1": 1, "true": True, '"text"': "text"}.get(kind)
    text = '[1, "a", false]' if kind == "list" else kind
    study = load(tmp_path, GOOD.replace('head = "a"', f"head = {text}"))
    assert repr(study.settings["head"]) == repr(value or {"a": [1, 2.5]})


def test_a_large_whole_number_that_a_float_holds_is_a_level(tmp_path: Path):
    study = load(tmp_path, GOOD.replace("[2, 4]", f"[2, {2**53}, {2**60}]"))
    assert study.grid.factors["epochs"] == [2, 2**53, 2**60]


def test_every_key_is_documented():
    def keys(section: dict[str, Any]) -> Iterator[str]:
        yield from section.get("properties", {})
        for part in section.get("$defs", {}).values():
            yield from keys(part)

    asked = set(keys(StudyFile.model_json_schema()))
    assert {"grid", "expect", "confirm_looks", "log"} <= asked
    assert not [key for key in asked if not re.search(rf"[`\[ .]{key}\b", studyfile.__doc__)]


def test_a_study_that_was_imported_names_no_objective_until_it_is_to_train(tmp_path: Path):
    study = load(tmp_path, GOOD.replace('objective = "m:f"', 'imported = "results.csv"'))
    with pytest.raises(UserError, match=r"imported from results\.csv and names no objective: add"):
        study.trained()
