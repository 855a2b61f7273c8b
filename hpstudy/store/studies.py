"""Optuna's studies as hpstudy names them: what it writes onto them, and how it finds them again."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from hpstudy.metric import Direction
from hpstudy.store.database import Database
from hpstudy.store.sound import artifacts_in, check_study, check_trial, readable
from hpstudy.store.trials import is_finished

# User attributes of a study: what its trials have in common, the replicates asked for, the looks of
# a grid that runs until its levels are decided, the setting that combines its better levels, the
# digest of the objective's source, what the latest command asked for, and how many finished trials
# what optuna-dashboard shows is of.
FINGERPRINT = "fingerprint"
SEEDS = "seeds"
LOOKS = "looks"
COMBINED = "combined"
SOURCE = "source"
ASKED = "asked"
POSTED = "posted"

# Of a fingerprint: where trials come from that hpstudy did not run; the rest is known of them.
IMPORTED = "imported"

# A user attribute of a study, which stays when others are trained beside them: what pairs their
# seeds, and how many of these are folds of a cross-validation.
PAIRING = "pairing"

# Of a fingerprint: over how many last epochs a trial's value is the mean; 1 where it is not there.
METRIC_EPOCHS = "metric_epochs"

# Of a search's study: what may change from one run to the next, and is kept where it is left out.
SAMPLER = "sampler"
PRUNER = "pruner"

_LONGEST_CHANGES = 120  # bytes


@dataclass(frozen=True)
class Pairing:
    """What the seeds of imported trials are.

    Attributes:
        source: Where the trials come from.
        by: What pairs those of different settings, such as "seed"; None where nothing does.
        folds: Of how many folds of a cross-validation they are; 0 for none.
        digest: What tells these runs, as they were taken, from others.
    """

    source: str
    by: str | None
    folds: int = 0
    digest: str = ""


def grid_name(name: str) -> str:
    """Returns the name of a study's grid in the database."""
    return f"{name}/grid"


def search_name(name: str) -> str:
    """Returns the name of a study's search in the database."""
    return f"{name}/search"


def confirm_name(name: str) -> str:
    """Returns the name of the confirmation of a study's search in the database."""
    return f"{name}/confirm"


def compare_name(name: str, changes: Mapping[str, object]) -> str:
    """Returns the name of a comparison in the database: "NAME/compare lr=0.003, hidden=1024".

    What no name can hold, or is too long for one, gives way to a digest.

    Args:
        name: The study's name.
        changes: What is changed of the baseline.
    """
    text = ", ".join(f"{key}={value}" for key, value in changes.items())
    if "/" in text or not text.isprintable() or len(text.encode()) > _LONGEST_CHANGES:
        text = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{name}/compare {text}"


def comparisons_of(name: str, database: Database) -> list[str]:
    """Returns the names of a study's comparisons in the database."""
    return sorted(each for each in study_names(database) if each.startswith(f"{name}/compare "))


def study_names(database: Database) -> list[str]:
    """Returns the names of all Optuna studies in the database, whoever wrote them."""
    with readable("the studies' names"):
        return optuna.get_all_study_names(database.storage)


def find_study(name: str, database: Database) -> optuna.Study | None:
    """Returns an Optuna study of hpstudy's, or None where there is none of that name."""
    study = any_study(name, database)
    if study is None or not is_ours(study):
        return None
    check_study(study)
    return study


def any_study(name: str, database: Database) -> optuna.Study | None:
    """Returns an Optuna study, whoever wrote it, or None where there is none of that name."""
    with readable(f"study {name!r}"):
        try:
            return optuna.load_study(study_name=name, storage=database.storage)
        except KeyError:
            return None


def creating(name: str, direction: Direction, database: Database) -> int:
    """Creates an Optuna study and returns its number in the tables; one begun there will do."""
    optuna.create_study(
        study_name=name, storage=database.storage, direction=direction, load_if_exists=True
    )
    return database.storage.get_study_id_from_name(name)


def is_ours(study: optuna.Study) -> bool:
    """Tells whether hpstudy wrote an Optuna study."""
    with readable(f"study {study.study_name!r}"):
        return FINGERPRINT in study.user_attrs


def trials_of(study: optuna.Study | None) -> list[FrozenTrial]:
    """Returns an Optuna study's trials as they are, by number; none where there is no study."""
    if study is None:
        return []
    is_collecting = gc.isenabled()
    gc.disable()  # looking for cycles in what SQLAlchemy loads takes a quarter of the time
    try:
        with readable(f"study {study.study_name!r}"):
            trials = study.get_trials(deepcopy=False)
    finally:
        if is_collecting:
            gc.enable()
    for trial in trials:
        check_trial(trial, study.study_name)
    return trials


def fingerprint_of(study: optuna.Study) -> Mapping[str, Any]:
    """Returns what all trials of an Optuna study have in common."""
    fingerprint: Mapping[str, Any] = study.user_attrs.get(FINGERPRINT, {})
    return fingerprint


def metric_epochs_of(fingerprint: Mapping[str, Any]) -> int:
    """Returns over how many last epochs the value of each of the trials is the mean."""
    return int(fingerprint.get(METRIC_EPOCHS, 1))


def seeds_of(study: optuna.Study) -> list[int]:
    """Returns the replicates that were asked for, in all runs together."""
    return list(study.user_attrs.get(SEEDS, []))


def looks_of(study: optuna.Study) -> Mapping[str, Any] | None:
    """Returns the looks that were announced; None of a grid with fixed seeds."""
    return study.user_attrs.get(LOOKS)


def combined_of(study: optuna.Study) -> Mapping[str, Any] | None:
    """Returns the setting that combines a grid's better levels; None where none was asked for."""
    return study.user_attrs.get(COMBINED)


def asked_of(study: optuna.Study) -> Mapping[str, Any] | None:
    """Returns what the latest command asked for; None where that was before it was noted."""
    return study.user_attrs.get(ASKED)


def is_posted(name: str, database: Database | None) -> bool:
    """Tells whether what optuna-dashboard shows of a study is of all its finished trials.

    It is not where those who joined a command have ended what it began.

    Args:
        name: The Optuna study's name.
        database: The database; None where there is none yet.
    """
    study = None if database is None else find_study(name, database)
    return study is None or study.user_attrs.get(POSTED) == sum(map(is_finished, trials_of(study)))


def note_posted(name: str, database: Database) -> None:
    """Notes that what optuna-dashboard shows is of all trials that are finished by now."""
    study = optuna.load_study(study_name=name, storage=database.storage)
    study.set_user_attr(POSTED, sum(map(is_finished, trials_of(study))))


def pairing_of(study: optuna.Study) -> Pairing | None:
    """Returns what the seeds of imported trials are; None where none were imported."""
    found = study.user_attrs.get(PAIRING)
    return None if found is None else Pairing(**found)


def source_of(study: optuna.Study) -> str | None:
    """Returns the digest of the objective's source that the latest trials were trained by."""
    return study.user_attrs.get(SOURCE)


def options_of(study: optuna.Study) -> dict[str, str]:
    """Returns a search's sampler and pruner, as chosen last."""
    attributes = study.user_attrs
    return {name: str(attributes[name]) for name in (SAMPLER, PRUNER) if name in attributes}


def is_untouched(study: optuna.Study) -> bool:
    """Tells whether nothing was done with an Optuna study since it was created."""
    with readable(f"study {study.study_name!r}"):
        return not study.trials and not study.user_attrs


def artifacts_of(name: str, database: Database) -> list[dict[str, str]]:
    """Returns what Optuna notes of each artifact of a study: `artifact_id`, `filename` and more.

    Optuna's own `get_all_artifact_meta` fails on one that was deleted in optuna-dashboard.

    Args:
        name: The Optuna study's name.
        database: The database.
    """
    with readable(f"study {name!r}"):
        number = database.storage.get_study_id_from_name(name)
        return artifacts_in(database.storage.get_study_system_attrs(number))


def artifacts_of_trials(study: optuna.Study | None) -> list[dict[str, str]]:
    """Returns what Optuna notes of the artifacts of a study's trials, likewise."""
    found = trials_of(study)
    with readable("a trial's artifact"):
        return [one for trial in found for one in artifacts_in(trial.system_attrs)]
