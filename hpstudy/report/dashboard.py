"""optuna-dashboard on our database: what a study shows there, and serving it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import optuna
from optuna.artifacts import FileSystemArtifactStore, upload_artifact

from hpstudy.errors import UserError
from hpstudy.report.guard import OwnHostsOnly
from hpstudy.storage import Database
from hpstudy.trials import artifacts_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

RESULTS = "results.json"
_THREADS = 8


@dataclass(frozen=True)
class Published:
    """What an Optuna study shows in optuna-dashboard.

    Attributes:
        study: The Optuna study's name.
        note: The note, in Markdown.
        figures: The figures by name: letters, digits and ".-_:" only.
        results: The results as JSON values.
    """

    study: str
    note: str
    figures: Mapping[str, Figure]
    results: Mapping[str, Any]


def publish(found: Published, database: Database, artifacts: Path) -> None:
    """Gives an Optuna study a note, figures and its results, in place of the earlier ones.

    The artifact is JSON, never HTML: the dashboard would run its scripts as its own.

    Args:
        found: What to show.
        database: The database, opened for writing.
        artifacts: The folder of the artifact store.
    """
    from optuna_dashboard import save_note, save_plotly_graph_object

    study = optuna.load_study(study_name=found.study, storage=database.storage)
    save_note(study, found.note)
    for name, figure in found.figures.items():
        save_plotly_graph_object(study, figure, graph_object_id=name)
    _keep_artifact(study, database, json.dumps(found.results, indent=2), artifacts)


def _keep_artifact(study: optuna.Study, database: Database, text: str, folder: Path) -> None:
    store = _store(folder)
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / RESULTS
        file.write_text(text)
        for artifact in artifacts_of(study.study_name, database):
            if artifact["filename"] == RESULTS:
                with file.open("rb") as content:
                    store.write(artifact["artifact_id"], content)
                return
        upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=study)


def serve(
    database: Database, artifacts: Path, *, host: str, port: int, announce: Callable[[str], None]
) -> None:
    """Serves optuna-dashboard until Ctrl-C, to pages of its own address only.

    Args:
        database: The database.
        artifacts: The folder of the artifact store; created if it is missing.
        host: The address to listen on.
        port: The port.
        announce: Is told the dashboard's address when it can be opened.

    Raises:
        UserError: It can't listen there, or the folder can't be created.
    """
    from optuna_dashboard import wsgi
    from waitress import create_server

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(f"can't listen on {host}, port {port}: {error.strerror}") from error
    with listening:
        app = wsgi(database.storage, artifact_store=_store(artifacts))
        server = create_server(OwnHostsOnly(app, host), sockets=[listening], threads=_THREADS)
        with suppress(KeyboardInterrupt):  # before or after it is in its loop
            announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")
            server.run()
        server.close()


def _store(folder: Path) -> FileSystemArtifactStore:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: can't be created: {error.strerror}") from error
    return FileSystemArtifactStore(base_path=folder)
