from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpstudy.analysis.simultaneous import (
    chosen_p,
    chosen_quantile,
    dunnett_p,
    dunnett_quantile,
    range_p,
    range_quantile,
    t_p,
    t_quantile,
)


@pytest.mark.parametrize("freedom", [2, 4, 20, 200])
@pytest.mark.parametrize("count", [2, 5])
def test_dunnetts_p_is_that_of_scipys_multivariate_t(count: int, freedom: int):
    quantile = dunnett_quantile(count, freedom, 0.01)
    assert dunnett_p(quantile, count, freedom) == pytest.approx(0.01, rel=1e-4)
    alike = np.full((count, count), 0.5) + np.eye(count) / 2
    joint = stats.multivariate_t(np.zeros(count), alike, df=freedom)
    ends = np.full(count, quantile)
    inside = joint.cdf(ends, lower_limit=-ends, maxpts=200_000, random_state=0)
    assert 1 - inside == pytest.approx(0.01, abs=1e-4)


@pytest.mark.parametrize("freedom", [2, 4, 20, 200])
@pytest.mark.parametrize("count", [2, 5, 12])
def test_the_range_is_scipys_studentized_range(count: int, freedom: int):
    quantile = range_quantile(count, freedom)
    assert range_p(quantile, count, freedom) == pytest.approx(0.05, rel=1e-4)
    assert stats.studentized_range.sf(quantile, count, freedom) == pytest.approx(0.05, rel=1e-4)


@pytest.mark.parametrize("freedom", [1, 1.5, 4.9, 5, 33.3, 1e6])
@pytest.mark.parametrize("alpha", [0.05, 1e-5])
def test_one_difference_alone_has_students_t(freedom: float, alpha: float):
    assert t_p(t_quantile(freedom, alpha), freedom) == pytest.approx(alpha)
    assert dunnett_quantile(1, freedom, alpha) == pytest.approx(stats.t.isf(alpha / 2, freedom))
    # Two of them: at least as far as one, no further than each at half the rate.
    ends = t_quantile(freedom, alpha), t_quantile(freedom, alpha / 2)
    assert ends[0] < dunnett_quantile(2, freedom, alpha) < ends[1] * (1 + 1e-5)


def test_a_p_far_below_rounding_is_kept():
    assert 0 < dunnett_p(40, 12, 20) < 1e-18
    assert dunnett_p(0.0, 12, 20) == pytest.approx(1.0)
    assert dunnett_quantile(5000, 10_000) == pytest.approx(4.06, abs=0.02)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_what_chose_a_setting_is_paid_for_between_nothing_and_dunnett(count: int):
    assert chosen_quantile(count, 0.0, 8) == t_quantile(8)
    ts = [chosen_quantile(count, share, 8) for share in (0.25, 0.5, 1.0)]
    assert ts == sorted(ts)
    assert t_quantile(8) <= ts[0]
    assert ts[-1] < dunnett_quantile(count, 8)
    assert chosen_p(ts[1], count, 0.5, 8) == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(("count", "first", "seeds"), [(3, 2, 8), (10, 2, 4), (5, 2, 2)])
def test_the_best_of_several_equal_ones_exceeds_its_quantile_in_5_of_100(count, first, seeds):
    random, times = np.random.default_rng(1), 100_000
    values = random.standard_normal((times, count, seeds))
    chosen = values[:, :, :first].mean(2).argmax(1)
    ours = np.take_along_axis(values, chosen[:, None, None], 1)[:, 0].mean(1)
    z = (ours - random.standard_normal(times) / np.sqrt(seeds)) * np.sqrt(seeds / 2)
    t = z / np.sqrt(random.chisquare(8, times) / 8)
    assert (abs(t) > chosen_quantile(count, first / seeds, 8)).mean() == pytest.approx(
        0.05, abs=0.0025
    )
