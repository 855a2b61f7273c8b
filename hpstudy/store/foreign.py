"""Studies that are others', Optuna's: of a file, read from a copy; of a server, never written."""

from __future__ import annotations

import logging
import math
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, shown
from hpstudy.files import shown as shown_path
from hpstudy.metric import Direction, direction_of
from hpstudy.store.addresses import check_url, shown_url
from hpstudy.store.creation import connecting, storage_at, tables_of_a_server
from hpstudy.store.postgres import asking

_MARK = b"SQLite format 3\0"
_BESIDE = ("", "-wal", "-journal")  # what was written and is not in the file itself yet


@dataclass(frozen=True)
class ForeignTrial:
    """A trial of somebody's.

    Attributes:
        number: Its number.
        state: Its state, in Optuna's words.
        values: Its values, one an objective; none where it has none.
        params: Its parameters.
        steps: Its intermediate values, by step.
        attributes: Its user attributes.
        started: When it began.
        finished: When it ended.
    """

    number: int
    state: str
    values: Sequence[float]
    params: Mapping[str, Any]
    steps: Mapping[int, float]
    attributes: Mapping[str, Any]
    started: datetime | None
    finished: datetime | None


@dataclass(frozen=True)
class ForeignStudy:
    """A study of somebody's.

    Attributes:
        name: Its name.
        metrics: What its values are called, with which direction of each is better.
        trials: Its trials, by number.
        distributions: All distributions of each parameter, in order.
    """

    name: str
    metrics: Mapping[str, Direction]
    trials: Sequence[ForeignTrial]
    distributions: Mapping[str, Sequence[BaseDistribution]]


def foreign_study(study: optuna.Study) -> ForeignStudy:
    """Returns what an Optuna study holds."""
    directions = [direction_of(minimize=d.name == "MINIMIZE") for d in study.directions]
    names = study.metric_names or [
        "value" if len(directions) == 1 else f"values_{place}" for place in range(len(directions))
    ]
    trials = study.get_trials(deepcopy=False)
    found: dict[str, dict[BaseDistribution, None]] = {}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            found.setdefault(name, {})[distribution] = None
    return ForeignStudy(
        study.study_name,
        dict(zip(names, directions, strict=True)),
        [_trial(trial) for trial in trials],
        {name: [*known] for name, known in found.items()},
    )


def _trial(trial: FrozenTrial) -> ForeignTrial:
    steps = trial.intermediate_values
    return ForeignTrial(
        trial.number,
        trial.state.name,
        trial.values or (),
        trial.params,
        {step: value for step, value in sorted(steps.items()) if not math.isnan(value)},
        trial.user_attrs,
        trial.datetime_start,
        trial.datetime_complete,
    )


def study_in(file: Path, name: str | None) -> ForeignStudy:
    """Reads a study from a file of Optuna's.

    Args:
        file: The database.
        name: The study; its only one where None.

    Raises:
        UserError: It is no such file, a newer Optuna's, or doesn't hold the one study.
    """
    with _copied(file) as copy:
        if not _is_optunas(copy):
            raise UserError(f"{shown_path(file)}: expected a database of Optuna's, found no study")
        url = f"sqlite:///{copy}"
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        storage = RDBStorage(url, skip_compatibility_check=True, skip_table_creation=True)
        try:
            _bring_up(storage, file)
            return _study_of(storage, name, shown_path(file))
        finally:
            storage.engine.dispose()


def study_at(url: str, name: str | None) -> ForeignStudy:
    """Reads a study from a server's database of Optuna's.

    Args:
        url: The database.
        name: The study; its only one where None.

    Raises:
        UserError: It can't be opened, has tables of another version, or doesn't hold the one study.
    """
    with asking(url) as connection:
        is_optunas = {"studies", "alembic_version"} <= tables_of_a_server(connection)
    if not is_optunas:
        raise UserError(f"{shown_url(url)}: expected a database of Optuna's, found no study")
    options = connecting(url)
    given = check_url(url).query.get("options", "")
    options["connect_args"]["options"] = f"{given} -c default_transaction_read_only=on"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = storage_at(url, engine_kwargs=options, skip_table_creation=True)
    except RuntimeError as error:
        first = f"{error}".splitlines()[0]
        raise UserError(f"{shown_url(url)}: can't be read: {first}") from error
    try:
        return _study_of(storage, name, shown_url(url))
    finally:
        storage.engine.dispose()


def _study_of(storage: RDBStorage, name: str | None, where: str) -> ForeignStudy:
    names = [one.study_name for one in optuna.get_all_study_summaries(storage)]
    chosen = _one_of(names, name, where)
    return foreign_study(optuna.load_study(study_name=chosen, storage=storage))


@contextmanager
def _copied(file: Path) -> Iterator[Path]:
    """Gives a copy of a database for the block, with what is not in the file itself yet."""
    try:
        with file.open("rb") as opened:
            mark = opened.read(len(_MARK))
    except OSError as error:
        raise UserError(f"{shown_path(file)}: can't be read: {error.strerror}") from error
    if mark != _MARK:
        raise UserError(f"{shown_path(file)}: expected an SQLite database")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.db")
        for ending in _BESIDE:
            beside = file.with_name(f"{file.name}{ending}")
            if beside.is_file():
                shutil.copyfile(beside, copy.with_name(f"{copy.name}{ending}"))
        yield copy


def _is_optunas(copy: Path) -> bool:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            names = "SELECT name FROM sqlite_master WHERE name IN ('studies', 'alembic_version')"
            return len(connection.execute(names).fetchall()) == 2
    except sqlite3.Error as error:
        raise UserError(f"can't be read as a database: {error}") from error


def _bring_up(storage: RDBStorage, file: Path) -> None:
    """Brings the copy of an older Optuna's database up to this one's."""
    version = storage.get_current_version()
    if version == storage.get_head_version():
        return
    if version not in storage.get_all_versions():
        raise UserError(
            f"{shown_path(file)} was written by a newer Optuna: its tables have version {version}, "
            f"Optuna {version_of('optuna')} knows {storage.get_head_version()}; update optuna"
        )
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it tells each step
    try:
        storage.upgrade()
    finally:
        logging.disable(before)


def _one_of(names: Sequence[str], name: str | None, where: str) -> str:
    listed = ", ".join(names)
    if not names:
        raise UserError(f"{where}: holds no study")
    if name is None and len(names) > 1:
        raise UserError(f"{where}: holds {len(names)} studies: name one of them after it: {listed}")
    if name is not None and name not in names:
        raise UserError(
            f"{where}: expected a study of {listed}, found {shown(name)}{did_you_mean(name, names)}"
        )
    return name or names[0]
