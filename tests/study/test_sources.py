"""Studies that a program makes of results that it holds."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import optuna
import pytest

import hpstudy

RUNS = {
    "lr": [0.1, 0.1, 0.1, 0.2, 0.2, 0.2],
    "seed": [0, 1, 2] * 2,
    "acc": [0.90, 0.91, 0.92, 0.95, 0.96, 0.971],
}


class Frame:
    """What a DataFrame of pandas does, as far as it is asked for."""

    def to_dict(self, orient: str) -> dict[str, list[object]]:
        assert orient == "list"
        return {name: list(np.array(values)) for name, values in RUNS.items()}


def test_dir_lists_the_public_names_and_loads_none():
    code = "import hpstudy, sys, json; print(json.dumps([dir(hpstudy), [*sys.modules]]))"
    names, loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert {"Study", "from_csv", "from_optuna", "from_cv_results"} <= {*names}
    assert not {"optuna", "sqlalchemy", "hpstudy.study"} & {*loaded}
    assert all(hasattr(hpstudy, name) for name in names)


@pytest.mark.parametrize("source", [RUNS, Frame()], ids=["columns", "frame"])
def test_a_dataframe_becomes_a_study(folder, capsys, source):
    with folder.inside():
        study = hpstudy.from_csv(source, baseline={"lr": 0.2})
        rate = study.summary().grid.factor("lr").level(0.1)
        assert (study.name, rate.verdict) == ("results", "worse")
        assert "Seeds: seed, 3 seeds" in capsys.readouterr().err
        with pytest.raises(hpstudy.UserError, match="study 'results' is in"):
            hpstudy.from_csv(source)
        assert capsys.readouterr().err == ""
        with pytest.raises(hpstudy.UserError, match="expected a path, a DataFrame or columns"):
            hpstudy.from_csv(3)


def test_results_of_scikit_learn_know_what_a_setting_lacks(folder):
    found = {
        "params": [
            {"kernel": "rbf", "gamma": None},
            {"kernel": "rbf", "gamma": 0.5},
            {"kernel": "linear"},
        ],
        "param_kernel": np.ma.masked_array(["rbf", "rbf", "linear"]),
        "mean_fit_time": np.array([1.0, 2.0, 3.0]),
        "split0_test_score": np.array([0.9, 0.8, 0.7]),
        "split1_test_score": np.array([0.91, 0.8, np.nan]),
        "mean_test_score": np.array([0.9, 0.8, np.nan]),
    }
    with folder.inside():
        study = hpstudy.from_cv_results(found, quiet=True)
        assert study.file.baseline == {"kernel": "rbf", "gamma": "None"}
        assert study.file.grid.factors["gamma"] == ["None", "0.5"]
        grid = study.summary().grid
        assert grid.results.pairing.folds == 2
        assert grid.factor("kernel").level("linear").failed == (1,)


def test_a_study_of_optuna_is_read_wherever_it_is(folder):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name="theirs", directions=["minimize", "maximize"])
    rate = optuna.distributions.FloatDistribution(0.0, 1.0)
    for number in range(6):
        study.add_trial(
            optuna.create_trial(
                params={"lr": 0.1 + 0.1 * (number % 2)},
                distributions={"lr": rate},
                values=[number, 10 - number + number % 2],
                user_attrs={"seed": number // 2},
            )
        )
    with folder.inside():
        found = hpstudy.from_optuna(study, metric="values_1", quiet=True)
        grid = found.summary().grid
        assert (found.name, grid.metric.direction) == ("theirs", "maximize")
        assert grid.factor("lr").level(0.2).seeds == (0, 1, 2)
        with pytest.raises(hpstudy.UserError, match="--metric: expected one of values_0"):
            hpstudy.from_optuna(study, metric="value", name="other")
    assert len(study.trials) == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hpstudy.from_optuna(3), "expected an Optuna study, found 3"),
        (lambda: hpstudy.from_cv_results({}), "expected a search's cv_results_, found"),
        (lambda: hpstudy.from_cv_results(3), "expected a search's cv_results_, found 3"),
    ],
)
def test_what_is_no_source_is_a_line(folder, call, message):
    with folder.inside(), pytest.raises(hpstudy.UserError, match=message):
        call()
