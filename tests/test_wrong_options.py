"""What the command line may not be asked: each wrong input is one line with exit code 2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SEEDS = "--seeds: expected a number of seeds such as 3 .0 to 2., or which ones, .* found"

BIG = f"{10**400}"

# What is asked, and what the one line must say.
WRONG = [
    # Study files.
    (("grid", "reprot"), "no study named 'reprot': .*did you mean 'report'"),
    (("grid", "walk"), "no study named 'walk': .*did you mean 'walk.toml'"),
    (("grid", "wakl.toml"), "wakl.toml: no such study file; did you mean 'walk.toml'"),
    (("grid", "nowhere/at/all.toml"), "nowhere/at/all.toml: no such study file$"),
    (("grid", "walk.py"), "walk.py: expected a study file .*found Python; .*did you mean 'bey"),
    (("grid", "letter.txt"), "no study named 'letter.txt': expected a path to a .toml file"),
    (("grid", "."), r"\.: a folder; expected a study file; did you mean 'beyond.toml', "),
    (("grid", ""), r"\.: a folder; expected a study file"),
    (("grid", "x" * 300), "no study named 'xxx"),
    (("grid", f"{'x' * 300}.toml"), "xxx.*: no such study file"),
    (("grid", "\x1b[31mred"), r"no study named '\\\\x1b.31mred'"),
    (("grid", "latin.toml"), "latin.toml: can't be read: expected text in UTF-8"),
    (("show", "typo.toml"), "typo.toml: gird: unknown key; .*did you mean 'grid'"),
    (("report", "typo.toml"), "typo.toml: gird: unknown key; .*did you mean 'grid'"),
    (("export", "typo.toml"), "typo.toml: gird: unknown key; .*did you mean 'grid'"),
    (("clean", "typo.toml"), "typo.toml: gird: unknown key; .*did you mean 'grid'"),
    (("search", "typo.toml"), "typo.toml: gird: unknown key; .*did you mean 'grid'"),
    (("grid", "nogrid.toml"), "has no .grid. section"),
    (("search", "walk.toml"), "study 'A walk' has no .search. section"),
    (("search", "beyond.toml"), "search.space.lr: .*range that holds the baseline's 0.1"),
    (("search", "half.toml"), r"search.space.epochs: the fidelity expects .* from 1, found \[0\]"),
    (("grid", "sotfmax.toml"), "study 'sotfmax': head: expected 'softmax' or 'logits', found 'so"),
    # Options that are lists of a kind.
    (("grid", "walk.toml", "--factor", "rl"), "--factor: expected one of epochs, lr, width, found"),
    (("show", "walk.toml", "--factor", "rl"), "--factor: expected one of epochs, lr, width, found"),
    (("grid", "walk.toml", "--seeds", "4-2"), f"{SEEDS} '4-2'"),
    (("grid", "walk.toml", "--seeds", ""), f"{SEEDS} ''"),
    (("grid", "walk.toml", "--seeds", "²"), f"{SEEDS} '²'"),
    (("grid", "walk.toml", "--seeds", "0"), f"{SEEDS} '0'"),
    (("grid", "walk.toml", "--seeds", "9" * 400), f"{SEEDS} '999"),
    (("grid", "walk.toml", "--seeds", "0-99999999"), "--seeds: expected at most 10,000 seeds, fo"),
    (("grid", "walk.toml", "--device", "gpu"), "--device: expected auto, cpu, cuda or mps, found"),
    (("grid", "total.toml", "--device", "gpu"), "--device: expected auto, cpu, cuda or mps, found"),
    (("grid", "total.toml", "--device", "cuda"), "--device cuda: the objective 'walk:total' is a "),
    (("search", "total.toml", "--device", "mps"), "--device mps: the objective 'walk:total' is a"),
    (("grid", "--device", "tpu", "--plan"), "--device: expected auto.* cpu here, found 'tpu'"),
    (("grid", "walk.toml", "--precision", "fp16"), "--precision: expected auto, fp32 or bf16, fou"),
    (("grid", "total.toml", "--precision", "bf16"), "--precision bf16: .*none is told the precis"),
    (("search", "seek.toml", "--sampler", "tep"), "--sampler: expected tpe, gp, random, found 'te"),
    (("search", "seek.toml", "--pruner", "mean"), "--pruner: expected none, median, halving, hyp"),
    (("search", "seek.toml", "--timeout", "soon"), "--timeout: expected a duration such as 90s, 3"),
    (("search", "seek.toml", "--timeout", BIG), "--timeout: expected .* found '10.* .401 charact"),
    (("search", "seek.toml", "--seed", BIG), "--seed: expected 0 to 99 .*found 10.* .401 charact"),
    (("search", "seek.toml", "--seed", "100"), "--seed: expected 0 to 99 .*found 100"),
    (("export", "walk.toml", "--format", "xls"), "--format: expected csv or parquet, found 'xls'"),
    (("grid", "walk.toml", "--quick"), "--quick: objective 'walk:Walk' names no quick settings"),
    (("grid", "walk.toml", "--name", "a/b"), "--name: expected a name without '/', found 'a/b'"),
    # Numbers.
    (("grid", "walk.toml", "--workers", "0"), "--workers: expected at least 1, found '0'"),
    (("grid", "walk.toml", "--workers", "two"), "--workers: expected a whole number, found 'two'"),
    (("grid", "walk.toml", "--workers", "1.5"), "--workers: expected a whole number, found '1.5'"),
    (("grid", "walk.toml", "--workers", "9" * 5000), "--workers: expected a whole number .*found"),
    (("grid", "walk.toml", "--threads", "x"), "--threads: expected a whole number, found 'x'"),
    (("grid", "walk.toml", "--threads", "-1"), "--threads: expected at least 1, found '-1'"),
    (("search", "seek.toml", "--trials", "0"), "--trials: expected at least 1, found '0'"),
    (("search", "seek.toml", "--epochs", "0"), "--epochs: expected at least 1, found '0'"),
    (("search", "seek.toml", "--confirm", "101"), "--confirm: expected at most 100, found '101'"),
    (("search", "seek.toml", "--trials", BIG), "--trials: expected at most 1000000000, found '100"),
    (("search", "seek.toml", "--epochs", BIG), "--epochs: expected at most 1000000000, found '100"),
    (("grid", "walk.toml", "--threads", BIG), "--threads: expected at most 1024, found '1000"),
    (("search", "seek.toml", "--seed", "one"), "--seed: expected a whole number, found 'one'"),
    (("dashboard", "--port", "0"), "--port: expected at least 1, found '0'"),
    # Addresses.
    (("grid", "walk.toml", "--storage", "my.db"), "--storage: not a database address"),
    (("grid", "walk.toml", "--storage", "mysql://u:pw@h/d"), r"found mysql://u:\*\*\*@h/d"),
    (("grid", "walk.toml", "--storage", "sqlite:///letter.txt"), "letter.txt: can't be opened"),
    (("delete", "nothing"), "no database there yet"),
    (("export", "walk.toml"), "Nothing run yet: .* holds no study 'walk'"),
    # What is not there.
    (("delete",), "STUDY: missing: The study's name"),
    (("gird",), "No such command 'gird'. Did you mean 'grid'"),
    (("grid", "walk.toml", "--sedes", "1"), "No such option: --sedes .*--seeds"),
    (("grid", "walk.toml", "--seeds"), "Option '--seeds' requires an argument"),
    (("grid", "walk.toml", "--json=3"), "Option '--json' does not take a value"),
    (("grid", "walk.toml", "seek.toml"), "unexpected extra argument.*seek.toml"),
    # Objectives.
    (("grid", "nomodule.toml"), "^nomodule.toml: objective 'wlak:Walk': no module 'wlak' in .* on"),
    (("search", "nomodule.toml"), "no module 'wlak' in .* or on sys.path; did you mean 'walk'"),
    (("grid", "optuna.toml"), "line 2 calls study.optimize, and hpstudy runs the trials"),
    (("search", "optuna.toml"), "line 2 calls study.optimize, and hpstudy runs the trials"),
    (("grid", "byname.toml"), r"expected two.params, .*, seed, settings.*found two.depth, rate"),
    (("grid", "noepoch.toml"), "a Training class needs the methods epoch, .*; missing epoch"),
    (("grid", "raises.toml"), "'raises:score': importing it failed: raises.py:2: KeyError: 'lr'"),
    (("grid", "exits.toml"), r"importing it failed: exits.py:2: it calls sys.exit\(3\); what a"),
    (("grid", "noclass.toml"), "'walk:Wlak': .*walk.py has no 'Wlak'; did you mean 'Walk'"),
    (("grid", "nofidelity.toml"), 'fidelity: .* add the line fidelity = "epochs" above .base'),
    (("search", "nofidelity.toml"), 'fidelity: .* add the line fidelity = "epochs" above .baseli'),
]  # fmt: skip

MODULES = {
    "badly": """
def objective(trial): study.optimize(objective)
def two(depth, rate): ...
class NoEpoch:
    def __init__(self, params, *, seed, settings, runtime): ...
    def state_dict(self): ...
    def load_state_dict(self, state): ...
""",
    "raises": "settings = {}\nrate = settings['lr']\n",
    "exits": "import sys\nsys.exit(3)\n",
}

VARIANTS = {
    "optuna.toml": ("walk:Walk", "badly:objective"),
    "byname.toml": ("walk:Walk", "badly:two"),
    "noepoch.toml": ("walk:Walk", "badly:NoEpoch"),
    "raises.toml": ("walk:Walk", "raises:score"),
    "exits.toml": ("walk:Walk", "exits:score"),
    "typo.toml": ("[grid]", "[gird]"),
    "nomodule.toml": ("walk:Walk", "wlak:Walk"),
    "noclass.toml": ("walk:Walk", "walk:Wlak"),
    "nofidelity.toml": ('fidelity = "epochs"', ""),
    "total.toml": ("walk:Walk", "walk:total"),
    "beyond.toml": ("low = 0.01, high = 1.0", "low = 0.2, high = 1.0"),
    "half.toml": ("low = 1, high = 6", "low = 0, high = 6"),
}


@pytest.mark.parametrize(("args", "message"), WRONG, ids=[" ".join(a)[:60] for a, _ in WRONG])
def test_wrong_input_is_one_line_with_exit_code_2_and_nothing_is_written(
    folder, args, message: str
):
    for name, text in MODULES.items():
        folder.write(f"{name}.py", text)
    seek = (folder.path / "seek.toml").read_text()
    for name, (old, new) in VARIANTS.items():
        assert old in seek
        folder.write(name, seek.replace(old, new))
    folder.write("nogrid.toml", 'title="t"\nobjective="walk:total"\n[baseline]\nx=1\n')
    report = (Path(__file__).parent.parent / "studies" / "report.toml").read_text()
    folder.write("sotfmax.toml", report.replace('head = "softmax"', 'head = "sotfmax"'))
    folder.write("letter.txt", "this is a letter\n" * 200)
    (folder.path / "latin.toml").write_bytes('title = "Größe"'.encode("latin-1"))
    before = {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}
    error = folder.error(*args)
    assert re.search(message, error), error
    assert {p: p.read_bytes() for p in before} == before
    assert folder.trained() == []


def test_the_command_itself_ends_with_code_2_and_one_line(folder):
    result = folder.run_apart("grid", "walk.toml", "--threads", "0", code=2)
    assert (result.stdout, result.stderr) == (
        "",
        "Error: --threads: expected at least 1, found '0'\n",
    )


def test_a_wrong_value_of_the_environment_is_named(folder):
    error = folder.error("grid", "walk.toml", env={"HPSTUDY_PUBLISH": "maybe"})
    assert error == "--publish (or HPSTUDY_PUBLISH): expected true or false, found 'maybe'"


@pytest.mark.parametrize("command", ["grid", "search", "compare", "show", "report", "export"])
def test_a_command_without_any_argument_asks_for_the_report(folder, command: str):
    folder.write("studies/report.toml", "title = 3")
    assert "studies/report.toml: " in folder.error(command)
