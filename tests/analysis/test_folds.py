"""Folds that share what they train on vary more together than seeds do."""

from __future__ import annotations

import math

import pytest

from hpstudy.analysis.comparisons import Comparisons
from hpstudy.metric import Metric

A = {0: 0.81, 1: 0.84, 2: 0.79}
B = {0: 0.78, 1: 0.80, 2: 0.75}


def test_a_worked_example_of_three_folds():
    # Differences 0.03, 0.04, 0.04: mean 0.036667, variance 3.3333e-5. By Nadeau and Bengio the
    # mean's variance is (1/3 + 1/2) of that, as each fold tests a third and trains on the rest.
    values = {"a": A, "b": B}
    error = math.sqrt(3.3333333e-5 * (1 / 3 + 1 / 2))
    found = Comparisons(values, Metric("r2"), overlap=1 / 2).between("a", "b")
    assert found.difference == pytest.approx(0.0366667, rel=1e-5)
    assert found.error == pytest.approx(error, rel=1e-5)
    assert found.p == pytest.approx(0.02004, abs=1e-5)
    apart = Comparisons(values, Metric("r2")).between("a", "b")
    assert found.error / apart.error == pytest.approx(math.sqrt(1 + 3 / 2))


def test_a_mean_of_folds_has_a_wider_interval_and_more_of_them_are_no_new_data():
    compared = Comparisons({"a": A, "b": B}, Metric("r2"), overlap=1 / 2)
    apart = Comparisons({"a": A, "b": B}, Metric("r2"))
    widths = [found.mean("a").high - found.mean("a").low for found in (compared, apart)]
    assert widths[0] / widths[1] == pytest.approx(math.sqrt(1 + 3 / 2))
    assert compared.noise("a", "b") is None
    assert apart.noise("a", "b") is not None
