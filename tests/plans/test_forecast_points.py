from __future__ import annotations

import pytest

from hpstudy.objective import Runtime, load_objective
from hpstudy.plans.forecast_points import Costs
from hpstudy.plans.grid import plan_grid
from hpstudy.store.records import Epoch
from hpstudy.studyfile.find import find_study, load_study


def costs_and_keys(**options):
    path = find_study("report")
    study = load_study(path)
    objective = load_objective(study.objective, path.parent)
    plan = plan_grid(study, objective, name="n", home=path.parent, runtime=Runtime(), **options)
    return Costs(plan, objective), plan


def epochs(seconds: float, count: int) -> list[Epoch]:
    return [Epoch(n, {"wall_seconds": seconds}) for n in range(1, count + 1)]


def test_nothing_recorded_and_no_rate_is_not_known():
    costs, _ = costs_and_keys()
    assert costs.seconds_left({}, 2) is None


def test_a_trainings_own_epochs_tell_its_time():
    costs, plan = costs_and_keys(factors=["epochs"])
    key = plan.points[0].key
    assert costs.seconds_left({key: epochs(3.0, 5)}, 1) == 15 * 3.0
    assert costs.seconds_left({key: epochs(3.0, 20)}, 1) == 0


def test_what_has_to_be_trained_again_takes_its_time():
    costs, plan = costs_and_keys(factors=["epochs"])
    key = plan.points[0].key
    assert costs.seconds_left({key: epochs(3.0, 5)}, 1, again={key: 4}) == (15 + 4) * 3.0
    assert costs.seconds_left({key: epochs(3.0, 20)}, 1, again={key: 20}) == 0


def test_other_trainings_are_scaled_by_their_operations():
    costs, plan = costs_and_keys(factors=["hidden"])
    keys = {p.point["hidden"]: p.key for p in plan.points}
    recorded = {keys[512]: epochs(10.0, 5)}
    left = costs.seconds_left(recorded, 1)
    assert left > 5 * 10.0 * (1.0 + 1.2 + 1.8)
    # Split over two workers it ends no sooner than its longest training.
    assert left / 2 <= costs.seconds_left(recorded, 2) < left


def test_a_rate_serves_where_nothing_is_recorded():
    costs, _ = costs_and_keys()
    slow, fast = costs.seconds_left({}, 2, rate=1e11), costs.seconds_left({}, 2, rate=2e11)
    assert slow == 2 * fast
    assert 20 * 60 < slow < 60 * 60


@pytest.mark.parametrize(
    ("keep", "workers", "megabytes"),
    [
        (0, 1, 2 * 155.3),  # the last state, and the one that is being written
        (0, 2, 2 * (155.3 + 78.0)),
        (100_000_000, 1, 100 + 2 * 155.3),
        (4_000_000_000, 1, 78.0 + 39.3 + 7 * 20.0 + 2 * 155.3),  # all others of the ten fit
    ],
)
def test_disk_is_what_is_kept_and_what_is_at_work(keep: int, workers: int, megabytes: float):
    costs, _ = costs_and_keys()
    assert costs.disk_bytes(workers, keep) / 1e6 == pytest.approx(megabytes, rel=1e-3)
