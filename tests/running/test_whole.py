"""A training that runs to its end by itself, and tells of its epochs on the way."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hpstudy.objective.whole import Alone, WholeTraining
from hpstudy.running.failures import ObjectiveFailedError
from hpstudy.running.watcher import MisfitError
from hpstudy.running.whole import run_whole


class Told(WholeTraining):
    """Tells of some epochs, asks for what it lacks, and ends with a metric of its own."""

    def __init__(self, values=(), ask: str = "", swallow: bool = False) -> None:
        self.values, self.ask, self.swallow = values, ask, swallow

    def run(self, runner):
        try:
            if self.ask:
                runner.suggest("suggest_float", self.ask, 0, 1)
            stops = [runner.tell({"loss": value}) for value in self.values]
        except Exception:
            if not self.swallow:
                raise
        return {"accuracy": 0.5, **({"stops": sum(stops)} if self.values else {})}


class Watching:
    """Hears all, and finds what is above 2 hopeless."""

    trial = SimpleNamespace(number=3)
    direction = "maximize"

    def __init__(self) -> None:
        self.reported = []

    def report(self, epoch):
        self.reported.append((epoch.number, epoch.metrics["loss"]))

    def is_hopeless(self):
        return self.reported[-1][1] > 2

    def suggest(self, method, name, *args, **options):
        raise MisfitError(f"{name} is unknown")


def test_the_last_epoch_has_the_final_metrics_too():
    watching = Watching()
    epochs = run_whole(Told([3.0, 1.0]), "accuracy", watching)
    assert watching.reported == [(1, 3.0), (2, 1.0)]
    assert [epoch.number for epoch in epochs] == [1, 2]
    assert "accuracy" not in epochs[0].metrics
    last = epochs[1].metrics
    assert (last["loss"], last["accuracy"], last["stops"]) == (1.0, 0.5, 1)
    assert last["seconds"] == last["wall_seconds"] >= 0


def test_one_that_tells_nothing_has_one_epoch():
    (epoch,) = run_whole(Told(), "accuracy", Watching())
    assert (epoch.number, epoch.metrics["accuracy"]) == (1, 0.5)
    assert Told().run(Alone()) == Told().epoch() == {"accuracy": 0.5}


def test_what_it_tells_must_be_numbers():
    with pytest.raises(ObjectiveFailedError) as error:
        run_whole(Told(["high"]), "accuracy", Watching())
    assert "metric 'loss': expected a number, found 'high'" in f"{error.value.cause}"


@pytest.mark.parametrize("swallow", [False, True])
def test_trouble_of_ours_is_not_the_objective_s(swallow):
    with pytest.raises(MisfitError, match="lr is unknown"):
        run_whole(Told(ask="lr", swallow=swallow), "accuracy", Watching())
