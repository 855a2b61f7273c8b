"""`hpstudy compare`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app
from hpstudy.cli.options import (
    CheckpointsOption,
    ClusterOption,
    DeviceOption,
    JsonOption,
    KeepOption,
    NameOption,
    PlanOption,
    PrecisionOption,
    QuickOption,
    RunsOption,
    StorageOption,
    ThreadsOption,
    TrialTimeoutOption,
    WorkersOption,
)
from hpstudy.errors import UserError


@app.command()
def compare(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY] [NAME=VALUE]",
            help="A study and what B changes of its baseline, two studies, or a CSV file.",
        ),
    ] = None,
    best: Annotated[
        str | None, typer.Option("--from", help="best: B is what the study says to use.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="MARGIN", help="Differences up to this, such as 0.3 points, count as none."
        ),
    ] = None,
    looks: Annotated[
        str | None,
        typer.Option(help="After how many seeds to look, such as 3,5,8.  [default: the file's]"),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="The seeds, as many as the last look has.  [default: the first]"),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Of a CSV file: what tells its groups apart; may be given again."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Of a CSV file: the column with the values.")
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="Of a CSV file: the column with the seeds, if it has one.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Of a CSV file: which group is A.  [default: the first]")
    ] = None,
    minimize: Annotated[
        bool, typer.Option("--minimize", help="Of a CSV file: less is better.")
    ] = False,
    unit: Annotated[
        str | None,
        typer.Option(help='Of a CSV file: what its values are: share, %, or such as "s".'),
    ] = None,
    spreads: Annotated[
        str | None,
        typer.Option(help="Of a CSV file: own if luck may move some groups further, else alike."),
    ] = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    trial_timeout: TrialTimeoutOption = None,
    keep: KeepOption = "4GB",
    checkpoints: CheckpointsOption = None,
    quick: QuickOption = False,
    plan: PlanOption = False,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Say whether B is better than A: exit code 0 if so, 1 if not shown, 2 for trouble."""
    from hpstudy.studyfile.find import is_file

    changes = [one for one in what or () if "=" in one and not is_file(Path(one))]
    names = [one for one in what or () if one not in changes] or ["report"]
    is_sheet = names[0].lower().endswith((".csv", ".tsv"))
    if not (is_sheet or plan or cluster):
        from hpstudy.running.processes import prepare

        prepare()  # beside what this process imports

    from hpstudy.cli.comparing import compare_sheet, compare_studies
    from hpstudy.running.clusters import crew_at
    from hpstudy.study.opened import open_study
    from hpstudy.study.parties import Asked
    from hpstudy.study.planning import Machine
    from hpstudy.study.sheets import Columns

    of_sheet = Columns(column or (), metric, seed, baseline, minimize, unit, spreads)
    of_study = {"from": best, "looks": looks, "seeds": seeds, "plan": plan, "name": name}
    if is_sheet:
        _refuse(
            {**of_study, "quick": quick, "trial-timeout": trial_timeout, "cluster": cluster},
            "a study",
            "a CSV file",
        )
        compare_sheet([*names, *changes], of_sheet, until, as_json=as_json)
    _refuse(vars(of_sheet), "a CSV file", "a study")
    own = name if len(names) == 1 else None
    opened = [
        open_study(
            one,
            own,
            runs,
            storage,
            quick=quick,
            keep=keep,
            checkpoints=checkpoints,
            trial_timeout=trial_timeout,
        )
        for one in names
    ]
    asked = Asked(tuple(changes), best, until, looks, seeds, name)
    machine = Machine(device, precision, threads)
    with crew_at(cluster, workers, plan=plan) as crew:
        compare_studies(opened, asked, machine, crew, plan=plan, as_json=as_json)


def _refuse(given: Mapping[str, object], wanted: str, found: str) -> None:
    for option, value in given.items():
        if value:
            raise UserError(f"--{option}: goes with {wanted}, and what is compared is {found}")
