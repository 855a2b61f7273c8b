"""The options that several commands share."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

_NUMBER = re.compile(r"-?\.?[0-9]")

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file: its path, or its name in studies/.")
]
RunsOption = Annotated[
    Path, typer.Option("--runs", envvar="HPSTUDY_RUNS", help="The folder of a run's files.")
]
StorageOption = Annotated[
    str | None,
    typer.Option(
        "--storage",
        envvar="HPSTUDY_STORAGE",
        help="The database: sqlite:///FILE or postgresql://USER@HOST/NAME, its password in "
        "PGPASSWORD or ~/.pgpass.  [default: sqlite:///RUNS/hpstudy.db]",
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", help="The study's name in the database.  [default: the file's name]"),
]
FactorOption = Annotated[
    list[str] | None, typer.Option("--factor", help="Only this factor; may be given again.")
]
PrecisionOption = Annotated[
    str, typer.Option(help="fp32, bf16, or auto: bf16 where the hardware computes in it.")
]
QuickOption = Annotated[
    bool, typer.Option("--quick", help="A quick look, on fewer images, in a study NAME-quick.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        envvar="HPSTUDY_WORKERS",
        min=1,
        max=1024,
        help="Worker processes.  [default: one per core, or per training]",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="WHERE",
        help="Train on a Dask cluster: tcp://host:8786, its scheduler's file, local, slurm, "
        "kubernetes, and others.",
    ),
]
ThreadsOption = Annotated[
    int,
    typer.Option(
        "--threads",
        min=1,
        max=1024,
        help="Threads of one training; part of what a result depends on.",
    ),
]
DeviceOption = Annotated[
    str, typer.Option("--device", help="Where a Training class trains: auto, cpu, cuda or mps.")
]
KeepOption = Annotated[
    str,
    typer.Option(
        "--keep", envvar="HPSTUDY_KEEP", help="How much is kept of checkpoints; 0 for none."
    ),
]
CheckpointsOption = Annotated[
    str | None,
    typer.Option(
        "--checkpoints",
        envvar="HPSTUDY_CHECKPOINTS",
        metavar="PLACE",
        help="Where checkpoints go besides RUNS, for other machines: database, an address such as "
        "s3://bucket/folder, or folder for nowhere.  [default: where the database's last run said]",
    ),
]
PlanOption = Annotated[
    bool, typer.Option("--plan", help="Say what would be trained, and train nothing.")
]
PublishOption = Annotated[
    bool,
    typer.Option(
        "--publish/--no-publish",
        envvar="HPSTUDY_PUBLISH",
        help="Leave a note, figures and results for optuna-dashboard.",
    ),
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="MARGIN",
        help="Add seeds until each level is better, worse, or equal within so many points, or so "
        "much in the metric's unit; without a number, within the file's equal_within.",
    ),
]


TrialTimeoutOption = Annotated[
    str | None,
    typer.Option(
        "--trial-timeout",
        metavar="TIME",
        help="End a trial after this long, such as 10m; it has failed.  [default: the file's]",
    ),
]

CombineOption = Annotated[
    bool,
    typer.Option(
        "--combine",
        help="Then train the levels that are shown to be better together, the best of each factor.",
    ),
]


class UntilCommand(TyperCommand):
    """A command whose `--until` may stand without a number, which Typer's options can't."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's signature
        """Reads the arguments."""
        whole = [
            "--until=" if arg == "--until" and not _NUMBER.match(after) else arg
            for arg, after in pairwise([*args, ""])
        ]
        return super().parse_args(ctx, whole)
