"""`hpstudy worker`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app
from hpstudy.cli.options import (
    CheckpointsOption,
    JsonOption,
    KeepOption,
    NameOption,
    QuickOption,
    RunsOption,
    StorageOption,
    StudyArgument,
    WorkersOption,
)


@app.command()
def worker(
    study: StudyArgument = "report",
    other: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="The other of two that are compared.")
    ] = None,
    workers: WorkersOption = None,
    wait: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Wait so long, such as 10m, while nothing is begun or nothing is left of it.",
        ),
    ] = None,
    keep: KeepOption = "4GB",
    checkpoints: CheckpointsOption = None,
    quick: QuickOption = False,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Join a grid, search or comparison that was begun elsewhere, until nothing is left of it."""
    from hpstudy.running.processes import prepare

    prepare()  # beside what this process imports

    from hpstudy.cli.joining import print_joined
    from hpstudy.cli.telling import Terminal
    from hpstudy.store.connections import connections
    from hpstudy.study.joining import join
    from hpstudy.study.opened import open_study
    from hpstudy.study.planning import seconds_of

    seconds = 0.0 if wait is None else seconds_of(wait, "--wait")
    names = [study] if other is None else [study, other]
    own = name if other is None else None
    more = {"keep": keep, "checkpoints": checkpoints}
    opened = [open_study(one, own, runs, storage, quick=quick, **more) for one in names]
    with connections(opened[0].runs) as database:
        try:
            joined = join(opened, database, workers, Terminal(), name=name, wait=seconds)
        except KeyboardInterrupt:  # while it waited: what is interrupted at work says so itself
            typer.echo("Interrupted: nothing had begun.", err=True)
            raise typer.Exit(130) from None
    print_joined(joined, opened[0].runs.url, as_json=as_json)
    raise typer.Exit(1 if joined.left or joined.failed else 0)
