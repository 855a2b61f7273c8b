from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
import textwrap
import warnings
from collections import Counter
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.testing.pytest_samplers import BasicSamplerTestCase
from optuna.trial import TrialState

from hpstudy.sampler import OneFactorSampler, one_factor_points, points_to_do

optuna.logging.set_verbosity(optuna.logging.ERROR)

BASELINE = {"lr": 0.01, "layers": 2, "kind": "adam", "bias": True}
FACTORS = {
    "lr": [0.001, 0.01, 0.1],
    "layers": [1, 2, 4],
    "kind": ["adam", "sgd"],
    "bias": [True, False],
}


class TestFallback(BasicSamplerTestCase):
    """Optuna's own suite: parameters that the design does not name are sampled as they should."""

    @pytest.fixture
    def sampler(self):
        levels = list(range(300))
        return lambda: OneFactorSampler({"unused": 0}, {"unused": levels})


def objective(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-4, 1, log=True)
    layers = trial.suggest_int("layers", 1, 8)
    kind = trial.suggest_categorical("kind", ["sgd", "adam"])
    bias = trial.suggest_categorical("bias", [True, False])
    return lr + layers + (kind == "sgd") + bias


def seeded(trial: optuna.Trial) -> float:
    return objective(trial) + trial.suggest_int("seed", 0, 9)


def points(study: optuna.Study, *states: TrialState) -> list[tuple[object, ...]]:
    names = [*BASELINE, "seed"]
    return [
        tuple(t.params.get(name) for name in names)
        for t in study.trials
        if not states or t.state in states
    ]


def test_the_baseline_comes_first_then_each_factor_and_the_study_stops_by_itself():
    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS))
    study.optimize(objective)
    assert [p[:4] for p in points(study)] == [
        (0.01, 2, "adam", True),
        (0.001, 2, "adam", True),
        (0.1, 2, "adam", True),
        (0.01, 1, "adam", True),
        (0.01, 4, "adam", True),
        (0.01, 2, "sgd", True),
        (0.01, 2, "adam", False),
    ]


def test_levels_keep_their_types():
    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS))
    study.optimize(objective)
    for trial in study.trials:
        assert {name: type(v) for name, v in trial.params.items()} == {
            name: type(v) for name, v in BASELINE.items()
        }


def test_seeds_repeat_every_point():
    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS, seeds=(0, 3)))
    study.optimize(seeded)
    done = points(study)
    assert len(done) == len(set(done)) == 14
    assert {p[-1] for p in done} == {0, 3}


def test_replicates_are_told_apart_by_number_where_the_objective_reads_no_seed():
    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS, seeds=(0, 1)))
    study.optimize(objective)
    assert set(Counter(points(study)).values()) == {2}
    assert len(study.trials) == 14


def test_one_seed_is_a_parameter_where_the_objective_suggests_it():
    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS, seeds=(7,)))
    study.optimize(seeded)
    assert {t.params["seed"] for t in study.trials} == {7}
    assert len(study.trials) == 7


def test_order_puts_points_first():
    first = [{**BASELINE, "layers": 4}, {**BASELINE, "lr": 0.1, "seed": 0}]
    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS, order=first))
    study.optimize(objective, n_trials=3)
    assert [(t.params["layers"], t.params["lr"]) for t in study.trials] == [
        (4, 0.01),
        (2, 0.1),
        (2, 0.01),
    ]


def test_a_second_study_object_goes_on_with_what_is_left():
    storage = optuna.storages.InMemoryStorage()
    optuna.create_study(
        study_name="s", storage=storage, sampler=OneFactorSampler(BASELINE, FACTORS)
    ).optimize(objective, n_trials=3)
    again = optuna.load_study(
        study_name="s", storage=storage, sampler=OneFactorSampler(BASELINE, FACTORS)
    )
    again.optimize(objective)
    assert len(again.trials) == len(set(points(again))) == 7


def test_a_level_added_later_is_all_that_is_run():
    storage = optuna.storages.InMemoryStorage()
    factors = {"lr": [0.001, 0.01]}
    optuna.create_study(
        study_name="s", storage=storage, sampler=OneFactorSampler(BASELINE, factors)
    ).optimize(objective)
    wider = OneFactorSampler(BASELINE, {"lr": [0.001, 0.01, 0.1]})
    study = optuna.load_study(study_name="s", storage=storage, sampler=wider)
    study.optimize(objective)
    assert [t.params["lr"] for t in study.trials] == [0.01, 0.001, 0.1]


def test_a_point_that_keeps_failing_is_tried_once_per_optimize():
    def failing(trial: optuna.Trial) -> float:
        if objective(trial) and trial.params["layers"] == 1:
            raise ValueError
        return 1.0

    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS))
    study.optimize(failing, catch=ValueError)
    assert Counter(t.state for t in study.trials) == {TrialState.COMPLETE: 6, TrialState.FAIL: 1}
    study.optimize(failing, catch=ValueError)
    assert Counter(t.state for t in study.trials) == {TrialState.COMPLETE: 6, TrialState.FAIL: 2}
    study.optimize(objective)
    assert Counter(t.state for t in study.trials) == {TrialState.COMPLETE: 7, TrialState.FAIL: 2}


def test_pruned_counts_as_done():
    def pruning(trial: optuna.Trial) -> float:
        objective(trial)
        raise optuna.TrialPruned

    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS))
    study.optimize(pruning)
    assert len(study.trials) == 7


def test_an_enqueued_trial_keeps_its_values_and_counts_where_it_fits():
    study = optuna.create_study(sampler=OneFactorSampler(BASELINE, FACTORS))
    study.enqueue_trial({"lr": 0.5, "layers": 8})  # a point of no design
    study.enqueue_trial({"layers": 4})  # completed to a point of this one
    study.optimize(objective)
    assert study.trials[0].params == {**BASELINE, "lr": 0.5, "layers": 8}
    assert study.trials[1].params == {**BASELINE, "layers": 4}
    assert len(study.trials) == 8
    assert len(set(points(study))) == 8


def test_ask_and_tell():
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 2, 3]}))
    for _ in range(3):
        trial = study.ask({"x": IntDistribution(1, 3)})
        study.tell(trial, trial.params["x"])
    assert [t.params["x"] for t in study.trials] == [1, 2, 3]


def test_two_asked_at_once_get_different_points():
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 2, 3]}))
    trials = [study.ask() for _ in range(3)]
    assert {t.suggest_int("x", 0, 9) for t in reversed(trials)} == {1, 2, 3}


def test_threads_share_a_study():
    sampler = OneFactorSampler({"x": 0}, {"x": list(range(40))})
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda t: t.suggest_int("x", 0, 50), n_jobs=4)
    assert {t.params["x"] for t in study.trials} == set(range(40))


def test_remaining_tells_what_is_left():
    sampler = OneFactorSampler(BASELINE, FACTORS)
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=5)
    assert sampler.remaining(study) == [
        {**BASELINE, "kind": "sgd", "seed": 0},
        {**BASELINE, "bias": False, "seed": 0},
    ]


def test_a_study_that_is_done_warns_before_it_repeats_a_point():
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 2]}))
    study.optimize(lambda t: t.suggest_int("x", 1, 2))
    with pytest.warns(UserWarning, match="every point"):
        study.optimize(lambda t: t.suggest_int("x", 1, 2))
    assert len(study.trials) == 3


def test_a_level_outside_the_suggested_range_says_so():
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 50]}))
    with pytest.raises(ValueError, match="level 50 of 'x' is outside"):
        study.optimize(lambda t: t.suggest_int("x", 1, 2))


def test_the_fallback_sampler_samples_the_rest():
    fixed = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 2]}, fallback=fixed))
    study.optimize(lambda t: t.suggest_int("x", 1, 2) + t.suggest_float("y", 0, 1))
    expected = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    expected.optimize(lambda t: t.suggest_float("y", 0, 1), n_trials=2)
    assert [t.params["y"] for t in study.trials] == [t.params["y"] for t in expected.trials]


def test_a_relative_fallback_never_touches_the_design():
    tpe = optuna.samplers.TPESampler(seed=0, n_startup_trials=2)
    levels = list(range(12))
    study = optuna.create_study(sampler=OneFactorSampler({"x": 0}, {"x": levels}, fallback=tpe))
    study.optimize(lambda t: t.suggest_int("x", 0, 20) + t.suggest_float("y", 0, 1))
    assert sorted(t.params["x"] for t in study.trials) == levels


def test_it_can_be_pickled():
    sampler = pickle.loads(pickle.dumps(OneFactorSampler(BASELINE, FACTORS)))
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective)
    assert len(study.trials) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"x": 1}, {"y": [1]}), "'y' has no baseline"),
        (({"x": 1}, {"x": []}), "'x' has no levels"),
        (({"x": 1}, {"x": [1]}, ()), "at least one seed"),
        (({"seed": 1}, {}), "not a hyperparameter"),
        (({"x": 1}, {"x": [1]}, (0,), [{"x": 5}]), "not a point of the design"),
    ],
)
def test_what_is_no_design_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        OneFactorSampler(*arguments)


@pytest.mark.parametrize(("x", "left"), [(1, [3]), (2, [3]), (3, [2])])
def test_a_running_trial_that_has_suggested_nothing_holds_the_next_point(x: int, left: list[int]):
    study = optuna.create_study()
    design = one_factor_points({"x": 1}, {"x": [1, 2, 3]})
    study.ask()
    assert [p["x"] for p in points_to_do(design, study.trials)] == [2, 3]
    study.ask({"x": IntDistribution(x, x)})
    assert [p["x"] for p in points_to_do(design, study.trials)] == left


MANY = """
import sys, time, optuna
from hpstudy import OneFactorSampler

optuna.logging.set_verbosity(optuna.logging.ERROR)
sampler = OneFactorSampler({"x": 0}, {"x": list(range(24))})
study = optuna.load_study(study_name="many", storage=sys.argv[1], sampler=sampler)


def objective(trial):
    x = trial.suggest_int("x", 0, 23)
    time.sleep(0.05)
    return x


import warnings
warnings.simplefilter("ignore")  # the last ones to ask may find every point taken
study.optimize(objective)
"""


def test_several_processes_finish_the_design_together(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'many.db'}"
    study = optuna.create_study(study_name="many", storage=url)
    processes = [subprocess.Popen([sys.executable, "-c", MANY, url]) for _ in range(3)]
    assert [p.wait(timeout=120) for p in processes] == [0, 0, 0]
    done = [t.params["x"] for t in study.trials if t.state == TrialState.COMPLETE]
    assert set(done) == set(range(24))
    assert len(done) < 2 * 24  # a plain storage lets two ask for the same point, now and then


def test_a_killed_process_point_is_free_once_its_trial_is_told_fail():
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 2]}))
    lost = study.ask({"x": IntDistribution(1, 2)})
    study.tell(lost, state=TrialState.FAIL)
    study.sampler = OneFactorSampler({"x": 1}, {"x": [1, 2]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.optimize(lambda t: t.suggest_int("x", 1, 2))
    done = [t for t in study.trials if t.state == TrialState.COMPLETE]
    assert sorted(t.params["x"] for t in done) == [1, 2]


def test_a_trial_of_another_process_may_be_told_fail():
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 2]}))
    study.ask({"x": IntDistribution(1, 2)})
    study.sampler = OneFactorSampler({"x": 1}, {"x": [1, 2]})  # it never saw that trial begin
    study.tell(0, state=TrialState.FAIL)
    assert study.trials[0].state == TrialState.FAIL


def test_an_int_level_fits_a_float_distribution():
    study = optuna.create_study(sampler=OneFactorSampler({"x": 1}, {"x": [1, 2]}))
    trial = study.ask({"x": FloatDistribution(0.5, 2)})
    assert trial.params["x"] == 1


def test_the_example_runs():
    code = re.search(r"```python\n(.*?)```", inspect.getdoc(OneFactorSampler), re.DOTALL)[1]
    names: dict = {}
    exec(textwrap.dedent(code), names)
    assert len(names["study"].trials) == 5
