"""`hpstudy import`: results as people have them become a study; what was guessed is said."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import optuna
import pytest

GRID = [
    (lr, wd, seed, 0.87 + (lr == 0.02) * 0.02 + random.Random(f"{lr} {wd} {seed}").gauss(0, 1e-3))
    for lr in (0.002, 0.02)
    for wd in (0.01, 0.1)
    for seed in (11, 12, 13)
]
SHEET = "phase,lr,weight_decay,seed,f1_macro,experiment_dir\n" + "".join(
    f"grid,{lr},{wd},{seed},{value},runs/grid_lr{lr}_{seed}\n" for lr, wd, seed, value in GRID
)
CV = """\
,mean_fit_time,param_gamma,param_max_depth,params,split0_test_r2,split1_test_r2,split2_test_r2,\
mean_test_r2,rank_test_r2,split0_test_neg_mean_squared_error,split1_test_neg_mean_squared_error,\
split2_test_neg_mean_squared_error
0,0.5,0.2,4.0,"{'gamma': 0.2, 'max_depth': 4}",0.81,0.84,0.79,0.8133,1,-5.1,-4.7,-5.5
1,0.5,0.5,4.0,"{'gamma': 0.5, 'max_depth': 4}",0.78,0.80,0.75,0.7767,2,-5.6,-5.2,-6.0
2,0.9,0.2,,"{'gamma': 0.2, 'max_depth': None}",0.70,0.73,0.71,0.7133,3,-6.4,-6.1,-6.3
3,0.1,0.9,4.0,"{'gamma': 0.9, 'max_depth': 4}",nan,nan,nan,nan,4,nan,nan,nan
"""


def imported(folder, text: str, *args: str, name: str = "mine.csv") -> tuple[dict[str, Any], str]:
    """Imports a file's text; returns the document that is printed, and what was said."""
    folder.write(name, text)
    ran = folder.run("import", name, *args, "--json")
    return json.loads(ran.stdout), ran.stderr


def level(found: dict[str, Any], factor: str, value: object) -> dict[str, Any]:
    rows = next(one for one in found["grid"]["factors"] if one["factor"] == factor)["levels"]
    return next(row for row in rows if row["level"] == value)


def test_a_grid_with_seeds_is_compared_and_the_rest_tells_what_matters(folder):
    found, said = imported(folder, SHEET)
    assert "Metric: f1_macro; more is better, by its name" in said
    assert "Seeds: seed, 3 seeds" in said
    assert "Hyperparameters: lr, weight_decay" in said
    assert "Left aside: experiment_dir (bookkeeping, by its name)" in said
    assert "Baseline: lr 0.002, weight decay 0.01: the first of 4 settings with 3 values" in said
    assert found["grid"]["baseline"] == {"lr": 0.002, "weight_decay": 0.01}
    assert found["grid"]["settings"] == {"phase": "grid"}
    assert level(found, "lr", 0.02)["verdict"] == "better"
    assert found["grid"]["trials"]["complete"] == 9
    assert found["search"]["trials"]["complete"] == 12
    assert found["answer"]["headline"].startswith("Use lr 0.02")


def test_what_was_imported_is_shown_reported_exported_and_never_overwritten(folder):
    found, _ = imported(folder, SHEET)
    assert folder.json("show", "mine.toml") == found
    folder.run("report", "mine.toml")
    page = (folder.path / "runs/report/mine.html").read_text()
    assert "search-history" in page
    assert "search-timeline" not in page  # nobody knows when these ran
    assert "<dt>imported from</dt><dd>mine.csv</dd>" in page
    assert "hpstudy grid" not in page
    assert "The same seed" not in page
    folder.run("export", "mine.toml")
    assert (folder.path / "runs/export/mine-trials.csv").read_text().count("\n") == 25
    written = (folder.path / "mine.toml").read_bytes()
    again = folder.run("import", "mine.csv")
    assert "mine.toml has these already: nothing was written" in again.stderr
    assert folder.json("show", "mine.toml") == found
    assert (folder.path / "mine.toml").read_bytes() == written
    folder.write("mine.csv", SHEET.replace("0.1", "0.3", 1))
    taken = "study 'mine' is in sqlite:///runs/hpstudy.db already"
    assert taken in folder.error("import", "mine.csv")
    folder.write("mine.csv", SHEET)
    assert taken in folder.error("import", "mine.csv", "--direction", "minimize")
    folder.write("other.toml", "")
    assert "other.toml: it exists" in folder.error("import", "mine.csv", "--as", "other")
    assert "no path: File name too long" in folder.error("import", "x" * 300)


def test_another_baseline_in_the_file_compares_with_that(folder):
    imported(folder, SHEET)
    file = folder.path / "mine.toml"
    file.write_text(file.read_text().replace("\nlr = 0.002\n", "\nlr = 0.02\n", 1))
    found = folder.json("show", "mine.toml")
    assert level(found, "lr", 0.002)["verdict"] == "worse"
    counts = found["grid"]["trials"]
    assert (counts["complete"], counts["waiting"]) == (9, 0)


def test_an_objective_adds_what_is_missing(folder):
    imported(folder, SHEET)
    assert "names no objective: add the line" in folder.error("grid", "mine.toml")
    file = folder.path / "mine.toml"
    text = file.read_text().replace("[0.01, 0.1]", "[0.01, 0.1, 1.0]")
    file.write_text(text.replace("imported =", 'objective = "mine:score"\nimported ='))
    folder.write("mine.py", "def score(params, *, seed, settings):\n    return {'f1_macro': 0.5}\n")
    plan = folder.json("grid", "mine.toml", "--plan")["plan"]
    assert (plan["points"], plan["epochs_left"]) == (3, 3)
    ran = folder.run("grid", "mine.toml", "--no-publish")
    assert "12 trials imported from mine.csv count as done" in ran.stderr
    assert "3 points trained" in ran.stderr
    again = folder.run("grid", "mine.toml", "--no-publish").stderr
    assert "0 points trained" in again
    assert "imported" not in again


def test_repeats_without_a_seed_are_not_paired(folder):
    rows = "".join(f"{lr},{0.5 + lr + n * n / 1e3}\n" for lr in (0.1, 0.2) for n in range(4))
    found, said = imported(folder, f"lr,acc\n{rows}0.1,0.61\n")
    assert "nothing pairs runs" in said
    assert "Baseline: lr 0.1: the only setting with 5 values" in said
    row = level(found, "lr", 0.2)
    assert (row["test"], row["verdict"]) == ("Welch", "better")
    assert found["grid"]["trials"]["waiting"] == 0
    assert len({*row["seeds"], *level(found, "lr", 0.1)["seeds"]}) == 9


def test_seeds_that_no_two_runs_share_pair_nothing(folder):
    rows = "".join(
        f"{lr},{lr * 10 + n},{0.5 + lr / 10 + n / 1e3}\n" for lr in (1, 2) for n in range(3)
    )
    found, said = imported(folder, f"lr,seed,acc\n{rows}")
    assert "Seeds: seed, another one in each run, so that nothing pairs runs" in said
    assert level(found, "lr", 2)["test"] == "Welch"
    assert found["grid"]["trials"]["waiting"] == 0


def test_nothing_is_dropped_in_silence(folder):
    text = (
        "Name;State;lr;act;size;batch;seed;test_acc;Runtime\n"
        "a;finished;0,1;relu;10;5.0;7;95,1;12\nb;finished;0,2;None;12;5.0;7;94,2;13\n"
        "c;crashed;0,2;None;12;5.0;7;;1\nd;running;0,3;relu;10;5.0;7;;1\n"
        "e;finished;0,1;;11;5.0;7;0,952;12\nf;finished;0,1;tanh;9;5.0;8;;12\n"
        "g;finished;0,1;relu;10;5.0;8;nan;12\n"
    )
    found, said = imported(folder, text)
    assert "7 runs, of these 2 failed or without a value, 1 still running (left out)" in said
    assert "1 diverged" in said
    assert "test_acc is in per cent" in said
    assert "line 6 has test_acc 0,952 beside 95.1: a share beside per cent?" in said
    assert "act: an empty cell is a value like any other, None" in said
    assert "batch 5: in [settings]" in said
    assert "Time: Runtime, in seconds" in said
    assert found["grid"]["unit"] == "%"
    assert level(found, "act", "None")["mean"] == pytest.approx(0.952)


def test_folds_are_blocks_with_a_corrected_variance(folder):
    found, said = imported(folder, CV)
    assert "Shape: scikit-learn's cv_results_, 3 folds of each setting" in said
    assert "Metric: r2, not neg_mean_squared_error (--metric)" in said
    assert "3 failed" in said
    row = level(found, "gamma", 0.5)
    # By hand, had it been compared alone: differences 0.03, 0.04, 0.04 have the standard error
    # 0.0033; times (1 + 3 × 1/2) ** 0.5 it is 0.0053, and so t = 6.96 with 2 degrees of freedom.
    assert row["effect"] == pytest.approx(-0.036667, abs=1e-6)
    assert found["grid"]["baseline"] == {"gamma": 0.2, "max_depth": "4"}
    assert found["grid"]["imported"] == {"source": "mine.csv", "by": "fold", "folds": 3}
    assert [one["level"] for one in found["grid"]["factors"][1]["levels"]] == ["4", "None"]
    shown = folder.run("show", "mine.toml").stdout
    assert "3 folds of a cross-validation, which share what they train on" in shown
    turned, said = imported(folder, CV, "--metric", "neg_mean_squared_error", "--as", "turned")
    assert "with its sign turned: mean_squared_error; less is better, by its name" in said
    assert (turned["grid"]["metric"], turned["grid"]["direction"]) == (
        "mean_squared_error",
        "minimize",
    )
    assert level(turned, "gamma", 0.5)["mean"] == pytest.approx(5.6)


def test_runs_that_failed_alike_are_counted_each(folder):
    apart = """3,0.1,0.9,,"{'gamma': 0.9, 'max_depth': None}",nan"""
    text = CV.replace("""3,0.1,0.9,4.0,"{'gamma': 0.9, 'max_depth': 4}",nan""", apart)
    text += """4,0.9,0.5,,"{'gamma': 0.5, 'max_depth': None}",0.6,0.62,0.61,0.61,4,-7,-7.2,-7\n"""
    found, said = imported(folder, text)
    assert "3 failed" in said
    assert found["search"]["trials"]["failed"] == 3


def test_trials_of_optuna_as_csv(folder):
    text = (
        "number,value,datetime_start,duration,params_model,params_eta,params_norm,params_scaler,"
        "user_attrs_note,state\n"
        "3,2.11,2022-05-06 12:00:01.25,0 days 00:00:02,boost,0.31,,None,,COMPLETE\n"
        "1,2.34,2022-05-06 12:00:00.25,0 days 00:00:02,linear,,True,std,,COMPLETE\n"
        "0,2.59,2022-05-06 12:00:00.12,0 days 00:00:01,boost,0.72,,std,,PRUNED\n"
        "2,,2022-05-06 12:00:00.37,0 days 00:00:00,boost,,,None,,FAIL\n"
        "4,,2022-05-06 12:00:02.37,,linear,,,,,RUNNING\n"
    )
    folder.write("mine.csv", text)
    assert "--direction: missing: the name 'value' doesn't say" in folder.error(
        "import", "mine.csv"
    )
    found, said = imported(folder, text, "--direction", "min")
    assert "eta is set only where model boost" in said
    assert "1 pruned (with the value that they had), 1 failed" in said
    assert found["grid"] is None
    counts = found["search"]["trials"]
    assert (counts["complete"], counts["pruned"], counts["failed"]) == (2, 1, 1)
    text = (folder.path / "mine.toml").read_text()
    assert 'eta = {low = 0.31, high = 0.72, when = {model = ["boost"]}}' in text
    assert "norm = true" not in text
    assert "failed" in folder.run("show", "mine.toml").stdout


@pytest.fixture(scope="module")
def made_trials(tmp_path_factory) -> Path:
    """A database of Optuna's with two studies, one of which has pruned and failed trials."""
    file = tmp_path_factory.mktemp("optuna") / "theirs.db"
    rate = optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)
    model = optuna.distributions.CategoricalDistribution(["svm", None])
    depth = optuna.distributions.IntDistribution(16, 64, step=16)
    states = {1: optuna.trial.TrialState.PRUNED, 2: optuna.trial.TrialState.FAIL}
    trials = [
        optuna.create_trial(
            state=states.get(number, optuna.trial.TrialState.COMPLETE),
            value=None if number in states else number / 100,
            params={
                "optim.lr": number / 1000 + 1e-4,
                "model": "svm" if number % 2 else None,
                **({"depth": 16 + 16 * (number % 4)} if number % 2 else {}),
            },
            distributions={
                "optim.lr": rate,
                "model": model,
                **({"depth": depth} if number % 2 else {}),
            },
            intermediate_values={step: number + step for step in range(3)},
        )
        for number in range(8)
    ]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name, given in {"smoke": trials, "other": []}.items():
        optuna.create_study(storage=f"sqlite:///{file}", study_name=name).add_trials(given)
    return file


@pytest.fixture
def trials_in(folder, made_trials: Path) -> Path:
    return Path(shutil.copy(made_trials, folder.path))


def test_a_study_of_a_server_is_read_and_nothing_is_written_there(
    postgres, postgres_url, folder, made_trials
):
    empty = folder.error("import", postgres_url)
    assert empty.endswith(": expected a database of Optuna's, found no study")
    storage = optuna.storages.RDBStorage(postgres_url)
    theirs = optuna.load_study(study_name="smoke", storage=f"sqlite:///{made_trials}")
    optuna.create_study(study_name="smoke", storage=storage).add_trials(theirs.trials)
    storage.engine.dispose()
    dump = "SELECT (SELECT count(*) FROM trials), (SELECT count(*) FROM studies)"
    before = postgres.sql(dump, postgres_url.rpartition("/")[2])
    assert "did you mean 'smoke'?" in folder.error("import", postgres_url, "smok")
    ran = folder.run("import", postgres_url, "--json")
    assert "open-sesame" not in f"{ran}"
    assert len(json.loads(ran.stdout)["search"]["trials"]) > 0
    assert postgres.sql(dump, postgres_url.rpartition("/")[2]) == before
    name = postgres_url.rpartition("/")[2]
    assert "open-sesame" not in (folder.path / f"{name}.toml").read_text()
    assert "Wrote first.toml" in folder.run("init", postgres_url, "--output", "first.toml").stdout


def test_a_study_of_a_database_is_read_from_a_copy(folder, trials_in: Path):
    before = trials_in.read_bytes()
    assert "theirs.db: holds 2 studies: name one of them after it: " in folder.error(
        "import", "theirs.db"
    )
    assert "did you mean 'smoke'?" in folder.error("import", "sqlite:///theirs.db", "smok")
    ran = folder.run("import", "sqlite:///theirs.db", "smoke", "--json")
    assert trials_in.read_bytes() == before
    assert "Metric: value; less is better, as the study says" in ran.stderr
    assert "depth is set only where model svm" in ran.stderr
    found = json.loads(ran.stdout)["search"]
    counts = found["trials"]
    assert (counts["complete"], counts["pruned"], counts["failed"]) == (6, 1, 1)
    text = (folder.path / "smoke.toml").read_text()
    assert '"optim.lr" = {low = 0.0001, high = 0.1, log = true}' in text
    assert 'model = {choices = ["None", "svm"]}' in text
    assert 'depth = {low = 16, high = 64, step = 16, when = {model = ["svm"]}}' in text
    assert "value of theirs.db, study smoke" in folder.run("show", "smoke.toml").stdout


def test_a_database_of_an_older_optuna_is_brought_up_in_the_copy(folder, trials_in: Path):
    with sqlite3.connect(trials_in) as connection:
        connection.execute("DROP INDEX ix_trials_study_id")
        connection.execute("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    connection.close()
    before = trials_in.read_bytes()
    said = folder.run("import", "theirs.db", "smoke", "--json").stderr
    assert said.startswith("Read theirs.db, study smoke: 8 runs\n")
    assert "INFO" not in said
    assert trials_in.read_bytes() == before


def test_a_database_of_a_newer_optuna_or_none_is_one_line(folder, trials_in: Path):
    with sqlite3.connect(trials_in) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9.0.0.a'")
    connection.close()
    assert "theirs.db was written by a newer Optuna: its tables have version v9.0.0.a" in (
        folder.error("import", "theirs.db", "smoke")
    )
    folder.write("text.db", "no database")
    assert "text.db: expected an SQLite database" in folder.error("import", "text.db")
    assert "nothing.db: can't be read: No such file" in folder.error("import", "nothing.db")


@pytest.mark.parametrize(
    ("text", "args", "message"),
    [
        (
            "# run of May\nlr,acc\n1,0.5\n",
            "",
            "line 1: expected a line that names the columns, found a",
        ),
        ("lr,acc\n1,0.5\n2,0.6\n", "--metric nope", "--metric: expected a column of mine.csv (lr"),
        ("lr,acc\n1,hi\n2,ho\n", "--metric acc", "line 2: acc: expected a number, found 'hi'"),
        (
            "lr,acc\n1,hi\n2,ho\n",
            "",
            "no column of numbers has a metric's name (line 2 has acc 'hi'): give",
        ),
        (
            "lr,acc\n1,0.5\n2,OOM\n",
            "",
            "a metric's name (line 3 has acc 'OOM'): give --metric, one",
        ),
        ("lr,acc\n1,0.5\n", "", "expected two runs or more with a value of acc, found 1"),
        ("lr,acc\n1,0.5\n1,0.6\n", "", "no column tells settings apart"),
        ("lr,acc\n1,0.5\n2,0.6\n", "--baseline lr=3", "--baseline: expected a lr of [1, 2], found"),
        ("lr,b,acc\n1,1,0.5\n2,2,0.6\n", "--baseline lr=1,b=2", "no run with a value of acc has"),
        ("lr,acc\n1,0.5\n2,0.6\n", "--baseline 3", "--baseline: expected NAME=VALUE, found '3'"),
        ("lr,acc\n1,0.5\n2,0.6\n", "--unit <b>", '--unit: expected "share", "%"'),
        ("lr,acc\n1,0.5\n2,0.6\n", "--as a/b", "--as: expected a name without '/'"),
        ("lr,acc\n1,0.5\n2,0.6\n", "study", "study: a study is named of a database alone"),
        ("lr,acc\n1,0.5\n2,0.6\n", "--direction up", "--direction: expected maximize or minimize"),
        ("", "", "expected a line that names the columns, found none"),
        ("lr,acc\n", "", "expected rows with results, found none"),
        ("lr,acc,acc\n1,0.5,0.5\n", "", "expected each column once, found 'acc' twice"),
        ("lr acc\n1 0.5\n", "", "expected two columns or more, parted by commas"),
        (
            "lr,seed,acc\n1,0,0.5\n2,0,0.5\n1,0,0.6\n",
            "",
            "line 4: a second value of lr 1, seed 0, after line 2",
        ),
        ("lr,seed,acc\n1,,0.5\n2,0,0.5\n", "", "line 2: seed: expected a seed, found an empty"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(folder, text, args, message):
    folder.write("mine.csv", text)
    assert message in folder.error("import", "mine.csv", *args.split())


def test_a_file_that_is_no_table_is_one_line(folder):
    (folder.path / "mine.csv").write_bytes(b"\x00\xff\xfe\x01")
    assert "expected text in UTF-8" in folder.error("import", "mine.csv")
    folder.write("search.joblib", "")
    assert ".to_csv(" in folder.error("import", "search.joblib")
    folder.write("book.xlsx", "")
    assert "a workbook; expected CSV" in folder.error("import", "book.xlsx")
    assert "nix.csv: no such file" in folder.error("import", "nix.csv")
    folder.write("long.csv", "lr,acc\n" + "1,2\n" * 1_000_000)
    assert "expected 200,000 rows at most, found 1,000,001 lines" in folder.error(
        "import", "long.csv"
    )
