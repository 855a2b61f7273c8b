from __future__ import annotations

import json

import optuna
import plotly.graph_objects as go
import pytest
from optuna_dashboard import get_note

from hpstudy.store.database import open_database
from hpstudy.store.studies import artifacts_of
from hpstudy.views.dashboard.serve import RESULTS, Published, publish


@pytest.fixture
def database(folder):
    opened = open_database(folder.url, write=True)
    optuna.create_study(study_name="walk/grid", storage=opened.storage)
    yield opened
    opened.engine.dispose()


def attributes(database) -> dict:
    number = database.storage.get_study_id_from_name("walk/grid")
    return database.storage.get_study_system_attrs(number)


def test_what_is_published_takes_the_place_of_what_was(database, tmp_path):
    def write(note: str, points: int, mean: float) -> None:
        figure = go.Figure(go.Scatter(y=list(range(points))))
        pictures = {"mistakes.png": note.encode()}
        found = Published("walk/grid", note, {"effect-lr": figure}, {"mean": mean}, pictures)
        publish(found, database, tmp_path / "artifacts")

    write("a long note " * 500, 2000, 0.5)
    write("short", 3, 0.75)
    study = optuna.load_study(study_name="walk/grid", storage=database.storage)
    assert get_note(study) == "short"
    found = attributes(database)
    plots = {k: v for k, v in found.items() if k.startswith("dashboard:plot_data:")}
    text = "".join(plots[f"dashboard:plot_data:effect-lr:{i}"] for i in range(len(plots)))
    assert json.loads(text)["data"][0]["y"] == [0, 1, 2]
    stored = {
        (a["filename"], a["mimetype"]): (tmp_path / "artifacts" / a["artifact_id"]).read_bytes()
        for a in artifacts_of("walk/grid", database)
    }
    assert set(stored) == {(RESULTS, "application/json"), ("mistakes.png", "image/png")}
    assert json.loads(stored[RESULTS, "application/json"]) == {"mean": 0.75}
    assert stored["mistakes.png", "image/png"] == b"short"
    assert len(list((tmp_path / "artifacts").iterdir())) == 2


def test_an_artifact_that_somebody_deleted_is_uploaded_anew(database, tmp_path):
    artifacts = tmp_path / "artifacts"
    publish(Published("walk/grid", "", {}, {"mean": 0.5}), database, artifacts)
    (key,) = [k for k in attributes(database) if k.startswith("artifacts:")]
    number = database.storage.get_study_id_from_name("walk/grid")
    database.storage.set_study_system_attr(number, key, "null")  # as the dashboard does
    publish(Published("walk/grid", "", {}, {"mean": 0.75}), database, artifacts)
    (artifact,) = artifacts_of("walk/grid", database)
    assert json.loads((artifacts / artifact["artifact_id"]).read_text()) == {"mean": 0.75}
