"""What names and cells tell of a column."""

from __future__ import annotations

import pytest

from hpstudy.importing import names
from hpstudy.importing.levels import condition, levels_of, seeds_of
from hpstudy.importing.roles import Asked, Role, roles_of
from hpstudy.importing.settings import settings_of
from hpstudy.importing.shapes import shaped
from hpstudy.importing.table import Table


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("acc", "maximize"),
        ("valLoss", "minimize"),
        ("Validation Accuracy", "maximize"),
        ("test/acc_top-1", "maximize"),
        ("best_val_metrics.f1_macro", "maximize"),
        ("neg_root_mean_squared_error", "minimize"),
        ("r2", "maximize"),
        ("error_rate", "minimize"),
        ("explained_variance", "maximize"),
        ("value", None),
        ("values_0", None),
    ],
)
def test_a_metric_is_known_by_its_name(name: str, direction: str | None):
    assert names.metric_rank(name) is not None
    assert names.direction_by(name) == direction


@pytest.mark.parametrize(
    "name",
    ["ErrorTolerance", "train_samples", "test_size", "val_table", "loss_weight", "epochs", "lr"],
)
def test_a_hyperparameter_is_no_metric(name: str):
    assert names.metric_rank(name) is None
    assert not names.is_bookkeeping(name)


@pytest.mark.parametrize("name", ["id", "Trial Number", "_step", "run_name", "", "created_at"])
def test_what_books_are_kept_by_is_known_by_its_name(name: str):
    assert names.is_bookkeeping(name)


def test_validation_comes_before_test_and_training():
    found = ["train_acc", "acc", "test_loss", "val_loss", "val_acc"]
    assert sorted(found, key=names.metric_rank) == [
        "val_acc",
        "test_loss",
        "val_loss",
        "acc",
        "train_acc",
    ]


@pytest.mark.parametrize(
    ("cells", "levels"),
    [
        (["5.0", "9.0", ""], [5, 9, None]),
        (["1e-3", "1"], [0.001, 1.0]),
        (["True", "false"], [True, False]),
        (["4.0", "None"], ["4", "None"]),
        (["0", "True", "1"], [False, True, True]),
        (["0", "1"], [0, 1]),
        (["1_000", "x"], ["1_000", "x"]),
        (["9007199254740993", "1"], ["9007199254740993", "1"]),
        (["1e999", "1"], ["1e999", "1"]),
        (["nan", "NA"], [None, None]),
    ],
)
def test_cells_become_levels_of_one_kind(cells: list[str], levels: list[object]):
    found = levels_of(cells)
    assert found == levels
    assert list(map(type, found)) == list(map(type, levels))


def test_a_comma_may_be_the_decimal_sign():
    assert levels_of(["0,5", "1"], has_commas=True) == [0.5, 1.0]
    assert levels_of(["0,5", "1"]) == ["0,5", "1"]


def test_seeds_keep_their_numbers_or_get_some():
    assert seeds_of(["7", "11.0", "7"]) == ({"7": 7, "11.0": 11}, True)
    assert seeds_of(["b", "a"]) == ({"b": 0, "a": 1}, False)


def roles(asked: Asked | None = None, **columns: str) -> dict[str, Role]:
    cells = {name: text.split() for name, text in columns.items()}
    table = Table("t", cells, range(len(next(iter(cells.values())))))
    found = roles_of(shaped(table), asked or Asked())
    return {guess.column: guess.role for guess in found.guesses}


def test_what_follows_another_column_or_was_measured_is_no_hyperparameter():
    found = roles(
        bits="2 2 4 4",
        model_mb="1.5 1.5 2.5 2.5",
        gpu_hours="0.11 0.12 0.13 0.14",
        seed="0 1 0 1",
        acc="0.1 0.2 0.3 0.4",
    )
    assert found == {
        "bits": Role.PARAM,
        "model_mb": Role.LEFT,
        "gpu_hours": Role.LEFT,
        "seed": Role.SEED,
        "acc": Role.METRIC,
    }
    asked = Asked(columns=("model_mb", "gpu_hours"))
    found = roles(asked, bits="2 2", model_mb="1 2", gpu_hours="3 4", acc="0.1 0.2")
    assert [name for name, role in found.items() if role == Role.PARAM] == ["model_mb", "gpu_hours"]


def test_lists_and_paths_are_levels_where_they_come_again():
    layers = "[64,64] [64,64] [32] [32]"
    assert roles(layers=layers, acc="1 2 3 4")["layers"] == Role.PARAM
    assert roles(data="/a/b/c /a/b/d", acc="1 2")["data"] == Role.LEFT
    assert roles(table="{1} {1} {2} {2}", acc="1 2 3 4")["table"] == Role.LEFT


def test_a_seed_that_never_changes_gives_way_to_one_that_does():
    found = roles(random_state="7 7 7", fold="0 1 2", lr="1 2 3", acc="1 2 3")
    assert (found["random_state"], found["fold"]) == (Role.LEFT, Role.SEED)
    asked = Asked(seed="random_state")
    found = roles(asked, random_state="7 7 7", seed="0 1 2", lr="1 2 3", acc="1 2 3")
    assert (found["random_state"], found["seed"]) == (Role.SEED, Role.LEFT)


@pytest.mark.parametrize(
    "columns",
    [
        {"params.lr": "1 2", "metrics.acc": "3 4", "Run ID": "a b", "Source": "x y"},
        {
            "config/lr": "1 2",
            "mean_accuracy": "3 4",
            "trial_id": "a b",
            "training_iteration": "9 8",
        },
        {"hparams/lr": "1 2", "val_loss": "3 4", "_step": "1 2", "host": "a b"},
    ],
)
def test_exports_of_other_programs_mark_what_was_set(columns: dict[str, str]):
    found = roles(**columns)
    assert [name for name, role in found.items() if role == Role.PARAM] == ["lr"]


def test_a_search_of_numbers_that_never_repeat_keeps_them_all():
    found = roles(lr="0.1 0.2 0.3", decay="0.01 0.02 0.05", loss="3 2 1")
    assert [name for name, role in found.items() if role == Role.PARAM] == ["lr", "decay"]


def test_dictionaries_of_wandbs_api_are_opened():
    table = Table(
        "t",
        {
            "name": ["a", "b"],
            "config": ["{'lr': 0.1, 'net': {'depth': 2}}", "{'lr': 0.2, 'net': {'depth': 2}}"],
            "summary": ["{'val_acc': 0.5, '_step': 3}", "{'val_acc': 0.6, '_step': 4}"],
        },
        [2, 3],
    )
    found = shaped(table)
    assert found.params == ("lr", "net.depth")
    assert found.table.columns["val_acc"] == ["0.5", "0.6"]


def settings(rows: int = 4, **columns: str):
    cells = {name: [c.strip("-") for c in text.split()] for name, text in columns.items()}
    return settings_of(Table("t", cells, range(rows)), [*columns], range(rows))


def test_a_hyperparameter_that_was_renamed_is_one():
    found = settings(lr="0.1 0.2 - -", learning_rate="- - 0.1 0.3", bs="1 2 2 1")
    assert [one["lr"] for one in found.rows] == [0.1, 0.2, 0.1, 0.3]
    assert found.params == ["lr", "bs"]
    assert found.said == ["lr is learning_rate where it is empty, as no run has both"]


def test_what_two_kinds_of_models_have_stays_apart():
    found = settings(eta="0.1 0.2 - -", C="- - 0.1 0.3", model="rf rf svm svm")
    assert found.params == ["eta", "C", "model"]
    assert {n: str(when) for n, when in found.conditions.items()} == {
        "eta": "model rf",
        "C": "model svm",
    }


def test_an_empty_cell_that_nothing_explains_is_a_value():
    found = settings(depth="4.0 - 4.0 -", model="a a b b")
    assert [one["depth"] for one in found.rows] == ["4", "None", "4", "None"]


def test_a_column_of_another_value_in_each_setting_explains_no_empty_cell():
    columns = {"scaler": ["", "a", "", "a", "b"], "c": ["1", "2", "3", "4", "5"]}
    assert condition(levels_of(columns["scaler"]), {"c": levels_of(columns["c"])}) is None
    folds = {"c": levels_of([*"1122334455"])}
    assert condition(levels_of(["", "", "a", "a", "", "", "a", "a", "b", "b"]), folds) is None
    told = condition(levels_of(["", "a", "b", "a"]), {"c": levels_of(["x", "y", "y", "z"])})
    assert told is not None
    assert told.values == ("y", "z")


def test_names_that_mean_something_else_are_changed():
    found = settings(precision="16 16 32 32", lr="1 2 3 4")
    assert found.params == ["precision_", "lr"]
