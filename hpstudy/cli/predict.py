"""`hpstudy predict`."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import DeviceOption, JsonOption, RunsOption

_HTML = (".html", ".htm")
_PAGE = "report/predictions.html"  # in the folder of a run's files


class _PageCommand(TyperCommand):
    """A command whose `--page` takes what follows only if that is an HTML file, not a picture."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's signature
        """Reads the arguments."""
        whole = [
            "--page=" if arg == "--page" and not after.lower().endswith(_HTML) else arg
            for arg, after in pairwise([*args, ""])
        ]
        return super().parse_args(ctx, whole)


@app.command(cls=_PageCommand)
def predict(
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE...", help="Picture files, folders of them, or - for one in a pipe."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(help="A model's name, or its file.  [default: the newest of RUNS/models]"),
    ] = None,
    page: Annotated[
        str | None,
        typer.Option(
            metavar="[FILE.html]",
            help="Write a page with the pictures and what the network saw.  "
            "[default: RUNS/report/predictions.html]",
        ),
    ] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    runs: RunsOption = Path("runs"),
) -> None:
    """Read the handwritten digits in pictures with a trained model."""
    from hpstudy.errors import UserError
    from hpstudy.expected import printable
    from hpstudy.files import absolute, replacing, shown
    from hpstudy.study.opened import runs_at
    from hpstudy.study.picture_files import picture_files
    from hpstudy.study.predicting import Read, chosen_model
    from hpstudy.study.predicting import predict as read_pictures
    from hpstudy.views.page.predictions import Contact, contact, predictions_page
    from hpstudy.views.predictions import predictions_document, told

    def say(line: str) -> None:
        tell(line, err=True)

    folder = runs_at(runs, None)
    if page is not None and page and not page.lower().endswith(_HTML):
        raise UserError(f"--page: expected a file that ends with .html, found {page!r}")
    files = picture_files(pictures)
    chosen = chosen_model(model, folder.models, say)
    reads: list[Read] = []
    contacts: list[Contact] = []
    for read in read_pictures(chosen, files, device=device, data=folder.data, say=say):
        if read.error:
            say(f"Error: {read.error}")
        elif not as_json:
            for line in told(printable(read.file), read.found):
                tell(line)
        if page is not None:
            contacts.append(
                contact(printable(read.file), read.image, read.found, printable(read.error))
            )
        reads.append(Read(read.file, None, read.found, read.error))
    written = None
    if page is not None:
        written = absolute(Path(page), "--page") if page else folder.folder / _PAGE
        with replacing(written) as draft:
            text = predictions_page(chosen.card, contacts, datetime.now())
            draft.write_text(text, encoding="utf-8")
        say(f"page: {shown(written)}")
    if as_json:
        document = predictions_document(
            f"{chosen.file}",
            [(one.file, one.found) for one in reads if not one.error],
            [(one.file, one.error) for one in reads if one.error],
            page=None if written is None else f"{written}",
        )
        tell(json.dumps(document, indent=2, allow_nan=False))
    if any(one.error for one in reads):
        raise typer.Exit(1)
