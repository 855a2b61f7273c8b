from __future__ import annotations

import optuna
from optuna.artifacts import FileSystemArtifactStore

from hpstudy.store.studies import FINGERPRINT


def checkpoints(folder) -> list[str]:
    home = folder.path / "runs" / "checkpoints"
    return sorted(p.name for p in home.glob("*")) if home.exists() else []


def test_clean_drops_all_last_states_of_a_finished_grid(folder):
    folder.run("grid", "walk.toml", "--workers", "1")
    assert len(checkpoints(folder)) == 3
    assert folder.run("clean", "walk.toml").stdout == "0 MB freed.\n"
    assert checkpoints(folder) == []
    assert folder.json("grid", "walk.toml")["grid"]["trials"]["complete"] == 4
    assert len(folder.trained()) == 8


def test_clean_keeps_what_a_waiting_point_would_go_on_from(folder, study_with):
    study_with(("epochs = [2, 4]", "epochs = [2]"))
    folder.run("grid", "walk.toml")
    study_with()
    assert len(checkpoints(folder)) == 3
    folder.run("clean", "walk.toml")
    assert len(checkpoints(folder)) == 1
    folder.run("grid", "walk.toml", "--workers", "1")
    assert folder.trained()[-2:] == ["0.1 8 0 3", "0.1 8 0 4"]


def test_clean_drops_what_belongs_to_no_trial(folder):
    folder.run("grid", "walk.toml")
    folder.write("runs/checkpoints/stray/1.0123456789abcdef.json", "{}")
    folder.run("clean", "walk.toml")
    assert checkpoints(folder) == []


def test_clean_of_one_study_leaves_what_another_needs(folder, study_with):
    study_with(("[settings]", '[settings]\nraise_at = "0.1 8 0 2"'), name="other.toml")
    folder.run("grid", "other.toml", code=1)
    folder.run("grid", "walk.toml")
    folder.run("clean", "walk.toml")
    study = optuna.load_study(study_name="other/grid", storage=folder.url)
    assert checkpoints(folder) == [
        next(t for t in study.trials if "error" in t.user_attrs).user_attrs["training"]
    ]


def test_delete_asks_first_and_takes_only_what_is_the_studys_own(folder):
    folder.run("grid", "walk.toml", "--publish")
    folder.run("grid", "walk.toml", "--name", "twin", "--seeds", "0,1", "--publish")
    refused = folder.run("delete", "twin", stdin="n\n", code=1)
    assert "Delete twin/grid with 8 trials and 8 epochs that no other study uses?" in refused.stdout
    assert len(optuna.load_study(study_name="twin/grid", storage=folder.url).trials) == 8
    artifacts = folder.path / "runs" / "artifacts"
    assert len(list(artifacts.iterdir())) == 2
    done = folder.run("delete", "twin", stdin="y\n")
    assert len(list(artifacts.iterdir())) == 1
    assert "Deleted twin/grid." in done.stdout
    assert optuna.get_all_study_names(folder.url) == ["walk/grid"]
    before = len(folder.trained())
    assert folder.json("grid", "walk.toml")["grid"]["trials"]["complete"] == 4
    assert len(folder.trained()) == before  # the seed that both used is still recorded
    folder.run("grid", "walk.toml", "--seeds", "1-1")
    assert len(folder.trained()) == before + 8


def test_delete_takes_the_files_of_all_its_studies_trials(book, folder):
    artifacts = folder.path / "runs" / "artifacts"
    artifacts.mkdir()
    store = FileSystemArtifactStore(artifacts)
    storage = book.database.storage
    search = optuna.create_study(study_name="walk/search", storage=storage, direction="maximize")
    search.set_user_attr(FINGERPRINT, {})
    file = str(folder.write("log.txt", "of a program"))
    for study in (book.study, search):
        trial = study.ask()
        optuna.artifacts.upload_artifact(artifact_store=store, file_path=file, study_or_trial=trial)
        study.tell(trial, 0.5)
    assert len(list(artifacts.iterdir())) == 2
    folder.run("delete", "walk", "--yes")
    assert list(artifacts.iterdir()) == []


def test_delete_of_an_unknown_study_names_those_there_are(folder):
    folder.run("grid", "walk.toml")
    error = folder.run("delete", "wlak", code=2).stderr
    assert "no study 'wlak' in sqlite:///runs/hpstudy.db; it holds walk" in error


def test_a_running_study_is_not_deleted(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 1"))
    process = folder.start("grid", "walk.toml", "--workers", "1")
    folder.wait_for(
        lambda: (folder.path / "runs" / "hpstudy.db.locks").exists() and folder.trained()
    )
    error = folder.run("delete", "walk", "--yes", code=2).stderr
    assert "study 'walk/grid' is running: stop it first" in error
    process.kill()
    process.communicate()
    folder.run("delete", "walk", "--yes")
    assert optuna.get_all_study_names(folder.url) == []
