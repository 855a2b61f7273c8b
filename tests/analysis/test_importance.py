from __future__ import annotations

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from hpstudy.analysis.cells import comparisons_of
from hpstudy.analysis.importance import grid_importances, search_importances
from hpstudy.metric import Metric
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts
from hpstudy.results.search import SearchResults


def row(level, *values: float, base: bool = False) -> LevelResult:
    runs = tuple(Run(seed, value) for seed, value in enumerate(values))
    return LevelResult(level=level, is_baseline=base, runs=runs)


def importances(*factors: FactorResult):
    grid = GridResults(Metric("m"), {}, {}, TrialCounts(), 0, 0, factors, (), ())
    return grid_importances(grid, comparisons_of(grid))


def test_ranges_are_the_outermost_means_apart_and_luck_has_a_bar_of_its_own():
    base = row(1, 0.0, 1.0, 2.0, base=True)
    found = importances(
        FactorResult("small", (base, row(2, 0.4, 1.1, 2.3))),
        FactorResult("large", (base, row(2, 9.0, 10.2, 10.9), row(3, 4.9, 6.1, 7.0))),
    )
    rows = {r.param: r for r in found.rows}
    assert [r.param for r in found.rows] == ["large", "small", "seed"]
    assert {r.evaluator for r in found.rows} == {"range"}
    assert rows["large"].amount.value == pytest.approx(30.1 / 3 - 1.0)
    assert rows["large"].amount.low < rows["large"].amount.value < rows["large"].amount.high
    assert rows["small"].amount.value == pytest.approx(0.8 / 3)
    assert rows["small"].amount.low == 0.0  # a range is never negative
    assert (
        rows["seed"].amount.low
        < rows["seed"].amount.value
        < rows["seed"].amount.high
        < rows["large"].amount.low
    )
    assert found.warning is None


def test_the_bar_of_luck_is_tukeys_range():
    # Two levels, five seeds: their range is |t| times the standard error of a difference, so
    # that its 97.5 % point is that of |t| with four degrees of freedom, 3.495.
    base = [0.0, 1.0, 2.0, 3.0, 4.0]
    other = [0.1, 0.8, 2.3, 2.9, 3.9]
    found = importances(FactorResult("f", (row(1, *base, base=True), row(2, *other))))
    differences = [b - a for a, b in zip(base, other, strict=True)]
    mean = sum(differences) / 5
    error = (sum((d - mean) ** 2 for d in differences) / 4 / 5) ** 0.5
    assert found.rows[-1].amount.high == pytest.approx(3.4954 * error, rel=1e-3)


def test_one_seed_has_ranges_but_no_bar_to_compare_them_with():
    found = importances(FactorResult("f", (row(1, 0.5, base=True), row(2, 0.9), row(3))))
    assert [
        (r.param, round(r.amount.value, 9), r.amount.low, r.amount.high) for r in found.rows
    ] == [("f", 0.4, None, None)]
    assert "too few seeds" in found.warning
    assert importances(FactorResult("f", (row(1, 0.5, base=True), row(2)))).rows == ()


def test_where_chance_has_no_part_its_bar_is_nothing():
    found = importances(FactorResult("f", (row(1, 1.0, 2, 3, base=True), row(2, 3.0, 4, 5))))
    own, luck = found.rows
    assert (own.amount.value, own.amount.low, own.amount.high) == pytest.approx((2.0, 2.0, 2.0))
    assert (luck.param, luck.amount.value, luck.amount.low, luck.amount.high) == (
        "seed",
        0.0,
        0.0,
        0.0,
    )


def search(number: int, direction: str = "maximize", *, prune: bool = False) -> SearchResults:
    """A search in which `x` decides and `y` does nothing; what is bad may be pruned."""
    sign = 1 if direction == "maximize" else -1
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=1))
    space = {"x": FloatDistribution(-1, 1), "y": FloatDistribution(-1, 1)}
    for _ in range(number):
        trial = study.ask(space)
        value = -sign * (trial.params["x"] - 0.5) ** 2
        if prune and not 0.2 < trial.params["x"] < 0.8:
            trial.report(value, 1)
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, value)
    trials = tuple(study.trials)
    return SearchResults(Metric("m", direction), {}, {}, TrialCounts(), 0, 0, trials, ())


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_what_decides_a_search_is_found_by_both_evaluators_and_is_sure(direction: str):
    found = search_importances(search(60, direction))
    rows = {(r.evaluator, r.param): r for r in found.rows}
    assert found.warning is None
    for evaluator in ("pedanova", "fanova"):
        assert rows[evaluator, "x"].amount.value + rows[
            evaluator, "y"
        ].amount.value == pytest.approx(1.0)
        assert rows[evaluator, "x"].amount.value > 0.7
    sure = rows["pedanova", "x"]
    assert rows["pedanova", "y"].amount.high < sure.amount.low <= sure.amount.high <= 1.0
    assert rows["fanova", "x"].amount.low is None


def test_few_trials_are_said_to_be_few_and_give_the_same_figures_each_time():
    found = search_importances(search(20))
    assert "20 finished trials are few" in found.warning
    assert "from 50 on" in found.warning
    assert search_importances(search(20)) == found
    assert [search_importances(search(trials)).is_enough for trials in (20, 60)] == [False, True]


def test_where_there_are_many_trials_their_importance_is_surer_than_of_300():
    def width(number: int) -> float:
        found = search_importances(search(number))
        (sure,) = (r for r in found.rows if (r.evaluator, r.param) == ("pedanova", "x"))
        assert sure.amount.low <= sure.amount.value <= sure.amount.high
        return sure.amount.high - sure.amount.low

    assert width(1200) / width(300) == pytest.approx(0.5, abs=0.25)  # root n


def test_fanova_of_many_trials_looks_at_some_of_them_and_says_so():
    assert (
        "fANOVA looks at 200 of the 1,200 complete trials"
        in search_importances(search(1200)).warning
    )


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_what_was_pruned_tells_what_it_takes_to_be_among_the_best(direction: str):
    found = search_importances(search(60, direction, prune=True))
    rows = {(r.evaluator, r.param): r for r in found.rows}
    assert rows["pedanova", "x"].amount.value > 0.9
    assert rows["pedanova", "x"].amount.low > rows["pedanova", "y"].amount.high
    assert found.warning.startswith("fANOVA leaves out 46 trials without a value")


def test_without_a_pruned_trial_the_shares_are_optunas_own():
    tried = search(60)
    study = optuna.create_study(direction="maximize")
    study.add_trials(tried.trials)
    own = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
    )
    shares = {
        r.param: r.amount.value for r in search_importances(tried).rows if r.evaluator == "pedanova"
    }
    assert shares == pytest.approx(own)


def test_one_trial_is_nothing_to_compare():
    assert search_importances(search(1)).rows == ()
    assert "fewer than 2" in search_importances(search(1)).warning
