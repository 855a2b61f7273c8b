"""Files that belong to a trial: Optuna's artifacts, which optuna-dashboard shows beside it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from optuna import Trial
from optuna.artifacts import FileSystemArtifactStore, upload_artifact

from hpstudy.store.database import Runs


def keep_artifact(file: Path, trial: Trial, runs: Runs) -> None:
    """Keeps a copy of a file with a trial that is not told yet; one that is gone is left out.

    Args:
        file: The file.
        trial: The trial.
        runs: Where a run's files go.
    """
    if not file.is_file():
        return
    runs.artifacts.mkdir(parents=True, exist_ok=True)
    store = FileSystemArtifactStore(base_path=runs.artifacts)
    with suppress(FileNotFoundError):
        upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=trial)
