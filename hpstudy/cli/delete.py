"""`hpstudy delete`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import RunsOption, StorageOption


@app.command()
def delete(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The study's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Delete a study, and the trainings that no other study uses."""
    from hpstudy.expected import harmless
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
    names = harmless(", ".join(owned.studies))
    if not yes:
        typer.confirm(
            f"Delete {names} with {counted(owned.trials, 'trial')} and "
            f"{counted(owned.epochs, 'epoch')} that no other study uses?",
            abort=True,
        )
    with writing(where) as database:
        delete_all(owned, database, where)
    tell(f"Deleted {names}.")
    if (card := where.models / f"{study}.json").is_file():
        tell(f"Its saved model stays: {shown(card)}.")
