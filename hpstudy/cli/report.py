"""`hpstudy report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import (
    FactorOption,
    NameOption,
    QuickOption,
    RunsOption,
    StorageOption,
    StudyArgument,
)


@app.command()
def report(
    study: StudyArgument = "report",
    factor: FactorOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="The file.  [default: RUNS/report/NAME.html]")
    ] = None,
    quick: QuickOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Write the report: one HTML file that opens offline."""
    from hpstudy.files import shown
    from hpstudy.study.study import Study

    opened = Study(study, name=name, runs=runs, storage=storage, quick=quick)
    tell(shown(opened.write_report(output, factors=factor)))
