"""Trials of two kinds are never mixed in one study."""

from __future__ import annotations

import pytest


def test_an_edited_setting_is_refused_with_what_differs(folder, study_with):
    study_with(("[settings]", '[settings]\nhead = "a"\ndepth = 1'))
    folder.run("grid", "walk.toml")
    before = folder.json("show", "walk.toml")
    study_with(("[settings]", '[settings]\nhead = "b"\ndepth = 1'))
    for args in (("grid", "walk.toml"), ("grid", "walk.toml", "--plan")):
        error = folder.run(*args, code=2).stderr
        assert error == (
            "Error: study 'walk/grid' in sqlite:///runs/hpstudy.db holds trials of another kind: "
            "settings.head was 'a', is now 'b'; give --name for a study of its own, "
            "or begin anew after `hpstudy delete walk`\n"
        )
    assert folder.json("show", "walk.toml") == before
    folder.run("grid", "walk.toml", "--name", "other")
    assert len(folder.trained()) == 16


@pytest.mark.parametrize(
    ("change", "args", "message"),
    [
        (("[grid]", '[grid]\nmetric = "value_accuracy"'), (), "metric was 'value', is now"),
        (("[grid]", '[grid]\ndirection = "minimize"'), (), "direction was 'maximize'"),
        (("[grid]", "[grid]\nvalidation = 5"), (), "settings.validation was 0, is now 5"),
        (("[grid]", "[grid]\nmetric_epochs = 3"), (), "metric_epochs was 1, is now 3"),
        (("walk:Walk", "walk:total"), (), "objective was 'walk:Walk'"),
        (("title", "title"), ("--threads", "2"), "threads was 1, is now 2"),
    ],
)
def test_whatever_makes_trials_of_another_kind_is_refused(
    folder, study_with, change, args, message: str
):
    folder.run("grid", "walk.toml")
    study_with(change)
    assert message in folder.run("grid", "walk.toml", *args, code=2).stderr


def test_a_raised_version_is_another_kind_and_trains_anew(folder):
    folder.run("grid", "walk.toml")
    module = (folder.path / "walk.py").read_text()
    folder.write("walk.py", module.replace("version = 1", "version = 2"))
    assert "version was 1, is now 2" in folder.run("grid", "walk.toml", code=2).stderr
    folder.run("grid", "walk.toml", "--name", "two")
    assert len(folder.trained()) == 16


def test_an_edited_objective_is_noted(folder):
    assert "Note:" not in folder.run("grid", "walk.toml").stderr
    assert "Note:" not in folder.run("grid", "walk.toml").stderr
    folder.write("walk.py", (folder.path / "walk.py").read_text() + "# edited\n")
    noted = folder.run("grid", "walk.toml").stderr
    assert "Note: walk.py has changed since this study began" in noted
    assert "raise the objective's `version`" in noted


def test_a_choice_added_to_a_categorical_factor_is_refused_before_anything_runs(folder):
    text = """
title = "Kinds"
objective = "walk:total"
[baseline]
kind = "a"
[grid.factors]
kind = ["a", "b"]
"""
    folder.write("kinds.toml", text)
    folder.run("grid", "kinds.toml")
    folder.write("kinds.toml", text.replace('["a", "b"]', '["a", "b", "c"]'))
    error = folder.run("grid", "kinds.toml", code=2).stderr
    assert "factor 'kind': Optuna can't add ['c'] to the choices ['a', 'b']" in error
    folder.write("kinds.toml", text.replace('["a", "b"]', '["b", "a"]'))
    folder.run("grid", "kinds.toml")


def test_auto_keeps_the_precision_that_a_study_began_with(folder):
    folder.run("grid", "walk.toml", "--precision", "bf16", "--factor", "width")
    folder.run("grid", "walk.toml", "--precision", "auto", "--factor", "width")
    trained = folder.trained()
    error = folder.run("grid", "walk.toml", "--precision", "fp32", code=2).stderr
    assert "precision was 'bf16', is now 'fp32'; give --name" in error
    assert folder.trained() == trained


def test_a_search_in_another_space_is_another_search(folder, study_with):
    args = ("search", "seek.toml", "--trials", "2", "--confirm", "0", "--workers", "1")
    folder.run(*args)
    study_with(("high = 1.0", "high = 0.5"), name="seek.toml")
    assert "space.lr was" in folder.run(*args, code=2).stderr
    study_with(name="seek.toml")
    assert "seed was 0, is now 3" in folder.run(*args, "--seed", "3", code=2).stderr
    folder.run(*args, "--sampler", "random", "--pruner", "none")
