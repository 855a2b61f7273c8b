"""`hpstudy export`: writes what was recorded as files that other tools read."""

from __future__ import annotations

from pathlib import Path

import typer

from hpstudy.cli.opening import Opened
from hpstudy.cli.results import nothing_there
from hpstudy.files import absolute, shown
from hpstudy.results.rows import read_rows
from hpstudy.store.database import reading
from hpstudy.views.files.export import check_format, write_rows


def export(opened: Opened, file_format: str, output: Path | None) -> None:
    """Writes a study's trials, epochs and steps, and says where.

    Args:
        opened: The study.
        file_format: "csv" or "parquet".
        output: The folder; `RUNS/export` where None.

    Raises:
        UserError: There is nothing to write, or no way to write it there.
    """
    check_format(file_format)
    folder = absolute(output, "--output") if output else opened.runs.folder / "export"
    with reading(opened.runs) as database:
        rows = read_rows(opened.name, database) if database is not None else None
        if rows is None:
            raise nothing_there(opened, database)
    files = write_rows(rows, opened.name, file_format, folder)
    for file, table in zip(files, (rows.trials, rows.epochs, rows.steps), strict=True):
        typer.echo(f"{shown(file)}: {len(table)} rows")
