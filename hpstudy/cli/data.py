"""`hpstudy data`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import RunsOption


@app.command()
def data(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="mnist, fashion_mnist or kmnist.")
    ] = "mnist",
    runs: RunsOption = Path("runs"),
) -> None:
    """Fetch a data set's files, check them, say where they came from."""
    from hpstudy.datasets import dataset_named

    dataset = dataset_named(name)  # before torch is loaded

    from hpstudy.mnist.data import fetch

    fetched = fetch(runs / "data", dataset)
    for file, source in fetched.sources.items():
        damaged = " (what was there was damaged)" if file in fetched.damaged else ""
        is_known = dataset.md5 or source != "already there"
        checked = "MD5 as published" if is_known else "size, form and labels as published"
        tell(f"{fetched.folder / file}: {source}{damaged}, {checked}")
