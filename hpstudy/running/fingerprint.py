"""Opening the Optuna study of a plan: created where it is missing, guarded against mixing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import optuna

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.metric import Metric
from hpstudy.objective import Objective
from hpstudy.plans.distributions import distributions, known_distributions
from hpstudy.plans.points import Plan, PointsPlan
from hpstudy.results.looks import Announcement, announced
from hpstudy.store.creation import check_ours
from hpstudy.store.database import Database
from hpstudy.store.locks import SCHEMA, hold
from hpstudy.store.server_trouble import again
from hpstudy.store.studies import (
    ASKED,
    COMBINED,
    FINGERPRINT,
    IMPORTED,
    LOOKS,
    METRIC_EPOCHS,
    SEEDS,
    SOURCE,
    any_study,
    asked_of,
    find_study,
    fingerprint_of,
    is_ours,
    is_untouched,
    metric_epochs_of,
    options_of,
    seeds_of,
    source_of,
    trials_of,
)
from hpstudy.store.trials import is_failed, is_finished
from hpstudy.wording import counted, enumerated, setting, within

_KIND = ("objective", "version", "settings")


@again
def begin(
    plan: Plan,
    objective: Objective,
    database: Database,
    asked: Mapping[str, Any] | None = None,
) -> list[str]:
    """Creates the plan's study, or opens it if its trials are of the same kind.

    Args:
        plan: What will run.
        objective: What it trains.
        database: The database, opened for writing.
        asked: What is noted for those who join; None for nothing.

    Returns:
        What the user should know before going on, a line each.

    Raises:
        UserError: The study holds trials of another kind.
    """
    with hold(database.url, SCHEMA):
        _guard(any_study(plan.name, database), plan, database)  # others may have begun it by now
        study = optuna.create_study(
            study_name=plan.name,
            storage=database.storage,
            direction=plan.direction,
            load_if_exists=True,
        )
        notes = _of_import(study)
        study.set_user_attr(FINGERPRINT, plan.fingerprint)
        if isinstance(plan, PointsPlan) and plan.announced not in (None, announced(study)):
            study.set_user_attr(LOOKS, asdict(plan.announced))  # before the seeds that go by it
        if isinstance(plan, PointsPlan) and plan.combined is not None:
            study.set_user_attr(COMBINED, asdict(plan.combined))
        if plan.seeds:
            study.set_user_attr(SEEDS, sorted({*seeds_of(study), *plan.seeds}))
        notes += [*_changed_source(study, objective), *_changed_options(study, plan.options)]
        if asked is not None and asked != asked_of(study):
            study.set_user_attr(ASKED, asked)  # last: who joins finds all of it
        return notes


def check(plan: Plan, database: Database | None) -> None:
    """Checks that the plan's trials may stand beside those that its study already holds.

    Args:
        plan: What is to run.
        database: The database; None where there is none yet.

    Raises:
        UserError: They may not: it says what differs, or whose the study is.
    """
    if database is None:
        return
    check_ours(database.url)
    study = any_study(plan.name, database)
    _guard(study, plan, database)
    if study is not None and isinstance(plan, PointsPlan):
        known = known_distributions(trials_of(study))
        distributions([p.point for p in plan.points], known, plan.space)


def _guard(study: optuna.Study | None, plan: Plan, database: Database) -> None:
    """Keeps trials of another kind, and others' studies, apart from the plan's.

    A study that was created a moment before its process was killed is as good as none, and so is
    one of hpstudy's in which nothing has worked: its file was wrong, and is mended.
    """
    if study is None:
        return
    is_void = is_untouched(study) or (is_ours(study) and all(map(is_failed, trials_of(study))))
    if is_void and study.direction.name.lower() == plan.direction:
        return
    if not is_ours(study):
        raise UserError(
            f"study {plan.name!r} in {database.shown} is a plain Optuna study, which hpstudy did "
            "not write: give --name for a study of its own"
        )
    before, now = _whole(fingerprint_of(study)), _whole(plan.fingerprint)
    if IMPORTED in before:  # how these were trained is not known
        before = {**now, **{name: before[name] for name in ("metric", "direction")}}
    if changes := list(_differences(before, now)):
        raise UserError(
            f"study {plan.name!r} in {database.shown} holds trials of another kind: "
            f"{'; '.join(changes)}; give --name for a study of its own, or begin anew after "
            f"`hpstudy delete {plan.name.rpartition('/')[0]}`"
        )
    if isinstance(plan, PointsPlan):
        _guard_looks(study, plan)


def _guard_looks(study: optuna.Study, plan: PointsPlan) -> None:
    """Keeps the looks that were announced, once a value of their trainings is known.

    One look at one seed was none: it couldn't tell anything.
    """
    before, now = announced(study), plan.announced
    if before is None or now is None or before.counts[-1] == 1:
        return
    if not any(map(is_finished, trials_of(study))):
        return
    name = plan.name.rpartition("/")[0]
    if before.baseline is not None and before.baseline != now.baseline:
        raise UserError(
            f"study {name!r} has announced its looks at the baseline {setting(before.baseline)}, "
            f"not at {setting(now.baseline or {})}: its verdicts are of differences from that one; "
            "put it back, or give --name for a study of its own"
        )
    if before.spreads != now.spreads:
        raise UserError(
            f"study {name!r} has announced its looks with spreads = {shown(before.spreads)}, not "
            f"{shown(now.spreads)}: who chooses how to judge by values that are known is wrong "
            "more often; put it back, or give --name for a study of its own"
        )
    if replace(now, baseline=before.baseline, settings=before.settings) == before:
        return
    told, asked = (_told(looks, plan.metric) for looks in (before, now))
    raise UserError(
        f"study {name!r} has announced looks after {told}, not after {asked}: who "
        "chooses looks or margin by values that are known is wrong more often; leave it out to go "
        "on as announced, or give --name for a study of its own"
    )


def _told(looks: Announcement, metric: Metric) -> str:
    after = enumerated([f"{n}" for n in looks.counts])
    if looks.margin is None:
        return f"{after} seeds"
    return f"{after} seeds {within(looks.looks(metric).margin, metric)}"


def begun_with(name: str, database: Database | None) -> Mapping[str, Any]:
    """Returns what an Optuna study has begun with; empty where it has not.

    Args:
        name: The Optuna study's name.
        database: The database; None where there is none yet.

    Returns:
        What all its trials have in common, such as "precision" and "seed", and a search's "sampler"
        and "pruner".
    """
    study = find_study(name, database) if database is not None else None
    return {**fingerprint_of(study), **options_of(study)} if study is not None else {}


def told_apart(name: str, database: Database, now: Mapping[str, Any]) -> list[str]:
    """Returns in what an Optuna study's trials are of another kind than a training.

    Args:
        name: The Optuna study's name.
        database: The database.
        now: The training's fingerprint.
    """
    before = begun_with(name, database)
    if not before or IMPORTED in before:  # how these were trained is not known
        return []
    was, is_now = ({name: one[name] for name in _KIND} for one in (before, now))
    return [*_differences(was, is_now)]


def _changed_options(study: optuna.Study, options: Mapping[str, str]) -> Iterator[str]:
    """Notes what is chosen otherwise than before, and keeps it."""
    for name, value in options.items():
        before = options_of(study).get(name)
        if before not in (None, value):
            yield f"the {name} was {before} so far and is {value} from here on"
        if before != value:
            study.set_user_attr(name, value)


def _of_import(study: optuna.Study) -> list[str]:
    """Says, before the first training beside them, that points were imported."""
    source = fingerprint_of(study).get(IMPORTED)
    if source is None:
        return []
    count = sum(map(is_finished, trials_of(study)))
    return [
        f"{counted(count, 'trial')} imported from {source} count as done: their seeds and "
        "settings are taken to mean what they mean to the objective"
    ]


def _whole(fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    return {**fingerprint, METRIC_EPOCHS: metric_epochs_of(fingerprint)}


def _differences(
    before: Mapping[str, Any], now: Mapping[str, Any], inside: str = ""
) -> Iterator[str]:
    for name in {**before, **now}:
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, f"{inside}{name}.")
        elif old != new:
            yield f"{inside}{name} was {old!r}, is now {new!r}"


def source_digest(objective: Objective) -> str | None:
    """Returns what tells the source of a user's own objective from what it was before."""
    source = objective.source()
    return hashlib.sha256(source[1]).hexdigest()[:16] if source is not None else None


def _changed_source(study: optuna.Study, objective: Objective) -> Iterator[str]:
    """Notes an edit of the user's own objective: its recorded epochs would still be used."""
    source, digest = objective.source(), source_digest(objective)
    if source is None:
        return
    before = source_of(study)
    if before not in (None, digest):
        yield (
            f"{source[0]} has changed since this study began; epochs trained before are used as "
            "they are: raise the objective's `version` if they would come out otherwise now"
        )
    if before != digest:
        study.set_user_attr(SOURCE, digest)
