"""Which setting is trained by itself, and on what data."""

import pytest

from hpstudy.errors import UserError
from hpstudy.plans.training import baseline_of, changes_of
from hpstudy.studyfile.find import load_study

SEARCHED = """
title = "Searched"
objective = "walk:Walk"
fidelity = "epochs"
baseline = { epochs = 2, lr = 1, width = 8, kind = "a" }
[settings]
depth = 3
[search]
trials = 2
validation = 5
[search.space]
kind = { choices = ["a", "b"] }
lr = { low = 0.5, high = 2.0 }
width = { low = 1, high = 9, when = { kind = "b" } }
"""


@pytest.fixture
def searched(folder):
    return load_study(folder.write("searched.toml", SEARCHED))


def test_without_a_grid_the_baseline_is_trained_as_a_confirmation_trains_it(searched):
    choice = baseline_of(searched)
    assert choice.setting == {"epochs": 2, "lr": 1.0, "kind": "a"}  # width counts for nothing
    assert type(choice.setting["lr"]) is float
    assert choice.fixed == {"validation": 0}


def test_with_one_it_is_the_grids(folder):
    choice = baseline_of(load_study(folder.path / "seek.toml"))
    assert choice.setting == {"lr": 0.1, "epochs": 2, "width": 8}
    assert choice.fixed == {}


def test_changes_keep_their_kind_and_may_be_the_baselines_own(searched):
    found = changes_of(searched, ("lr=1", "depth=4", "kind=b"))
    assert found == {"lr": 1, "depth": 4, "kind": "b"}
    assert changes_of(searched, ("lr=1",)) == {"lr": 1}
    with pytest.raises(UserError, match="epochs: .*expected a number"):
        changes_of(searched, ("epochs=x",))


def test_what_the_study_leaves_out_may_be_changed_if_the_objective_knows_it(searched):
    more = {"decay": 1, "depth": 9, "net": "cnn"}
    assert changes_of(searched, ("decay=0.5", "net=vit"), more) == {"decay": 0.5, "net": "vit"}
    assert changes_of(searched, ("net=cnn", "depth=3"), more) == {"net": "cnn", "depth": 3}
    with pytest.raises(UserError, match="did you mean 'decay'"):
        changes_of(searched, ("decaj=1",), more)


def test_what_is_changed_may_ask_for_others_and_is_as_trials_have_it(searched):
    choice = baseline_of(searched, {"kind": "b", "lr": 2})
    assert choice.setting == {"epochs": 2, "lr": 2.0, "width": 8, "kind": "b"}
    assert type(choice.setting["lr"]) is float
    beyond = {"kind": "c", "lr": 9, "epochs": 3}
    assert baseline_of(searched, beyond).setting == beyond
    assert baseline_of(searched, {"kind": "b", "width": 0.5}).setting["width"] == 0.5


def test_a_study_that_compares_nothing_has_none(folder):
    text = SEARCHED.partition("[search]")[0]
    with pytest.raises(UserError, match=r"neither \[grid\] nor \[search\]"):
        baseline_of(load_study(folder.write("none.toml", text)))
