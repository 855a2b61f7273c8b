"""A program as the objective: what a study file may say of it, and what it may not."""

from __future__ import annotations

import pytest

from hpstudy.errors import UserError
from hpstudy.objective import Command
from hpstudy.objective.output import Output
from hpstudy.studyfile.changed import with_changes
from hpstudy.studyfile.find import load_study

GOOD = """
title = "T"
command = ["python", "train.py", "${args}", "--seed=${seed}"]
flags = "underscore"
version = 2
[settings]
data = "a b"
[baseline]
lr = 0.1
[output]
epoch = 'epoch (\\d+)'
file = "${run_dir}/m.jsonl"
acc = 'acc (\\S+)'
[grid]
metric = "acc"
[grid.factors]
lr = [0.1, 1.0]
"""
LIST = '["python", "train.py", "${args}", "--seed=${seed}"]'


@pytest.fixture
def load(tmp_path):
    def load(text):
        (tmp_path / "t.toml").write_text(text)
        return load_study(tmp_path / "t.toml")

    return load


def test_a_program_is_what_a_study_trains(load):
    output = Output({"acc": r"acc (\S+)"}, r"epoch (\d+)", "${run_dir}/m.jsonl")
    command = Command(("python", "train.py", "${args}", "--seed=${seed}"), "underscore", 2, output)
    assert load(GOOD).trained() == command
    assert with_changes(load(GOOD), {"lr": 1.0}).trained() == command


def test_one_text_is_split_as_a_shell_would(load):
    text = GOOD.replace(
        LIST,
        """'python "my train.py" --lr {lr} --data="{data}" *.py ~ $HOME'""",
    )
    assert load(text).trained().arguments == (
        "python", "my train.py", "--lr", "{lr}", "--data={data}", "*.py", "~", "$HOME",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('title = "T"', 'title = "T"\nobjective = "m:f"', "command: .*either objective or c"),
        ("command =", "comand =", "comand: unknown key; .* did you mean 'command'"),
        ("command = [", "objective = 'm:f' #", "flags: goes with command, which is not there"),
        ("${args}", "{lr} {data} {lrr}", "command: unknown placeholder {lrr}: .* you mean 'lr'"),
        ("${args}", "{lr}", r"command: it passes data nowhere: expected \${data}, or \${args}"),
        ("${args}", "-x ${args}", r"command: \${args} stands for whole arguments, found it"),
        (LIST, '"python \\""', "command: expected text that a shell could spl"),
        (LIST, "'python train.py ${args} > log.txt'", "command: .* '>' means something to a shell"),
        (LIST, "[]", "command: expected a program"),
        (LIST, "3", "command: expected a list, fo"),
        ('"underscore"', '"dash"', "flags: expected 'hyphen' or 'underscore', found 'dash'"),
        ("version = 2", "version = 1.5", "version: expected a whole number"),
        ("acc (\\S+)", "acc (", "output.acc: expected a regular expression .missing "),
        ("acc (\\S+)", "acc \\S+", r"output.acc: expected a pattern with .* it has 0"),
        ("acc (\\S+)", "(acc) (\\S+)", "output.acc: .* it has 2"),
        ("${run_dir}/m.jsonl", "m.jsonl", "output.file: expected a file of one run alone"),
        ("${run_dir}/m.jsonl", "${rundir}/m", "command: unknown placeholder {rundir}: "),
        ('metric = "acc"', 'metric = "ac"', r"grid.metric: .*\(acc\), found 'ac'; did you"),
        ("data =", "run_dir =", r"settings.run_dir: expected another name, as \${run_dir} of"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_a_line(load, old, new, error):
    assert old in GOOD
    with pytest.raises(UserError, match=error) as raised:
        load(GOOD.replace(old, new))
    assert "\n" not in f"{raised.value}"


def test_neither_a_program_nor_an_objective(load):
    line = next(line for line in GOOD.splitlines() if line.startswith("command"))
    with pytest.raises(UserError, match="objective: missing; .* or a program, as command = "):
        load(GOOD.replace(line, ""))
