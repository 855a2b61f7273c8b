from __future__ import annotations

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hpstudy.errors import UserError
from hpstudy.plans.distributions import distributions


def test_distributions_span_the_levels():
    points = [{"i": 1, "f": 0.5, "s": "a", "b": True}, {"i": 8, "f": 2.0, "s": "b", "b": False}]
    assert distributions(points) == {
        "i": IntDistribution(1, 8),
        "f": FloatDistribution(0.5, 2.0),
        "s": CategoricalDistribution(["a", "b"]),
        "b": CategoricalDistribution([True, False]),
    }


def test_choices_stay_as_a_study_has_fixed_them():
    known = {"s": CategoricalDistribution(["b", "a", "c"])}
    assert distributions([{"s": "a"}], known) == known
    with pytest.raises(UserError, match=r"can't add \['z'\] to the choices"):
        distributions([{"s": "z"}], known)


@pytest.mark.parametrize("level", [2**60 + 1, 2**53 + 1])
def test_a_level_that_the_database_gives_back_as_another_is_refused(level: int):
    with pytest.raises(UserError, match=f"n: the database would give {level} back as"):
        distributions([{"n": 1}, {"n": level}])
