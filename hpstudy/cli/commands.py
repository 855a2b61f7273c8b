"""The commands: parse, call, print. What a command needs is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app
from hpstudy.cli.options import (
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
    WorkersOption,
)

__all__ = ["app"]


@app.command()
def grid(
    study: StudyArgument = "report",
    factor: FactorOption = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="How many seeds, or which: 3, 0-4, 0,1,7 or 3-3.  [default: the file's]"),
    ] = None,
    workers: WorkersOption = None,
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    keep: KeepOption = "4GB",
    quick: QuickOption = False,
    plan: PlanOption = False,
    publish: PublishOption = True,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Train the one-factor grid and show its tables."""
    from hpstudy.cli import grid as command
    from hpstudy.cli.opening import open_study
    from hpstudy.cli.results import print_summary, summary_of
    from hpstudy.store.connections import connections
    from hpstudy.store.studies import grid_name

    opened = open_study(study, name, runs, storage, quick=quick, keep=keep)
    objective = opened.objective()
    with connections(opened.runs) as database:
        runtime = opened.runtime(
            objective,
            grid_name(opened.name),
            database.reader,
            device=device,
            precision=precision,
            threads=threads,
        )
        planned = command.plan_of(opened, objective, runtime, factors=factor, seeds=seeds)
        if plan:
            reader = database.reader
            command.print_plan(planned, objective, opened, reader, workers, as_json=as_json)
            return
        trained = command.run(planned, objective, opened, database, workers, factor)
        summary = summary_of(opened, database.reader, factor)
        print_summary(opened, summary, as_json=as_json, sections=["grid"])
        if trained.epochs and publish:
            from hpstudy.cli.dashboard import publish_grid

            whole = summary if factor is None else summary_of(opened, database.reader)
            publish_grid(opened, whole, database.writer)
    raise typer.Exit(1 if trained.left else 0)


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
            help="Fresh seeds of finalists, winner and baseline; 0: none.  [default: the file's]",
        ),
    ] = None,
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
    threads: ThreadsOption = 1,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    keep: KeepOption = "4GB",
    quick: QuickOption = False,
    plan: PlanOption = False,
    publish: PublishOption = True,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Search the ranges, then confirm the winner on fresh seeds."""
    from hpstudy.cli import search as command
    from hpstudy.cli.opening import open_study
    from hpstudy.cli.results import print_summary, summary_of
    from hpstudy.store.connections import connections
    from hpstudy.store.studies import search_name

    opened = open_study(study, name, runs, storage, quick=quick, keep=keep)
    objective = opened.objective()
    with connections(opened.runs) as database:
        runtime = opened.runtime(
            objective,
            search_name(opened.name),
            database.reader,
            device=device,
            precision=precision,
            threads=threads,
        )
        planned = command.plan_of(
            opened,
            objective,
            runtime,
            database.reader,
            trials=trials,
            timeout=timeout,
            epochs=epochs,
            sampler=sampler,
            pruner=pruner,
            seed=seed,
        )
        if plan:
            reader = database.reader
            command.print_plan(
                planned, objective, opened, reader, workers, confirm, as_json=as_json
            )
            return
        trained = command.run(planned, objective, opened, database, workers, confirm)
        summary = summary_of(opened, database.reader)
        print_summary(opened, summary, as_json=as_json, sections=["search"])
        if trained.epochs and publish:
            from hpstudy.cli.dashboard import publish_search

            publish_search(opened, summary, database.writer)
    raise typer.Exit(1 if summary.failed_in_search or trained.left else 0)


@app.command()
def show(
    study: StudyArgument = "report",
    factor: FactorOption = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Also print the tracebacks of what failed.")
    ] = False,
    quick: QuickOption = False,
    as_json: JsonOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Show the tables of what the database holds; train nothing."""
    from hpstudy.cli import results
    from hpstudy.cli.opening import open_study
    from hpstudy.plans.grid import chosen_factors

    opened = open_study(study, name, runs, storage, quick=quick)
    chosen_factors(opened.study, factor)
    results.show(opened, factor, as_json=as_json, errors=errors)


@app.command()
def report(
    study: StudyArgument = "report",
    factor: FactorOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="The file.  [default: RUNS/report/NAME.html]")
    ] = None,
    quick: QuickOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Write the report: one HTML file that opens offline."""
    from hpstudy.cli.opening import open_study
    from hpstudy.cli.report import write_report

    opened = open_study(study, name, runs, storage, quick=quick)
    typer.echo(write_report(opened, factor, output))


@app.command()
def export(
    study: StudyArgument = "report",
    file_format: Annotated[
        str, typer.Option("--format", help="csv, or parquet with the package's extra of that name.")
    ] = "csv",
    output: Annotated[
        Path | None, typer.Option("--output", help="The folder.  [default: RUNS/export]")
    ] = None,
    quick: QuickOption = False,
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Write trials, epochs and steps as files for other tools."""
    from hpstudy.cli.export import export as write
    from hpstudy.cli.opening import open_study

    write(open_study(study, name, runs, storage, quick=quick), file_format, output)


@app.command()
def dashboard(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8080,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Open optuna-dashboard on the database, on this machine alone."""
    from hpstudy.cli.dashboard import serve_dashboard
    from hpstudy.cli.opening import runs_at

    serve_dashboard(runs_at(runs, storage), host, port)


@app.command()
def data(runs: RunsOption = Path("runs")) -> None:
    """Fetch the MNIST files, check them, say where they came from."""
    from hpstudy.mnist.data import fetch

    fetched = fetch(runs / "data")
    for file, source in fetched.sources.items():
        damaged = " (what was there was damaged)" if file in fetched.damaged else ""
        typer.echo(f"{fetched.folder / file}: {source}{damaged}, MD5 as published")


@app.command()
def clean(
    study: StudyArgument = "report",
    name: NameOption = None,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Drop all checkpoints but those that a waiting point would go on from."""
    from hpstudy.cli.opening import open_study
    from hpstudy.running.cleanup import clean as clean_up
    from hpstudy.store.database import reading
    from hpstudy.wording import size

    opened = open_study(study, name, runs, storage)
    with reading(opened.runs) as database:
        freed = clean_up(opened.study, opened.name, database, opened.runs)
    typer.echo(f"{size(freed)} freed.")


@app.command()
def delete(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The study's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Delete a study, and the trainings that no other study uses."""
    from hpstudy.cli.opening import runs_at
    from hpstudy.running.cleanup import belongings
    from hpstudy.running.cleanup import delete as delete_all
    from hpstudy.store.database import nothing_at, reading, writing
    from hpstudy.wording import counted

    where = runs_at(runs, storage)
    with reading(where) as there:
        if there is None:
            raise nothing_at(where.url)
        owned = belongings(study, there)
    if not yes:
        typer.confirm(
            f"Delete {', '.join(owned.studies)} with {counted(owned.trials, 'trial')} and "
            f"{counted(owned.epochs, 'epoch')} that no other study uses?",
            abort=True,
        )
    with writing(where) as database:
        delete_all(owned, database, where)
    typer.echo(f"Deleted {', '.join(owned.studies)}.")
