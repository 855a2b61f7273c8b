"""A database written by hand, without any training."""

from __future__ import annotations

from collections.abc import Iterator

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState

from hpstudy.analysis.reading import read_grid
from hpstudy.analysis.results import GridResults
from hpstudy.store.database import Database, open_database
from hpstudy.store.records import Epoch, Identity, Records
from hpstudy.store.studies import FINGERPRINT
from hpstudy.studyfile.find import load_study

SPACE = {
    "lr": FloatDistribution(0, 1),
    "epochs": IntDistribution(1, 9),
    "width": IntDistribution(1, 99),
    "seed": IntDistribution(0, 9),
}


class Book:
    """Writes trials of `walk.toml` with their epochs; `read` reads the grid's results."""

    def __init__(self, folder, database: Database) -> None:
        self.database = database
        self.records = Records(database.engine)
        self.study = optuna.create_study(
            study_name="walk/grid", storage=database.storage, direction="maximize"
        )
        self.study.set_user_attr(FINGERPRINT, {})
        self._file = folder.path / "walk.toml"

    def trial(self, value=None, *, lr=0.1, epochs=2, width=8, seed=0, error=None, **recorded):
        """Writes a trial; `recorded` goes to `Records.add` with each epoch. Returns its key."""
        params = {"lr": lr, "epochs": epochs, "width": width, "seed": seed}
        identity = Identity("m", 1, {"lr": lr, "w": width}, {}, seed, "fp32", "cpu", 1)
        self.study.set_user_attr("seeds", sorted({seed, *self.study.user_attrs.get("seeds", [])}))
        self.study.enqueue_trial(params)
        trial = self.study.ask(SPACE)
        trial.set_user_attr("training", identity.key)
        for number in range(1, epochs + 1):
            metrics = {
                "value": number / 10,
                "seconds": float(number),
                "wall_seconds": number + 0.5,
                "images_per_second": 60.0 / number,
                "peak_memory_mb": 10.0 * lr,
            }
            self.records.add(identity, Epoch(number, metrics), **recorded)
            trial.report(number / 10, number)
        if error is not None:
            trial.set_user_attr("error", error)
            self.study.tell(trial, state=TrialState.FAIL)
        elif value is not None:
            self.study.tell(trial, value)
        return identity.key

    def read(self, **options) -> GridResults | None:
        return read_grid(load_study(self._file), "walk", self.database, **options)


@pytest.fixture
def book(folder) -> Iterator[Book]:
    database = open_database(folder.url, write=True)
    yield Book(folder, database)
    database.engine.dispose()
