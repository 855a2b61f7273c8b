"""Which change made a winner better: how often that is right, where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest
from optuna.trial import TrialState

from hpstudy.analysis.ablation import Effect, Step, Steps, ablation_steps, ablation_told
from hpstudy.analysis.chosen import winners_looks
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.results.ablation import read_ablation
from hpstudy.results.confirmation import Winner
from hpstudy.results.fresh import CHOOSING, confirming_seeds
from hpstudy.results.looks import Looks
from hpstudy.store.trials import DIVERGED

METRIC = Metric("accuracy", "maximize", "%")
COMPLETE = TrialState.COMPLETE
COUNTS, RIVALS = (4, 8), 2


def walk(gains: Mapping[str, float], spread: float, random: np.random.Generator) -> Steps:
    """Chooses and compares a winner with these changes, as a search does, and takes it apart."""
    seeds = confirming_seeds(COUNTS[-1])
    shared = 95 + 0.35 * random.standard_normal(len(seeds))
    total = sum(gains.values())

    def values(gain: float) -> dict[int, float]:
        row = shared + gain + spread * random.standard_normal(len(seeds))
        return dict(zip(seeds, map(float, row), strict=True))

    baseline, *rivals = values(0.0), *(values(total) for _ in range(1 + RIVALS))
    first = [{seed: row[seed] for seed in seeds[:CHOOSING]} for row in rivals]
    best = max(range(len(rivals)), key=lambda n: sum(first[n].values()))
    won = Winner(
        METRIC,
        dict.fromkeys(gains, 1),
        rivals[best],
        (),
        baseline,
        (),
        looks=Looks(COUNTS, tuple(seeds), None),
        chosen_on=tuple(seeds[:CHOOSING]),
        rivals=tuple(row for n, row in enumerate(first) if n != best),
    )
    count = winners_looks(won)[-1].count
    until = {s: won.values[s] for s in seeds[:count]}, {s: baseline[s] for s in seeds[:count]}
    won = Winner(METRIC, won.setting, until[0], (), until[1], ())
    trained: dict[frozenset[str], dict[int, float]] = {
        frozenset(): baseline,
        frozenset(gains): rivals[best],
    }

    def trials() -> list[SimpleNamespace]:
        return [
            SimpleNamespace(
                params={**{n: int(n in part) for n in gains}, "validation": 0, "seed": seed},
                state=COMPLETE,
                user_attrs={},
                values=[value],
            )
            for part, row in trained.items()
            for seed, value in row.items()
        ]

    nothing = dict.fromkeys(gains, 0)
    for _ in range(2):  # one change each, then step by step
        found = read_ablation(nothing, won, trials())
        for part in (*found.singles, *found.path[1:-1]):
            trained.setdefault(part, values(sum(gains[name] for name in part)))
    found = read_ablation(nothing, won, trials())
    steps = ablation_steps(SimpleNamespace(ablation=found, winner=won, baseline=nothing))
    assert steps is not None
    assert steps.is_whole
    return steps


def calls(gains: Mapping[str, float], spread: float, times: int) -> tuple[float, float]:
    """Returns in which share of searches a change that does nothing is called, and lr found."""
    random = np.random.default_rng(0)
    found = [walk(gains, spread, random) for _ in range(times)]
    wrong = [
        any(
            effect.verdict in (Verdict.BETTER, Verdict.WORSE)
            for step in steps.steps
            for effect in (step.alone, step.added)
            if not gains[step.name]
        )
        for steps in found
    ]
    right = [
        any(s.name == "lr" and s.added.verdict == Verdict.BETTER for s in steps.steps)
        for steps in found
    ]
    return float(np.mean(wrong)), float(np.mean(right))


ONE_OF_FOUR = {"lr": 0.4, "width": 0.0, "depth": 0.0, "batch_size": 0.0}


def test_the_change_that_matters_is_found_and_others_are_seldom_called():
    wrong, right = calls(ONE_OF_FOUR, 0.17, 150)
    assert wrong <= 0.05 + 2 * 0.018  # two standard errors
    assert right >= 0.7


@pytest.mark.slow
@pytest.mark.parametrize("gain", [0.0, 0.2, 0.4, 0.8])
def test_the_rates_of_walks(gain: float, capsys):
    wrong, right = calls({**ONE_OF_FOUR, "lr": gain}, 0.17, 1000)
    with capsys.disabled():
        print(f"gain {gain}: wrong {100 * wrong:.1f}, found {100 * right:.1f}")
    assert wrong <= 0.06


def told(*verdicts: Verdict | None, is_whole: bool = True) -> str:
    steps = [
        Step(f"n_{n}", 0, 1, Effect(), Effect(Quantity(gain), verdict))
        for n, (gain, verdict) in enumerate(zip((0.15, 0.04, 0.01), verdicts, strict=False))
    ]
    return ablation_told(Steps(METRIC, 0.2, 4, tuple(steps), is_whole))


def test_what_the_changes_do_is_said_in_a_sentence():
    better, worse, not_shown = Verdict.BETTER, Verdict.WORSE, Verdict.NOT_SHOWN
    first = "n 0 0 → 1 gives +0.15 of +0.20 points"
    assert told(better, not_shown, not_shown) == f"{first}; the rest is not shown to matter."
    assert told(better, better) == (
        "n 0 0 → 1 gives +0.15 and n 1 0 → 1 gives +0.04 of +0.20 points."
    )
    assert told(better, not_shown, worse) == (
        f"{first}; n 2 0 → 1 makes it worse; the rest is not shown to matter."
    )
    assert told(not_shown) == "No change is shown to matter, of +0.20 points together."
    assert told(better, None, is_whole=False) == "Not all of these settings are trained yet."


def test_a_change_that_diverges_is_made_last_and_called_so():
    won = Winner(
        METRIC, {"lr": 1, "width": 1}, {100: 96.0, 101: 96.2}, (), {100: 95.0, 101: 95.1}, ()
    )
    lost = {"user_attrs": {DIVERGED: 1}, "state": COMPLETE, "values": [-np.inf]}
    fine = {"user_attrs": {}, "state": COMPLETE, "values": [95.5]}
    trials = [
        SimpleNamespace(params={"lr": lr, "width": width, "validation": 0, "seed": seed}, **kind)
        for lr, width, kind in ((1, 0, lost), (0, 1, fine), (0, 0, fine), (1, 1, fine))
        for seed in (100, 101)
    ]
    nothing = {"lr": 0, "width": 0}
    found = read_ablation(nothing, won, trials)
    assert found.changes == ("width", "lr")
    steps = ablation_steps(
        SimpleNamespace(ablation=found, winner=won, baseline={"lr": 0, "width": 0})
    )
    assert steps.steps[1].alone.verdict == Verdict.DIVERGES
    assert ablation_steps(SimpleNamespace(ablation=None, winner=won)) is None
