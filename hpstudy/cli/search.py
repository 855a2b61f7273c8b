"""`hpstudy search`."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, replace

import optuna
import typer

from hpstudy.cli.opening import Connections, Opened
from hpstudy.cli.training import (
    Trained,
    prepare,
    say_trained,
    train,
    train_points,
    workers_for,
)
from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.confirmation import plan_choice, plan_confirmation
from hpstudy.plans.forecast_search import search_forecast
from hpstudy.plans.samplers import DEFAULT_PRUNER, DEFAULT_SAMPLER
from hpstudy.plans.search import Limits, SearchPlan, plan_search, search_of
from hpstudy.running.fingerprint import begun_with, check
from hpstudy.running.ledger import Ledger
from hpstudy.running.progress_search import SearchObserver
from hpstudy.running.schedulers import dead_end
from hpstudy.store.database import Database, Runs
from hpstudy.store.studies import PRUNER, SAMPLER, search_name
from hpstudy.views.tables.plans import search_plan_table, space_table
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.live import SearchView
from hpstudy.views.terminal.render import rich_table, with_notes

_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s?)?")


def seconds_of(text: str) -> float:
    """Reads a duration such as "90", "90s", "30m" or "1h30m" as seconds.

    Raises:
        UserError: The text is no duration.
    """
    match = _DURATION.fullmatch(text.replace(" ", ""))
    seconds = sum(
        int(part or 0) * unit
        for part, unit in zip(match.groups() if match else (), (3600, 60, 1), strict=False)
    )
    if not seconds:
        raise UserError(
            f"--timeout: expected a duration such as 90s, 30m or 1h30m, found {shown(text)}"
        )
    return float(seconds)


def plan_of(
    opened: Opened,
    objective: Objective,
    runtime: Runtime,
    reader: Database | None,
    *,
    trials: int | None,
    timeout: str | None,
    epochs: int | None,
    sampler: str | None,
    pruner: str | None,
    seed: int | None,
) -> SearchPlan:
    """Plans a search as the options say; what is left out is as the search has begun."""
    begun = begun_with(search_name(opened.name), reader)
    limits = Limits(
        trials=search_of(opened.study).trials if trials is None else trials,
        epochs=epochs,
        deadline=time.time() + seconds_of(timeout) if timeout is not None else None,
    )
    return plan_search(
        opened.study,
        objective,
        name=opened.name,
        home=opened.path.parent,
        runtime=runtime,
        limits=limits,
        sampler=sampler or begun.get(SAMPLER, DEFAULT_SAMPLER),
        pruner=pruner or begun.get(PRUNER, DEFAULT_PRUNER),
        seed=begun.get("seed", 0) if seed is None else seed,
        quick=opened.is_quick,
    )


def confirming(opened: Opened, wanted: int | None) -> int:
    """Returns how many fresh seeds the winner is confirmed on."""
    return search_of(opened.study).confirm_seeds if wanted is None else wanted


def run(
    plan: SearchPlan,
    objective: Objective,
    opened: Opened,
    database: Connections,
    workers: int | None,
    confirm: int | None,
) -> Trained:
    """Runs what is left of a search and of its confirmation, with live progress on stderr.

    Returns:
        What came of it; left are points of the confirmation.

    Raises:
        typer.Exit: With code 130, if it was interrupted; with 1, if trial after trial raised or
            the search is not at its end.
    """
    seeds = confirming(opened, confirm)
    if seeds:
        plan = replace(plan, confirmed_by=search_of(opened.study).confirming_metric)
    if plan.metric.name.startswith("test_"):
        typer.echo(
            f"Warning: search.metric is {plan.metric.name}: what is chosen by the test data scores "
            "better there than elsewhere; search by a validation metric",
            err=True,
        )
    reader = prepare(plan, objective, database)
    trained, is_whole = _search(plan, database.runs, reader, workers)
    done = Trained(trained, left=0)
    if seeds and not is_whole:
        typer.echo("Not confirmed: the search is not at its end yet.", err=True)
    elif seeds:
        choice = plan_choice(plan, objective, reader, seeds)
        if choice.points:
            done += train_points(choice, objective, database, workers, task="finalists")
        final = plan_confirmation(plan, objective, reader, seeds)
        if final is None:
            why = "every finalist diverged or raised" if choice.points else "no trial has a value"
            typer.echo(f"Not confirmed: {why}.", err=True)
        else:
            done += train_points(final, objective, database, workers, task="confirmation")
    return done


def _search(
    plan: SearchPlan, runs: Runs, reader: Database, workers: int | None
) -> tuple[int, bool]:
    """Runs what is left of a search.

    Returns:
        How many epochs were trained meanwhile, and whether the search is at its end.
    """
    size = workers_for(workers, plan)
    observer = SearchObserver(plan, reader, size)
    start = time.monotonic()
    view = SearchView(observer.look, plan.metric)
    study = optuna.load_study(study_name=plan.name, storage=reader.storage)
    ledger = Ledger(study, "")
    ledger.read()
    if ledger.complete + ledger.pruned < plan.limits.trials or ledger.waiting() is not None:
        ledger = Ledger(study, train(plan, runs, size, view))
        ledger.read()
    trained = say_trained(plan, ledger.invocation, reader, time.monotonic() - start, size)
    if (why := dead_end(ledger, plan.limits)) is not None:
        typer.echo(f"Error: {why}", err=True)
        raise typer.Exit(1)
    limits, finished = plan.limits, ledger.complete + ledger.pruned
    spent = limits.epochs is not None and ledger.epochs() >= limits.epochs
    is_whole = spent or finished >= limits.trials
    if not is_whole and (limits.deadline is None or time.time() < limits.deadline):
        left = f"{finished} of {limits.trials} trials are finished, and nobody is at the others"
        typer.echo(f"Error: {left}", err=True)
        raise typer.Exit(1)
    return trained, is_whole


def print_plan(
    plan: SearchPlan,
    objective: Objective,
    opened: Opened,
    reader: Database | None,
    workers: int | None,
    confirm: int | None,
    *,
    as_json: bool,
) -> None:
    """Says what a search would take; trains nothing and writes nothing."""
    check(plan, reader)
    expected = search_forecast(
        plan, objective, reader, workers_for(workers, plan), confirming(opened, confirm)
    )
    if as_json:
        typer.echo(json.dumps({"study": opened.name, "plan": asdict(expected)}, indent=2))
    else:
        facts = rich_table(search_plan_table(plan, expected))
        plain_console().print(*with_notes(space_table(opened.study.title, plan)), facts, sep="\n")
