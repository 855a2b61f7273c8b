"""`hpstudy train`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import (
    CheckpointsOption,
    DeviceOption,
    JsonOption,
    KeepOption,
    NameOption,
    PrecisionOption,
    QuickOption,
    RunsOption,
    StorageOption,
    StudyArgument,
    ThreadsOption,
)
from hpstudy.seeds import LARGEST_WHOLE

if TYPE_CHECKING:
    from hpstudy.study.training import TrainedModel
    from hpstudy.views.terminal.training import LiveTraining


@app.command()
def train(
    study: StudyArgument = "report",
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A value that is otherwise than the baseline's; may be given again.",
        ),
    ] = None,
    best: Annotated[
        str | None,
        typer.Option("--from", help="best: what the study says to use, instead of the baseline."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=LARGEST_WHOLE,
            help="The seed.  [default: 0, of a confirmed winner its first fresh one]",
        ),
    ] = None,
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    keep: KeepOption = "4GB",
    checkpoints: CheckpointsOption = None,
    quick: QuickOption = False,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Train one setting and save the model, with a card and a page."""
    from hpstudy.running.processes import prepare

    prepare()  # beside what this process imports

    from hpstudy.store.connections import connections
    from hpstudy.study.choosing import Asked
    from hpstudy.study.opened import open_study
    from hpstudy.study.planning import Machine
    from hpstudy.study.training import train as train_model

    opened = open_study(study, name, runs, storage, quick=quick, keep=keep, checkpoints=checkpoints)
    machine = Machine(device, precision, threads)
    asked = Asked(changes=tuple(changes or ()), best=best, seed=seed, machine=machine)
    with connections(opened.runs) as database:
        found = train_model(opened, opened.objective(), database, asked, _Terminal())
    _print(found, as_json=as_json)


class _Terminal:
    """Tells a training on stderr; once interrupted it says how to go on, and exits with 130."""

    def say(self, line: str) -> None:
        tell(line, err=True)

    @contextmanager
    def training(self, label: str, last: int, metric: str) -> Iterator[LiveTraining]:
        from hpstudy.views.terminal.consoles import plain_console
        from hpstudy.views.terminal.training import LiveTraining

        try:
            with LiveTraining(label, last, metric, plain_console(stderr=True)) as view:
                yield view
        except KeyboardInterrupt:
            again = shlex.join(["hpstudy", *sys.argv[1:]])
            self.say(f"Interrupted: all finished epochs are kept. To go on: {again}")
            raise typer.Exit(130) from None


def _print(found: TrainedModel, *, as_json: bool) -> None:
    import json

    from hpstudy.files import shown
    from hpstudy.views.files.model import model_document
    from hpstudy.views.tables.training import epochs_table
    from hpstudy.views.terminal.consoles import plain_console
    from hpstudy.views.terminal.render import with_notes

    if as_json:
        document = model_document(
            found.model, found.page, found.epochs, taken_over=found.taken_over, again=found.again
        )
        tell(json.dumps(document, indent=2, allow_nan=False))
        return
    console = plain_console()
    console.print(*with_notes(epochs_table(found.epochs, found.metric)), sep="\n")
    console.print(found.told, style="bold", highlight=False)
    for what, path in (("model", found.file), ("card", found.model.path), ("page", found.page)):
        console.print(f"{what}: {shown(path)}", highlight=False, soft_wrap=True)
