"""`hpstudy data`."""

from __future__ import annotations

from pathlib import Path

import typer

from hpstudy.cli.app import app
from hpstudy.cli.options import RunsOption


@app.command()
def data(runs: RunsOption = Path("runs")) -> None:
    """Fetch the MNIST files, check them, say where they came from."""
    from hpstudy.mnist.data import fetch

    fetched = fetch(runs / "data")
    for file, source in fetched.sources.items():
        damaged = " (what was there was damaged)" if file in fetched.damaged else ""
        typer.echo(f"{fetched.folder / file}: {source}{damaged}, MD5 as published")
