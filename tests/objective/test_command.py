"""A command's placeholders: each value is one argument, and no shell has a say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy.objective.command import Command, Room, names_in
from hpstudy.objective.output import Output

NASTY = """a "b" 'c' $HOME {x} ${lr} `id` ; rm *"""
ROOM = Room(Path("/r"), Path("/c"), Path("/log"), {})


def filled(*arguments, flags="hyphen", seed=3, **values):
    return Command(arguments, flags).filled(values, values, seed=seed, room=ROOM)


@pytest.mark.parametrize(
    ("argument", "value", "found"),
    [
        ("--lr=${lr}", 0.1, "--lr=0.1"),
        ("+lr={lr}", 1e-05, "+lr=1e-05"),
        ("{lr}", 1000000.0, "1000000.0"),
        ("{lr}", 5, "5"),
        ("{lr}", True, "true"),
        ("{lr}", [1, "a b"], '[1, "a b"]'),
        ("{lr}", {"a": False}, '{"a": false}'),
        ("{lr}", NASTY, NASTY),
        ("{lr}{lr}", "ü ", "ü ü "),
        ('{"lr": {lr}, "x": {"y": 1}}', 2, '{"lr": 2, "x": {"y": 1}}'),
        ("{{lr}} ${{lr}} $lr {} { lr }", 2, "{lr} ${lr} $lr {} { lr }"),
        ("${seed}/{seed}", 2, "3/3"),
        ("${run_dir} ${checkpoint}", 2, "/r /c"),
    ],
)
def test_a_value_is_put_into_one_argument(argument, value, found):
    assert filled("p", argument, lr=value) == ["p", found]


def test_args_are_whole_arguments():
    values = {"lr": 0.1, "batch_size": 32, "no-x": True, "name": "a b"}
    assert filled("p", "${args}", "z", **values) == [
        "p", "--lr=0.1", "--batch-size=32", "--no-x=true", "--name=a b", "z",
    ]  # fmt: skip
    assert filled("{args}", flags="underscore", **values) == [
        "--lr=0.1", "--batch_size=32", "--no_x=true", "--name=a b",
    ]  # fmt: skip


def test_true_may_be_a_mere_switch():
    values = {"lr": 0.1, "mixed_precision": True, "no_cuda": False}
    assert filled("p", "${args_no_boolean_flags}", **values) == [
        "p", "--lr=0.1", "--mixed-precision",
    ]  # fmt: skip
    assert filled("p", "{args_no_boolean_flags}", "--amp={no_cuda}", **values)[-1] == "--amp=false"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("p", "{lrr}", "{lr}"),
            r"unknown placeholder {lrr}: expected args, .*; did you mean 'lr'\?",
        ),
        (("p", "${HOME}", "{lr}"), r"unknown placeholder {HOME}.* is written {{HOME}}$"),
        (
            ("p", "--all=${args}"),
            r"\${args} stands for whole arguments, found it inside '--all=\${",
        ),
        (("p", "${seed}"), r"it passes lr nowhere: expected \${lr}, or \${args} for all"),
    ],
)
def test_what_can_not_be_meant_is_refused(arguments, error):
    with pytest.raises(ValueError, match=error):
        Command(arguments).check(["lr"], ["lr"])


def test_what_has_no_value_is_left_out():
    assert filled("p", "--lr={lr}", "--c={c}", "{{c}}", lr=1) == ["p", "--lr=1", "{c}"]


def test_its_text_tells_it_from_another():
    one = Command(("python", "train.py", "${args}", "--seed=${seed}"))
    assert f"{one}" == "python train.py ${args} --seed=${seed}"
    assert f"{Command(('a b', ';'))}" == "'a b' ';'"
    others = [
        Command(one.arguments, flags="underscore"),
        Command(one.arguments, output=Output({"acc": "a(.)"})),
        Command(one.arguments, output=Output({}, "e(.)")),
        Command(one.arguments, output=Output(file="{run_dir}/x")),
        Command(("python", "train.py", "${args} --seed=${seed}")),
    ]
    assert len({f"{command}" for command in [one, *others]}) == 6
    assert f"{Command(one.arguments, version=2)}" == f"{one}"  # it has a place of its own


def test_its_program_has_a_short_name():
    names = {
        ("python", "src/train.py", "x"): "train.py",
        ("./run", "--data=a.csv"): "run",
        ("python", "-m", "pkg.train"): "python",
    }
    assert [Command(arguments).program for arguments in names] == [*names.values()]


def test_names_are_found_in_any_language():
    assert names_in("{größe} ${optim.lr} {1} {a b} {}") == {"größe", "optim.lr"}
