"""The space of a search in which hyperparameters depend on others."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.find import first_line

SPACE = {
    "model": {"choices": ["svm", "rf", "mlp"]},
    "C": {"low": 0.1, "high": 10.0, "when": {"model": "svm"}},
    "layers": {"low": 1, "high": 3, "when": {"model": ["mlp"]}},
    "width": {"low": 8, "high": 64, "when": {"layers": [2, 3]}},
}
BASELINE = {"model": "svm", "C": 1.0, "kept": 1}


def study(space=None, baseline=None, **more) -> StudyFile:
    return StudyFile.model_validate(
        {
            "title": "t",
            "objective": "m:f",
            "baseline": BASELINE | (baseline or {}),
            "search": {"space": SPACE | (space or {})},
            **more,
        }
    )


def test_a_setting_holds_what_counts_in_it():
    file = study()
    assert file.whole() == BASELINE
    assert file.whole({"model": "rf"}) == {"model": "rf", "kept": 1}
    chosen = {"model": "mlp", "layers": 2, "width": 8}
    assert file.whole(chosen) == {**chosen, "kept": 1}
    assert study(baseline={"width": 8}).whole() == BASELINE  # which counts for nothing there


def test_what_depends_on_others_is_asked_after_them():
    file = study()
    assert file.searched({}) == ["model"]
    assert file.searched({"model": "svm"}) == ["model", "C"]
    assert file.searched({"model": "mlp"}) == ["model", "layers"]
    assert file.searched({"model": "mlp", "layers": 1}) == ["model", "layers"]
    assert file.searched({"model": "mlp", "layers": 3}) == ["model", "layers", "width"]
    assert study({"C": {"low": 0.1, "high": 1.0, "when": {"kept": 1}}}).searched({})[1] == "C"


def one(name: str, **keys):
    return {name: {"low": 1, "high": 3, **keys}}


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (one("layers", when={"modle": "mlp"}), "search.space.layers.when: expected another hyp"),
        (one("layers", when={"layers": 1}), "search.space.layers.when: expected another hyperpara"),
        (one("layers", when={"model": "cnn"}), "when.model: 'cnn' is not in search.space.model"),
        (one("layers", when={"kept": 2}), "when.kept: expected the baseline's 1, as kept is n"),
        (
            one("layers", when="mlp"),
            "when: expected hyperparameters with values, such as { mod",
        ),
        (one("layers", when={}), "when: expected hyperparameters with values, such as { mod"),
        (one("layers", when={"model": []}), "when.model: expected at least 1 of them"),
        (one("layers", when={"width": 8}), "don't depend on each other in a circle, found layers "),
        (one("layers"), r"layers: expected a key of \[baseline\] \(model, C, kept\)$"),
        (one("layers", when={"model": "svm"}), "layers: .*, as the baseline fulfils its condition"),
    ],
)
def test_what_can_not_be_fulfilled_is_refused(space, said):
    with pytest.raises(ValidationError) as error:
        study(space)
    line = first_line(error.value)
    assert line.startswith("search.space.")
    assert re.search(said, line)


def test_a_grid_varies_what_counts_at_its_baseline():
    assert study(grid={"factors": {"C": [0.1, 1.0]}}).grid is not None
    with pytest.raises(ValidationError, match="grid.factors.layers: expected what counts at the"):
        study(baseline={"layers": 1}, grid={"factors": {"layers": [1, 2]}})


def test_the_fidelity_depends_on_nothing():
    with pytest.raises(ValidationError, match="search.space.kept.when: the fidelity depends on n"):
        study(one("kept", when={"model": "svm"}), fidelity="kept")
