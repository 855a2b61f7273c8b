"""`hpstudy import`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import JsonOption, RunsOption, StorageOption


@app.command(name="import")
def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A CSV, TSV, JSON or Parquet file, a folder of logs, or Optuna's sqlite:///x.db.",
        ),
    ],
    study: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Of a database: which study.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="The column with the values.")] = None,
    direction: Annotated[
        str | None, typer.Option(help="Which is better: maximize or minimize.")
    ] = None,
    seed: Annotated[str | None, typer.Option(help="The column with the seeds.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="A column that is a hyperparameter; may be given again."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="NAME=VALUE,…", help="The setting that others are compared with."),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help='What the values are: share, %, or such as "s".')
    ] = None,
    logs: Annotated[
        Path | None,
        typer.Option(help="A folder with the logs of a table's runs, which a column names."),
    ] = None,
    pattern: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=REGEX", help="Where a metric stands in logs; may be given again."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--as", help="The study's name, and its file's.  [default: the source's]"),
    ] = None,
    as_json: JsonOption = False,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Write results that you have as a study, and show its tables."""
    from hpstudy.cli.results import print_summary
    from hpstudy.importing.roles import Asked
    from hpstudy.store.database import reading
    from hpstudy.study.importing import import_source
    from hpstudy.study.opened import open_study, runs_at
    from hpstudy.study.reading import read_summary

    wanted = _pairs("--baseline", baseline.split(",") if baseline else ())
    patterns = _pairs("--pattern", pattern or ())
    asked = Asked(metric, direction, seed, tuple(column or ()), wanted, unit, logs, patterns)
    imported = import_source(source, study, asked, name, runs_at(runs, storage), Path())
    for line in imported.said:
        tell(line, err=True)
    opened = open_study(f"{imported.path}", None, runs, storage)
    with reading(opened.runs) as database:
        print_summary(opened, read_summary(opened, database), as_json=as_json)


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    """Reads what is given as NAME=VALUE."""
    from hpstudy.errors import UserError
    from hpstudy.expected import shown

    found: dict[str, str] = {}
    for part in given:
        name, sign, value = (text.strip() for text in part.partition("="))
        if not sign or not name:
            raise UserError(f"{option}: expected NAME=VALUE, found {shown(part)}")
        found[name] = value
    return found
