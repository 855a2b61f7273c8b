from __future__ import annotations

import importlib
import math
import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hpstudy.objective import Objective, Runtime, Step
from hpstudy.running.failures import ObjectiveFailedError
from hpstudy.running.resume import TrainingSession
from hpstudy.running.watcher import MisfitError
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import open_database
from hpstudy.store.records import Epoch, Identity, Records

RANDOM = """
import random

trained = []

class Random:
    version = 1
    broken_state = False
    def __init__(self, params, *, seed, settings, runtime):
        self.seed, self.number, self.sum = seed, 0, 0.0
    def epoch(self):
        self.number += 1
        self.sum += random.Random(f"{self.seed}/{self.number}").random()
        trained.append(self.number)
        return {"value": self.sum}
    def state_dict(self):
        return {"number": self.number, "sum": self.sum}
    def load_state_dict(self, state):
        if self.broken_state:
            raise KeyError("another shape")
        self.number, self.sum = state["number"], state["sum"]
"""


class Bench:
    """A training whose epochs are counted, in a database and a folder of its own."""

    def __init__(self, tmp_path: Path) -> None:
        self.module = importlib.import_module(f"random_{tmp_path.name}")
        self.database = open_database(f"sqlite:///{tmp_path}/s.db", write=True)
        self.records = Records(self.database.engine)
        self.folder = tmp_path / "checkpoints"
        self.checkpoints = Checkpoints(self.folder)
        self.identity = Identity("m:Random", 1, {"x": 1}, {}, 0, "fp32", "cpu", 1)

    def session(self, records: Records | None = None) -> TrainingSession:
        objective = Objective("m:Random", self.module.Random, self.folder.parent)
        return TrainingSession(
            objective, self.identity, Runtime(), records or self.records, self.checkpoints
        )

    def run(
        self,
        last: int,
        *,
        session: TrainingSession | None = None,
        metric: str = "value",
    ):
        self.module.trained.clear()
        self.taken_up: list[tuple[int, int]] = []
        chosen = session or self.session()
        watcher = SimpleNamespace(taken_up=lambda *found: self.taken_up.append(found))
        epochs = list(chosen.epochs(last, metric, watcher))
        return [e.metrics["value"] for e in epochs], list(self.module.trained)

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*/*"))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"random_{tmp_path.name}.py").write_text(RANDOM)
    made = Bench(tmp_path)
    yield made
    made.database.engine.dispose()


@pytest.fixture
def expected(bench: Bench) -> list[float]:
    training = bench.module.Random({}, seed=0, settings={}, runtime=None)
    return [training.epoch()["value"] for _ in range(6)]


def test_recorded_epochs_are_read_and_only_missing_ones_trained(bench, expected):
    assert bench.run(3) == (expected[:3], [1, 2, 3])
    assert bench.run(3) == (expected[:3], [])
    assert bench.run(5) == (expected[:5], [4, 5])


def test_one_session_goes_on_without_a_checkpoint(bench, expected):
    session = bench.session()
    assert bench.run(2, session=session) == (expected[:2], [1, 2])
    bench.checkpoints.drop(bench.identity.key)
    assert bench.run(4, session=session) == (expected[:4], [3, 4])


def test_it_tells_where_it_took_the_training_up_and_what_it_trained_again(bench):
    bench.run(3)
    assert bench.taken_up == []
    bench.run(4)
    assert bench.taken_up == [(3, 0)]
    bench.checkpoints.drop(bench.identity.key)
    bench.run(4)
    assert bench.taken_up == [(4, 0)]
    bench.run(6)
    assert bench.taken_up == [(4, 0), (4, 1), (4, 2), (4, 3), (4, 4)]


def test_without_its_checkpoint_it_trains_again_and_the_numbers_stay(bench, expected):
    bench.run(3)
    bench.checkpoints.drop(bench.identity.key)
    assert bench.run(4) == (expected[:4], [1, 2, 3, 4])
    assert [e.number for e in bench.records.epochs(bench.identity.key)] == [1, 2, 3, 4]


def test_a_damaged_checkpoint_means_training_again(bench, expected):
    bench.run(3)
    for file in bench.files():
        file.write_text("{}")
    assert bench.run(4) == (expected[:4], [1, 2, 3, 4])


def test_a_state_that_cannot_be_taken_up_means_training_again(bench, expected):
    bench.run(2)
    bench.module.Random.broken_state = True
    assert bench.run(3) == (expected[:3], [1, 2, 3])


def test_killed_between_checkpoint_and_record_it_goes_on_from_the_one_before(bench, expected):
    class KilledError(Exception):
        pass

    class DiesAtTwo(Records):
        def add(self, identity, epoch, **rest):
            if epoch.number == 2:
                raise KilledError
            super().add(identity, epoch, **rest)

    with pytest.raises(KilledError):
        bench.run(3, session=bench.session(DiesAtTwo(bench.database.engine)))
    assert {f.name.split(".")[0] for f in bench.files()} == {"1", "2"}
    assert bench.run(3) == (expected[:3], [2, 3])
    assert {f.name.split(".")[0] for f in bench.files()} == {"3"}


def test_the_time_of_an_epoch_is_always_known(bench):
    bench.run(1)
    metrics = bench.records.epochs(bench.identity.key)[0].metrics
    assert metrics["seconds"] == metrics["wall_seconds"] > 0


def test_an_epoch_without_the_metric_is_not_recorded(bench):
    with pytest.raises(MisfitError, match="metric 'valu' is not among .* mean 'value'"):
        bench.run(3, metric="valu")
    assert bench.records.epochs(bench.identity.key) == []


def test_a_recorded_epoch_without_the_metric_is_trained_again(bench, expected):
    for number in (1, 2, 3):
        bench.records.add(bench.identity, Epoch(number, {"valu": 0.5}), steps=[Step(number, 1, 1)])
    assert bench.run(3) == (expected[:3], [1, 2, 3])
    assert bench.run(3) == (expected[:3], [])
    assert bench.records.steps(bench.identity.key) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_training_that_diverges_is_recorded_once_and_goes_no_further(bench, monkeypatch, value):
    trained = []

    def epoch(self):
        trained.append(1)
        return {"value": value if len(trained) == 3 else 0.5, "other": math.nan}

    monkeypatch.setattr(bench.module.Random, "epoch", epoch)
    assert bench.run(10)[0] == [0.5, 0.5, None]
    assert bench.run(10)[0] == [0.5, 0.5, None]
    assert bench.run(2)[0] == [0.5, 0.5]
    assert len(trained) == 3
    recorded = bench.records.epochs(bench.identity.key)
    assert [e.metrics["other"] for e in recorded] == [None, None, None]


@pytest.mark.parametrize("result", [None, {"value": "high"}, {"value": True}, [1.0]])
def test_what_is_no_metric_is_an_error_that_says_so(bench, monkeypatch, result):
    monkeypatch.setattr(bench.module.Random, "epoch", lambda self: result)
    with pytest.raises(ObjectiveFailedError) as caught:
        bench.run(1)
    assert "expected" in str(caught.value.cause)


def test_a_tensor_a_numpy_scalar_and_a_decimal_are_metrics(bench, monkeypatch):
    returned = {"a": torch.tensor(0.5), "b": np.float32(0.25), "c": Decimal("0.125")}
    monkeypatch.setattr(bench.module.Random, "epoch", lambda self: returned)
    (epoch,) = bench.session().epochs(1, "a", None)
    (recorded,) = bench.records.epochs(bench.identity.key)
    for metrics in (epoch.metrics, recorded.metrics):
        assert [metrics[name] for name in "abc"] == [0.5, 0.25, 0.125]


def test_steps_may_be_tensors_and_predictions_must_be_bytes(bench, monkeypatch):
    steps = [Step(10, torch.tensor(0.5), math.nan)]
    monkeypatch.setattr(bench.module.Random, "steps", lambda self: steps, raising=False)
    bench.run(1)
    (step,) = bench.records.steps(bench.identity.key)
    assert (step.seen, step.loss, math.isnan(step.accuracy)) == (10, 0.5, True)
    steps[0] = Step(20, 0.5, 0.5)
    monkeypatch.setattr(bench.module.Random, "predictions", lambda self: "text", raising=False)
    with pytest.raises(ObjectiveFailedError) as caught:
        bench.run(2)
    assert "expected predictions as bytes, found str" in str(caught.value.cause)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ({"f": lambda: None}, "pickle"),
        ({"e": 1, "w": np.zeros(3)}, "state_dict: expected .* found e .int., w .ndarray."),
        ([1, 2], "state_dict: expected .* found list"),
    ],
)
def test_a_state_that_cannot_be_kept_is_the_objectives_failure(bench, monkeypatch, state, error):
    monkeypatch.setattr(bench.module.Random, "state_dict", lambda self: state)
    with pytest.raises(ObjectiveFailedError) as caught:
        bench.run(1)
    assert re.search(error, str(caught.value.cause))
    assert bench.records.epochs(bench.identity.key) == []


def test_a_state_that_cannot_be_taken_up_says_why(bench, capsys):
    bench.run(2)
    bench.module.Random.broken_state = True
    bench.run(3)
    assert "The state of epoch 2 can't be taken up: KeyError: 'another shape'" in (
        capsys.readouterr().err
    )


def test_steps_must_grow_over_the_whole_training(bench, monkeypatch):
    steps = [Step(100, 1.0, 0.5), Step(200, 1.0, 0.5)]
    monkeypatch.setattr(bench.module.Random, "steps", lambda self: steps, raising=False)
    bench.run(1)
    with pytest.raises(ObjectiveFailedError) as caught:
        bench.run(2)
    assert str(caught.value.cause).endswith("over the whole training, found 100 after 200")


def test_what_every_training_has_may_be_compared_too(bench):
    (epoch,) = bench.session().epochs(1, "seconds", None)
    assert epoch.metrics["seconds"] > 0
