"""optuna-dashboard on our database: what a study shows there, and serving it."""

from __future__ import annotations

import io
import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import optuna
from optuna.artifacts import FileSystemArtifactStore, upload_artifact

from hpstudy.errors import UserError
from hpstudy.files import replacing, shown
from hpstudy.store.database import Database
from hpstudy.store.studies import artifacts_of
from hpstudy.views.dashboard.guard import OwnHostsOnly

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
        pictures: PNG pictures by file name.
    """

    study: str
    note: str
    figures: Mapping[str, Figure]
    results: Mapping[str, Any]
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def publish(found: Published, database: Database, artifacts: Path) -> None:
    """Gives an Optuna study a note, figures and artifacts, in place of the earlier ones.

    Artifacts are JSON and pictures, never HTML: the dashboard would run its scripts as its own.

    Args:
        found: What to show.
        database: The database, opened for writing.
        artifacts: The folder of the artifact store.
    """
    with _without_scikit_learn():
        from optuna_dashboard import save_note, save_plotly_graph_object

    study = optuna.load_study(study_name=found.study, storage=database.storage)
    save_note(study, found.note)
    for name, figure in found.figures.items():
        save_plotly_graph_object(study, figure, graph_object_id=name)
    files = {RESULTS: json.dumps(found.results, indent=2).encode(), **found.pictures}
    _keep_artifacts(study, database, files, artifacts)


def publish_note(study: str, note: str, database: Database) -> None:
    """Gives an Optuna study another note, and leaves the rest of what it shows."""
    with _without_scikit_learn():
        from optuna_dashboard import save_note

    save_note(optuna.load_study(study_name=study, storage=database.storage), note)


@contextmanager
def _without_scikit_learn() -> Iterator[None]:
    """Keeps an import of optuna-dashboard in the block from taking scikit-learn along, and pandas.

    That takes a second, for importances that nobody asks for here. Optuna does without it where it
    is missing; whoever imports them after the block gets them whole.
    """
    is_needless = not sys.modules.keys() & {"optuna_dashboard", "optuna.importance", "sklearn"}
    if is_needless:
        sys.modules["sklearn"] = None  # type: ignore[assignment]  # Python's word for: not there
    try:
        yield
    finally:
        if is_needless:
            for name in [n for n in sys.modules if n.startswith(("sklearn", "optuna.importance"))]:
                del sys.modules[name]


def _keep_artifacts(
    study: optuna.Study, database: Database, files: Mapping[str, bytes], folder: Path
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{shown(folder)}: can't be created: {error.strerror}") from error
    store = _WholeFiles(folder)
    there = {a["filename"]: a["artifact_id"] for a in artifacts_of(study.study_name, database)}
    for name, content in files.items():
        if name in there:
            store.write(there[name], io.BytesIO(content))
            continue
        with TemporaryDirectory() as temporary:
            file = Path(temporary) / name
            file.write_bytes(content)
            upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=study)


def serve(
    database: Database, artifacts: Path, *, host: str, port: int, announce: Callable[[str], None]
) -> None:
    """Serves optuna-dashboard until Ctrl-C, to pages of its own address only.

    Args:
        database: The database.
        artifacts: The folder of the artifact store.
        host: The address to listen on.
        port: The port.
        announce: Is told the dashboard's address when it can be opened.

    Raises:
        UserError: It can't listen there.
    """
    from optuna_dashboard import wsgi
    from waitress import create_server

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(f"can't listen on {host}, port {port}: {error.strerror}") from error
    with listening:
        with suppress(OSError):  # an archive can be looked at where nothing can be written
            artifacts.mkdir(parents=True, exist_ok=True)
        app = wsgi(database.storage, artifact_store=FileSystemArtifactStore(base_path=artifacts))
        server = create_server(OwnHostsOnly(app, host), sockets=[listening], threads=_THREADS)
        with suppress(KeyboardInterrupt):  # before or after it is in its loop
            announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")
            server.run()
        server.close()


class _WholeFiles(FileSystemArtifactStore):
    """Optuna's artifact store, whose files are written beside and renamed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        with replacing(self._folder / artifact_id) as draft:
            draft.write_bytes(content_body.read())
