from __future__ import annotations

import copy
import math
from dataclasses import replace

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from hpstudy.analysis.answer import answer
from hpstudy.analysis.search import SearchFindings, best_settings, search_findings
from hpstudy.metric import Metric
from hpstudy.results.search import read_search
from hpstudy.store.database import open_database
from hpstudy.store.studies import FINGERPRINT
from hpstudy.studyfile.find import load_study

SPACE = {
    "lr": FloatDistribution(0.01, 1.0, log=True),
    "epochs": IntDistribution(1, 6),
    "width": IntDistribution(4, 64, log=True),
}
SEEDS = {"validation": IntDistribution(0, 99), "seed": IntDistribution(0, 999)}
BASELINE = {"lr": 0.1, "epochs": 2, "width": 8}
BEST = {"lr": 0.2, "epochs": 4, "width": 16}


@pytest.fixture
def confirm(folder):
    """Writes a search with its confirmation, of the values given, and says what it shows."""
    text = (folder.path / "seek.toml").read_text()
    database = open_database(folder.url, write=True)

    def write(ours: list[float], theirs: list[float], **search: str) -> SearchFindings:
        search = {"metric": "value_accuracy", "direction": "maximize", **search}
        lines = [f'{key} = "{value}"' for key, value in search.items()]
        file = folder.write("seek.toml", text.replace("trials = 8", "\n".join(lines)))
        trials = {name: [] for name in ("seek/search", "seek/confirm")}
        for params, value in ((BASELINE, 0.5), (BEST, 0.9)):
            value = value if search["direction"] == "maximize" else 1 - value
            made = optuna.create_trial(value=value, params=params, distributions=SPACE)
            trials["seek/search"].append(made)
        rounds = [(BEST, 200, 0.9)]
        rounds += [(BEST, 100 + n, value) for n, value in enumerate(ours)]
        rounds += [(BASELINE, 100 + n, value) for n, value in enumerate(theirs)]
        for params, seed, value in rounds:
            params = {**params, "validation": 0, "seed": seed}
            made = optuna.create_trial(value=value, params=params, distributions={**SPACE, **SEEDS})
            trials["seek/confirm"].append(made)
        for name, some in trials.items():
            study = optuna.create_study(
                study_name=name, storage=database.storage, direction=search["direction"]
            )
            study.set_user_attr(FINGERPRINT, {})
            study.add_trials(some)
        read = read_search(load_study(file), "seek", database)
        assert read is not None
        return search_findings(read)

    yield write
    database.engine.dispose()


def test_a_difference_that_is_not_shown_says_how_many_seeds_would_show_it(confirm):
    found = confirm([0.9930, 0.9851, 0.9914], [0.9906, 0.9844, 0.9884]).confirmed
    assert found.difference.value == pytest.approx(0.0061 / 3)
    assert found.difference.low < 0 < found.difference.high
    assert found.seeds_needed == 5


def test_a_winner_is_confirmed_by_a_metric_of_its_own_direction(confirm):
    """The search takes less of a loss, the confirmation more of an accuracy."""
    names = {"metric": "loss", "confirm_metric": "accuracy"}
    directions = {"direction": "minimize", "confirm_direction": "maximize"}
    ours, theirs = [0.97, 0.98, 0.99], [0.93, 0.938, 0.949]
    found = confirm(ours, theirs, **names, **directions)
    assert found.confirmed.metric == Metric("accuracy", "maximize", "share", is_guessed=True)
    assert found.confirmed.difference.low > 0.03
    assert answer(None, found).headline == "Use lr 0.2, epochs 4, width 16."


def test_a_difference_that_is_shown_needs_no_more(confirm):
    found = confirm([0.97, 0.98, 0.99], [0.87, 0.881, 0.889]).confirmed
    assert found.difference.low > 0
    assert found.seeds_needed is None


def test_the_interval_of_an_accuracy_ends_at_all(confirm):
    found = confirm([0.9930, 0.9851, 0.9914], []).confirmed
    assert found.mean.low == pytest.approx(
        0.9898333 - 4.302653 * 0.0041789 / math.sqrt(3), abs=1e-5
    )
    assert found.mean.high == 1.0
    assert found.seeds_needed is None


def test_a_setting_stands_once_among_the_best_with_how_often_it_was_tried(made_search):
    search = made_search(10)
    best = max((t for t in search.trials if t.state.name == "COMPLETE"), key=lambda t: t.value)
    again = [copy.copy(best) for _ in range(3)]
    for number, trial in enumerate(again, 10):
        trial.number = number
    found = best_settings(replace(search, trials=(*search.trials, *again)), 5)
    assert [one.times for one in found] == [4, 1, 1, 1, 1]
    assert found[0].trial is best
    assert len({tuple(one.trial.params.items()) for one in found}) == 5
