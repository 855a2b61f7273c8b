"""`hpstudy clean`."""

from __future__ import annotations

from pathlib import Path

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import NameOption, RunsOption, StorageOption, StudyArgument


@app.command()
def clean(
    study: StudyArgument = "report",
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Drop all checkpoints but those that a waiting point would go on from."""
    from hpstudy.running.cleanup import clean as clean_up
    from hpstudy.store.connections import connections
    from hpstudy.store.places import are_in
    from hpstudy.study.opened import open_study
    from hpstudy.wording import size

    opened = open_study(study, name, runs, storage)
    with connections(opened.runs) as found:
        database = found.reader
        if database is not None and are_in(database, opened.runs):
            database = found.writer
        freed = clean_up(opened.file, opened.name, database, opened.runs)
    tell(f"{size(freed)} freed.")
