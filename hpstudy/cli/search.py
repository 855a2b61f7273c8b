"""`hpstudy search`."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict

import typer

from hpstudy.cli.opening import Opened
from hpstudy.cli.telling import Terminal
from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.forecast_search import search_forecast
from hpstudy.plans.samplers import DEFAULT_PRUNER, DEFAULT_SAMPLER
from hpstudy.plans.search import Limits, SearchPlan, plan_search, search_of
from hpstudy.running.course import Trained, run_search, workers_for
from hpstudy.running.fingerprint import begun_with, check
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.store.studies import PRUNER, SAMPLER, search_name
from hpstudy.views.tables.plans import search_plan_table, space_table
from hpstudy.views.terminal.consoles import plain_console
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
    """Runs what is left of a search and of its confirmation, with live progress on stderr."""
    seeds = confirming(opened, confirm)
    return run_search(plan, objective, database, workers, Terminal(), confirm=seeds)


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
