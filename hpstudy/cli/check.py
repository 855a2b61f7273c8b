"""`hpstudy check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import (
    DeviceOption,
    JsonOption,
    PrecisionOption,
    QuickOption,
    RunsOption,
    StorageOption,
    StudyArgument,
    ThreadsOption,
)


@app.command()
def check(
    study: StudyArgument = "report",
    timeout: Annotated[str, typer.Option(help="How long it may take, such as 90s or 1h.")] = "10m",
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    quick: QuickOption = False,
    as_json: JsonOption = False,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Train a little, and say whether the objective keeps what a study relies on."""
    from rich.text import Text

    from hpstudy.store.database import reading
    from hpstudy.study.checking import check_study
    from hpstudy.study.opened import open_study
    from hpstudy.study.planning import Machine, seconds_of
    from hpstudy.views.checks import closing, document, line
    from hpstudy.views.terminal.consoles import plain_console

    opened = open_study(study, None, runs, storage, quick=quick)
    limit = seconds_of(timeout)
    machine = Machine(device, precision, threads)
    console, aside = plain_console(), plain_console(stderr=True)

    def say(text: str) -> None:
        aside.print(Text(text), soft_wrap=True)

    with reading(opened.runs) as reader, aside.status("checking") as status:
        try:
            checked = check_study(
                opened, reader, machine, limit, say, lambda at: status.update(f"checking: {at}")
            )
        except KeyboardInterrupt:
            say("Interrupted: a check keeps nothing.")
            raise typer.Exit(130) from None
    if as_json:
        told = document(opened.name, f"{opened.file.trained()}", checked)
        tell(json.dumps(told, indent=2, allow_nan=False))
    else:
        for finding in checked.findings:
            console.print(Text(line(finding)), soft_wrap=True)
        for text in closing(checked):
            console.print(Text(text), soft_wrap=True)
    raise typer.Exit(1 if checked.broken else 0)
