"""`hpstudy grid`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app
from hpstudy.cli.options import (
    CheckpointsOption,
    ClusterOption,
    CombineOption,
    DeviceOption,
    FactorOption,
    JsonOption,
    KeepOption,
    NameOption,
    PlanOption,
    PrecisionOption,
    PublishOption,
    QuickOption,
    RunsOption,
    StorageOption,
    StudyArgument,
    ThreadsOption,
    TrialTimeoutOption,
    UntilCommand,
    UntilOption,
    WorkersOption,
)


@app.command(cls=UntilCommand)
def grid(
    study: StudyArgument = "report",
    factor: FactorOption = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="How many seeds, or which: 3, 0-4, 0,1,7 or 3-3.  [default: the file's]"),
    ] = None,
    until: UntilOption = None,
    combine: CombineOption = False,
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
    publish: PublishOption = True,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Train the one-factor grid and show its tables."""
    from hpstudy.running.processes import prepare

    if not (plan or cluster):
        prepare()  # beside what this process imports

    from hpstudy.running.clusters import crew_at
    from hpstudy.store.connections import connections
    from hpstudy.study.grid import Asked, combined_forecast, grid_forecast, run_grid
    from hpstudy.study.opened import open_study
    from hpstudy.study.planning import Machine

    opened = open_study(
        study,
        name,
        runs,
        storage,
        quick=quick,
        keep=keep,
        checkpoints=checkpoints,
        trial_timeout=trial_timeout,
    )
    objective = opened.objective()
    machine = Machine(device, precision, threads)
    asked = Asked(
        factors=factor,
        seeds=seeds,
        until=until,
        combine=combine,
        machine=machine,
    )
    with connections(opened.runs) as database, crew_at(cluster, workers, plan=plan) as crew:
        if plan:
            from rich.text import Text

            from hpstudy.cli.planned import print_plan
            from hpstudy.views.tables.plans import plan_table
            from hpstudy.views.terminal.render import rich_table

            expected = grid_forecast(opened, objective, database, asked, crew.workers)
            more = combined_forecast(opened, objective, database, asked, crew.workers, expected)
            facts = plan_table(opened.file.title, expected, more)
            notes = map(Text, facts.footnotes)
            shown = rich_table(facts), *notes
            print_plan(opened, expected, *shown, combined=more, as_json=as_json)
            return

        from hpstudy.cli.results import live_tables, print_summary
        from hpstudy.cli.telling import Terminal
        from hpstudy.store.studies import grid_name, is_posted
        from hpstudy.study.checking import unchecked
        from hpstudy.study.reading import read_summary

        note = "" if as_json else unchecked(opened, objective, database.reader, study)
        teller = Terminal(live_tables(opened, database, factor), note)
        trained = run_grid(opened, objective, database, asked, crew, teller)
        summary = read_summary(opened, database.reader, factor)
        print_summary(opened, summary, as_json=as_json, sections=["grid"])
        if publish and (trained.epochs or not is_posted(grid_name(opened.name), database.reader)):
            from hpstudy.cli.posting import publish_grid

            whole = summary if factor is None else read_summary(opened, database.reader)
            publish_grid(opened, whole, database.writer)
    raise typer.Exit(1 if trained.left else 0)
