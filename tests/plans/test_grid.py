from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy.errors import UserError
from hpstudy.objective import Runtime, load_objective
from hpstudy.plans.grid import parse_seeds, plan_grid
from hpstudy.store.records import Epoch
from hpstudy.studyfile.find import find_study, load_study


def epochs(count: int, *, diverged: bool = False) -> list[Epoch]:
    found = [Epoch(number, {"test_accuracy": 0.9}) for number in range(1, count + 1)]
    return [*found[:-1], Epoch(count, {"test_accuracy": None})] if diverged else found


def plan(study: str | Path = "report", **options):
    path = find_study(str(study))
    loaded = load_study(path)
    objective = load_objective(loaded.objective, path.parent)
    return plan_grid(loaded, objective, name="n", home=path.parent, runtime=Runtime(), **options)


def test_the_report_asks_for_95_epochs_and_needs_65():
    report = plan()
    assert len(report.points) == 12
    assert report.epochs_asked == 95
    assert len(report.last_epochs()) == 10
    assert sum(report.last_epochs().values()) == 65


def test_seeds_and_factors_scale_the_plan():
    assert plan(seeds=range(5)).epochs_asked == 5 * 95
    lr = plan(factors=["lr"])
    assert lr.epochs_asked == sum(lr.last_epochs().values()) == 20


def test_points_that_share_a_training_stand_together_and_the_longest_come_first():
    handed_out = [(p.point["epochs"], p.point["hidden"]) for p in plan().points]
    assert handed_out[:5] == [(5, 512), (10, 512), (20, 512), (5, 4096), (5, 2048)]
    keys = [p.key for p in plan().points]
    assert keys[0] == keys[1] == keys[2]


def test_what_is_left_is_what_is_not_finished():
    report = plan()
    baseline = report.points[0].key
    left = report.epochs_left({baseline: epochs(12), "another": epochs(3)})
    assert left[baseline] == 8
    assert sum(left.values()) == 65 - 12
    assert report.epochs_left({k: epochs(n) for k, n in report.last_epochs().items()}) == {}
    left = report.epochs_left({baseline: epochs(3, diverged=True)})  # it comes to its end there
    assert sum(left.values()) == 65 - 20


def test_a_factor_may_override_a_setting_or_the_precision(folder, study_with):
    study_with(
        ("[settings]", '[settings]\nhead = "a"'),
        ("width = [8, 16]", 'head = ["a", "b"]\nprecision = ["fp32", "bf16"]'),
    )
    made = plan(folder.path / "walk.toml")
    identities = {
        (p.point["head"], p.point["precision"]): p.identity
        for p in made.points
        if p.epochs == 2 and p.point["lr"] == 0.1
    }
    assert identities["b", "fp32"].settings == {"head": "b", "validation": 0}
    assert identities["a", "bf16"].precision == "bf16"
    assert "head" not in identities["b", "fp32"].params


def test_a_function_gets_all_parameters_and_trains_one_epoch(folder, study_with):
    study_with(("walk:Walk", "walk:total"))
    made = plan(folder.path / "walk.toml")
    assert {p.epochs for p in made.points} == {1}
    assert made.points[0].identity.params == {"lr": 0.1, "epochs": 2, "width": 8}
    assert made.epochs_asked == 6
    assert not made.scenario.incremental


def test_a_class_without_a_fidelity_is_refused(folder, study_with):
    study_with(('fidelity = "epochs"', ""))
    with pytest.raises(
        UserError, match="'walk:Walk' is a Training .* add .* fidelity = \"epochs\""
    ):
        plan(folder.path / "walk.toml")


def test_quick_takes_the_objectives_own_settings(folder):
    quick = plan(quick=True)
    assert quick.fingerprint["settings"]["train_images"] == 6000
    assert {p.key for p in quick.points}.isdisjoint(p.key for p in plan().points)
    with pytest.raises(UserError, match="--quick: objective 'walk:Walk' names no quick settings"):
        plan(folder.path / "walk.toml", quick=True)


def test_an_unknown_factor_is_refused():
    with pytest.raises(UserError, match="--factor: expected one of epochs, lr, .* found 'rl'"):
        plan(factors=["rl"])


def test_what_the_objective_cannot_train_is_refused_before_anything_runs(tmp_path: Path):
    text = find_study("report").read_text().replace('head = "softmax"', 'head = "sotfmax"')
    file = tmp_path / "typo.toml"
    file.write_text(text)
    with pytest.raises(UserError, match="head: expected 'softmax' or 'logits', found 'sotfmax'"):
        plan(file)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0-4", [0, 1, 2, 3, 4]),
        ("0,1,7", [0, 1, 7]),
        ("3", [0, 1, 2]),
        ("3-3", [3]),
        ("2-3, 3, 9", [2, 3, 9]),
    ],
)
def test_seeds_are_read(text: str, seeds: list[int]):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "0", "4-2", "1,", "-1", "0-", "1.5", "²", "9" * 400])
def test_what_are_no_seeds_is_refused(text: str):
    with pytest.raises(UserError, match="--seeds: expected a number of seeds such as 3"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["0-99999999", "10001", "5,0-9999"])
def test_too_many_seeds_are_refused_at_once(text: str):
    with pytest.raises(UserError, match="--seeds: expected at most 10,000 seeds, found"):
        parse_seeds(text)
    assert len(parse_seeds("10000")) == 10_000


def test_a_seed_that_the_database_rounds_is_refused():
    assert parse_seeds("9007199254740992-9007199254740992") == [2**53]
    with pytest.raises(UserError, match="--seeds: expected seeds up to 9,007,199,254,740,992"):
        parse_seeds("0,9007199254740993")


@pytest.mark.parametrize(
    ("written", "seeds"), [("3", [0, 1, 2]), ('"0-2"', [0, 1, 2]), ('"3-3"', [3]), ("[3]", [3])]
)
def test_a_study_file_takes_what_the_command_line_takes(folder, study_with, written, seeds):
    study_with(("seeds = [0]", f"seeds = {written}"))
    assert plan(folder.path / "walk.toml").seeds == tuple(seeds)


def test_a_name_that_stands_for_the_precision_is_nothing_that_a_function_is_told(
    folder, study_with
):
    study_with(("walk:Walk", "walk:total"), ("width = [8, 16]", 'precision = ["fp32", "bf16"]'))
    with pytest.raises(UserError, match="precision: the objective 'walk:total' is a function"):
        plan(folder.path / "walk.toml")
