"""Levels together beside their sum: seldom wrong, whichever levels were chosen."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import stdev

import pytest

from hpstudy.analysis.answer import answer
from hpstudy.analysis.combined import Combined, combined_finding
from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.effects import effects, judge
from hpstudy.analysis.findings import findings
from hpstudy.analysis.simultaneous import t_quantile
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.results.grid import CombinedResult, FactorResult, GridResults, Run
from hpstudy.results.looks import Looks
from hpstudy.store.studies import Pairing

SEEDS = range(4)
ALIKE = [0.9700, 0.9712, 0.9685, 0.9694]
NEAR = [0.0001, -0.0001, 0.0002, -0.0002]  # what luck adds, turned for each setting


def values(gain: float, turn: int = 0) -> list[float]:
    luck = NEAR[turn:] + NEAR[:turn]
    return [a + gain + own for a, own in zip(ALIKE, luck, strict=True)]


def combined_with(
    grid: GridResults, outcomes: list[float | None], levels: Mapping[str, object], **changes
) -> GridResults:
    runs = tuple(Run(seed, v) for seed, v in enumerate(outcomes) if v is not None)
    lost = tuple(seed for seed, v in enumerate(outcomes) if v is None)
    one = CombinedResult(
        levels=dict(levels), wanted=tuple(range(len(outcomes))), runs=runs, diverged=lost
    )
    return replace(grid, combined=one, **changes)


@pytest.fixture
def made(made_findings) -> Callable[..., Combined]:
    """What a grid with gains of 0.4 and 0.3 points shows of both of them together."""
    grid = made_findings(
        lr={0.1: values(0), 0.3: values(0.004, 1), 1.0: values(-0.01, 2)},
        width={8: values(0), 16: values(0.003, 3)},
    ).results

    def make(outcomes: list[float | None], **changes) -> Combined:
        found = findings(combined_with(grid, outcomes, {"lr": 0.3, "width": 16}, **changes))
        make.answer = answer(found, None)
        assert found.combined is not None
        return found.combined

    return make


def test_what_adds_up(made):
    one = made(values(0.007, 2))
    assert (one.verdict, one.best, one.is_to_use) == (Verdict.BETTER, ("lr", 0.3), True)
    assert one.sum.apart == pytest.approx(0.007)
    assert one.difference.value == pytest.approx(one.sum.apart + one.sum.interaction.value)
    assert one.sum.within == pytest.approx(max(map(abs, one.sum.interaction.ends)))
    assert made.answer.changed == ("lr", "width")
    assert ": additive within ±0." in made.answer.why


def test_within_a_margin_that_counts_it_adds_up_by_that(made):
    one = made(values(0.0068, 2), margin=0.003)
    assert one.sum.within == 0.003
    assert one.sum.interaction.ends is not None


def test_levels_together_are_judged_as_the_grid_is(made):
    """By their own seeds alone where that is so, and with what folds have in common."""

    def width(**changes) -> float:
        difference = made(values(0.007, 2), **changes).difference
        return difference.high - difference.low

    luck = [a - b for a, b in zip(values(0.007, 2), values(0), strict=True)]
    of_six = t_quantile(3, 0.05 / 6)  # three levels, and three of what they do together
    assert width(spreads="own") == pytest.approx(of_six * stdev(luck))
    folds = Pairing("runs.csv", "fold", folds=4)
    assert width(pairing=folds) == pytest.approx(width() * (1 + 4 / 3) ** 0.5)


def test_where_less_is_better_more_gain_is_less(made_findings):
    grid = made_findings(
        direction="minimize",
        lr={0.1: values(0), 0.3: values(-0.004, 1)},
        width={8: values(0), 16: values(-0.003, 3)},
    ).results
    found = findings(combined_with(grid, values(-0.005, 2), {"lr": 0.3, "width": 16}))
    assert found.combined.sum.is_unlike
    assert found.combined.is_to_use
    assert "together they gain less than apart (+0.20 points" in answer(found, None).why


def test_worse_than_the_best_by_itself_it_is_not_used(made):
    one = made(values(0.002, 2))
    assert (one.verdict, one.is_below_best, one.is_to_use) == (Verdict.BETTER, True, False)
    assert made.answer.changed == ("lr",)
    assert "lr 0.3 by itself is better: together -0.20 points beside it" in made.answer.notes[1]


def test_no_better_than_the_best_by_itself_it_may_be_used(made):
    one = made(values(0.004, 2))
    assert (one.verdict, one.is_below_best, one.is_to_use) == (Verdict.BETTER, False, True)


def test_not_shown_to_be_better_it_is_not_used(made):
    one = made(values(0.00005, 2))
    assert one.verdict == Verdict.NOT_SHOWN
    assert not one.is_to_use
    assert made.answer.changed == ("lr",)


def test_what_diverges_is_not_used_and_not_compared(made):
    one = made([*values(0.02, 2)[:3], None])
    assert (one.verdict, one.difference, one.sum) == (Verdict.UNSTABLE, None, None)
    assert not one.is_to_use
    assert made([None] * 4).verdict == Verdict.DIVERGES


def test_it_is_not_judged_before_all_its_seeds_are_there(made):
    one = made(values(0.02, 2))
    assert one.is_whole
    grid = replace(one, wanted=(*one.wanted, 9))
    assert not grid.is_whole


def test_with_looks_it_has_what_the_latest_of_them_spends(made):
    plain = made(values(0.007, 2))
    looks = Looks((4, 20), tuple(range(20)), 0.001)
    looked = made(values(0.007, 2), looks=looks, margin=0.001)
    assert looked.difference.value == pytest.approx(plain.difference.value)
    assert looked.difference.low < plain.difference.low
    assert looked.sum.interaction.high > plain.sum.interaction.high


def test_an_objective_without_luck_adds_up_or_not(made_findings):
    grid = made_findings(
        lr={0.1: [0.5] * 4, 0.3: [0.6] * 4}, width={8: [0.5] * 4, 16: [0.55] * 4}
    ).results
    one = findings(combined_with(grid, [0.65] * 4, {"lr": 0.3, "width": 16})).combined
    assert one.verdict == Verdict.BETTER
    assert one.sum.within == pytest.approx(0)
    one = findings(combined_with(grid, [0.7] * 4, {"lr": 0.3, "width": 16})).combined
    assert one.sum.is_unlike


BOTH = {"lr": 0.01, "batch_size": 200}
ONE = {"lr": 0.01, "batch_size": 100}


def won(params: dict, gain: float, **changes) -> Confirmed:
    gap = Quantity(gain, gain - 0.001, gain + 0.001)
    known = {"values": (0.98, 0.98), "mean": Quantity(0.98), "baseline_mean": Quantity(0.97)}
    metric = Metric.named("test_accuracy", "maximize")
    return Confirmed(metric, params, (100, 101), baseline_values=(0.97, 0.97), difference=gap,
        **{**known, **changes})  # fmt: skip


@pytest.mark.parametrize(
    ("gain", "confirmed", "headline", "said"),
    [
        (0.007, won({"lr": 0.05}, 0.005), "Use lr 0.01, batch size 200, and keep", "better too"),
        (0.007, won({"lr": 0.05}, 0.009), "Use lr 0.05.", ""),
        (0.007, won(BOTH, 0.003, diverged=(102,)), "Use lr 0.01, and keep", "diverged on 1 of 3"),
        (0.007, won(BOTH, -0.003), "Use lr 0.01, and keep", "is worse on fresh seeds"),
        (0.007, won(ONE, 0.01, diverged=(102,)), "Use batch size 200, and", "diverged on 1 of 3"),
        (-0.01, won(BOTH, 0.009), "Use lr 0.01, and keep", "by itself is better"),
        (None, won(BOTH, 0.009), "Use lr 0.01, and keep", "Together they diverge"),
    ],
)
def test_grid_and_search_are_weighed(
    made_findings, made_searched, gain: float | None, confirmed: Confirmed, headline: str, said: str
):
    grid = made_findings(
        lr={0.001: values(0), 0.01: values(0.004, 1)},
        batch_size={100: values(0), 200: values(0.003, 3)},
    ).results
    outcomes = [*values(0.007)[:3], None] if gain is None else values(gain, 2)
    found = findings(combined_with(grid, outcomes, BOTH))
    told = answer(found, made_searched(confirmed=confirmed))
    assert told.headline.startswith(headline)
    assert any(said in note for note in told.notes)


def drawn(rng: random.Random, alike: list[float], gain: float) -> tuple[Run, ...]:
    return tuple(Run(seed, a + gain + rng.gauss(0, 1)) for seed, a in enumerate(alike))


@pytest.mark.parametrize(("seeds", "size"), [(3, 5.0), (5, 3.0)])
def test_it_is_seldom_wrong_whichever_levels_were_chosen(made_findings, seeds: int, size: float):
    """Three levels of each factor are alike, so that the luckiest are combined: no better."""
    rng, studies, wrong = random.Random(1), 120, {"sum": 0, "best": 0, "difference": 0}
    empty = made_findings(a={0: [], 1: [], 2: [], 3: []}, b={0: [], 1: [], 2: [], 3: []}).results
    empty = replace(empty, metric=Metric.named("value", "maximize"))
    for _ in range(studies):
        alike = [rng.gauss(0, 2) for _ in range(seeds)]
        base = drawn(rng, alike, 0)
        rows = [
            [replace(r, runs=drawn(rng, alike, size) if r.level else base) for r in f.levels]
            for f in empty.factors
        ]
        factors = [FactorResult(f, tuple(levels)) for f, levels in zip("ab", rows, strict=True)]
        grid, judgement = judge(replace(empty, factors=tuple(factors)))
        better = [
            (effect.difference.value, *at)
            for at, effect in effects(grid, judgement).items()
            if effect.verdict == Verdict.BETTER
        ]
        chosen = {factor: level for _, factor, level in sorted(better)}
        if len(chosen) < 2:
            continue
        runs = drawn(rng, alike, size)
        both = CombinedResult(levels=chosen, wanted=tuple(range(seeds)), runs=runs)
        one = combined_finding(replace(grid, combined=both), judgement, effects(grid, judgement))
        low, high = one.sum.interaction.ends
        wrong["sum"] += not low <= -size <= high
        wrong["best"] += one.is_below_best
        low, high = one.difference.ends
        wrong["difference"] += not low <= size <= high
    assert all(count <= 0.05 * studies for count in wrong.values()), wrong
