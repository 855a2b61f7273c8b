from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from torchvision.datasets import MNIST, FashionMNIST

from hpstudy.cli import app
from hpstudy.studyfile.find import load_study

HOME = Path(__file__).parent.parent
README = (HOME / "README.md").read_text()


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


def test_a_study_in_python_needs_neither_torch_nor_what_only_shows():
    code = """
import sys
from hpstudy import Study
heavy = {"torch", "scipy", "pandas", "plotly", "jinja2", "rich", "typer"} & set(sys.modules)
assert not heavy, heavy
"""
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


def test_the_readme_is_short_and_its_own_model_runs(tmp_path: Path):
    assert len(README.splitlines()) <= 200
    for name in ("mine.toml", "mine.py"):
        (tmp_path / name).write_text(
            re.search(rf"```\w+\n(# {name}\n.*?)```", README, re.DOTALL)[1]
        )
    study = load_study(tmp_path / "mine.toml")
    assert study.objective == "mine:score"
    score = runpy.run_path(f"{tmp_path / 'mine.py'}")["score"]
    assert 0.9 < score(study.baseline, seed=0, settings={})[study.grid.metric] <= 1


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_help_shows_every_command_s_line_whole(folder, columns: int):
    shown = folder.run("--help", env={"COLUMNS": f"{columns}"}).stdout
    told = " ".join(shown.partition("Commands:")[2].split())
    for name, command in commands().items():
        assert f"{name} {command.help.splitlines()[0]}" in told
    assert max(map(len, shown.splitlines())) <= columns


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
                assert level["test"] in ("blocks", "paired")
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


def test_of_nothing_there_is_nothing_to_show_report_or_export(folder):
    nothing = "Error: Nothing run yet: sqlite:///runs/hpstudy.db holds no study 'walk'\n"
    for command in ("show", "report", "export"):
        assert folder.run(command, "walk.toml", code=2).stderr == nothing
    assert folder.json("show", "walk.toml", code=2)["grid"] is None
    assert not (folder.path / "runs").exists()
    folder.run("grid", "walk.toml", "--factor", "lr", "--name", "other")
    assert folder.json("show", "walk.toml", code=2)["search"] is None


def test_the_tables(folder):
    folder.write("walk.toml", (folder.path / "walk.toml").read_text() + '[published.lr]\n"0.2"=0.5')
    printed = folder.run("grid", "walk.toml").stdout
    assert "lr (at epochs 2, width 8)" in printed
    assert "published" in printed
    assert "4 of 4 points done. The rows above take 14 epochs one by one; 8 were trained." in (
        " ".join(printed.split())
    )
    assert folder.run("show", "walk.toml").stdout == printed
    only = folder.run("show", "walk.toml", "--factor", "width").stdout
    assert "lr (at" not in only


def test_progress_is_a_line_an_epoch_where_stderr_is_no_terminal(folder):
    err = folder.run("grid", "walk.toml", "--workers", "1").stderr
    lines = [line for line in err.splitlines() if line.startswith("[")]
    assert len(lines) == 8
    assert any("lr 0.2: epoch 2/2, value " in line for line in lines)
    assert "8 epochs trained in 0:00:0" in err


def test_plan_trains_nothing_and_writes_nothing(folder):
    result = folder.json("grid", "walk.toml", "--plan", "--seeds", "0-1", "--workers", "2")
    assert result["plan"] | {"seconds_left": None} == {
        "points": 8,
        "trainings": 6,
        "epochs_asked": 28,
        "epochs_shared": 16,
        "epochs_left": 16,
        "workers": 2,
        "seconds_left": None,
        "checkpoint_bytes": None,
        "checkpoints_at": None,
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
    assert wrong.startswith("Error: Nothing run yet: sqlite:///runs/hpstudy.db holds no study 'ot")


def test_no_command_shows_the_help(folder):
    assert folder.run().stdout == folder.run("--help").stdout


def test_python_dash_m_and_the_script_are_one(folder):
    script = Path(sys.executable).with_name("hpstudy")
    printed = subprocess.run([script, "--help"], capture_output=True, text=True, check=True).stdout
    assert printed == folder.run_apart("--help").stdout


def test_data_says_where_the_files_came_from(mnist_folder):
    lines = mnist_folder.run("data").stdout.splitlines()
    assert len(lines) == 4
    assert all(line.endswith(": already there, MD5 as published") for line in lines)


def test_an_unknown_data_set_is_told_which_there_are(folder):
    stderr = folder.run("data", "fashion", code=2).stderr
    assert stderr.startswith("Error: data set: expected mnist, fashion_mnist or kmnist, found 'fa")
    assert not (folder.path / "runs").exists()


def test_a_study_of_data_that_cannot_be_had_is_one_line_and_begins_nothing(folder, monkeypatch):
    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    report = (HOME / "studies" / "report.toml").read_text()
    folder.write("clothes.toml", report.replace('dataset = "mnist"', 'dataset = "fashion_mnist"'))
    stderr = folder.run("grid", "clothes.toml", code=2).stderr
    assert stderr.startswith("Error: Fashion-MNIST can't be fetched: torchvision's hosts: ")
    assert stderr.count("\n") == 1
    runs = folder.path / "runs"
    assert not [f for f in runs.rglob("*") if f.is_file() and f.suffix != ".lock"]


def test_a_failure_of_the_dataset_is_one_line(folder, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    stderr = folder.run("data", code=2).stderr
    assert stderr.startswith("Error: MNIST can't be fetched: ")
    assert stderr.count("\n") == 1


def test_json_has_no_nan(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = "0"'))
    text = folder.run("grid", "walk.toml", "--json", code=1).stdout
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))
