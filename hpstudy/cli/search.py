"""`hpstudy search`."""

from __future__ import annotations

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
    PublishOption,
    QuickOption,
    RunsOption,
    StorageOption,
    StudyArgument,
    ThreadsOption,
    TrialTimeoutOption,
    WorkersOption,
)


@app.command()
def search(
    study: StudyArgument = "report",
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10**9,
            help="Finished trials in all, whoever ran them.  [default: the file's]",
        ),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(help="Begin no trial after this long, such as 30m or 1h30m.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, max=10**9, help="Begin no trial after this many epochs in all."),
    ] = None,
    confirm: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            help="Fresh seeds of winner and baseline at most; 0: none.  [default: the file's]",
        ),
    ] = None,
    ablate: Annotated[
        bool,
        typer.Option("--ablate", help="Then tell which of the winner's changes made it better."),
    ] = False,
    sampler: Annotated[
        str | None, typer.Option(help="tpe, gp or random.  [default: as begun, else tpe]")
    ] = None,
    pruner: Annotated[
        str | None,
        typer.Option(help="none, median, halving or hyperband.  [default: as begun, else median]"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="What the sampler draws from, and every trial is trained from.  "
            "[default: as begun, else 0]"
        ),
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
    publish: PublishOption = True,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Search the ranges, then confirm the winner on fresh seeds."""
    from hpstudy.running.processes import prepare

    if not (plan or cluster):
        prepare()  # beside what this process imports

    from hpstudy.cli.planned import print_plan
    from hpstudy.cli.results import print_summary
    from hpstudy.cli.telling import Terminal
    from hpstudy.running.clusters import crew_at
    from hpstudy.running.crew import workers_for
    from hpstudy.store.connections import connections
    from hpstudy.store.studies import is_posted, search_name
    from hpstudy.study.opened import open_study
    from hpstudy.study.planning import Machine, search_plan
    from hpstudy.study.reading import read_summary
    from hpstudy.study.search import forecast_search, run_search
    from hpstudy.views.tables.plans import search_plan_table, space_table
    from hpstudy.views.terminal.render import rich_table, with_notes

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
    with connections(opened.runs) as database, crew_at(cluster, workers, plan=plan) as crew:
        reader = database.reader
        planned = search_plan(
            opened,
            objective,
            reader,
            Machine(device, precision, threads),
            trials=trials,
            timeout=timeout,
            epochs=epochs,
            sampler=sampler,
            pruner=pruner,
            seed=seed,
        )
        if plan:
            size = workers_for(crew.workers, planned)
            expected = forecast_search(planned, objective, reader, size, confirm, ablate=ablate)
            space = with_notes(space_table(opened.file.title, planned))
            facts = rich_table(search_plan_table(planned, expected))
            print_plan(opened, expected, *space, facts, as_json=as_json)
            return
        trained = run_search(
            opened,
            planned,
            objective,
            database,
            crew,
            Terminal(),
            confirm=confirm,
            ablate=ablate,
        )
        summary = read_summary(opened, database.reader)
        print_summary(opened, summary, as_json=as_json, sections=["search"])
        if publish and (trained.epochs or not is_posted(search_name(opened.name), database.reader)):
            from hpstudy.cli.posting import publish_search

            publish_search(opened, summary, database.writer)
    raise typer.Exit(1 if summary.failed_in_search or trained.left else 0)
