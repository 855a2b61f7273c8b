"""A training's value is the mean over its last epochs, where the study file says so."""

from __future__ import annotations

import json
from statistics import fmean

import optuna

THREE = ("[grid]", "[grid]\nmetric_epochs = 3")
SEARCH = ("[search]", "[search]\nmetric_epochs = 3\nfinalists = 2\nconfirm_seeds = 2")
SAYS = "value: the mean of a training's last 3 epochs."


def complete(folder, name: str) -> list[optuna.trial.FrozenTrial]:
    study = optuna.load_study(study_name=name, storage=folder.url)
    return study.get_trials(states=[optuna.trial.TrialState.COMPLETE])


def test_a_value_is_the_mean_of_the_last_epochs_or_of_as_many_as_there_are(folder, study_with):
    study_with(THREE)
    shown = folder.run("grid", "walk.toml").stdout
    assert SAYS in " ".join(shown.split())
    trials = complete(folder, "walk/grid")
    assert {len(t.intermediate_values) for t in trials} == {2, 4}
    for trial in trials:
        epochs = [trial.intermediate_values[n] for n in sorted(trial.intermediate_values)]
        assert epochs == sorted(epochs)  # as they are: a walk goes up
        assert trial.value == fmean(epochs[-3:])
    grid = folder.json("show", "walk.toml")["grid"]
    assert (grid["metric"], grid["metric_epochs"]) == ("value", 3)
    found = {value for f in grid["factors"] for row in f["levels"] for value in row["values"]}
    assert found == {t.value for t in trials}
    page = folder.path / folder.run("report", "walk.toml").stdout.strip()
    assert SAYS.replace("'", "&#39;") in page.read_text()


def test_what_is_shown_is_what_was_run_whatever_the_file_says_since(folder, study_with):
    study_with(THREE)
    folder.run("grid", "walk.toml")
    study_with()
    assert folder.json("show", "walk.toml")["grid"]["metric_epochs"] == 3
    error = folder.run("grid", "walk.toml", code=2).stderr
    assert "metric_epochs was 3, is now 1; give --name for a study of its own" in error


def test_a_search_and_its_confirmation_go_by_the_mean_too(folder, study_with):
    study_with(SEARCH, name="seek.toml")
    shown = folder.run("search", "seek.toml", "--trials", "6").stdout
    assert SAYS in " ".join(shown.split())
    trials = [*complete(folder, "seek/search"), *complete(folder, "seek/confirm")]
    assert len(trials) > 6
    for trial in trials:
        reported = trial.intermediate_values
        assert trial.value == fmean(reported[n] for n in sorted(reported)[-3:])
    found = folder.json("show", "seek.toml")["search"]
    assert found["metric_epochs"] == found["confirmed"]["metric_epochs"] == 3


def test_settings_are_compared_by_the_mean_too(folder, study_with):
    study_with(THREE, ("epochs = 2", "epochs = 4"))
    compare = ("compare", "walk.toml", "width=16", "--looks", "2", "--until", "0.001")
    found = json.loads(folder.run(*compare, "--json", code=1).stdout)
    assert found["metric_epochs"] == 3
    names = optuna.get_all_study_names(folder.url)
    trials = [trial for name in names for trial in complete(folder, name)]
    assert len(trials) == 4
    for trial in trials:
        assert trial.value == fmean(trial.intermediate_values[n] for n in (2, 3, 4))
    assert SAYS in " ".join(folder.run(*compare, code=1).stdout.split())
    study_with(("epochs = 2", "epochs = 4"))
    assert "metric_epochs was 3, is now 1" in folder.run(*compare, code=2).stderr


def test_a_function_has_no_last_epochs(folder, study_with):
    study_with(THREE, ("walk:Walk", "walk:total"))
    assert folder.error("grid", "walk.toml") == (
        "metric_epochs: the objective 'walk:total' is a function, which has one epoch; leave it out"
    )
