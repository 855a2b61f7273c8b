"""`hpstudy init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import RunsOption, StorageOption

_PROGRAM = "hpstudy.program"


class _InitCommand(TyperCommand):
    """A command that leaves what stands behind `--` as it is: a program with its arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's signature
        """Reads the arguments."""
        at = args.index("--") if "--" in args else len(args)
        if at < len(args):
            ctx.meta[_PROGRAM] = args[at + 1 :]
        return super().parse_args(ctx, args[:at])


@app.command(cls=_InitCommand)
def init(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="WHAT",
            help="mine.py:score, a function, a Training class or an Optuna objective; results.csv; "
            "or behind --, a program: -- python train.py.  [default: an example]",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The study file to write.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="The metric that is compared.")] = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Write a first study file, with comments; nothing is overwritten, nothing is trained."""
    from hpstudy.study.drafting import (
        are_results,
        draft_example,
        draft_program,
        draft_results,
        draft_source,
    )
    from hpstudy.study.opened import runs_at

    program = context.meta.get(_PROGRAM)
    if program is not None:
        written = draft_program(program, what, output, metric)
    elif what is not None and are_results(what):
        written = draft_results(what, output, metric, runs_at(runs, storage))
    elif what is not None:
        written = draft_source(what, output, metric)
    else:
        written = draft_example(output)
    for line in written:
        tell(line)
