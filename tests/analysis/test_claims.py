from __future__ import annotations

from dataclasses import replace

import pytest

from hpstudy.analysis.claims import judge_claims
from hpstudy.analysis.effects import judge as judged
from hpstudy.metric import Metric
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts
from hpstudy.studyfile.sections import Claim

# Five seeds a level; the noise is the same for all, so differences are exact but for a jitter.
NOISE = [0.0, 0.002, -0.001, 0.001, -0.002]
JITTER = {1: [1, -1, 0, 1, -1], 2: [0, 1, -1, -1, 1], 4: [-1, 0, 1, 0, 1], "b": [1, 1, -1, -1, 0]}


def row(level, mean: float | None, *, base: bool = False, seeds: int = 5) -> LevelResult:
    jitter = JITTER.get(level, [0, 0, 1, -1, 1])
    values = tuple(
        mean + NOISE[i] + jitter[i] * 0.0002 for i in range(seeds if mean is not None else 0)
    )
    return LevelResult(
        level=level,
        is_baseline=base,
        runs=tuple(Run(seed, value) for seed, value in enumerate(values)),
    )


def grid(seeds: int = 5, direction: str = "maximize") -> GridResults:
    """`size` rises from 1 over 2 to 4, `kind` b is as good as a."""
    return GridResults(
        metric=Metric.named("test_accuracy", direction),
        baseline={"size": 1, "kind": "a"},
        settings={},
        trials=TrialCounts(),
        epochs_asked=0,
        epochs_trained=0,
        factors=(
            FactorResult(
                "size",
                (
                    row(1, 0.90, base=True, seeds=seeds),
                    row(2, 0.92, seeds=seeds),
                    row(4, 0.95, seeds=seeds),
                    row(8, None),
                ),
            ),
            FactorResult(
                "kind", (row("a", 0.90, base=True, seeds=seeds), row("b", 0.9, seeds=seeds))
            ),
        ),
        claims=(),
        failed=(),
    )


def judge(results: GridResults, factor: str, level=None, **expect):
    level = [] if level is None else level
    claim = Claim(says="so it is", factor=factor, level=level, expect=expect)
    with_claim = replace(results, claims=(claim,))
    (result,) = judge_claims(*judged(with_claim))
    assert result.says == "so it is"
    return result


@pytest.mark.parametrize(
    ("factor", "level", "expect", "verdict"),
    [
        ("size", 1, {"above": 0.85}, "supported"),
        ("size", 1, {"above": 0.95}, "contradicted"),
        ("size", 1, {"above": 0.9001}, "not shown"),
        ("size", [1, 2], {"below": 0.93}, "supported"),
        ("size", [1, 4], {"below": 0.93}, "contradicted"),
        ("size", 2, {"higher_than": 1}, "supported"),
        ("size", 2, {"lower_than": 1}, "contradicted"),
        ("kind", "b", {"higher_than": "a"}, "not shown"),
        ("size", [1, 2, 4], {"rising": True}, "supported"),
        ("size", [1, 2, 4], {"falling": True}, "contradicted"),
        ("size", [1, 4, 2], {"rising": True}, "contradicted"),
        ("kind", "a", {"best": True}, "not shown"),
        ("size", 1, {"best": True}, "contradicted"),
        ("size", [], {"matters_most": True}, "supported"),
        ("kind", [], {"matters_most": True}, "contradicted"),
    ],
)
def test_verdicts(factor, level, expect, verdict):
    assert judge(grid(), factor, level, **expect).verdict == verdict


def test_the_best_is_the_lowest_where_less_is_better():
    results = grid(direction="minimize")
    assert judge(results, "size", 4, best=True).verdict == "contradicted"
    known = replace(results, factors=(FactorResult("size", results.factors[0].levels[:3]),))
    assert judge(known, "size", 1, best=True).verdict == "supported"


def test_the_figures_say_why():
    supported = judge(grid(), "size", 2, higher_than=1)
    assert supported.why.startswith("size 2 against 1: +2.0")
    assert "(95 % +" in supported.why
    threshold = judge(grid(), "size", 1, above=0.85)
    assert threshold.why.startswith("size 1: 90.0")
    assert threshold.why.endswith("against 85.00 %")
    most = judge(grid(), "size", matters_most=True)
    assert most.why.startswith("largest effect of size 5.0")
    assert ", of kind " in most.why
    # Of several statements, those that decide are told.
    assert "1: " not in judge(grid(), "size", [1, 4], below=0.93).why.removeprefix("size 4: ")


@pytest.mark.parametrize(
    "expect", [{"above": 0.5}, {"higher_than": 1}, {"best": True}, {"matters_most": True}]
)
def test_one_seed_shows_nothing(expect):
    level = [] if "matters_most" in expect else 2
    result = judge(grid(seeds=1), "size", level, **expect)
    assert result.verdict == "not shown"
    assert "one seed cannot tell" in result.why


def test_a_level_without_a_value_and_a_factor_that_was_not_run_show_nothing():
    missing = judge(grid(), "size", 8, higher_than=1)
    assert (missing.verdict, missing.why) == ("not shown", "size 8 against 1: no value")
    elsewhere = judge(grid(), "depth", 3, above=0.5)
    assert (elsewhere.verdict, elsewhere.why) == ("not shown", "its factor was not run")


STEADY = [0.900, 0.903, 0.898, 0.901, 0.899]
HIGHER = [0.951, 0.953, 0.949, 0.950, 0.950]
LOST = [None] * 5


@pytest.mark.parametrize(
    ("levels", "factor", "level", "verdict", "why"),
    [
        # A level of unknown size could have the largest effect.
        ({0.1: STEADY, 1.0: LOST, 0.2: [*STEADY]}, "bn", [], "not shown", "5 of 5 seeds diverged"),
        ({0.1: STEADY, 1.0: [*HIGHER[:4], None]}, "bn", [], "not shown", "1 of 5 seeds diverged"),
        ({0.1: STEADY, 1.0: [0.1], 0.2: [*STEADY]}, "bn", [], "not shown", "one seed cannot tell"),
        ({0.1: STEADY, 1.0: [], 0.2: [*STEADY]}, "bn", [], "supported", "largest effect of bn 5.0"),
        # What diverges on every seed is worse than what never does.
        ({0.1: STEADY, 1.0: LOST}, "lr", 0.1, "supported", "1.0 diverged on all of its 5 seeds"),
        ({0.1: STEADY, 1.0: LOST}, "lr", 1.0, "contradicted", "1.0 diverged on all of its 5"),
        ({0.1: LOST, 1.0: STEADY}, "lr", 0.1, "contradicted", "0.1 diverged on all of its 5"),
        ({0.1: STEADY, 1.0: [None]}, "lr", 0.1, "not shown", "1 of 1 seeds diverged"),
        ({0.1: [0.9], 1.0: LOST}, "lr", 0.1, "not shown", "5 of 5 seeds diverged"),
        ({0.1: [*STEADY[:4], None], 1.0: LOST}, "lr", 0.1, "not shown", "1 of 5 seeds diverged"),
        ({0.1: LOST, 1.0: LOST}, "lr", 0.1, "not shown", "5 of 5 seeds diverged"),
    ],
)
def test_levels_that_diverge_count(made_findings, levels, factor, level, verdict, why):
    expect = {"best": True} if level else {"matters_most": True}
    claim = Claim(says="so it is", factor=factor, level=level, expect=expect)
    bn = {"off": next(iter(levels.values())), "on": HIGHER}
    (result,) = made_findings(lr=levels, bn=bn, claims=(claim,)).claims
    assert result.verdict == verdict
    assert why in result.why
