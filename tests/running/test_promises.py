"""What is said of an objective, of what its small trainings came to."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hpstudy.running.probing import Probed
from hpstudy.running.promises import Changed, Holds, Seen, findings


def probed(*values: float | None, **more) -> Probed:
    return Probed(tuple({"acc": value, "wall_seconds": 0.1, **more} for value in values))


def seen(**changes) -> Seen:
    base = probed(0.5, 0.6)
    kept = Seen(
        label="baseline",
        metric="acc",
        seeds=(0, 1),
        keeps_state=True,
        base=base,
        again=probed(0.5),
        later=probed(0.5, 0.6),
        other_seed=probed(0.4),
        changed={"lr": [Changed(0.1, probed(0.7), base)]},
    )
    for name, value in changes.items():
        setattr(kept, name, value)
    return kept


def found(name: str, **changes) -> tuple[Holds, str]:
    (finding,) = [one for one in findings(seen(**changes)) if one.name == name]
    assert bool(finding.do) <= (finding.holds is Holds.NO)
    return finding.holds, finding.seen


def test_of_what_keeps_its_promises_all_are_kept():
    assert {finding.holds for finding in findings(seen())} == {Holds.YES}


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        (
            "trains",
            {"again": Probed(failure="m.py:3: KeyError: 'a'")},
            "baseline, again: m.py:3: K",
        ),
        ("metrics", {"base": Probed(missing="metric 'a' is not among")}, "metric 'a' is not among"),
        ("metrics", {"base": probed(None)}, "acc is no finite number at baseline"),
        ("metrics", {"searched_by": ["val"]}, "'val', which the search looks at, is not returned"),
        ("same_seed", {"again": probed(0.5 + 1e-12)}, r"acc 0.5, then 0.50000000000\d+"),
        (
            "same_seed",
            {"keeps_state": False, "later": probed(0.9)},
            "acc 0.5, then 0.9 in another process",
        ),
        ("other_seed", {"other_seed": probed(0.5)}, "seeds 0 and 1 gave the same: acc 0.5"),
        ("goes_on", {"later": probed(0.5, 0.7)}, "acc 0.6 in one go, 0.7 if stopped after epoch 1"),
        ("goes_on", {"later": replace(probed(0.5, 0.6), again=1)}, "could not be taken up"),
        ("parameters", {"changed": {"w_d": [Changed(3, probed(0.5), probed(0.5))]}}, "w d: 3 ch"),
        (
            "arguments",
            {"again": Probed(changed=("settings",))},
            "settings changed by the objective",
        ),
        ("folder", {"written": list("abcde")}, "a, b, c and 2 more written to the working folder"),
    ],
)
def test_what_is_broken_is_said(name: str, changes: dict, said: str):
    holds, told = found(name, **changes)
    assert holds is Holds.NO
    assert re.search(said, told), told


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("goes_on", {"keeps_state": False}),
        ("goes_on", {"later": None}),
        ("same_seed", {"again": None}),
        ("other_seed", {"base": probed(None), "other_seed": probed(None)}),
        ("parameters", {"changed": {}}),
        ("parameters", {"base": probed(None)}),
        ("arguments", {"base": Probed(failure="it is gone")}),
    ],
)
def test_what_was_not_tried_is_not_known(name: str, changes: dict):
    assert found(name, **changes)[0] is Holds.UNKNOWN


def test_what_no_seed_gives_twice_tells_nothing():
    # A time of the objective's own is another each time: no hyperparameter is used for that.
    base = Probed(({"acc": 0.5, "fit_time": 1.0},))
    again = Probed(({"acc": 0.5, "fit_time": 2.0},))
    other = Probed(({"acc": 0.5, "fit_time": 3.0},))
    changes = {"base": base, "again": again, "changed": {"lr": [Changed(0.1, other, base)]}}
    assert found("parameters", **changes)[0] is Holds.NO
    loss = [Probed(({"acc": 0.5, "loss": x},)) for x in (1.0, 1.0, 2.0)]
    changes = {"base": loss[0], "again": loss[1], "changed": {"lr": [Changed(0.1, loss[2], base)]}}
    assert found("parameters", **changes)[0] is Holds.YES
