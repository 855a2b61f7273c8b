"""Opening the Optuna study of a plan: created where it is missing, guarded against mixing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import optuna

from hpstudy.errors import UserError
from hpstudy.objective import Objective
from hpstudy.records import Records
from hpstudy.running.plan import Plan, PointsPlan
from hpstudy.running.space import distributions, fixed_choices
from hpstudy.storage import Runs, exists, hold, open_database
from hpstudy.trials import FINGERPRINT, SEEDS, SOURCE, find_study


def begin(plan: Plan, objective: Objective, runs: Runs) -> list[str]:
    """Creates the plan's study, or opens it if its trials are of the same kind.

    Args:
        plan: What will run.
        objective: What it trains.
        runs: Where the database is.

    Returns:
        What the user should know before going on, a line each.

    Raises:
        UserError: The study holds trials of another kind.
    """
    check(plan, runs)
    database = open_database(runs.url, write=True)
    with hold(runs.url, "schema"):
        Records(database.engine).create_tables()
        study = optuna.create_study(
            study_name=plan.name,
            storage=database.storage,
            direction=plan.direction,
            load_if_exists=True,
        )
        study.set_user_attr(FINGERPRINT, plan.fingerprint)
        if isinstance(plan, PointsPlan):
            seeds = study.user_attrs.get(SEEDS, [])
            study.set_user_attr(SEEDS, sorted({*seeds, *plan.seeds}))
        notes = list(_changed_source(study, objective))
    database.engine.dispose()
    return notes


def check(plan: Plan, runs: Runs) -> None:
    """Checks that the plan's trials may stand beside those that its study already holds.

    Raises:
        UserError: They may not: it says what differs.
    """
    if not exists(runs.url):
        return
    database = open_database(runs.url, write=False)
    try:
        study = find_study(plan.name, database)
        if study is None:
            return
        before = study.user_attrs.get(FINGERPRINT, plan.fingerprint)
        changes = list(_differences(before, plan.fingerprint))
        if changes:
            raise UserError(
                f"study {plan.name!r} in {database.shown} holds trials of another kind: "
                f"{'; '.join(changes)}; give --name for a study of its own"
            )
        if isinstance(plan, PointsPlan):
            trials = study.get_trials(deepcopy=False)
            distributions([p.point for p in plan.points], fixed_choices(trials))
    finally:
        database.engine.dispose()


def begun_precision(name: str, runs: Runs) -> str | None:
    """Returns the precision of an Optuna study's trials, or None where it has not begun."""
    if not exists(runs.url):
        return None
    database = open_database(runs.url, write=False)
    study = find_study(name, database)
    found = study.user_attrs.get(FINGERPRINT, {}).get("precision") if study is not None else None
    database.engine.dispose()
    return found


def _differences(
    before: Mapping[str, Any], now: Mapping[str, Any], inside: str = ""
) -> Iterator[str]:
    for name in {**before, **now}:
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, f"{inside}{name}.")
        elif old != new:
            yield f"{inside}{name} was {old!r}, is now {new!r}"


def _changed_source(study: optuna.Study, objective: Objective) -> Iterator[str]:
    """Notes an edit of the user's own objective: its recorded epochs would still be used."""
    source = objective.source_file()
    if source is None:
        return
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    before = study.user_attrs.get(SOURCE, digest)
    if before != digest:
        yield (
            f"{source.name} has changed since this study began; epochs trained before are used as "
            "they are: raise the objective's `version` if they would come out otherwise now"
        )
    if study.user_attrs.get(SOURCE) != digest:
        study.set_user_attr(SOURCE, digest)
