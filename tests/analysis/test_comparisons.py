"""Odd but honest values: compared where that means something, with no absurd figure."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from hpstudy.analysis.blocks import Blocks
from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.family import family
from hpstudy.analysis.intervals import mean_interval, paired_interval
from hpstudy.analysis.pool import alike, resolution
from hpstudy.metric import Metric

SHARE = Metric("accuracy", unit="share")


def compared(metric: Metric = SHARE, **levels: dict[int, float]) -> Comparisons[str]:
    return Comparisons(levels, metric)


def only(comparisons: Comparisons[str], level: str = "a"):
    (found,) = family(comparisons, [(level, "base")], comparisons.metric).values()
    return found


def by_seed(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def test_seeds_that_are_not_connected_are_compared_by_welch_alone():
    left = {"base": {0: 0.95, 1: 0.951, 2: 0.949}, "a": {0: 0.955, 1: 0.957, 2: 0.954}}
    right = {"b": {3: 0.97, 4: 0.972, 5: 0.969}, "c": {3: 0.96, 4: 0.961, 5: 0.958}}
    comparisons = compared(**left, **right)
    assert comparisons.between("a", "base").test == "blocks"
    assert comparisons.between("b", "c").test == "blocks"
    across = comparisons.between("b", "base")
    assert across.test == "Welch"
    assert across.difference == pytest.approx(0.97033 - 0.95, abs=1e-4)
    assert across.error > 0
    alone = compared(base={0: 0.95, 1: 0.97}, a={2: 0.5, 3: 0.52}).between("a", "base")
    assert (alone.test, alone.difference) == ("Welch", pytest.approx(-0.45))


def test_of_its_own_each_difference_is_a_t_test_by_itself():
    chance = np.random.default_rng(5)
    seed, luck = chance.normal(size=6), chance.normal(size=(3, 6))
    rows = seed + luck * [[1.0], [1.0], [9.0]]
    values = {key: by_seed(*row) for key, row in zip(("base", "a", "wild"), rows, strict=True)}
    values["apart"] = {seed + 10: value for seed, value in values["a"].items()}
    own = Comparisons(values, Metric("m"), spreads="own")
    for key, row in (("a", rows[1]), ("wild", rows[2])):
        found = own.between(key, "base")
        assert (found.test, found.freedom) == ("paired", 5)
        assert found.p == pytest.approx(float(stats.ttest_rel(row, rows[0]).pvalue))
        assert own.mean(key).ends == pytest.approx(mean_interval([*row]))
    found = own.between("apart", "base")
    expected = stats.ttest_ind(rows[1], rows[0], equal_var=False)
    assert (found.test, found.p) == ("Welch", pytest.approx(float(expected.pvalue)))
    without_wild = {key: found for key, found in values.items() if key != "wild"}
    alone = Comparisons(without_wild, Metric("m"), spreads="own")
    assert alone.between("a", "base") == own.between("a", "base")
    assert own.noise("a", "base").freedom_per_seed == 1
    assert own.spread is None


def test_values_that_are_rounded_to_one_have_an_interval_still():
    rounded = compared(base=by_seed(0.9, 0.9, 0.9), a=by_seed(0.9, 0.8, 0.7))
    assert rounded.mean("base").high - 0.9 > 0.03
    exact = compared(base=by_seed(0.9, 0.9, 0.9), a=by_seed(0.8, 0.8, 0.8))
    assert exact.mean("base").ends == (0.9, 0.9)


@pytest.mark.parametrize("missing", [0.0, 0.2, 0.5])
def test_the_block_model_is_least_squares_whatever_is_missing(missing: float):
    chance = np.random.default_rng(3)
    seeds = chance.normal(size=8)
    values = {
        key: {
            s: key / 10 + seeds[s] + chance.normal() / 5
            for s in range(8)
            if s < 2 or chance.random() >= missing
        }
        for key in range(5)
    }
    rows = [(k, s, v) for k, found in values.items() for s, v in found.items()]
    design = np.array(
        [[k == i for i in range(5)] + [s == j for j in range(1, 8)] for k, s, _ in rows], float
    )
    fit = OLS([v for *_, v in rows], design).fit()
    blocks = Blocks(values)
    assert blocks.freedom == fit.df_resid
    assert blocks.deviation == pytest.approx(fit.mse_resid**0.5)
    weights = [1.0, 0, 0, -1.0, 0] + [0] * 7
    expected = fit.t_test(weights)
    difference, factor = blocks.contrast({0: 1.0, 3: -1.0})
    assert difference == pytest.approx(float(expected.effect[0]))
    assert factor * blocks.deviation == pytest.approx(float(expected.sd[0, 0]))


@pytest.mark.parametrize(
    ("base", "other", "test"),
    [
        ((1e12, 1e12 + 100, 1e12 - 100), (1e12 + 50, 1e12 + 90, 1e12 - 30), "blocks"),
        ((0.1, 0.1, 0.1), (0.1 + 1e-17, 0.1, 0.1), "exact"),
        ((0.1 + 0.2, 0.3, 0.3), (0.3, 0.3, 0.3), "exact"),
        ((0.5, 0.6, 0.7), (0.8, 0.9, 1.0), "exact"),  # its seeds explain all
        ((1e308, 1.5e308, 1.2e308), (-1e308, -1.6e308, -1.1e308), "blocks"),
        ((5e-324, 1e-323, 5e-324), (1e-300, 2e-300, 1.5e-300), "blocks"),
        ((1e308, 1e308, 1e308), (-1e308, -1e308, -1e308), "exact"),
    ],
)
def test_what_is_exact_is_told_from_rounding_at_any_size(base, other, test: str):
    found = only(compared(Metric("m"), base=by_seed(*base), a=by_seed(*other)))
    assert found.test == test
    figures = [found.difference.value, found.p, *(found.difference.ends or ())]
    assert all(math.isfinite(figure) for figure in figures)
    assert 0 <= found.p <= 1


def test_one_monstrous_level_does_not_hide_what_the_others_show():
    chance = np.random.default_rng(0)
    calm = {key: by_seed(*chance.normal(0.9, 0.001, 3)) for key in ("base", "a", "b", "c")}
    alone = compared(Metric("m"), **calm)
    found = compared(Metric("m"), **calm, wild=by_seed(1e308, -1e308, 7.0))
    assert found.between("a", "base") == alone.between("a", "base")
    assert found.between("wild", "base").test == "paired"


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ((0.95, 0.9, 0.85, 0.9), 0.05),
        ((0.9871, 0.9874, 0.9880), 0.0003),
        ((0.9871, 0.9873, 0.9880), 0.0),  # neither is seven steps of two
        ((0.12345, 0.2718, 0.31416), 0.0),
        ((0.5, 0.5), 0.0),
    ],
)
def test_values_that_lie_whole_steps_apart_are_rounded(values, step: float):
    assert resolution([by_seed(*values)]) == pytest.approx(step)


@pytest.mark.parametrize(
    ("values", "metric", "known"),
    [
        ((0.2, 0.9), SHARE, False),
        ((0.80, 0.81), SHARE, True),
        ((20.0, 90.0), Metric("accuracy", unit="%"), False),
        ((20.0, 90.0), Metric("loss"), True),  # a loss has no ends
    ],
)
def test_an_interval_that_holds_all_that_there_can_be_says_nothing(values, metric, known: bool):
    assert (mean_interval(values, metric) is not None) == known


@pytest.mark.parametrize(
    ("differences", "ends"),
    [
        ((-0.5, 0.14), None),
        ((-0.53, -0.51), pytest.approx((-0.647, -0.393), abs=1e-3)),
        ((0.85, 0.93), pytest.approx((0.382, 1.0), abs=1e-3)),  # no two shares lie further apart
    ],
)
def test_a_difference_wider_than_what_the_metric_can_span_is_no_finding(differences, ends):
    assert paired_interval(differences, SHARE) == ends


def test_what_is_alike_takes_one_pass_over_the_levels():
    chance = np.random.default_rng(0)
    values = {key: by_seed(*chance.normal(0, 1, 5)) for key in range(2000)}
    values |= {-1: by_seed(*chance.normal(0, 1e6, 5)), -2: by_seed(1, 1, 1, 1, 1)}
    pool = alike(values)  # in quadratic time, half a minute
    assert {-1, -2} & pool.keys() == set()
    assert len(pool) > 1990


@pytest.mark.parametrize(
    ("base", "other", "is_known"),
    [
        ((0.9, 0.85), (0.95, 0.9), False),  # 18 and 17 of 20 against 19 and 18
        ((0.9, 0.9), (0.95, 0.95), False),
        ((0.9, 0.85, 0.8), (0.95, 0.9, 0.85), True),
        ((0.9, 0.9), (0.9, 0.9), True),  # no difference needs no proof
    ],
)
def test_two_seeds_that_agree_by_chance_prove_nothing(base, other, is_known: bool):
    found = only(compared(base=by_seed(*base), a=by_seed(*other)))
    assert (found.difference.ends is not None) == is_known
    assert is_known or found.p == 1.0


def test_ten_thousand_runs_that_nothing_pairs_are_compared_at_once():
    drawn = random.Random(0)
    values = {
        key: {at: drawn.gauss(middle, 1.0) for at in range(start, start + 5000)}
        for key, middle, start in (("a", 0.0, 0), ("b", 0.1, 5000), ("c", 0.1, 10_000))
    }
    began = time.process_time()
    found = Comparisons(values, Metric("m")).between("a", "b")
    assert time.process_time() - began < 5  # a matrix of all seeds takes minutes
    assert found.test == "Welch"
    assert found.difference == pytest.approx(-0.1, abs=0.06)
    assert found.error == pytest.approx(math.sqrt(2 / 5000), rel=0.05)
