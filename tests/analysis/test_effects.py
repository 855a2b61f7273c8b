from __future__ import annotations

import numpy as np
import pandas
import pytest
from scipy import stats
from statsmodels.formula.api import ols

from hpstudy.analysis.effects import effects, judge
from hpstudy.analysis.intervals import mean_interval
from hpstudy.analysis.simultaneous import dunnett_p, dunnett_quantile
from hpstudy.metric import Metric, Quantity
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts


def grid(direction: str = "maximize", **factors: dict) -> GridResults:
    """A grid's results: per factor its levels' values by seed, the baseline's under "base"."""
    results = []
    for factor, levels in factors.items():
        rows = []
        for level, values in levels.items():
            values = dict(enumerate(values)) if not isinstance(values, dict) else values
            rows.append(
                LevelResult(
                    level=level,
                    is_baseline=level == "base",
                    runs=tuple(Run(seed, value) for seed, value in values.items()),
                )
            )
        results.append(FactorResult(factor, tuple(rows)))
    return GridResults(
        metric=Metric("m", direction),
        baseline={},
        settings={},
        trials=TrialCounts(),
        epochs_asked=0,
        epochs_trained=0,
        factors=tuple(results),
        claims=(),
        failed=(),
    )


def judged(results: GridResults):
    return effects(*judge(results))


BASE = [0.9862, 0.9881, 0.9898, 0.9871, 0.9885]
SMALL = {"base": BASE, "a": [0.9865, 0.9880, 0.9901, 0.9868, 0.9888]}
LARGE = {"base": BASE, "b": [0.9922, 0.9925, 0.9951, 0.9926, 0.9938]}


def test_with_one_seed_nothing_can_be_told():
    found = judged(grid(f={"base": [0.98], "a": [0.5]}))
    assert found["f", "a"].verdict == "one seed: cannot tell"
    assert found["f", "a"].difference == Quantity(pytest.approx(-0.48))
    assert found["f", "a"].p is found["f", "a"].mean.ends is None
    assert found["f", "base"].verdict == "baseline"


def test_a_clear_difference_is_better_or_worse_and_a_small_one_is_not_shown():
    found = judged(grid(f=SMALL, g=LARGE))
    assert found["g", "b"].verdict == "better"
    assert found["f", "a"].verdict == "no difference shown"
    small = found["f", "a"]
    assert small.within == max(abs(small.difference.low), abs(small.difference.high))
    assert small.difference.low < 0 < small.difference.high
    lower_is_better = judged(grid("minimize", f=SMALL, g=LARGE))
    assert lower_is_better["g", "b"].verdict == "worse"


def test_the_block_model_is_statsmodels_own():
    # Values of which no level's luck is larger than the others'.
    settings = {"base": BASE, "a": [0.9872, 0.9878, 0.9903, 0.9866, 0.9893], "b": LARGE["b"]}
    table = pandas.DataFrame(
        [(s, i, v) for s, values in settings.items() for i, v in enumerate(values)],
        columns=["setting", "seed", "value"],
    )
    fit = ols("value ~ C(setting, Treatment('base')) + C(seed)", table).fit()
    found = judged(grid(f={"base": BASE, "a": settings["a"]}, g=LARGE))
    for key, name in ((("f", "a"), "a"), (("g", "b"), "b")):
        term = f"C(setting, Treatment('base'))[T.{name}]"
        assert found[key].difference.value == pytest.approx(fit.params[term])
        low = fit.params[term] - dunnett_quantile(2, fit.df_resid) * fit.bse[term]
        assert found[key].difference.low == pytest.approx(low)
        assert found[key].test == "blocks"
    terms = {name: f"C(setting, Treatment('base'))[T.{name}]" for name in "ab"}
    # The clearer of the two is one of two, the other one stands by itself.
    assert found["g", "b"].p == pytest.approx(dunnett_p(fit.tvalues[terms["b"]], 2, fit.df_resid))
    assert found["f", "a"].p == pytest.approx(fit.pvalues[terms["a"]])


def test_a_textbook_block_design():
    """Penicillin yields, Box, Hunter and Hunter (2005), table 4.4: four treatments, five blends."""
    yields = {
        "base": [89, 84, 81, 87, 79],
        "B": [88, 77, 87, 92, 81],
        "C": [97, 92, 87, 89, 80],
        "D": [94, 79, 85, 84, 88],
    }
    found = judged(grid(f=yields))
    assert [found["f", t].difference.value for t in "BCD"] == pytest.approx([1, 5, 2])
    # Residual mean square 226/12 on 12 degrees of freedom.
    half = dunnett_quantile(3, 12) * (226 / 12 * 2 / 5) ** 0.5
    assert found["f", "C"].difference.high == pytest.approx(5 + half, abs=1e-6)
    assert {found["f", t].verdict for t in "BCD"} == {"no difference shown"}


def test_a_level_of_unlike_spread_is_judged_by_its_own_differences_and_does_not_widen_the_rest():
    diverging = {"base": BASE, "wild": [0.11, 0.97, 0.10, 0.98, 0.11]}
    found = judged(grid(f=SMALL, g=LARGE, h=diverging))
    assert found["h", "wild"].test == "paired"
    assert found["g", "b"].test == "blocks"
    assert found["g", "b"].verdict == "better"
    expected = stats.ttest_rel(diverging["wild"], BASE)
    interval = expected.confidence_interval(1 - 0.05 / 3)  # one of three levels
    assert found["h", "wild"].difference.low == pytest.approx(interval.low)


def test_a_level_that_collapses_to_one_answer_is_worse_and_does_not_narrow_the_rest():
    collapsed = {"base": BASE, "stuck": [0.1135] * 5}
    alone = judged(grid(f=SMALL, g=LARGE))
    found = judged(grid(f=SMALL, g=LARGE, h=collapsed))
    assert found["h", "stuck"].test == "paired"
    assert found["h", "stuck"].verdict == "worse"
    ours, theirs = (e["f", "a"].difference for e in (found, alone))
    quantile = dunnett_quantile(2, 8, 0.05 * 2 / 3) / dunnett_quantile(2, 8)
    assert ours.high - ours.value == pytest.approx(quantile * (theirs.high - theirs.value))


def test_where_no_seed_makes_a_difference_the_difference_is_what_it_is():
    found = judged(grid(f={"base": [0.5, 0.5], "same": [0.5, 0.5], "more": [0.7, 0.7]}))
    assert found["f", "more"].verdict == "better"
    assert found["f", "more"].test == "exact"
    assert found["f", "more"].difference.low == found["f", "more"].difference.high
    assert found["f", "same"].verdict == "no difference shown"
    assert found["f", "same"].within == 0


def test_where_seeds_explain_all_the_spread_so_too():
    found = judged(grid(f={"base": [0.5, 0.7], "same": [0.5, 0.7], "more": [0.6, 0.8]}))
    assert found["f", "more"].test == "exact"
    assert found["f", "more"].difference.low == pytest.approx(0.1)
    assert found["f", "more"].verdict == "better"
    assert found["f", "same"].verdict == "no difference shown"


def test_seeds_that_only_some_levels_have_still_serve():
    found = judged(grid(f={"base": BASE, "a": {0: 0.992, 1: 0.994, 7: 0.995}}))
    assert found["f", "a"].verdict == "better"
    assert judged(grid(f={"base": BASE, "a": []}))["f", "a"].verdict is None


def test_the_interval_of_a_mean_is_students():
    low, high = mean_interval(tuple(BASE))
    expected = stats.t.interval(0.95, 4, np.mean(BASE), stats.sem(BASE))
    assert (low, high) == pytest.approx(expected)
    assert mean_interval((0.5,)) is None
    assert mean_interval((0.98, 1.0), Metric("loss")) == mean_interval((0.98, 1.0))
    assert mean_interval((0.98, 1.0), Metric("loss"))[1] > 1
    assert mean_interval((0.98, 1.0), Metric("test_accuracy", unit="share"))[1] == 1.0
    assert mean_interval((98.0, 100.0), Metric("a", unit="%"))[1] == 100.0


def test_three_seeds_find_a_real_difference_where_a_paired_t_does_not():
    """Spread 0.17 points, true difference 0.4 points: what pooling the residual is for."""
    chance = np.random.default_rng(0)
    runs, found, by_pairs = 150, 0, 0
    for _ in range(runs):
        values = [0.988 + chance.normal(0, 0.0017, 3) for _ in range(12)]
        values[1] = values[1] + 0.004
        factors = {f"f{i}": {"base": list(values[0]), "x": list(values[i])} for i in range(1, 12)}
        found += judged(grid(**factors))["f1", "x"].verdict == "better"
        by_pairs += stats.ttest_rel(values[1], values[0]).pvalue < 0.05 / 11
    assert found / runs > 1 / 3
    assert by_pairs / runs < 0.1
