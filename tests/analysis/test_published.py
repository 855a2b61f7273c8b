from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats

from hpstudy.analysis.published import agreements, examples_behind
from hpstudy.metric import Metric
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts

MNIST = {"dataset": "mnist"}


def grid(values: list[float], published: float | None, settings=MNIST, metric="test_accuracy"):
    row = LevelResult(
        level=1,
        is_baseline=True,
        runs=tuple(Run(seed, value) for seed, value in enumerate(values)),
        published=published,
    )
    factors = (FactorResult("f", (row,)),)
    return GridResults(
        Metric.named(metric, "maximize"), {}, settings, TrialCounts(), 0, 0, factors, (), ()
    )


def agreement(*args, **options):
    return agreements(grid(*args, **options)).get(("f", 1))


@pytest.mark.parametrize(
    ("settings", "stated", "found"),
    [
        (MNIST, None, (10_000, 10_000)),
        (MNIST | {"test_images": 200}, None, (200, 10_000)),
        (MNIST, 500, (500, 500)),
        (MNIST | {"test_images": 200}, 500, (200, 500)),
        ({"dataset": "kmnist"}, None, (10_000, 10_000)),
        ({"dataset": ["mnist"]}, None, (None, None)),
        ({"test_images": 200}, None, (200, 200)),
        ({"test_images": "all"}, 500, (None, 500)),
        ({"dataset": "iris"}, None, (None, None)),
    ],
)
def test_how_many_examples_are_behind_our_figures_and_theirs(settings, stated, found):
    assert examples_behind(settings, stated) == found


def test_a_study_file_may_say_how_many_examples_the_published_figures_are_of():
    own = grid([0.91], 0.95, {}, metric="accuracy")
    assert agreements(own) == {}
    stated = agreements(replace(own, published_examples=100))["f", 1]
    assert stated == agreement([0.91], 0.95, {"test_images": 100})


def test_wilsons_interval_as_newcombe_tabulates_it():
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I.
    for right, images, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        found = agreement([0.5], right / images, {"test_images": images})
        assert (found.figure.low, found.figure.high) == pytest.approx((low, high), abs=5e-5)


def test_one_run_against_one_run_is_the_test_of_two_shares():
    found = agreement([0.9860], 0.9878)
    # By hand: 140 against 122 wrong of 10,000 each, pooled share 0.0131.
    z = 0.0018 / (2 * 0.0131 * 0.9869 / 10_000) ** 0.5
    assert found.p == pytest.approx(2 * stats.norm.sf(z))
    assert found.verdict == "consistent"
    assert agreement([0.9772], 0.9880).verdict == "not consistent"


def test_our_fewer_test_images_count_and_theirs_are_all_of_mnist():
    few = agreement([0.96], 0.9880, MNIST | {"test_images": 200})
    assert few.figure.low == agreement([0.96], 0.9880).figure.low
    assert few.p > agreement([0.96], 0.9880).p


def test_a_mean_of_seeds_is_judged_with_the_luck_of_both_sides():
    values, published = [0.986, 0.988, 0.990], 0.9878
    found = agreement(values, published)
    by_seed = 0.002**2 * (1 + 1 / 3)  # by hand: the values' variance is 0.002 squared
    images = published * (1 - published) / 10_000
    freedom = (by_seed + images) ** 2 / (by_seed**2 / 2)
    t = (0.988 - published) / (by_seed + images) ** 0.5
    assert found.p == pytest.approx(2 * stats.t.sf(t, freedom))
    assert found.verdict == "consistent"


def test_a_difference_is_found_that_overlapping_intervals_would_miss():
    values = [0.98325, 0.98335, 0.98345, 0.98330, 0.98340]
    found = agreement(values, 0.9869)
    ours = stats.t.ppf(0.975, 4) * (0.0000791**2 + 0.98335 * 0.01665 / 10_000) ** 0.5
    assert found.figure.low < 0.98335 + ours  # the intervals overlap
    assert found.verdict == "not consistent"


def test_the_same_figure_is_consistent_even_where_nothing_varies():
    assert agreement([1.0], 1.0).verdict == "consistent"
    assert agreement([1.0, 1.0], 1.0).verdict == "consistent"


@pytest.mark.parametrize(
    "changes",
    [
        {"published": None},
        {"values": []},
        {"metric": "test_loss"},
        {"metric": "validation_accuracy"},
        {"settings": {}},
        {"published": 98.78},
    ],
)
def test_what_cannot_be_compared_is_not(changes):
    assert agreement(**({"values": [0.5], "published": 0.5} | changes)) is None


def test_each_level_is_judged_by_itself():
    one = grid([0.9860], 0.9878)
    rows = one.factors[0].levels
    both = replace(one, factors=(FactorResult("f", (*rows, replace(rows[0], level=2))),))
    assert set(agreements(both)) == {("f", 1), ("f", 2)}
