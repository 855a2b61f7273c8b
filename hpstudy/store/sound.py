"""What is read of a database is of the kind that is written there, or a line says what is not.

Others can write to it, and files are damaged. A value of another kind would be a traceback, a wrong
result or, where it names a file, something deleted that is not ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import OperationalError

from hpstudy.errors import UserError
from hpstudy.expected import expectation, one_line
from hpstudy.metric import ALIKE, Direction, Spreads, direction_of
from hpstudy.raised import described
from hpstudy.sampler import known_params
from hpstudy.seeds import LARGEST_WHOLE
from hpstudy.store.schema import TrainingRow

# What Optuna, SQLAlchemy and json raise of values that they can't take for what they should be.
_UNREADABLE = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
_NO_TEXT = "Could not decode"  # SQLite's, of bytes that are no UTF-8

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Level = bool | int | _Finite | str
_Whole = Annotated[int, Field(ge=0, le=LARGEST_WHOLE)]
_Count = Annotated[int, Field(ge=1, le=LARGEST_WHOLE)]


_FileName = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]  # it leads nowhere else


class _Noted(BaseModel):
    """What is noted as an object; what is not named here may be anything."""

    model_config = ConfigDict(strict=True)


class _Settings(_Noted):
    validation: _Whole = 0


class _Fingerprint(_Noted):
    settings: _Settings = _Settings()
    seed: _Whole = 0
    metric_epochs: _Count = 1
    metric: str = ""
    direction: Direction = direction_of(minimize=False)
    baseline: dict[str, _Level] = {}
    precision: str = ""
    device: str = ""
    threads: _Whole = 1
    imported: str = ""


class _Looks(_Noted):
    counts: Annotated[list[_Count], Field(min_length=1)]
    seeds: list[_Whole]
    margin: _Finite | None
    in_points: bool
    baseline: dict[str, _Level] | None = None
    settings: int | None = None
    spreads: Spreads = ALIKE


class _Combined(_Noted):
    setting: dict[str, _Level]
    seeds: list[_Whole]


class _Named(_Noted):
    """What becomes arguments, so that nothing else may stand there."""

    model_config = ConfigDict(strict=True, extra="forbid")


class _Pairing(_Named):
    source: str
    by: str | None
    folds: _Whole = 0
    digest: str = ""


class _OfGrid(_Named):
    factors: list[str] | None
    seeds: str | None
    until: str | None
    combine: bool


class _OfSearch(_Named):
    trials: _Count
    epochs: _Count | None
    deadline: _Finite | None
    sampler: str
    pruner: str
    seed: _Whole
    confirm: Annotated[int, Field(ge=0, le=100)] | None
    ablate: bool


class _OfComparison(_Named):
    changes: dict[str, _Level] | None


class _Asked(_Named):
    invocation: str
    time: _Finite
    files: Annotated[list[dict[str, str]], Field(min_length=1, max_length=2)]
    sent: bool
    trial_timeout: _Finite | None


class _AskedOfGrid(_Asked):
    command: Literal["grid"]
    options: _OfGrid


class _AskedOfSearch(_Asked):
    command: Literal["search"]
    options: _OfSearch


class _AskedOfComparison(_Asked):
    command: Literal["compare"]
    options: _OfComparison


_AnyAsked = _AskedOfGrid | _AskedOfSearch | _AskedOfComparison


class _OfStudy(_Noted):
    """The user attributes of a study."""

    fingerprint: _Fingerprint = _Fingerprint()
    seeds: list[_Whole] = []
    looks: _Looks | None = None
    combined: _Combined | None = None
    pairing: _Pairing | None = None
    asked: Annotated[_AnyAsked, Field(discriminator="command")] | None = None
    source: str | None = None
    sampler: str = ""
    pruner: str = ""


class _OfTrial(_Noted):
    """The user attributes of a trial."""

    training: _FileName | None = None
    invocation: str = ""
    diverged: _Whole = 0
    error: str = ""
    trace: str = ""
    taken_up: Annotated[list[_Whole], Field(min_length=2, max_length=2)] = [0, 0]


class _Training(_Noted):
    objective: str
    version: int
    params: dict[str, Any]
    settings: dict[str, Any]
    seed: int
    precision: str
    device: str
    threads: int
    versions: dict[str, str]


class _Artifact(_Noted):
    artifact_id: _FileName
    filename: str


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Says what can't be read, where the block reads it from the database.

    Args:
        what: What is read, for the message.

    Raises:
        UserError: It is nothing that was written so.
    """
    try:
        yield
    except _UNREADABLE as error:
        is_told = isinstance(error, (LookupError, ValueError))
        raise _damaged(what, f"{error}" if is_told else described(error)) from error
    except OperationalError as error:
        if _NO_TEXT not in f"{error}":
            raise
        raise _damaged(what, "bytes that are no text") from error


def check_study(study: optuna.Study) -> None:
    """Checks what hpstudy noted of an Optuna study.

    Raises:
        UserError: It is of another kind.
    """
    with readable(f"study {study.study_name!r}"):
        _check(_OfStudy, study.user_attrs)


def check_trial(trial: FrozenTrial, study: str) -> None:
    """Checks a trial, and what hpstudy noted of it.

    Args:
        trial: The trial.
        study: Its Optuna study's name.

    Raises:
        UserError: It is of another kind.
    """
    with readable(f"trial {trial.number} of study {study!r}"):
        _check(_OfTrial, trial.user_attrs)
        known_params(trial)  # what it was enqueued with
        if trial.state == TrialState.COMPLETE and not _is_number(*(trial.values or ())):
            raise ValueError(f"expected one number as its value, found {trial.values}")
        for name, value in trial.params.items():
            is_choice = isinstance(trial.distributions[name], CategoricalDistribution)
            f"{name} {value}".encode()  # what UTF-8 has no bytes for was never written
            if not is_choice and (not _is_number(value) or math.isinf(value)):
                raise ValueError(f"{name}: expected a number, found {value!r}")
        for step, value in trial.intermediate_values.items():
            if type(step) is not int or not isinstance(value, (int, float)):
                raise ValueError(f"expected numbers by epoch, found {value!r} at {step!r}")


def check_metrics(number: object, metrics: object) -> None:
    """Checks an epoch's metrics; what is None was no finite number.

    Args:
        number: The epoch's number.
        metrics: What is recorded of it.

    Raises:
        ValueError: That is of another kind.
    """
    if type(number) is not int or not isinstance(metrics, dict):
        raise ValueError(f"expected metrics by epoch, found {metrics!r} at {number!r}")
    for value in metrics.values():
        if value is not None and (not _is_number(value) or math.isinf(value)):
            raise ValueError(f"expected numbers, found {value!r}")


def check_training(row: TrainingRow) -> None:
    """Checks what a training is: SQLite takes any text for a number.

    Raises:
        ValueError: It is of another kind.
    """
    _check(_Training, {name: getattr(row, name) for name in _Training.model_fields})


def artifacts_in(attributes: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns what Optuna notes of artifacts among some system attributes.

    Raises:
        ValueError: It is of another kind, or names a file that is none of Optuna's.
    """
    noted = [json.loads(text) for key, text in attributes.items() if key.startswith("artifacts:")]
    there = [artifact for artifact in noted if artifact is not None]
    for artifact in there:
        _check(_Artifact, artifact)
    return there


def _is_number(*values: object) -> bool:
    (value,) = values or (None,)
    return type(value) in (int, float) and value == value  # NaN is none


def _check(kind: type[_Noted], found: Mapping[str, Any]) -> None:
    try:
        kind.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where}: {expectation(first)}") from error


def _damaged(what: str, why: str) -> UserError:
    return UserError(
        f"{what} can't be read from the database: {one_line(why, 200)}; another program wrote "
        "this, or it is damaged"
    )
