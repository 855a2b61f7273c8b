from __future__ import annotations

import math

import optuna
from optuna.distributions import FloatDistribution, IntDistribution

from hpstudy.results.search import read_search
from hpstudy.store.database import open_database
from hpstudy.store.studies import FINGERPRINT
from hpstudy.store.trials import DIVERGED, TRAINING
from hpstudy.studyfile.find import load_study

SPACE = {
    "lr": FloatDistribution(0.01, 1.0, log=True),
    "epochs": IntDistribution(1, 6),
    "width": IntDistribution(4, 64, log=True),
}
BASELINE = {"lr": 0.1, "epochs": 2, "width": 8}
BEST = {"lr": 0.2, "epochs": 4, "width": 16}


def test_diverged_trials_are_counted_and_stand_apart(folder):
    database = open_database(folder.url, write=True)
    study = optuna.create_study(
        study_name="seek/search", storage=database.storage, direction="maximize"
    )
    study.set_user_attr(FINGERPRINT, {})
    lost = optuna.create_trial(
        value=-math.inf,
        params=BEST,
        distributions=SPACE,
        user_attrs={DIVERGED: 3, TRAINING: "lost"},
        intermediate_values={1: 0.5, 2: 0.4},
    )
    kept = optuna.create_trial(
        value=0.5,
        params=BASELINE,
        distributions=SPACE,
        user_attrs={TRAINING: "kept"},
        intermediate_values={1: 0.4, 2: 0.5},
    )
    study.add_trials([lost, kept])
    found = read_search(load_study(folder.path / "seek.toml"), "seek", database)
    database.engine.dispose()
    assert (found.counts.complete, found.counts.diverged) == (1, 1)
    assert found.best.params == BASELINE
    assert [t.number for t in found.diverged] == [0]
    assert [t.number for t in found.trials] == [1]
    assert (found.epochs_asked, found.epochs_trained) == (4 + 2, 3 + 2)
