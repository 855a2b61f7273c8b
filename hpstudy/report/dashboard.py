"""optuna-dashboard on our database: what a study shows there, and serving it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import optuna
from optuna.artifacts import FileSystemArtifactStore, upload_artifact

from hpstudy.errors import UserError
from hpstudy.report.guard import OwnHostsOnly
from hpstudy.storage import Database

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

RESULTS = "results.json"
_ARTIFACT = "artifacts:"  # what Optuna keeps a study's artifacts under, among its attributes
_THREADS = 8


def publish(
    name: str,
    database: Database,
    *,
    note: str,
    figures: Mapping[str, Figure],
    results: Mapping[str, Any],
    artifacts: Path,
) -> None:
    """Gives an Optuna study a note, figures and its results, in place of the earlier ones.

    The artifact is JSON, never HTML: the dashboard would run its scripts as its own.

    Args:
        name: The Optuna study's name.
        database: The database, opened for writing.
        note: The note, in Markdown.
        figures: The figures by name: letters, digits and ".-_:" only.
        results: The results as JSON values.
        artifacts: The folder of the artifact store.
    """
    from optuna_dashboard import save_note, save_plotly_graph_object

    study = optuna.load_study(study_name=name, storage=database.storage)
    save_note(study, note)
    for figure_name, figure in figures.items():
        save_plotly_graph_object(study, figure, graph_object_id=figure_name)
    _keep_artifact(study, database, json.dumps(results, indent=2), artifacts)


def _keep_artifact(study: optuna.Study, database: Database, text: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    number = database.storage.get_study_id_from_name(study.study_name)
    attributes = database.storage.get_study_system_attrs(number)
    kept = [json.loads(value) for key, value in attributes.items() if key.startswith(_ARTIFACT)]
    store = FileSystemArtifactStore(base_path=folder)
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / RESULTS
        file.write_text(text)
        for meta in kept:
            if meta is not None and meta["filename"] == RESULTS:  # None: deleted by somebody
                with file.open("rb") as content:
                    store.write(meta["artifact_id"], content)
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
        UserError: It can't listen there.
    """
    from optuna_dashboard import wsgi
    from waitress import create_server

    artifacts.mkdir(parents=True, exist_ok=True)
    store = FileSystemArtifactStore(base_path=artifacts)
    app = OwnHostsOnly(wsgi(database.storage, artifact_store=store), host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(f"can't listen on {host}, port {port}: {error.strerror}") from error
    with listening:
        server = create_server(app, sockets=[listening], threads=_THREADS)
        with suppress(KeyboardInterrupt):  # before or after it is in its loop
            announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")
            server.run()
        server.close()
