"""How results came about: versions, machine, settings, seeds, dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.studies import find_study, fingerprint_of, pairing_of, trials_of
from hpstudy.store.trials import distinct_epochs, is_finished

_Value = TypeVar("_Value", int, str)


@dataclass(frozen=True)
class Origin:
    """How an Optuna study's trials were trained.

    What may differ between trainings lists every value that occurs, in order.

    Attributes:
        objective: "module:name".
        settings: The settings that the trials were trained with.
        versions: By package (and "python", "processor"), the versions that trainings began with.
        seeds: The replicates.
        precisions: Such as "fp32".
        devices: The device types.
        threads: Processor threads of one training.
        started: When the first trial began, local time; None before that.
        finished: When the last one ended; None before that.
        trials: Complete and pruned trials.
        epochs: Distinct epochs behind them.
        imported: Where trials come from that hpstudy did not run; None where it ran all.
    """

    objective: str
    settings: Mapping[str, object]
    versions: Mapping[str, tuple[str, ...]]
    seeds: tuple[int, ...]
    precisions: tuple[str, ...]
    devices: tuple[str, ...]
    threads: tuple[int, ...]
    started: datetime | None
    finished: datetime | None
    trials: int
    epochs: int
    imported: str | None = None


def read_origin(study: str, database: Database) -> Origin | None:
    """Reads how an Optuna study's trials were trained.

    Args:
        study: The Optuna study's name, such as `NAME/grid`.
        database: The database.

    Returns:
        The origin, or None if there is no such study, or nothing was trained for it yet.
    """
    records = Records(database.engine)
    optuna_study = find_study(study, database)
    if optuna_study is None or not records.exist():
        return None
    trials = [t for t in trials_of(optuna_study) if is_finished(t)]
    last = distinct_epochs(trials)
    trainings = records.trainings_of(last).values()
    pairing = pairing_of(optuna_study)
    identities = [training.identity for training in trainings]
    if not identities:
        return None
    # Of imported ones no time may be known: they ended when they began.
    timed = [t for t in trials if pairing is None or t.datetime_start != t.datetime_complete]
    ours = [identity for identity in identities if identity.threads]  # not known of imported ones
    return Origin(
        objective=ours[0].objective if ours else "",
        settings=fingerprint_of(optuna_study).get("settings", {}),
        versions={
            name: _each(t.versions[name] for t in trainings if name in t.versions)
            for name in dict.fromkeys(name for t in trainings for name in t.versions)
        },
        seeds=_each(i.seed for i in identities),
        precisions=_each(i.precision for i in ours),
        devices=_each(i.device for i in ours),
        threads=_each(i.threads for i in ours),
        started=min((t.datetime_start for t in timed if t.datetime_start), default=None),
        finished=max((t.datetime_complete for t in timed if t.datetime_complete), default=None),
        trials=len(trials),
        epochs=sum(last.values()),
        imported=None if pairing is None else pairing.source,
    )


def _each(values: Iterable[_Value]) -> tuple[_Value, ...]:
    return tuple(sorted(set(values)))
