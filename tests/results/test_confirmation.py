from __future__ import annotations

import math

import pytest
from optuna.distributions import IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from hpstudy.metric import Metric
from hpstudy.results.confirmation import candidates, winner
from hpstudy.results.fresh import choosing_seeds, confirming_seeds, points
from hpstudy.store.trials import DIVERGED

METRIC = Metric("m", "maximize")
APART = choosing_seeds(100)
SPAN = IntDistribution(0, 10_000)


def trial(value: float | None, **params: int) -> FrozenTrial:
    state = TrialState.FAIL if value is None else TrialState.COMPLETE
    return create_trial(
        state=state, params=params, distributions=dict.fromkeys(params, SPAN), value=value
    )


SEARCHED = [trial(0.5, x=1), trial(0.9, x=2), trial(0.8, x=3), trial(0.9, x=2), trial(None, x=4)]


def whole(params):
    return {"x": 0, **params}


@pytest.mark.parametrize(("direction", "best"), [("maximize", [2, 3]), ("minimize", [1, 3])])
def test_the_candidates_are_the_best_distinct_settings(direction: str, best: list[int]):
    found = candidates(
        lambda params: {"y": 7, **params},
        SEARCHED,
        Metric("m", direction),
        2,
        validation=5,
        seeds=APART,
    )
    assert [c.setting for c in found] == [{"x": x, "y": 7} for x in best]


def test_the_winner_has_the_best_mean_on_fresh_seeds_and_not_in_the_search():
    trials = [
        trial(value, x=x, validation=5, seed=200 + i)
        for x, values in {2: (0.5, 0.7), 3: (0.8, 0.6)}.items()
        for i, value in enumerate(values)
    ]
    # neither another validation nor the winner's own round counts
    trials += [trial(1.0, x=2, validation=0, seed=200), trial(1.0, x=2, validation=5, seed=100)]
    found = candidates(whole, SEARCHED, METRIC, 2, validation=5, seeds=APART, trials=trials)
    assert [dict(c.values) for c in found] == [{200: 0.5, 201: 0.7}, {200: 0.8, 201: 0.6}]
    best = winner(found, METRIC)
    assert best is not None
    assert best.setting == {"x": 3}


def test_a_finalist_that_lacks_seeds_does_not_win():
    trials = [
        trial(0.99, x=2, validation=0, seed=200),
        trial(0.6, x=3, validation=0, seed=200),
        trial(0.6, x=3, validation=0, seed=201),
    ]
    found = candidates(whole, SEARCHED, METRIC, 2, validation=0, seeds=APART, trials=trials)
    best = winner(found, METRIC)
    assert best is not None
    assert best.setting == {"x": 3}
    assert winner(candidates(whole, SEARCHED, METRIC, 2, validation=0, seeds=APART), METRIC) is None


def test_the_rounds_share_no_seed_and_a_setting_stands_once():
    assert not set(confirming_seeds(100)) & set(choosing_seeds(100))
    found = points([{"x": 1}, {"x": 1}, {"x": 2}], 5, [7, 8])
    assert found == [{"x": x, "validation": 5, "seed": s} for x in (1, 2) for s in (7, 8)]


def test_a_finalist_that_diverged_on_a_fresh_seed_does_not_win():
    lost = create_trial(
        value=-math.inf,
        params={"x": 2, "validation": 0, "seed": 201},
        distributions=dict.fromkeys(("x", "validation", "seed"), SPAN),
        user_attrs={DIVERGED: 3},
    )
    trials = [trial(0.99, x=2, validation=0, seed=200), lost]
    trials += [trial(0.6, x=3, validation=0, seed=seed) for seed in (200, 201)]
    found = candidates(
        whole, [*SEARCHED, lost], METRIC, 2, validation=0, seeds=APART, trials=trials
    )
    assert [(c.setting, c.diverged) for c in found] == [({"x": 2}, (201,)), ({"x": 3}, ())]
    best = winner(found, METRIC)
    assert best is not None
    assert best.setting == {"x": 3}
    assert winner(found[:1], METRIC) is None
