from __future__ import annotations

import numpy as np
import pytest

from hpstudy.analysis.cells import comparisons_of
from hpstudy.analysis.comparisons import Noise
from hpstudy.analysis.effects import effects, judge, with_seeds_needed
from hpstudy.analysis.seeds import more_seeds, seeds_needed
from hpstudy.analysis.simultaneous import dunnett_quantile
from hpstudy.metric import Metric
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts


def grid(**levels: list[float]) -> GridResults:
    """A grid of one factor; the baseline's values are under "base"."""
    rows = tuple(
        LevelResult(
            level=level,
            is_baseline=level == "base",
            runs=tuple(Run(seed, value) for seed, value in enumerate(values)),
        )
        for level, values in levels.items()
    )
    factors = (FactorResult("f", rows),)
    return GridResults(Metric("m"), {}, {}, TrialCounts(), 0, 0, factors, (), ())


def planned(results: GridResults):
    results, judgement = judge(results)
    found = effects(results, judgement)
    return with_seeds_needed(found, results, judgement.comparisons)


def test_the_seeds_of_a_paired_t_test_as_statsmodels_documents_them():
    # statsmodels' own example: an effect of 0.5 at power 0.8 takes 33.37 pairs.
    assert seeds_needed(Noise(deviation=2.0, freedom_per_seed=1), -1.0, compared=1) == 34


def test_more_levels_to_compare_take_more_seeds_and_more_freedom_fewer():
    noise = Noise(deviation=1.0, freedom_per_seed=1)
    assert seeds_needed(noise, 1.0, compared=5) > seeds_needed(noise, 1.0, compared=1)
    pooled = Noise(deviation=1.0, freedom_per_seed=10)
    assert seeds_needed(pooled, 1.0, compared=5) < seeds_needed(noise, 1.0, compared=5)


def test_two_seeds_are_the_fewest_and_a_thousand_the_most():
    noise = Noise(deviation=1.0, freedom_per_seed=10)
    assert seeds_needed(noise, 1e4, compared=11) == 2
    assert seeds_needed(noise, 1e-3, compared=11) is None


def power(seeds: int, settings: int, effect: float, compared: int) -> float:
    """The share of simulated block designs, residual spread 1, that show a setting's effect."""
    values = np.random.default_rng(1).normal(size=(20_000, settings, seeds))
    values[:, 1] += effect
    means = values.mean(axis=2)
    residuals = values - means[:, :, None] - values.mean(axis=1, keepdims=True)
    residuals += values.mean(axis=(1, 2), keepdims=True)
    freedom = (settings - 1) * (seeds - 1)
    variance = (residuals**2).sum(axis=(1, 2)) / freedom
    t = (means[:, 1] - means[:, 0]) / np.sqrt(2 * variance / seeds)
    return float(np.mean(np.abs(t) > dunnett_quantile(compared, freedom)))


@pytest.mark.parametrize(("settings", "effect"), [(5, 1.5), (2, 1.0), (12, 2.5)])
def test_the_number_of_seeds_is_the_least_with_the_power_that_it_promises(settings, effect):
    compared = settings - 1
    needed = seeds_needed(Noise(2**0.5, settings - 1), effect, compared)
    assert power(needed, settings, effect, compared) > 0.79
    assert power(needed - 1, settings, effect, compared) < 0.81


def test_a_level_without_a_difference_shown_says_how_many_seeds_would_show_it():
    results = grid(base=[0.0, 1.0, 2.0], a=[0.4, 1.1, 2.3], b=[9.0, 10.2, 10.9])
    found = planned(results)
    assert found["f", "a"].verdict == "no difference shown"
    # By hand: settings less seeds leave squares of 0.0867 over 4 degrees of freedom.
    residual = comparisons_of(results).spread.deviation
    assert residual == pytest.approx((0.0867 / 4) ** 0.5, rel=1e-3)
    needed = seeds_needed(Noise(2**0.5 * residual, 2), 0.8 / 3, compared=2)
    assert found["f", "a"].seeds_needed == needed
    assert found["f", "b"].seeds_needed is found["f", "base"].seeds_needed is None


def test_a_level_with_one_seed_is_planned_with_the_others_spread():
    lone = grid(base=[0.0, 1.0, 2.0], a=[0.4, 1.1, 2.3], b=[0.5])
    assert planned(lone)["f", "b"].seeds_needed > 1
    single = grid(base=[0.0], a=[0.4], b=[0.5])
    assert planned(single)["f", "b"].seeds_needed is None


def test_a_level_of_unlike_spread_is_planned_by_its_own_differences():
    calm = {key: [0.0, 0.001, -0.001, 0.0005] for key in ("base", "a", "b", "c")}
    for number, key in enumerate("abc"):
        calm[key] = [v + 0.0001 * (number - place) for place, v in enumerate(calm[key])]
    noise = comparisons_of(grid(**calm, wild=[-1.0, 0.0, 1.0, 0.0])).noise(("f", "wild"), None)
    assert noise.deviation == pytest.approx((2 / 3) ** 0.5, rel=1e-3)
    assert noise.freedom_per_seed == pytest.approx(1.0, rel=1e-3)


def test_what_chance_has_no_part_in_is_not_planned():
    exact = grid(base=[1.0, 2.0], a=[1.0, 2.0], b=[2.0, 3.0])
    assert comparisons_of(exact).spread.deviation == 0
    assert comparisons_of(exact).noise(("f", "a"), None) is None
    assert planned(exact)["f", "a"].seeds_needed is None


def test_three_seeds_cost_twice_what_the_first_took(book):
    book.trial(0.5)
    book.trial(0.9, epochs=4)  # the same training: 1.5 + 2.5 + 3.5 + 4.5 seconds
    book.trial(0.8, lr=0.2)  # 1.5 + 2.5
    cost = more_seeds(book.read())
    assert (cost.seeds, cost.epochs, cost.seconds) == ("0-2", 12, 32.0)
    book.trial(0.5, seed=1)
    assert more_seeds(book.read()) is None


def test_a_first_seed_of_another_number_is_one_more(book):
    book.trial(0.5, seed=7)
    assert more_seeds(book.read()).epochs == 6


def test_a_seed_at_each_level_is_no_replicate_whichever_it_is(book):
    book.trial(0.5)
    book.trial(0.9, epochs=4)
    book.trial(0.8, lr=0.2, seed=1)
    cost = more_seeds(book.read())
    assert cost is not None
    assert (cost.seeds, cost.epochs, cost.seconds) == ("0-2", 12, 32.0)
