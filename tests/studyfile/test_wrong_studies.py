"""What a study file may not say: each wrong value is one line that names file and key."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from hpstudy.errors import UserError
from hpstudy.studyfile.find import load_study

GOOD = """
title = "T"
objective = "toy:score"
[settings]
head = "a"
[baseline]
lr = 0.1
depth = 2
kind = "a"
wide = true
[grid]
metric = "value"
direction = "maximize"
validation = 0
seeds = [0]
targets = [0.5]
equal_within = 0.1
looks = [3, 5]
[grid.factors]
lr = [0.1, 1.0]
depth = [1, 2]
kind = ["a", "b"]
wide = [true, false]
[published.lr]
"0.1" = 0.5
[[claims]]
says = "so"
factor = "lr"
level = 0.1
expect = { below = 0.5 }
[metrics]
value = { unit = "s" }
[search]
metric = "value"
direction = "maximize"
validation = 0
trials = 5
finalists = 3
confirm_seeds = 3
confirm_metric = "value"
[search.space]
lr = { low = 0.01, high = 1.0, log = true }
depth = { low = 1, high = 9, step = 1 }
kind = { choices = ["a", "b"] }
"""

BIG = f"{10**400}"
A_NUMBER = "expected a number, found"
A_WHOLE = "expected a whole number, found"
A_TABLE = "expected a table, found"
GIVE_BACK = "expected a number that the database can give back"

# What is replaced, by what, and what the one line must say after the file's name.
WRONG = [
    # Keys that are not there, or not known.
    ('title = "T"', "", "title: missing; expected the study in a few words"),
    ('objective = "toy:score"', "", "objective: missing; expected module:name of a Training"),
    ("[baseline]", "[base]", "base: unknown key; expected title, .*did you mean 'baseline'"),
    ("[settings]", "[setings]", "setings: unknown key; .*did you mean 'settings'"),
    ("trials = 5", "trails = 5", "search.trails: unknown key; .*did you mean 'trials'"),
    ("seeds = [0]", "seed = [0]", "grid.seed: unknown key; .*did you mean 'seeds'"),
    ("low = 1,", "lo = 1,", "search.space.depth.lo: unknown key; .*did you mean 'low'"),
    ("below", "bellow", r"claims\[1\].expect.bellow: unknown key; .*did you mean 'below'"),
    ("says =", "say =", r"claims\[1\].say: unknown key; .*did you mean 'says'"),
    ('says = "so"', "", r"claims\[1\].says: missing; expected the claim in words"),
    # Values of another kind, key by key.
    ('"T"', "3", "title: expected text, found 3"),
    ('"T"', '""', "title: expected some text, found ''"),
    ('"T"', r'"\u001b[31m"', "title: expected text without control characters, found '.*x1b"),
    (
        'choices = ["a", "b"]',
        r'choices = ["a", "\u001b[31m"]',
        r"search.space.kind.choices\[2\]: expected text without control characters",
    ),
    ('head = "a"', "validation = 9", "settings: validation stands in .grid. and .search., not"),
    ('"toy:score"', "3", "objective: expected text, found 3"),
    ('"toy:score"', '""', "objective: expected some text"),
    ('title = "T"', 'title = "T"\nfidelity = 3', "fidelity: expected text, found 3"),
    ('title = "T"', 'title = "T"\nfidelity = "dept"', "fidelity: .*did you mean 'depth'"),
    ('title = "T"', 'title = "T"\nfidelity = "lr"', "baseline.lr: the fidelity expects whole num"),
    ('[settings]\nhead = "a"', "settings = 3", "settings: expected a table, found 3"),
    ('head = "a"', "head = nan", "settings.head: expected finite numbers, found nan"),
    ('head = "a"', "head = [1, inf]", r"settings.head: expected finite numbers, found \[1, inf\]"),
    ('head = "a"', f"head = {BIG}", "settings.head: expected whole numbers of at most 64 bits, fo"),
    ('head = "a"', "head = 2020-01-01", "settings.head: expected .* tables of them, found 2020-01"),
    ("depth = 2", "depth = [2]", r"baseline.depth: expected a number, text, .* found \[2\]"),
    ("depth = 2", "depth = inf", "baseline.depth: expected a finite number, found inf"),
    ("depth = 2", f"depth = {BIG}", f"baseline.depth: {GIVE_BACK}.*, found 1000.* characters"),
    ("depth = 2", "depth = 9007199254740993", f"baseline.depth: {GIVE_BACK}.*, found 9007199254"),
    ("depth = 2", "depth = 12:30:00", "baseline.depth: expected a number, .* found 12:30:00"),
    ("depth = 2", '"" = 2\ndepth = 2', "baseline: expected hyperparameters with a name, found ''"),
    ("depth = 2", 'precision = "x"\ndepth = 2', "baseline.precision: expected fp32 or bf16, as"),
    ("depth = 2", "seed = 2\ndepth = 2", "baseline.seed: seeds are given in grid.seeds"),
    ("depth = 2", "validation = 2\ndepth = 2", "baseline.validation: the search's confirmation"),
    ('"value"\ndirection', '""\ndirection', "grid.metric: expected some text, found ''"),
    ('"value"\ndirection', "5\ndirection", "grid.metric: expected text, found 5"),
    ('"maximize"', '"max"', "grid.direction: expected 'maximize' or 'minimize', found 'max'"),
    ("validation = 0", "validation = -1", "grid.validation: expected at least 0, found -1"),
    ("validation = 0", "validation = true", f"grid.validation: {A_WHOLE} true"),
    ("validation = 0", "validation = 0.5", f"grid.validation: {A_WHOLE} 0.5"),
    ("validation = 0", 'validation = "0"', f"grid.validation: {A_WHOLE} '0'"),
    ("seeds = [0]", "seeds = 0", "grid.seeds: expected a number of seeds such as 3 .*found '?0"),
    ("seeds = [0]", "seeds = -1", "grid.seeds: expected a number of seeds such as 3 .*found '?-1"),
    ("seeds = [0]", 'seeds = "four"', "grid.seeds: expected a number of seeds .*found 'four'"),
    ("seeds = [0]", "seeds = 99999999", "grid.seeds: expected at most 10,000 seeds, found"),
    ("seeds = [0]", "seeds = []", r"grid.seeds: expected at least 1 of them, found \[\]"),
    ("seeds = [0]", "seeds = [-1]", r"grid.seeds\[1\]: expected at least 0, found -1"),
    ("seeds = [0]", "seeds = [true]", rf"grid.seeds\[1\]: {A_WHOLE} true"),
    ("seeds = [0]", "seeds = true", "grid.seeds: expected a list, found true"),
    ("seeds = [0]", "seeds = [9007199254740993]", r"grid.seeds\[1\]: expected at most 90071"),
    ("seeds = [0]", f"seeds = [{BIG}]", r"grid.seeds\[1\]: expected at most 9007199254740992, f"),
    ("looks = [3, 5]", "metric_epochs = 0", "grid.metric_epochs: expected at least 1, found 0"),
    ("looks = [3, 5]", "metric_epochs = 1.5", f"grid.metric_epochs: {A_WHOLE} 1.5"),
    ("looks = [3, 5]", "metric_epochs = 3", "grid.metric_epochs: expected fidelity beside it, as"),
    ("trials = 5", "metric_epochs = 3", "search.metric_epochs: expected fidelity beside it, as"),
    ("targets = [0.5]", "targets = 0.5", "grid.targets: expected a list, found 0.5"),
    ("targets = [0.5]", "targets = [nan]", r"grid.targets\[1\]: expected a finite number, found n"),
    ("targets = [0.5]", 'targets = ["x"]', rf"grid.targets\[1\]: {A_NUMBER} 'x'"),
    ("within = 0.1", "within = 0", "grid.equal_within: expected more than 0, found 0"),
    ("within = 0.1", "within = inf", "grid.equal_within: expected a finite number, found inf"),
    ("within = 0.1", 'within = "0.3"', f"grid.equal_within: {A_NUMBER} '0.3'"),
    ("looks = [3, 5]", "looks = 3", "grid.looks: expected a list, found 3"),
    ("looks = [3, 5]", "looks = []", r"grid.looks: expected at least 1 of them, found \[\]"),
    ("looks = [3, 5]", "looks = [1, 3]", r"grid.looks\[1\]: expected at least 2, found 1"),
    ("looks = [3, 5]", "looks = [3, 3]", r"grid.looks: .* that rise, .*, found \[3, 3\]"),
    ("looks = [3, 5]", "looks = [5, 3]", r"grid.looks: .* that rise, .*, found \[5, 3\]"),
    ("looks = [3, 5]", "looks = [3, 99999]", r"grid.looks\[2\]: expected at most 10000, found 99"),
    # Levels.
    ("lr = [0.1, 1.0]", "lr = 0.1", "grid.factors.lr: expected a list, found 0.1"),
    ("lr = [0.1, 1.0]", "lr = []", r"grid.factors.lr: expected at least 1 of them, found \[\]"),
    ("lr = [0.1, 1.0]", "lr = { low = 1 }", "grid.factors.lr: expected a list, found . low = 1 ."),
    ("[0.1, 1.0]", "[0.1, nan]", r"grid.factors.lr\[2\]: expected a finite number, found nan"),
    ("[0.1, 1.0]", "[0.1, true]", "grid.factors.lr: .*one kind, found numbers and true or false"),
    ("[0.1, 1.0]", "[0.1, 0.10]", r"grid.factors.lr: expected each value once, found \[0.1, 0.1"),
    ("[1, 2]", "[1, 1.0, true]", "grid.factors.depth: .*one kind, found whole numbers, numbers a"),
    ("[1, 2]", "[2, 2.0]", r"grid.factors.depth: expected each value once, found \[2.0, 2.0\]"),
    ("[1, 2]", "[2, 1152921504606846977]", rf"grid.factors.depth\[2\]: {GIVE_BACK}"),
    ("[1, 2]", f"[2, {BIG}]", rf"grid.factors.depth\[2\]: {GIVE_BACK}"),
    ("[1, 2]", "[1, 3]", r"grid.factors.depth: .*own value 2 \(baseline.depth\) among .*\[1, 3\]"),
    ("[true, false]", '["true"]', "grid.factors.wide: .*one kind, found text and true or false"),
    ('["a", "b"]', '["b", "c"]', "grid.factors.kind: expected the baseline's own value 'a'"),
    ("lr = [0.1", "rl = [0.1", "grid.factors.rl: expected a key of .baseline. or .settings."),
    ("lr = [0.1", "seed = [0.1", "grid.factors.seed: seeds are given in grid.seeds"),
    # Figures and claims.
    ('"0.1" = 0.5', '"0.1" = "x"', f"published.lr.0.1: {A_NUMBER} 'x'"),
    ('"0.1" = 0.5', '"0.1" = nan', "published.lr.0.1: expected a finite number, found nan"),
    ('"0.1" = 0.5', '"0.3" = 0.5', r"published.lr.0.3: expected one of its levels \[0.1, 1.0\]"),
    ('"0.1" = 0.5', '"0.1" = 0.5\n"0.10" = 0.6', "published.lr.0.10: .*, found another as '0.1'"),
    ("published.lr", "published.lrr", "published.lrr: expected a factor .*did you mean 'lr'"),
    ("[published.lr]", "[published]\ntest_examples = 0\n[published.lr]",
     "published.test_examples: expected at least 1, found 0"),
    ("[published.lr]", "[published]\ntest_example = 9\n[published.lr]",
     "published.test_example: expected a table, found 9"),
    ("[[claims]]", "[claims]", "claims: expected a list, found . says = 'so'"),
    ('factor = "lr"', 'factor = "lrr"', r"claims\[1\].factor: .*found 'lrr'; did you mean 'lr'"),
    ("level = 0.1", "level = 7.0", r"claims\[1\].level: expected one of \[0.1, 1.0\], found 7.0"),
    ("level = 0.1", "level = true", r"claims\[1\].level: expected one of \[0.1, 1.0\], found tru"),
    ("{ below = 0.5 }", "{}", r"claims\[1\].expect: expected exactly one of below, .* found none"),
    ("{ below = 0.5 }", "0.5", rf"claims\[1\].expect: {A_TABLE} 0.5"),
    ("{ below = 0.5 }", "{ below = true }", rf"claims\[1\].expect.below: {A_NUMBER} true"),
    *(
        ("below = 0.5", f"{key} = false", rf"claims\[1\].expect.{key}: expected true;.*false")
        for key in ("best", "rising", "falling", "matters_most")
    ),
    ("{ below = 0.5 }", '{ best = "yes" }', r"claims\[1\].expect.best: expected true or false"),
    # The search.
    ("trials = 5", "trials = 0", "search.trials: expected at least 1, found 0"),
    ("trials = 5", f"trials = {BIG}", "search.trials: expected at most 1000000000, found 1000"),
    ("trials = 5", 'trials = "5"', f"search.trials: {A_WHOLE} '5'"),
    ("finalists = 3", "finalists = 0", "search.finalists: expected at least 1, found 0"),
    ("confirm_seeds = 3", "confirm_looks = [4, 101]", "search.confirm_looks: expected at most "),
    ("confirm_seeds = 3", "confirm_looks = [8, 4]", "search.confirm_looks: "),
    ("confirm_seeds = 3", "confirm_seeds = 3\nconfirm_looks = [2, 4]",
     "confirm_looks: expected at most 3, as confirm_seeds is the last look, found 4"),
    ('"s" }\n[search]', '"share" }\n[search]\nequal_within = 2',
     "search.equal_within: expected less than 1, as it is in the metric's own unit, found 2"),
    ('below = 0.5 }\n[metrics]\nvalue = { unit = "s"',
     'equal_within = 100 }\n[metrics]\nvalue = { unit = "%"',
     r"claims\[1\].expect.equal_within: expected less than 100, .* found 100"),
    ("confirm_seeds = 3", "equal_within = 0", "search.equal_within: expected "),
    ("confirm_seeds = 3", "choose_held_out = 1", "search.choose_held_out: expected true or false"),
    ("confirm_seeds = 3", "confirm_seeds = 101", "search.confirm_seeds: expected at most 100, fo"),
    ('confirm_metric = "value"', 'confirm_metric = ""', "search.confirm_metric: expected some te"),
    ('confirm_metric = "value"', 'confirm_direction = "up"', "search.confirm_direction: expected"),
    ('confirm_metric = "value"', 'confirm_direction = "minimize"', "search.*: confirm_direction: "
     "expected 'maximize', as what is confirmed by is 'value' itself, found 'minimize'"),
    ("{ low = 1, high = 9, step = 1 }", "[1, 9]", "depth: .*{ low = 1, high = 9 }, or choices, "
     r"such as { choices = \[1, 9\] }, found \[1, 9\]"),
    ("{ low = 1, high = 9, step = 1 }", "3", "search.space.depth: expected a range, .*, found 3"),
    ("low = 1,", "low = true,", f"search.space.depth.low: {A_NUMBER} true"),
    ("low = 1,", 'low = "1",', f"search.space.depth.low: {A_NUMBER} '1'"),
    ("low = 1,", "", "search.space.depth: expected low and high, or choices"),
    ("high = 9", "high = inf", "search.space.depth.high: expected a finite number, found inf"),
    ("high = 9", f"high = {BIG}", f"search.space.depth.high: {GIVE_BACK}"),
    ("high = 9", f"high = {2**60}", "search.space.depth: expected whole numbers up to 2..53"),
    ("high = 9", "high = 0", "search.space.depth: expected low <= high, found 1 > 0"),
    ("step = 1", "step = 3", "search.space.depth: .*divides the range, found 3 from 1 to 9: .*7"),
    ("step = 1", "step = 0", "search.space.depth: step: expected more than 0, found 0"),
    ("step = 1", "log = 1", "search.space.depth.log: expected true or false, found 1"),
    ("low = 0.01", "low = 0", "search.space.lr: log = true expects low > 0 and no step"),
    ("low = 0.01", "low = 0.5", "search.space.lr: expected a range that holds the baseline's 0.1"),
    ('choices = ["a", "b"]', "choices = []", "search.space.kind.choices: expected at least 1 of"),
    ('choices = ["a", "b"]', "choices = [1, 1]", "kind.choices: expected each value once, found"),
    ('choices = ["a", "b"]', 'choices = ["a", 1, 1.5, true]',
     r"search.space.kind.choices: expected each value once \(1 equals true\), found \['a', 1, 1"),
    ('choices = ["a", "b"]', "choices = [0, false]", r"kind.choices: .*\(0 equals false\)"),
    ('choices = ["a", "b"]', 'choices = ["b"]', "search.space.kind: expected a range that holds"),
    ("kind = { ch", "knd = { ch", "search.space.knd: expected a key of .*did you mean 'kind'"),
    # What metrics are; a name that the user chose is no section.
    ('unit = "s"', 'untt = "s"', "metrics.value.untt: unknown key; expected unit; did you mean"),
    ('unit = "s"', 'unit = "<b>"', "metrics.value.unit: expected .share., .%. or a short text"),
    ("value = {", "vlaue = {", "metrics.vlaue: expected a metric .*did you mean 'value'"),
    ("depth = { low = 1,", "grid = { lo = 1,", "search.space.grid.lo: unknown key; expected low, "),
    # What is no TOML.
    ('kind = "a"', "kind = forest", 'not TOML: .*kind = forest; text needs quotes: "forest"'),
    ('kind = ["a", "b"]', 'kind = ["a", forest]', 'not TOML: .*; text needs quotes: "forest"'),
    ("wide = true", "wide = True", "not TOML: .*wide = True; it is written true"),
    ("wide = true", "wide = None", "not TOML: .*; TOML has no null: leave the key out"),
    ("lr = 0.1", "lr = .1", r"not TOML: Invalid value \(at line 7, column 6\): lr = .1"),
    ("lr = 0.1", "lr = 0.1\nlr = 0.1", "not TOML: Cannot overwrite a value .*: lr = 0.1"),
    ("lr = 0.1", f"lr = {'1' * 5000}", "not TOML: ValueError: Exceeds the limit"),
    ("lr = 0.1", f"lr = {'[' * 5000}", "not TOML: RecursionError"),
    ("[baseline]", "[baseline", "not TOML: .*line 6"),
    # The objective's name.
    ("toy:score", "toy.score", "objective: expected module:name .*such as 'toy:score', found 'toy"),
    ("toy:score", "./toy.py", "objective: expected module:name .*such as 'toy:score', found './to"),
    ("toy:score", "toy.py:score", "objective: expected module:name .*such as 'toy:score', found "),
    ("toy:score", "score", "objective: expected module:name .*such as 'mine:score', found 'score'"),
    ("toy:score", "toy:score()", "objective: expected module:name .*, found 'toy:score.."),
    ("toy:score", "lib/toy.py:score", "objective: expected module:name .*such as 'lib.toy:score'"),
]  # fmt: skip


def test_the_good_file_is_good(tmp_path: Path):
    file = tmp_path / "s.toml"
    file.write_text(GOOD)
    assert load_study(file).search is not None


@pytest.mark.parametrize(("old", "new", "message"), WRONG, ids=[f"{n[:40]}" for _, n, _ in WRONG])
def test_a_wrong_value_is_one_line_with_file_and_key(command, old: str, new: str, message: str):
    assert old in GOOD
    (command.path / "s.toml").write_text(GOOD.replace(old, new, 1))
    error = command.error("grid", "s.toml")
    assert error.startswith("s.toml: ")
    assert re.search(f"(: |\\.){message}", error.removeprefix("s.toml")), error


ANYTHING = [
    "3",
    "-1",
    "1.5",
    "nan",
    "true",
    '"x"',
    '""',
    "[]",
    "[[1]]",
    "{}",
    "{ a = 1 }",
    "2020-01-01",
]


def keys(table: dict, path: tuple = ()):
    """Every key of a table and of those within it."""
    for key, value in table.items():
        yield (*path, key)
        inside = value[0] if key == "claims" else value
        if isinstance(inside, dict):
            yield from keys(inside, (*path, key))


def written(value: object) -> str:
    """A value as TOML: what JSON writes, but for tables."""
    if isinstance(value, Written):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value)


class Written(str):
    """A value that is TOML already."""


@pytest.mark.parametrize("path", list(keys(tomllib.loads(GOOD))), ids=".".join)
def test_whatever_stands_at_a_key_is_taken_or_refused_in_our_words(tmp_path: Path, path):
    refused = []
    for value in ANYTHING:
        table = tomllib.loads(GOOD)
        inside = table
        for key in path[:-1]:
            inside = inside[key][0] if key == "claims" else inside[key]
        inside[path[-1]] = Written(value)
        file = tmp_path / "s.toml"
        file.write_text("".join(f"{key} = {written(part)}\n" for key, part in table.items()))
        try:
            load_study(file)
        except UserError as error:
            refused.append(f"{error}".removeprefix(f"{file}: "))
    assert refused
    for error in refused:
        assert re.fullmatch(r"[a-z_.\[\]0-9]+: [^\n]{9,350}", error), error
        assert not re.search("something else|[Ii]nput |valid |should|not TOML", error), error
