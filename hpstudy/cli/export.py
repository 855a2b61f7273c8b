"""`hpstudy export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import NameOption, QuickOption, RunsOption, StorageOption, StudyArgument


@app.command()
def export(
    study: StudyArgument = "report",
    file_format: Annotated[
        str, typer.Option("--format", help="csv, or parquet with the package's extra of that name.")
    ] = "csv",
    output: Annotated[
        Path | None, typer.Option("--output", help="The folder.  [default: RUNS/export]")
    ] = None,
    quick: QuickOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Write trials, epochs and steps as files for other tools."""
    from hpstudy.files import shown
    from hpstudy.study.study import Study

    opened = Study(study, name=name, runs=runs, storage=storage, quick=quick)
    for file, rows in opened.export(output, file_format=file_format).items():
        tell(f"{shown(file)}: {rows} rows")
