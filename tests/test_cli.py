from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hpstudy.cli import app

README = (Path(__file__).parent.parent / "README.md").read_text()


def commands():
    import typer.main

    return typer.main.get_command(app).commands


def test_help_needs_no_heavy_import():
    code = """
import sys
from hpstudy.cli import app
try:
    app(["--help"])
except SystemExit as end:
    assert end.code == 0
heavy = {"torch", "optuna", "plotly", "sqlalchemy", "pydantic", "numpy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_importing_the_package_needs_none_either():
    code = "import hpstudy, sys; assert 'optuna' not in sys.modules; hpstudy.OneFactorSampler"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_and_option_has_help_and_is_in_the_readme(command: str):
    found = commands()[command]
    assert found.help
    assert f"hpstudy {command}" in README
    for parameter in found.params:
        assert parameter.help, parameter.name
        for option in parameter.opts:
            assert not option.startswith("--") or option == "--help" or f"`{option}" in README


def test_the_version(folder):
    import hpstudy

    assert folder.run("--version").stdout == f"hpstudy {hpstudy.__version__}\n"


def test_json_is_one_document_with_the_keys_that_stay(folder):
    result = folder.json("grid", "walk.toml")
    assert set(result) >= {"study", "title", "storage", "version", "grid", "search"}
    assert result["study"] == "walk"
    assert result["title"] == "A walk"
    assert result["storage"] == "sqlite:///runs/hpstudy.db"
    assert result["search"] is None
    grid = result["grid"]
    assert grid["metric"] == "value"
    assert grid["direction"] == "maximize"
    assert grid["baseline"] == {"lr": 0.1, "epochs": 2, "width": 8}
    assert grid["claims"] == grid["failed"] == []
    assert [f["factor"] for f in grid["factors"]] == ["epochs", "lr", "width"]
    level = grid["factors"][1]["levels"][1]
    assert set(level) >= {
        "level", "seeds", "values", "mean", "low", "high", "published", "effect", "effect_low",
        "effect_high", "p", "test", "verdict", "seconds_per_epoch", "peak_memory_mb",
    }  # fmt: skip
    assert level["level"] == 0.2
    assert level["mean"] == level["values"][0]
    assert level["effect"] == level["mean"] - grid["factors"][1]["levels"][0]["mean"]
    assert folder.json("show", "walk.toml") == result


def test_with_one_seed_nothing_is_claimed_and_with_three_each_level_is_judged(folder):
    one = folder.run("grid", "walk.toml").stdout
    assert "One seed cannot tell a difference from luck: --seeds 0-2 would train" in one
    assert re.search(r"\(16 more epochs, \d+ s of training\)", " ".join(one.split()))
    levels = folder.json("show", "walk.toml")["grid"]["factors"][1]["levels"]
    assert [level["verdict"] for level in levels] == ["baseline", "one seed: cannot tell"]
    assert levels[1]["p"] is levels[1]["low"] is levels[1]["effect_low"] is None
    three = folder.run("grid", "walk.toml", "--seeds", "0-2").stdout
    assert "verdict" in three
    assert "One seed cannot tell" not in three
    for factor in folder.json("show", "walk.toml")["grid"]["factors"]:
        for level in factor["levels"]:
            assert level["low"] < level["mean"] < level["high"]
            if level["verdict"] != "baseline":
                assert level["effect_low"] < level["effect"] < level["effect_high"]
                assert level["test"] in ("blocks", "Welch")
                assert 0 <= level["p"] <= 1
                assert level["verdict"] in ("better", "worse", "no difference shown")


def test_claims_get_a_verdict_and_the_figures_behind_it(folder, study_with):
    study_with(("walk:Walk", "walk:total"))
    claims = """
[[claims]]
says = "wider is better"
factor = "width"
level = 16
expect = { higher_than = 8 }
[[claims]]
says = "a higher rate is worse"
factor = "lr"
level = 0.2
expect = { lower_than = 0.1 }
"""
    folder.write("walk.toml", (folder.path / "walk.toml").read_text() + claims)
    one = folder.json("grid", "walk.toml")["grid"]["claims"]
    assert [claim["verdict"] for claim in one] == ["not shown", "not shown"]
    three = folder.json("grid", "walk.toml", "--seeds", "0-2")["grid"]["claims"]
    assert [claim["verdict"] for claim in three] == ["supported", "contradicted"]
    assert three[0]["why"] == "width 16 against 8: +8 (95 % +8 to +8)"
    shown = folder.run("show", "walk.toml").stdout
    assert "wider is better" in shown
    assert "contradicted" in shown


def test_show_before_anything_was_run(folder):
    shown = folder.run("show", "walk.toml")
    assert shown.stdout == ("Nothing run yet: sqlite:///runs/hpstudy.db holds no study 'walk'.\n")
    assert folder.json("show", "walk.toml")["grid"] is None
    assert not (folder.path / "runs").exists()


def test_the_tables(folder):
    folder.write("walk.toml", (folder.path / "walk.toml").read_text() + '[published.lr]\n"0.2"=0.5')
    printed = folder.run("grid", "walk.toml").stdout
    assert "lr  (at epochs 2, width 8)" in printed
    assert "Δ published" in printed
    assert "4 of 4 points done. The rows above take 14 epochs one by one; 8 were trained." in (
        " ".join(printed.split())
    )
    assert folder.run("show", "walk.toml").stdout == printed
    only = folder.run("show", "walk.toml", "--factor", "width").stdout
    assert "lr  (at" not in only


def test_progress_is_a_line_an_epoch_where_stderr_is_no_terminal(folder):
    err = folder.run("grid", "walk.toml", "--workers", "1").stderr
    lines = [line for line in err.splitlines() if line.startswith("[")]
    assert len(lines) == 8
    assert any("lr 0.2: epoch 2/2, value " in line for line in lines)
    assert "8 epochs trained in 0:00:0" in err


def test_plan_trains_nothing_and_writes_nothing(folder):
    result = folder.json("grid", "walk.toml", "--plan", "--seeds", "0-1")
    assert result["plan"] | {"seconds_left": None} == {
        "points": 8,
        "trainings": 6,
        "epochs_asked": 28,
        "epochs_shared": 16,
        "epochs_left": 16,
        "workers": 2,
        "seconds_left": None,
        "checkpoint_bytes": None,
    }
    assert not (folder.path / "runs").exists()
    folder.run("grid", "walk.toml")
    left = folder.json("grid", "walk.toml", "--plan", "--seeds", "0-1")["plan"]
    assert left["epochs_left"] == 8
    assert left["seconds_left"] >= 0
    assert (
        "8 epochs, the others are recorded"
        in folder.run("grid", "walk.toml", "--plan", "--seeds", "0-1").stdout
    )


def test_the_plan_of_the_report_knows_time_and_disk(mnist_folder):
    plan = mnist_folder.json("grid", "--plan")["plan"]
    assert (plan["epochs_asked"], plan["epochs_shared"], plan["epochs_left"]) == (95, 65, 65)
    assert plan["seconds_left"] > 60
    assert plan["checkpoint_bytes"] > 155e6


def test_a_quick_look_is_a_study_of_its_own_and_says_so(mnist_folder):
    text = (mnist_folder.path / "small.toml").read_text()
    text = text[: text.index("[published")]  # its figures are for levels that are too many here
    text = text.replace("epochs = [5, 10, 20]", "epochs = [1, 2]").replace(
        "epochs = 5", "epochs = 1"
    )
    mnist_folder.write("small.toml", text)
    args = ("small.toml", "--factor", "epochs")
    mnist_folder.run("grid", *args)
    quick = mnist_folder.run("grid", *args, "--quick", "--workers", "1")
    assert "a quick look (train_images = 6000): not comparable" in " ".join(quick.stdout.split())
    shown = mnist_folder.json("show", *args, "--quick")
    assert shown["study"] == "small-quick"
    assert shown["grid"]["settings"]["train_images"] == 6000
    assert shown["grid"]["epochs"]["trained"] == 2
    assert mnist_folder.json("show", *args)["grid"]["settings"]["train_images"] == 300


def test_the_database_and_the_runs_folder_can_be_elsewhere(folder):
    env = {"HPSTUDY_RUNS": "here", "HPSTUDY_STORAGE": "sqlite:///there/my.db"}
    folder.run("grid", "walk.toml", env=env)
    assert (folder.path / "there" / "my.db").exists()
    assert (folder.path / "here" / "checkpoints").is_dir()
    assert not (folder.path / "runs").exists()
    assert folder.json("show", "walk.toml", "--storage", "sqlite:///there/my.db")["grid"]


# Twenty wrong inputs: what is asked, and what the one line must say.
WRONG = [
    (("grid", "reprot"), "no study named 'reprot': .*did you mean 'report'"),
    (("grid", "nowhere.toml"), "nowhere.toml: no such study file"),
    (("grid", "broken.toml"), "broken.toml: not TOML: "),
    (("grid", "typo.toml"), "typo.toml: gird: unknown key; .*did you mean 'grid'"),
    (("grid", "outside.toml"), "outside.toml: grid.factors.lr: .*own value 0.1 .*found .0.3, 0.2."),
    (("grid", "nomodule.toml"), "objective 'wlak:Walk': no module 'wlak' in .* or on sys.path"),
    (("grid", "noclass.toml"), "objective 'walk:Wlak': walk has no 'Wlak'"),
    (("grid", "nogrid.toml"), "has no .grid. section"),
    (("grid", "walk.toml", "--factor", "rl"), "--factor: expected one of epochs, lr, width, found"),
    (("grid", "walk.toml", "--seeds", "4-2"), "--seeds: expected numbers such as 0-4 or 0,1,2"),
    (
        ("grid", "walk.toml", "--workers", "0"),
        "Invalid value for '--workers': Input should be greater",
    ),
    (
        ("grid", "walk.toml", "--threads", "x"),
        "Invalid value for '--threads': Input should be a valid",
    ),
    (("grid", "walk.toml", "--quick"), "--quick: objective 'walk:Walk' names no quick settings"),
    (("grid", "walk.toml", "--name", "a/b"), "--name: expected a name without '/', found 'a/b'"),
    (
        ("grid", "walk.toml", "--storage", "my.db"),
        "--storage: not a database address",
    ),
    (("grid", "walk.toml", "--storage", "mysql://u:pw@h/d"), r"found mysql://u:\*\*\*@h/d"),
    (
        ("grid", "walk.toml", "--storage", "sqlite:///letter.txt"),
        "letter.txt: can't be opened",
    ),
    (("grid", "--device", "tpu", "--plan"), "--device: expected auto, .*cpu, found 'tpu'"),
    (
        ("grid", "walk.toml", "--precision", "fp16"),
        "--precision: expected auto, fp32, bf16, found 'fp16'",
    ),
    (("search", "walk.toml"), "study 'A walk' has no .search. section"),
    (
        ("search", "seek.toml", "--sampler", "tep"),
        "--sampler: expected tpe, gp, random, found 'tep'",
    ),
    (
        ("search", "seek.toml", "--pruner", "mean"),
        "--pruner: expected none, median, halving, hyperband, found 'mean'",
    ),
    (
        ("search", "seek.toml", "--timeout", "soon"),
        "--timeout: expected a duration such as 90s, 30m or 1h30m, found 'soon'",
    ),
    (("search", "seek.toml", "--seed", "100"), "--seed: expected 0 to 99 .*found 100"),
    (("search", "seek.toml", "--trials", "0"), "Invalid value for '--trials'"),
    (("search", "beyond.toml"), "search.space.lr: .*range that holds the baseline's 0.1"),
    (("search", "strange.toml"), "search.space.wdith: .*did you mean 'width'"),
    (("search", "half.toml"), "search.space.epochs: the fidelity expects whole numbers from 1"),
    (("search", "logzero.toml"), "search.space.lr: log = true expects low > 0 and no step"),
    (("grid", "sotfmax.toml"), "study 'sotfmax': head: input should be 'softmax' or 'logits'"),
    (("show", "walk.toml", "--factor", "rl"), "--factor: expected one of epochs, lr, width, found"),
    (("delete", "nothing"), "no database there yet"),
    (("export", "walk.toml"), "no database there yet"),
    (("export", "walk.toml", "--format", "xls"), "--format: expected csv or parquet, found 'xls'"),
    (("dashboard", "--port", "0"), "Invalid value for '--port': Input should be greater"),
    (("gird",), "No such command 'gird'"),
    (("grid", "walk.toml", "--sedes", "1"), "No such option: --sedes"),
]


@pytest.mark.parametrize(("args", "message"), WRONG, ids=[" ".join(a) for a, _ in WRONG])
def test_wrong_input_is_one_line_with_exit_code_2_and_nothing_is_written(
    folder, study_with, args, message: str
):
    study_with(("[grid]", "[grid"), name="broken.toml")
    study_with(("[grid]", "[gird]"), name="typo.toml")
    study_with(("lr = [0.1, 0.2]", "lr = [0.3, 0.2]"), name="outside.toml")
    study_with(("walk:Walk", "wlak:Walk"), name="nomodule.toml")
    study_with(("walk:Walk", "walk:Wlak"), name="noclass.toml")
    study_with(("low = 0.01, high = 1.0", "low = 0.2, high = 1.0"), name="seek.toml")
    (folder.path / "seek.toml").rename(folder.path / "beyond.toml")
    study_with(("width = { low", "wdith = { low"), name="seek.toml")
    (folder.path / "seek.toml").rename(folder.path / "strange.toml")
    study_with(("low = 1, high = 6", "low = 0, high = 6"), name="seek.toml")
    (folder.path / "seek.toml").rename(folder.path / "half.toml")
    study_with(("low = 0.01, high = 1.0", "low = 0, high = 1.0"), name="seek.toml")
    (folder.path / "seek.toml").rename(folder.path / "logzero.toml")
    study_with(name="seek.toml")
    folder.write("nogrid.toml", 'title="t"\nobjective="walk:total"\n[baseline]\nx=1\n')
    report = (Path(__file__).parent.parent / "studies" / "report.toml").read_text()
    folder.write("sotfmax.toml", report.replace('head = "softmax"', 'head = "sotfmax"'))
    folder.write("letter.txt", "this is a letter\n" * 200)
    before = {p: p.read_bytes() for p in folder.path.rglob("*") if p.suffix in (".toml", ".txt")}
    result = folder.run(*args, code=2)
    assert re.search(message, result.stderr), result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert not (folder.path / "runs").exists()
    assert {p: p.read_bytes() for p in before} == before
    assert folder.trained() == []


def test_export_writes_three_files_and_says_so(folder):
    folder.run("grid", "walk.toml")
    said = folder.run("export", "walk.toml").stdout.splitlines()
    assert said == [
        "runs/export/walk-trials.csv: 4 rows",
        "runs/export/walk-epochs.csv: 8 rows",
        "runs/export/walk-steps.csv: 0 rows",
    ]
    epochs = (folder.path / "runs" / "export" / "walk-epochs.csv").read_text().splitlines()
    assert epochs[0].startswith("study,training,epoch,")
    assert len(epochs) == 9
    again = folder.run("export", "walk.toml", "--format", "parquet", "--output", "there").stdout
    assert again.splitlines()[0] == "there/walk-trials.parquet: 4 rows"
    assert len(list((folder.path / "there").iterdir())) == 3
    wrong = folder.run("export", "walk.toml", "--name", "other", code=2).stderr
    assert wrong == "Error: sqlite:///runs/hpstudy.db holds no study 'other' to export\n"


def test_no_command_shows_the_help(folder):
    assert folder.run().stdout == folder.run("--help").stdout


def test_python_dash_m_and_the_script_are_one(folder):
    script = Path(sys.executable).with_name("hpstudy")
    printed = subprocess.run([script, "--help"], capture_output=True, text=True, check=True).stdout
    assert printed == folder.run("--help").stdout


def test_data_says_where_the_files_came_from(mnist_folder):
    lines = mnist_folder.run("data").stdout.splitlines()
    assert len(lines) == 4
    assert all(line.endswith(": already there, MD5 as published") for line in lines)


def test_a_failure_of_the_dataset_is_one_line(folder):
    env = {"PATH": "", "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    result = folder.run("data", code=2, env=env)
    assert result.stderr.startswith("Error: MNIST can't be fetched: ")
    assert "npm is not installed" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_json_has_no_nan(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = "0"'))
    text = folder.run("grid", "walk.toml", "--json", code=1).stdout
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))
