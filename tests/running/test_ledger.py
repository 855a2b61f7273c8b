"""What counts of the trials of several pools, on whichever machines."""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from hpstudy.running.deaths import bury, reason_of
from hpstudy.running.ledger import Ledger
from hpstudy.store.trials import DIED, ERROR, INVOCATION


def trial(state=TrialState.FAIL, epochs: int = 2, **attributes):
    return create_trial(
        state=state,
        params={"x": 1.0},
        distributions={"x": FloatDistribution(0, 9)},
        intermediate_values=dict.fromkeys(range(1, epochs + 1), 0.5),
        user_attrs=attributes,
    )


@pytest.fixture
def study() -> optuna.Study:
    return optuna.create_study()


def read(study) -> Ledger:
    ledger = Ledger(study, "run")
    ledger.read()
    return ledger


def test_deaths_count_in_all_pools_of_an_invocation_and_interruptions_do_not(study):
    study.add_trials([
        trial(**{INVOCATION: "run/a/7", DIED: True}),
        trial(**{INVOCATION: "run/b/7", DIED: True}),
        trial(**{INVOCATION: "run/b/8"}),
        trial(**{INVOCATION: "run/b/7", DIED: True}, epochs=1),
        trial(**{INVOCATION: "before/c/7", DIED: True}),
    ])  # fmt: skip
    ledger = read(study)
    ours = trial(TrialState.RUNNING, **{INVOCATION: "run/d/1"})
    assert sorted(ledger.deaths.values()) == [1, 2]
    assert ledger.deaths_with(ours) == 3
    assert ledger.deaths_with(trial(TrialState.RUNNING, **{INVOCATION: "before/c/1"})) == 1


def test_a_point_whose_processes_died_with_their_parents_is_given_up_too(study):
    assert reason_of(None, 4) is None
    assert reason_of(None, 5).line == "its process died 5 times, the last time with its parent"


def test_a_trial_that_was_told_meanwhile_is_not_buried():
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage)
    asked = study.ask()
    seen = study.trials[0]
    study.tell(asked, 0.5)
    bury(study, storage, seen, "dead")
    assert study.trials[0].state is TrialState.COMPLETE
    assert ERROR not in study.trials[0].user_attrs
