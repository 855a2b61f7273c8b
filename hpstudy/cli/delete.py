"""`hpstudy delete`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app
from hpstudy.cli.options import RunsOption, StorageOption


@app.command()
def delete(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The study's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Delete a study, and the trainings that no other study uses."""
    from hpstudy.files import shown
    from hpstudy.running.cleanup import belongings
    from hpstudy.running.cleanup import delete as delete_all
    from hpstudy.store.database import nothing_at, reading, writing
    from hpstudy.study.opened import runs_at
    from hpstudy.wording import counted

    where = runs_at(runs, storage)
    with reading(where) as there:
        if there is None:
            raise nothing_at(where.url)
        owned = belongings(study, there)
    if not yes:
        typer.confirm(
            f"Delete {', '.join(owned.studies)} with {counted(owned.trials, 'trial')} and "
            f"{counted(owned.epochs, 'epoch')} that no other study uses?",
            abort=True,
        )
    with writing(where) as database:
        delete_all(owned, database, where)
    typer.echo(f"Deleted {', '.join(owned.studies)}.")
    if (card := where.models / f"{study}.json").is_file():
        typer.echo(f"Its saved model stays: {shown(card)}.")
