"""`hpstudy show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app
from hpstudy.cli.options import (
    FactorOption,
    JsonOption,
    NameOption,
    QuickOption,
    RunsOption,
    StorageOption,
    StudyArgument,
)


@app.command()
def show(
    study: StudyArgument = "report",
    factor: FactorOption = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Also print the tracebacks of what failed.")
    ] = False,
    quick: QuickOption = False,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Show the tables of what the database holds; train nothing."""
    from hpstudy.cli.results import print_errors, print_summary
    from hpstudy.plans.grid import chosen_factors
    from hpstudy.store.database import reading
    from hpstudy.study.opened import open_study
    from hpstudy.study.reading import nothing_there, read_what_is_there

    opened = open_study(study, name, runs, storage, quick=quick)
    chosen_factors(opened.file, factor)
    with reading(opened.runs) as database:
        summary = read_what_is_there(opened, database, factor)
        if as_json or not summary.is_empty:  # a program finds the keys that it looks for
            print_summary(opened, summary, as_json=as_json)
        if summary.is_empty:
            raise nothing_there(opened, database)
    if errors and not as_json:
        print_errors(summary.failed)
