"""What a trial is, and one count of epochs wherever they are counted."""

from __future__ import annotations

import math

from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from hpstudy.store.trials import (
    DIED,
    DIVERGED,
    ERROR,
    INVOCATION,
    TAKEN_UP,
    TRAINING,
    distinct_epochs,
    epoch_of,
    error_of,
    failed,
    has_died,
    invocation_of,
    is_finished,
    last_value,
    pool_of,
    raised,
    trained_epochs,
    was_lost,
    worker_of,
)

CHOICES = """
[search]
trials = 12
finalists = 1
confirm_seeds = 0
[search.space]
lr = { choices = [0.1, 0.2] }
width = { choices = [8, 16] }
"""


def trial(state=TrialState.COMPLETE, x=0.0, value=1.0, reported=(), **attributes):
    has_value = state == TrialState.COMPLETE
    return create_trial(
        state=state,
        value=value if has_value else None,
        params={"x": x},
        distributions={"x": FloatDistribution(0, 9)},
        intermediate_values=dict(enumerate(reported, 1)),
        user_attrs=attributes,
    )


def test_the_epoch_at_which_a_trial_diverged_counts():
    lost = trial(value=math.inf, reported=[0.1, 0.2], **{DIVERGED: 3, TRAINING: "a"})
    whole = trial(reported=[0.1, 0.2], **{TRAINING: "a"})
    assert (epoch_of(trial()), epoch_of(whole), epoch_of(lost)) == (0, 2, 3)
    assert distinct_epochs([whole, lost, trial()]) == {"a": 3}
    assert distinct_epochs([whole], {"a": 5, "b": 1}) == {"a": 5, "b": 1}
    assert trained_epochs([trial(reported=[1, 2, 3], **{TAKEN_UP: [2, 1]}), lost]).count == 5


def test_a_point_has_failed_if_its_latest_attempt_raised():
    error, died = trial(TrialState.FAIL, **{ERROR: "no"}), trial(TrialState.FAIL)
    assert (raised(error), was_lost(error), error_of(error)) == (True, False, "no")
    assert (raised(died), was_lost(died), error_of(died)) == (False, True, None)
    assert len(failed([error, trial(TrialState.FAIL, x=1.0, **{ERROR: "no"}), error])) == 2
    assert failed([trial(), error]) == failed([error, trial()]) == failed([error, died]) == []


def test_who_ran_a_trial_is_an_invocation_one_of_its_pools_and_a_process():
    ours, before = trial(**{INVOCATION: "run/pool/7"}), trial(**{INVOCATION: "run/7"})
    assert (worker_of(ours), pool_of(ours), invocation_of(ours)) == (
        "run/pool/7",
        "run/pool",
        "run",
    )
    assert (pool_of(before), invocation_of(before), pool_of(trial())) == ("run", "run", None)


def test_what_was_interrupted_has_not_died():
    lost = [trial(TrialState.FAIL), trial(TrialState.FAIL, **{DIED: True})]
    assert list(map(has_died, lost)) == [False, True]
    assert all(map(was_lost, lost))
    assert not has_died(trial(TrialState.FAIL, **{DIED: True, ERROR: "it died 5 times"}))


def test_a_pruned_trial_is_finished_with_what_it_reported_last():
    pruned = trial(TrialState.PRUNED, reported=[0.1, 0.2])
    assert is_finished(pruned)
    assert last_value(pruned) == 0.2
    assert last_value(trial(TrialState.FAIL)) is None


def test_what_is_said_to_be_trained_is_what_was_trained(folder, study_with):
    study = study_with(("[settings]", '[settings]\nlost_at = "0.2 8 0 2"'))
    folder.write("few.toml", (folder.path / study).read_text() + CHOICES)
    lost = 'float("nan") if where.startswith(self.settings["lost_at"]) else self.position'
    module = (folder.path / "walk.py").read_text()
    folder.write("walk.py", module.replace('"value": self.position', f'"value": {lost}'))
    run = folder.run("search", "few.toml", "--pruner", "none", "--sampler", "random")
    trained, told = len(folder.trained()), " ".join(run.stdout.split())
    assert trained < 12 * 2  # settings came again
    assert "diverged" in told
    assert f"\n{trained} epochs trained in " in run.stderr
    assert f"; {trained} were trained." in told
