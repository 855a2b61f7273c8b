"""A study file that was composed says, when it is loaded, what it was composed of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.errors import UserError
from hpstudy.studyfile.compose import Draft, Range, compose, write_study
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.find import load_study

BASELINE = {
    "lr": 1e-05,
    "batch size": 100,
    "model.depth": 3,
    "naïve ☃": True,
    'a "quoted" name': 'says "no"\n\tand \\ more',
    "c:/d#e=[f]": "'''",
    "decay": 0.1 + 0.2,
    "huge": 1e300,
}
DRAFT = Draft(
    title='Łódź: "one" \\ two\nlines',
    objective="mine:score",
    fidelity="batch size",
    settings={"data": "x", "nested": {"a.b": [1, {"c": 2.5}], "empty": {}}, "none": []},
    baseline=BASELINE,
    metric="test acc",
    direction="minimize",
    unit="share",
    seeds=[3, 4, 5],
    factors={
        "lr": [1e-05, 1e-4, 0.5],
        "model.depth": [1, 3],
        "naïve ☃": [True, False],
        "c:/d#e=[f]": ["'''", '"""', ""],
        "huge": [1e300, 5e-324],
    },
    space={
        "lr": Range(1e-06, 0.1, log=True),
        "model.depth": Range(0, 9, step=3),
        "naïve ☃": Range(choices=[True, False]),
    },
    trials=20,
    comments={
        (): "first line\nsecond \x1b[31m line\n\nthird",
        ("baseline", "model.depth"): "how deep",
        ("grid",): "one factor at a time",
        ("grid", "factors", "lr"): "ten times\nless and more",
        ("command",): 'command = ["python"]',
        ("search", "space", "lr"): "on a logarithmic scale",
        ("metrics",): "units",
    },
)


def loaded(tmp_path: Path, draft: Draft) -> StudyFile:
    file = tmp_path / "s.toml"
    file.unlink(missing_ok=True)
    write_study(file, compose(draft))
    return load_study(file)


def test_all_comes_back_as_it_was(tmp_path):
    study = loaded(tmp_path, DRAFT)
    assert (study.title, study.objective) == (DRAFT.title, "mine:score")
    assert (study.fidelity, study.settings) == ("batch size", DRAFT.settings)
    assert study.grid is not None
    for found, given_ in ((study.baseline, BASELINE), (study.grid.factors, DRAFT.factors)):
        assert repr(dict(found)) == repr(dict(given_))  # the kinds too: 1, 1.0 and true are equal
    assert (study.grid.metric, study.grid.direction, study.grid.seeds) == (
        "test acc",
        "minimize",
        [3, 4, 5],
    )
    assert study.metrics["test acc"].unit == "share"
    assert study.search is not None
    assert (study.search.metric, study.search.trials) == ("test acc", 20)
    space = {n: d.model_dump(exclude_unset=True) for n, d in study.search.space.items()}
    assert space == {n: tried.as_keys() for n, tried in DRAFT.space.items()}


def test_comments_stand_where_they_belong():
    lines = compose(DRAFT).splitlines()
    assert lines[:4] == ["# first line", r"# second \x1b[31m line", "", "# third"]
    assert '"model.depth" = 3 # how deep' in lines
    assert lines[lines.index("[grid]") + 1] == "# one factor at a time"
    assert lines[lines.index("# less and more") + 1] == "lr = [1e-05, 0.0001, 0.5]"
    assert lines[lines.index('objective = "mine:score"') + 1] == '# command = ["python"]'


def test_a_grid_without_factors_holds_the_baseline_alone(tmp_path):
    study = loaded(tmp_path, Draft(title="t", objective="m:f", baseline={"lr": 0.1, "depth": 2}))
    assert study.grid is not None
    assert study.grid.factors == {"lr": [0.1]}
    assert study.search is None


def test_what_is_left_out_is_not_there():
    text = compose(Draft(title="t", command=["a", "b c"], baseline={"lr": 1}))
    assert 'command = ["a", "b c"]' in text
    assert "objective" not in text
    assert "search" not in text


@pytest.mark.parametrize(
    ("seeds", "written"),
    [([0], "1"), ([0, 1, 2], "3"), ([5], '"5-5"'), ([2, 3], '"2-3"'), ([0, 7], "[0, 7]")],
)
def test_seeds_are_written_as_a_person_would(tmp_path, seeds, written):
    draft = Draft(title="t", objective="m:f", baseline={"lr": 1}, seeds=seeds)
    assert f"seeds = {written}\n" in compose(draft)
    study = loaded(tmp_path, draft)
    assert study.grid is not None
    assert study.grid.seeds == seeds


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]))
NAMES = TEXTS.filter(lambda name: name.isprintable() and name not in ("", "seed", "precision"))
LEVELS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(baseline=st.dictionaries(NAMES, LEVELS, min_size=1, max_size=4), title=TEXTS, said=st.text())
@settings(max_examples=60, deadline=None)
def test_any_names_and_values_come_back(tmp_path_factory, baseline, title, said):
    draft = Draft(
        title=title or "t",
        objective="m:f",
        baseline=baseline,
        factors={name: [value] for name, value in baseline.items()},
        comments={("baseline", name): said for name in baseline},
    )
    study = loaded(tmp_path_factory.getbasetemp(), draft)
    assert study.title == draft.title
    assert repr(study.baseline) == repr(baseline)


def test_nothing_is_overwritten(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("my own work")
    for path, said in (
        (file, "mine.toml: it exists"),
        (tmp_path, "there is a folder"),
        (tmp_path / "no" / "such.toml", "No such file"),
    ):
        with pytest.raises(UserError, match=said):
            write_study(path, "text")
    assert file.read_text() == "my own work"
    with pytest.raises(UserError, match="UTF-8"):
        write_study(tmp_path / "other.toml", "\udcff")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
