"""Writing what was recorded as files that other tools read."""

from __future__ import annotations

from pathlib import Path

from hpstudy.files import absolute
from hpstudy.store.database import reading
from hpstudy.study.opened import Opened
from hpstudy.study.reading import rows_of
from hpstudy.views.files.export import check_format, write_rows


def export(opened: Opened, file_format: str, output: Path | None) -> dict[Path, int]:
    """Writes a study's trials, epochs and steps, and returns how many rows each file has.

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
        rows = rows_of(opened, database)
    files = write_rows(rows, opened.name, file_format, folder)
    return dict(zip(files, map(len, (rows.trials, rows.epochs, rows.steps)), strict=True))
